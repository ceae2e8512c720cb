"""How alike what has nothing to do with one another is: measured in the library, kept beside it."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from indexer.encoders import Encoders
from search.calibration import stretch, unstretch
from search.encode import embed_words, own_spaces
from search.fusion import FloatArray
from search.pairs import compare_one
from search.phrases import PHRASES
from search.retrieve import iter_blocks
from store.library import Library
from store.records import Matrix, Space
from store.vectors import SpaceIndex

Kind = Literal["clip", "video", "words"]

# Names the files; goes up when the same library would be measured otherwise.
FORMAT = 1
MAX_PROBES = 64
# Vectors in a row that stand for a clip; 1, 4, 8 and 12 measured alike (medians within 0.005).
CLIP_VECTORS = 8
# Multiply-adds for one background, about 15 s of one core; large libraries get fewer probes.
MAX_OPERATIONS = 2e11
# One in six unrelated pairs is above it: far enough out for a scale, and still the median of the
# tail where a tenth of the probes show the same song in another file.
UPPER_QUANTILE = 0.84
# A video's own level counts in full from so many probes on.
PRIOR_PROBES = 5
# What is taken as known before anything is measured, and how many pairs that is worth.
PRIOR_LOCATION, PRIOR_SCALE, PRIOR_PAIRS = 0.1, 0.1, 10
MIN_SCALE = 0.01

Probe = tuple[str, Matrix]


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """The stretched similarities of unrelated content in one space; see `calibration.stretch`.

    Attributes:
        n_pairs: pairs of a probe and a video that were measured.
        location: median over all pairs.
        scale: of a logistic distribution with the same median and upper quantile.
        levels: for each video of the index by id, the median of its own pairs, drawn towards
            `location` where they are few. A hub, which is near to everything, and a long video,
            which has something near to everything, have a high one.
    """

    n_pairs: int
    location: float
    scale: float
    levels: dict[str, float]

    def level_of(self, video_ids: Sequence[str]) -> FloatArray:
        """The levels of some videos: (videos,); those that are not known have the library's."""
        return np.array([self.levels.get(v, self.location) for v in video_ids], dtype=np.float64)


def summarise(similarities: FloatArray, video_ids: Sequence[str]) -> Background:
    """The background of measured pairs.

    Medians and an inner quantile, because some probes are related after all: two files of one song,
    or a chorus line in another's lyrics.

    Args:
        similarities: (probes, videos) cosines, NaN where a probe is of the video itself.
        video_ids: of the columns.
    """
    stretched = stretch(similarities)
    known = stretched[~np.isnan(stretched)]
    location, scale = _shrink(known)
    levels = {}
    for video_id, column in zip(video_ids, stretched.T, strict=True):
        own = column[~np.isnan(column)]
        n = own.size
        level = (n * float(np.median(own)) if n else 0.0) + PRIOR_PROBES * location
        levels[video_id] = level / (n + PRIOR_PROBES)
    return Background(known.size, location, scale, levels)


def _shrink(known: FloatArray) -> tuple[float, float]:
    """Location and scale of pairs, drawn towards the prior where these are few."""
    n = known.size
    if n == 0:
        return PRIOR_LOCATION, PRIOR_SCALE
    median, upper = np.quantile(known, [0.5, UPPER_QUANTILE])
    scale = float(upper - median) / np.log(UPPER_QUANTILE / (1 - UPPER_QUANTILE))
    total = n + PRIOR_PAIRS
    location = (n * float(median) + PRIOR_PAIRS * PRIOR_LOCATION) / total
    return location, max(MIN_SCALE, (n * scale + PRIOR_PAIRS * PRIOR_SCALE) / total)


def obtain_background(library: Library, space: Space, kind: Kind, encoders: Encoders) -> Background:
    """The background of a kind of query in a space, measured where it is not kept already.

    Args:
        library: whose index is measured.
        space: where similarities are compared.
        kind: "clip" for vectors asked of a video, "video" for the similarity of whole videos,
            "words" for text that is typed.
        encoders: of the library's profile; only "words" needs them.
    """
    known = find_background(library, space, kind)
    if known is not None:
        return known
    index = library.index(space)
    background = _MEASURES[kind](index, encoders)
    arrays = {
        "numbers": np.array([background.n_pairs, background.location, background.scale]),
        "levels": background.level_of(index.video_ids),
    }
    library.keep_measured(index, _name(kind), arrays)
    return background


def find_background(library: Library, space: Space, kind: Kind) -> Background | None:
    """The background as it is kept; None where it has not been measured since the last change."""
    measured = library.measured(space, _name(kind))
    index = library.index(space)
    ids = index.video_ids
    if measured is None or measured.n_rows != index.n_rows:
        return None
    arrays = measured.arrays
    if not {"numbers", "levels"} <= set(arrays):
        return None
    numbers, levels = arrays["numbers"], arrays["levels"]
    if numbers.shape != (3,) or levels.shape != (len(ids),):
        return None
    n_pairs, location, scale = numbers.tolist()
    return Background(int(n_pairs), location, scale, dict(zip(ids, levels.tolist(), strict=True)))


