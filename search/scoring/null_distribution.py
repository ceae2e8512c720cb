"""Measures the similarity of unrelated content in a library and stores it with the library."""

import math

from mvsearch.indexer.encoders import Encoders, find_points
from mvsearch.indexer.progress import StepCounter
from mvsearch.search.query.spaces import own_spaces
from mvsearch.search.scoring.calibration import invert_fisher_z
from mvsearch.search.scoring.null_samples import (
    Kind,
    compare_probes,
    draw_probes,
    draw_videos,
)
from mvsearch.search.scoring.null_statistics import (
    SMALL_LIBRARY,
    NullDistribution,
    StoredDistribution,
    estimate_distribution,
)
from mvsearch.store.library import Library
from mvsearch.store.records import COPIES, LINES, Space
from mvsearch.store.vectors.index import VectorIndex

# Part of the file names; increases when the method of measuring changes.
FORMAT = 4
# Multiply-adds of a search that finds nothing stored, some hundred ms: of 1,000 videos of 12
# vectors.
SAMPLE_OPERATIONS = 3e9


def obtain_distribution(
    library: Library, space: Space, kind: Kind, encoders: Encoders
) -> NullDistribution:
    """The null distribution of a kind of query in a space, measured if it is not stored.

    In a large library only new videos are measured, with the same probes, as long as the centre of
    the vectors stays. Location and scale stay until the library has changed by a quarter. Small
    libraries are measured again, see `null_statistics.SMALL_LIBRARY`.

    Args:
        library: to measure.
        space: of the similarities.
        kind: "clip" for query vectors against a video, "image" for one of them, "video" for the
            similarity of whole videos,
            "words" for typed text.
        encoders: of the library's profile; only "words" needs them.
    """
    return obtain_index_distribution(library, library.index(space), kind, encoders)


def obtain_index_distribution(
    library: Library, index: VectorIndex, kind: Kind, encoders: Encoders
) -> NullDistribution:
    """Like `obtain_distribution`, for an open index; one thread measures, others wait for it."""
    with library.working_on(f"{index.space.key} {kind}"):
        return _obtain(library, index, kind, encoders)


def recall_distribution(
    library: Library,
    index: VectorIndex,
    kind: Kind,
    encoders: Encoders,
    before: NullDistribution | None = None,
) -> NullDistribution:
    """The null distribution for a search, which does not measure a large library on a server.

    There an index run measures its videos at its end. Until then they have the location of the
    library as their level. Where nothing is stored, a sample of the videos is measured.

    Args:
        library: that is searched.
        index: of the space.
        kind: see `obtain_distribution`.
        encoders: of the library's profile.
        before: the distribution of an earlier state with the same placement, which is returned if
            nothing was measured since.
    """
    if not index.is_remote or len(index.video_ids) < SMALL_LIBRARY:
        return obtain_index_distribution(library, index, kind, encoders)
    stored = _read_stored(library, index, kind)
    if stored is None:
        return before or _measure_sample(index, kind, encoders, SAMPLE_OPERATIONS).read(index)
    if before is not None and before.n_pairs == stored.n_pairs:
        return before
    return stored.read(index)


def _obtain(
    library: Library, index: VectorIndex, kind: Kind, encoders: Encoders
) -> NullDistribution:
    """Read, extend or measure a null distribution."""
    stored = _read_stored(library, index, kind)
    if stored is not None:
        distribution = stored.read(index)
        if stored.fits(distribution, index):
            return distribution
        if stored.may_grow(index):
            grown = stored.grow(kind, distribution, index)
            library.keep_measured(index, _name(kind), grown.to_arrays())
            return grown.read(index)
    return _measure(library, index, kind, encoders)


def _measure(
    library: Library, index: VectorIndex, kind: Kind, encoders: Encoders
) -> NullDistribution:
    """Measure a null distribution from the start, and store it."""
    stored = _measure_sample(index, kind, encoders)
    library.keep_measured(index, _name(kind), stored.to_arrays())
    return stored.read(index)


def _measure_sample(
    index: VectorIndex, kind: Kind, encoders: Encoders, max_operations: float | None = None
) -> StoredDistribution:
    """Measure a null distribution on as many videos as so many multiply-adds allow."""
    probes = draw_probes(index, kind, encoders)
    sample = draw_videos(index, kind, len(probes), max_operations)
    points = find_points(index.space.encoder, index.space.view)
    same = math.inf if points is None or index.space.view == "words" else points.same
    measured = compare_probes(index, kind, probes, sample)
    distribution = estimate_distribution(measured, sample, same)
    return StoredDistribution.take(distribution, probes, index)


def find_distribution(library: Library, space: Space, kind: Kind) -> NullDistribution | None:
    """The stored null distribution; None if it was not measured since the last change."""
    index = library.index(space)
    stored = _read_stored(library, index, kind)
    if stored is None:
        return None
    distribution = stored.read(index)
    return distribution if stored.fits(distribution, index) else None


def measure_distributions(
    library: Library, encoders: Encoders, progress: StepCounter | None = None
) -> None:
    """Measure all missing null distributions of a library, so that no search waits for them.

    Args:
        library: to measure.
        encoders: of its profile.
        progress: called with the number of finished distributions, and of all.
    """
    kinds = list_kinds(library)
    for n_done, (space, kind) in enumerate(kinds, start=1):
        obtain_distribution(library, space, kind, encoders)
        if progress is not None:
            progress(n_done, len(kinds))


def list_kinds(library: Library) -> list[tuple[Space, Kind]]:
    """The spaces of the library with the kinds of query that each supports."""
    kinds: list[tuple[Space, Kind]] = []
    own = own_spaces(library)
    for space in library.catalog.spaces():
        if own.get(space.modality) == space or space.view == COPIES:
            kinds += [(space, "clip"), (space, "video")]
            kinds += [(space, "image")] if space.modality == "frames" else []
        if space.view == "words" or space.modality in LINES:
            kinds.append((space, "words"))
    return [(space, kind) for space, kind in kinds if library.catalog.has_vectors(space.key)]


def read_medians(library: Library) -> dict[str, dict[Kind, float]]:
    """The median similarity of unrelated content by space and kind, if measured."""
    medians: dict[str, dict[Kind, float]] = {}
    for space, kind in list_kinds(library):
        found = find_distribution(library, space, kind)
        if found is not None:
            medians.setdefault(space.key, {})[kind] = invert_fisher_z(found.location)
    return medians


def _read_stored(library: Library, index: VectorIndex, kind: Kind) -> StoredDistribution | None:
    arrays = library.measured(index, _name(kind))
    return None if arrays is None else StoredDistribution.from_arrays(arrays)


def _name(kind: Kind) -> str:
    return f"background{FORMAT}{kind}"
