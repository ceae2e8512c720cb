"""Keeps the same videos under other profiles, in libraries inside the library."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from mvsearch.indexer import plugins
from mvsearch.indexer.encoders import ENCODERS, PROFILES, Encoders
from mvsearch.indexer.lyrics.whisper.engines.checkpoints import explain_fetching, has_weights
from mvsearch.indexer.pipeline.encoders.beside import describe_beside
from mvsearch.indexer.pipeline.encoders.of_library import find_encoders
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import index_videos
from mvsearch.indexer.pipeline.summary import Summary
from mvsearch.indexer.progress import Progress
from mvsearch.store.errors import CancelledError, EncoderMismatchError
from mvsearch.store.library import Library
from mvsearch.store.records import LOOK

# Folder inside the library, with one folder for each other profile.
PROFILES_FOLDER = "profiles"


@dataclass(frozen=True, slots=True)
class ProfileLibrary:
    """A library under one profile.

    Attributes:
        summary: of its indexing; None if it is the library itself.
        notes: for readers of a comparison.
    """

    library: Library
    encoders: Encoders
    summary: Summary | None = None
    notes: tuple[str, ...] = ()


@contextmanager
def open_profile_library(
    library: Library,
    profile: str,
    options: IndexOptions | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Iterator[ProfileLibrary]:
    """Open the videos of a library under another profile; indexes new and changed ones first.

    The profile library has the same videos with the same ids, and no others. It is kept, so that
    the next call only indexes changes.

    Args:
        library: of the videos; returned itself if it has this profile.
        profile: name of a profile, or of an encoder that the library was indexed by as well.
        options: of the indexing; None for the default.
        progress: of the indexing.
        stop: when set, ends the indexing; finished work is kept.

    Raises:
        MvsearchError: the profile is unknown, or the folder cannot be used.
        EncoderMismatchError: the encoder has not encoded all videos.
        WeightsMissingError: weights of the profile are missing.
        KeyboardInterrupt: the indexing was interrupted; finished work is kept.
        CancelledError: `stop` was set meanwhile.
    """
    if _has_encoder(library, profile):
        with _open_with_encoder(library, profile) as beside:
            yield beside
        return
    encoders = Encoders(profile)
    if library.catalog.profile() == profile:
        encoders = find_encoders(library, encoders)
        yield ProfileLibrary(library, encoders, notes=_list_notes(library, library, encoders))
        return
    encoders.check_weights()  # Before an empty library is created.
    place, is_read_only = library.find_nested(PROFILES_FOLDER, profile), library.is_read_only
    with Library.open(place, create=True, is_read_only=is_read_only) as other:
        wanted = library.catalog.locations()
        summary = index_videos(
            wanted, other, encoders, options or IndexOptions(), progress=progress, stop=stop
        )
        if summary.is_interrupted:
            raise KeyboardInterrupt if stop is None or not stop.is_set() else CancelledError
        yield ProfileLibrary(other, encoders, summary, _list_notes(library, other, encoders))


@contextmanager
def open_profile_libraries(
    library: Library,
    profiles: Sequence[str],
    options: IndexOptions | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> Iterator[list[ProfileLibrary]]:
    """Open the videos of a library under several profiles, after checking all weights.

    Args:
        library: of the videos.
        profiles: names of profiles, or of encoders that the library was indexed by as well.
        options: of the indexing; None for the default.
        progress: of the indexing.
        stop: see `open_profile_library`.

    Yields:
        One `ProfileLibrary` per profile.

    Raises:
        WeightsMissingError: weights of a profile are missing; nothing is indexed.
    """
    for name in profiles:
        if not _has_encoder(library, name):
            _refuse_encoder(name)
            Encoders(name).check_weights()
    with ExitStack() as stack:
        yield [
            stack.enter_context(open_profile_library(library, name, options, progress, stop))
            for name in profiles
        ]


def _has_encoder(library: Library, name: str) -> bool:
    """Whether a library was indexed by an encoder, which may be in use."""
    own = (space for space in library.catalog.all_spaces() if space.view != LOOK)
    return name in {space.encoder for space in own}


def _refuse_encoder(name: str) -> None:
    """Explain that an encoder is to be added first, where no profile has this name.

    Raises:
        EncoderMismatchError: it is the name of an encoder.
    """
    plugin_names = [plugin.name for plugin in plugins.list_plugins(plugins.PROFILES, ())]
    if name in ENCODERS and name not in PROFILES and name not in plugin_names:
        raise EncoderMismatchError(
            f"the library was not encoded by {name} yet: type mvsearch encoders add {name}"
        )


@contextmanager
def _open_with_encoder(library: Library, name: str) -> Iterator[ProfileLibrary]:
    """Open a library as if another encoder were in use; nothing is changed."""
    encoders = find_encoders(library)
    if name in {space.encoder for space in library.catalog.spaces()}:
        yield ProfileLibrary(library, encoders, notes=_list_notes(library, library, encoders))
        return
    beside = describe_beside(library, encoders, name)
    lacking = beside.find_lacking(library.catalog)
    if lacking:
        raise EncoderMismatchError(
            f"{name} has not encoded {len(lacking)} videos yet: type mvsearch encoders add {name}"
        )
    with library.open_again() as other:
        other.catalog.see_spaces(beside.spaces)
        notes = _list_notes(library, other, beside.encoders)
        yield ProfileLibrary(other, beside.encoders, notes=notes)


def _list_notes(library: Library, other: Library, encoders: Encoders) -> tuple[str, ...]:
    """Notes on missing videos and on the sources of lyrics."""
    notes: list[str] = []
    held = {video.id for video in other.catalog.videos()}
    lost = [video.title for video in library.catalog.videos() if video.id not in held]
    if lost:
        shown = ", ".join(lost[:3]) + (", …" if len(lost) > 3 else "")
        notes.append(f"{encoders.label}: not indexed, so never found: {len(lost)} of them: {shown}")
    return (*notes, f"{encoders.label}: {_describe_lyrics(other, encoders)}")


def _describe_lyrics(other: Library, encoders: Encoders) -> str:
    """Describe the sources of lyrics, and whether Whisper was available."""
    found = [other.catalog.lyrics(video.id) for video in other.catalog.videos()]
    n_by_source = Counter(lyrics.source for lyrics in found if lyrics is not None and lyrics.lines)
    sources = ", ".join(f"{n} from {name}" for name, n in sorted(n_by_source.items()))
    said = f"lyrics of {n_by_source.total()} of {len(found)} videos" + (
        f" ({sources})" if sources else ""
    )
    model = encoders.profile.whisper_model
    if has_weights(model):
        return said
    how = explain_fetching(model)
    return f"{said}; Whisper ({model}) was not asked, as its weights are not there: {how}"