def measure_backgrounds(library: Library, encoders: Encoders) -> None:
    """Measure whatever the library's spaces lack, so that no search has to wait for it."""
    for space, kind in list_kinds(library):
        obtain_background(library, space, kind, encoders)


def list_kinds(library: Library) -> list[tuple[Space, Kind]]:
    """Which kinds of query each space of the library answers."""
    kinds: list[tuple[Space, Kind]] = []
    own = own_spaces(library)
    for space in library.catalog.spaces():
        if own.get(space.modality) == space:
            kinds += [(space, "clip"), (space, "video")]
        if space.view or space.modality == "lyrics":
            kinds.append((space, "words"))
    return [(space, kind) for space, kind in kinds if library.index(space).n > 0]


def _name(kind: Kind) -> str:
    return f"background{FORMAT}{kind}"


def measure_clips(index: SpaceIndex, encoders: Encoders) -> Background:
    """Ask pieces of the library's videos of all others."""
    del encoders
    rng = _seed(index)
    n_probes = _count_probes(index, CLIP_VECTORS)
    probes = [_cut(index, video_id, rng) for video_id in _draw(index, n_probes, rng)]
    return _ask_all(index, probes)


def measure_videos(index: SpaceIndex, encoders: Encoders) -> Background:
    """Compare whole videos of the library with all others."""
    del encoders
    mean_length = max(1, index.n // max(1, len(index.video_ids)))
    n_probes = min(_count_probes(index, mean_length), len(index.video_ids))
    rows = []
    for video_id in _draw(index, n_probes, _seed(index)):
        row = compare_one(index, video_id, index.video_ids)
        row[index.video_ids.index(video_id)] = np.nan
        rows.append(row)
    return summarise(_stack(rows, index), index.video_ids)


def measure_words(index: SpaceIndex, encoders: Encoders) -> Background:
    """Ask everyday phrases of all videos."""
    n_probes = _count_probes(index, 1)
    made = embed_words(PHRASES[:n_probes], encoders, index.space.modality)
    if made is None or made[0] != index.space:
        return summarise(_stack([], index), index.video_ids)
    return _ask_all(index, [("", row[None]) for row in index.place(made[1])])


def read_medians(library: Library) -> dict[str, dict[Kind, float]]:
    """The median similarity of unrelated content by space and kind, as far as it is measured."""
    medians: dict[str, dict[Kind, float]] = {}
    for space, kind in list_kinds(library):
        found = find_background(library, space, kind)
        if found is not None:
            medians.setdefault(space.key, {})[kind] = unstretch(found.location)
    return medians


_MEASURES: dict[Kind, Callable[[SpaceIndex, Encoders], Background]] = {
    "clip": measure_clips,
    "video": measure_videos,
    "words": measure_words,
}


def _seed(index: SpaceIndex) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(index.space.key.encode()))


def _count_probes(index: SpaceIndex, n_vectors: int) -> int:
    """How many probes of so many vectors may be compared with all of an index."""
    n_operations = max(1, n_vectors * index.n * index.space.dim)
    return int(np.clip(MAX_OPERATIONS // n_operations, 2, MAX_PROBES))


def _draw(index: SpaceIndex, n_probes: int, rng: np.random.Generator) -> list[str]:
    """Videos in random order, each again only when all have been."""
    ids = index.video_ids
    order = [ids[at] for at in rng.permutation(len(ids))]
    return [order[at % len(order)] for at in range(n_probes)] if order else []


def _cut(index: SpaceIndex, video_id: str, rng: np.random.Generator) -> Probe:
    vectors = index.vectors(video_id)
    start = int(rng.integers(0, max(0, len(vectors) - CLIP_VECTORS) + 1))
    return video_id, vectors[start : start + CLIP_VECTORS]


def _ask_all(index: SpaceIndex, probes: Sequence[Probe]) -> Background:
    """The background of probes, each with the id of the video that it is of, or none."""
    rows = np.full((len(probes), len(index.video_ids)), np.nan)
    if probes:
        vectors = np.concatenate([vectors for _, vectors in probes])
        sizes = np.array([len(vectors) for _, vectors in probes])
        firsts = np.cumsum(sizes) - sizes
        # One pass over the index for all probes: reading its vectors is most of the work.
        for block in iter_blocks(index, index.video_ids):
            best = np.maximum.reduceat(vectors @ block.vectors.T, block.starts, axis=1)
            totals = np.add.reduceat(best, firsts, axis=0, dtype=np.float64)
            rows[:, block.positions] = totals / sizes[:, None]
    for row, (video_id, _) in zip(rows, probes, strict=True):
        if video_id:
            row[index.video_ids.index(video_id)] = np.nan
    return summarise(rows, index.video_ids)


def _stack(rows: Sequence[FloatArray], index: SpaceIndex) -> npt.NDArray[np.float64]:
    return np.array(rows, dtype=np.float64).reshape(-1, len(index.video_ids))
