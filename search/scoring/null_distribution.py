"""Measures the similarity of unrelated content in a library and stores it with the library."""

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.progress import StepCounter
from mvsearch.search.query.encode import own_spaces
from mvsearch.search.scoring.calibration import unstretch
from mvsearch.search.scoring.null_samples import Kind, ask_probes, draw_probes, draw_sample
from mvsearch.search.scoring.null_statistics import Background, Kept, summarise
from mvsearch.store.library import Library
from mvsearch.store.records import Space
from mvsearch.store.vectors.index import VectorIndex

# Names the files; goes up when the same library would be measured otherwise.
FORMAT = 3


def obtain_background(library: Library, space: Space, kind: Kind, encoders: Encoders) -> Background:
    """The background of a kind of query in a space, measured as far as it is not kept already.

    While vectors stay placed as they are, a large library is measured only where videos came: with
    the same probes, at the cost of these videos. The library's location and scale stay until it has
    changed by a quarter; smaller ones are measured anew, see `levels.SMALL_LIBRARY`.

    Args:
        library: whose index is measured.
        space: where similarities are compared.
        kind: "clip" for vectors asked of a video, "video" for the similarity of whole videos,
            "words" for text that is typed.
        encoders: of the library's profile; only "words" needs them.
    """
    return measure_background(library, library.index(space), kind, encoders)


def measure_background(
    library: Library, index: VectorIndex, kind: Kind, encoders: Encoders
) -> Background:
    """As `obtain_background`, of an index at hand; one thread measures, others wait for it."""
    with library.working_on(f"{index.space.key} {kind}"):
        return _obtain(library, index, kind, encoders)


def _obtain(library: Library, index: VectorIndex, kind: Kind, encoders: Encoders) -> Background:
    """Read, extend or measure a background."""
    kept = _read_kept(library, index, kind)
    if kept is not None:
        background = kept.read(index)
        if kept.fits(background, index):
            return background
        if kept.may_grow(index):
            grown = kept.grow(kind, background, index)
            library.keep_measured(index, _name(kind), grown.to_arrays())
            return grown.read(index)
    return _measure(library, index, kind, encoders)


def _measure(library: Library, index: VectorIndex, kind: Kind, encoders: Encoders) -> Background:
    """Measure a background from the beginning, and keep it."""
    probes = draw_probes(index, kind, encoders)
    sample = draw_sample(index, kind, len(probes))
    background = summarise(ask_probes(index, kind, probes, sample), sample)
    kept = Kept.take(background, probes, index)
    library.keep_measured(index, _name(kind), kept.to_arrays())
    return kept.read(index)


def find_background(library: Library, space: Space, kind: Kind) -> Background | None:
    """The background as it is kept; None where it has not been measured since the last change."""
    index = library.index(space)
    kept = _read_kept(library, index, kind)
    if kept is None:
        return None
    background = kept.read(index)
    return background if kept.fits(background, index) else None


def measure_backgrounds(
    library: Library, encoders: Encoders, progress: StepCounter | None = None
) -> None:
    """Measure whatever the library's spaces lack, so that no search has to wait for it.

    Args:
        library: whose spaces.
        encoders: of its profile.
        progress: called with the number of backgrounds that are there, and of all.
    """
    kinds = list_kinds(library)
    for n_done, (space, kind) in enumerate(kinds, start=1):
        obtain_background(library, space, kind, encoders)
        if progress is not None:
            progress(n_done, len(kinds))


def list_kinds(library: Library) -> list[tuple[Space, Kind]]:
    """Which kinds of query each space of the library answers."""
    kinds: list[tuple[Space, Kind]] = []
    own = own_spaces(library)
    for space in library.catalog.spaces():
        if own.get(space.modality) == space:
            kinds += [(space, "clip"), (space, "video")]
        if space.view or space.modality == "lyrics":
            kinds.append((space, "words"))
    return [(space, kind) for space, kind in kinds if library.catalog.has_vectors(space.key)]


def read_medians(library: Library) -> dict[str, dict[Kind, float]]:
    """The median similarity of unrelated content by space and kind, as far as it is measured."""
    medians: dict[str, dict[Kind, float]] = {}
    for space, kind in list_kinds(library):
        found = find_background(library, space, kind)
        if found is not None:
            medians.setdefault(space.key, {})[kind] = unstretch(found.location)
    return medians


def _read_kept(library: Library, index: VectorIndex, kind: Kind) -> Kept | None:
    arrays = library.measured(index, _name(kind))
    return None if arrays is None else Kept.from_arrays(arrays)


def _name(kind: Kind) -> str:
    return f"background{FORMAT}{kind}"
