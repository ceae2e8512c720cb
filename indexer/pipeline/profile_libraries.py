"""Keeps the same videos under other profiles, in libraries inside the library."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.lyrics.whisper.checkpoints import explain_placement, has_weights
from mvsearch.indexer.pipeline.run import IndexOptions, index_videos
from mvsearch.indexer.pipeline.writer import Summary
from mvsearch.indexer.progress import Progress
from mvsearch.store.errors import CancelledError
from mvsearch.store.library import Library

# Inside the folder of the library, one folder for each other profile.
SIDES = "profiles"


@dataclass(frozen=True, slots=True)
class Side:
    """A library under one profile.

    Attributes:
        summary: of bringing it up to date; None where it is the library itself.
        notes: what a reader of a comparison must know of it.
    """

    library: Library
    encoders: Encoders
    summary: Summary | None = None
    notes: tuple[str, ...] = ()


@contextmanager
def open_side(
    library: Library,
    profile: str,
    options: IndexOptions | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Side]:
    """Open a library's videos under a profile; what is new or changed is indexed first.

    The side holds the same videos by the same ids, and nothing that the library does not hold. It
    is kept, so that the next time only what has changed costs time.

    Args:
        library: whose videos; where it was built with this profile, it is the side itself.
        profile: a name in the table of profiles.
        options: of the indexing; None for the usual ones.
        progress: told while it is brought up to date.
        stop: ends that when it is set; what was done stays.

    Raises:
        MvsearchError: no such profile, or no place for the side.
        WeightsMissingError: the profile needs weights that are not there.
        KeyboardInterrupt: the indexing was interrupted; what was done stays.
        CancelledError: `stop` was set meanwhile.
    """
    encoders = Encoders(profile)
    if library.catalog.profile() == profile:
        yield Side(library, encoders, notes=_list_notes(library, library, encoders))
        return
    encoders.check_weights()  # Where weights are missing, no empty library is left behind.
    with Library.open(library.find_side(SIDES, profile), create=True) as side:
        wanted = library.catalog.locations()
        summary = index_videos(
            wanted, side, encoders, options or IndexOptions(), progress=progress, stop=stop
        )
        if summary.is_interrupted:
            raise KeyboardInterrupt if stop is None or not stop.is_set() else CancelledError
        yield Side(side, encoders, summary, _list_notes(library, side, encoders))


@contextmanager
def open_sides(
    library: Library,
    profiles: Sequence[str],
    options: IndexOptions | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Iterator[list[Side]]:
    """Open a library's videos under several profiles, once the weights of all are there.

    Args:
        library: whose videos.
        profiles: names in the table of profiles.
        options: of the indexing; None for the usual ones.
        progress: told while they are brought up to date.
        stop: see `open_side`.

    Yields:
        A side for each profile; see `open_side`.

    Raises:
        WeightsMissingError: a profile lacks weights; nothing is done for the others either.
    """
    for name in profiles:
        Encoders(name).check_weights()
    with ExitStack() as stack:
        yield [
            stack.enter_context(open_side(library, name, options, progress, stop))
            for name in profiles
        ]


def _list_notes(library: Library, side: Library, encoders: Encoders) -> tuple[str, ...]:
    """Which videos are not in the side, and where its lyrics come from."""
    notes: list[str] = []
    held = {video.id for video in side.catalog.videos()}
    lost = [video.title for video in library.catalog.videos() if video.id not in held]
    if lost:
        shown = ", ".join(lost[:3]) + (", …" if len(lost) > 3 else "")
        notes.append(f"{encoders.name}: not indexed, so never found: {len(lost)} of them: {shown}")
    return (*notes, f"{encoders.name}: {_say_lyrics(side, encoders)}")


def _say_lyrics(side: Library, encoders: Encoders) -> str:
    """Where the lyrics of a library come from, and whether Whisper could be asked."""
    found = [side.catalog.lyrics(video.id) for video in side.catalog.videos()]
    n_by_source = Counter(lyrics.source for lyrics in found if lyrics is not None and lyrics.lines)
    sources = ", ".join(f"{n} from {name}" for name, n in sorted(n_by_source.items()))
    said = f"lyrics of {n_by_source.total()} of {len(found)} videos" + (
        f" ({sources})" if sources else ""
    )
    model = encoders.profile.whisper_model
    if has_weights(model):
        return said
    how = explain_placement(model)
    return f"{said}; Whisper ({model}) was not asked, as its weights are not there: {how}"
