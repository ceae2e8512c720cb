"""Generates unit vectors like those of music videos, by the million, from a seed.

A vector is the sum of what all videos share, what its video, its style and its scene have of their
own, a walk within the scene, and noise. The shares of its squared length (`Likeness`) were fitted
by hand to what the encoders make of 34 real videos (27 clips and 7 songs). Cosines there and here
(60 videos of 100 vectors, seed 100), each as 5th percentile, median, 95th:

| space | with the next, real | made | other videos, real | made |
|---|---|---|---|---|
| pictures, 1280 | 0.51 0.92 0.99 | 0.66 0.92 0.98 | 0.18 0.29 0.44 | 0.12 0.28 0.42 |
| words of pictures, 384 | 0.56 0.96 1.00 | 0.66 0.94 0.99 | -0.43 0.35 0.74 | -0.31 0.32 0.71 |
| lyric lines, 384 | 0.06 0.18 0.73 | 0.04 0.20 0.96 | 0.02 0.14 0.27 | -0.03 0.13 0.29 |
| sound, 394 | 0.62 0.82 0.94 | 0.69 0.83 0.91 | -0.40 -0.02 0.37 | -0.34 0.01 0.36 |

Four pictures apart the median is 0.77 in real videos and 0.83 here. Within one real video it is
0.77, and 0.59 here, where a video has three scenes; most of the real ones are clips of one.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mvsearch.store.records import Matrix, Space

Numbers = npt.NDArray[np.int64]

# All but the noise lies along so many directions.
MAX_LATENT = 160


@dataclass(frozen=True, slots=True)
class Likeness:
    """What the vectors of a space have in common; the shares are of a squared length of 1.

    Attributes:
        common: with every other vector. The cosine of unrelated videos is this in the median.
        video: with its video.
        style: with others of its style; a library has `n_styles`, a scene has one of them.
        scene: with its scene; a video has `n_scenes` and comes back to them.
        walk: with the vectors just before and after it, the more the nearer in time.
        n_directions: along how many directions vectors differ, as the inverse sum of the squared
            shares of variance: the fewer, the more the cosines of unrelated videos spread.
        memory: how much of the walk is left one vector later.
        mean_run: vectors until the scene changes, in the mean (geometric).
        unrest: standard deviation of the logarithm of how much moves, from run to run.

    What the shares leave of 1 is noise, along all directions alike.
    """

    common: float
    video: float
    style: float
    scene: float
    walk: float
    n_directions: float
    memory: float = 0.8
    mean_run: float = 10.0
    unrest: float = 0.8
    n_scenes: int = 3
    n_styles: int = 512

    def __post_init__(self) -> None:
        """Check that the shares leave something for noise."""
        if not 0 < self.noise < 1:
            raise ValueError(f"the shares sum up to {1 - self.noise}")

    @property
    def noise(self) -> float:
        """The share that belongs to one vector alone."""
        return 1 - self.common - self.video - self.style - self.scene - self.walk


PICTURES = Likeness(0.29, 0.22, 0.14, 0.16, 0.14, n_directions=70)
WORDS = Likeness(0.25, 0.17, 0.23, 0.20, 0.12, n_directions=4)
LINES = Likeness(
    0.13, 0.04, 0.10, 0.68, 0.02, n_directions=100, mean_run=1.05, n_scenes=30, unrest=0.1
)
SOUND = Likeness(0.01, 0.33, 0.02, 0.02, 0.57, n_directions=18, memory=0.78, unrest=0.3)


def choose_likeness(space: Space) -> Likeness:
    """How the vectors of a space are alike."""
    if space.modality == "frames":
        return WORDS if space.view == "words" else PICTURES
    return LINES if space.modality == "lyrics" else SOUND


class VectorMaker:
    """Makes the vectors of any video of a library, one video at a time; equal seeds, equal vectors.

    Args:
        dim: length of a vector.
        likeness: what vectors have in common.
        seed: of the whole library.
    """

    def __init__(self, dim: int, likeness: Likeness = PICTURES, seed: int = 0) -> None:
        generator = np.random.default_rng([seed, dim])
        self.dim = dim
        self.likeness = likeness
        self._seed = seed
        n_latent = min(dim, MAX_LATENT)
        scale = np.sqrt(_spread_variance(n_latent, likeness.n_directions))
        directions = _draw(generator, (n_latent, dim))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        self._directions = directions * scale[:, None]
        common = _draw(generator, (dim,))
        self._common = common * np.float32(np.sqrt(likeness.common) / np.linalg.norm(common))
        self._styles = _draw(generator, (likeness.n_styles, n_latent))

    def make(self, position: int, n: int) -> Matrix:
        """Make the vectors of one video.

        Args:
            position: of the video in the library; any number from 0.
            n: how many vectors.

        Returns:
            (n, dim) float32, each of length one.
        """
        generator = np.random.default_rng([self._seed, self.dim, position])
        share = self.likeness
        n_latent = len(self._directions)
        runs, scenes = self._cut_runs(generator, n)
        own = _draw(generator, (1 + share.n_scenes, n_latent))
        styles = self._styles[generator.integers(share.n_styles, size=share.n_scenes)]
        places = math.sqrt(share.video) * own[:1] + math.sqrt(share.scene) * own[1:]
        places += math.sqrt(share.style) * styles
        motion = _draw(generator, (int(runs[-1]) + 1, 1))[runs]
        motion = np.exp(motion * (share.unrest / 2))
        walk = _walk(_draw(generator, (n, n_latent)), share.memory)
        walk *= math.sqrt(share.walk) * motion
        walk += places[scenes]
        vectors: Matrix = walk @ self._directions
        vectors += self._common
        noise = _draw(generator, (n, self.dim))
        noise *= math.sqrt(share.noise / self.dim) * motion
        vectors += noise
        vectors /= np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
        return vectors

    def iterate(self, n_videos: int, n: int) -> Iterator[Matrix]:
        """The vectors of the first `n_videos` videos, (n, dim) each."""
        return (self.make(position, n) for position in range(n_videos))

    def _cut_runs(self, generator: np.random.Generator, n: int) -> tuple[Numbers, Numbers]:
        """For each of n vectors the number of its run and its scene."""
        is_cut = generator.random(n) < 1 / self.likeness.mean_run
        is_cut[0] = False
        runs = np.cumsum(is_cut, dtype=np.int64)
        of_runs = generator.integers(self.likeness.n_scenes, size=int(runs[-1]) + 1)
        return runs, of_runs[runs]


def make_rows(maker: VectorMaker, n_rows: int, n_each: int) -> Iterator[Matrix]:
    """Vectors video by video, `n_each` of a video, until there are `n_rows`."""
    for position, begun in enumerate(range(0, n_rows, n_each)):
        yield maker.make(position, min(n_each, n_rows - begun))


def _draw(generator: np.random.Generator, shape: tuple[int, ...]) -> Matrix:
    """Normal numbers as float32."""
    return generator.standard_normal(shape, dtype=np.float32)


def _spread_variance(n: int, n_directions: float) -> npt.NDArray[np.float32]:
    """Shares of variance that fall as a power, whose squares sum up to 1 / `n_directions`."""
    low, high = 0.0, 4.0
    for _ in range(40):
        power = (low + high) / 2
        shares = np.arange(1, n + 1, dtype=np.float64) ** -power
        shares /= shares.sum()
        low, high = (power, high) if 1 / np.square(shares).sum() > n_directions else (low, power)
    return shares.astype(np.float32)


def _walk(steps: Matrix, memory: float) -> Matrix:
    """A walk that keeps its variance: each row keeps `memory` of the row before."""
    return _weigh_steps(len(steps), memory) @ steps


@lru_cache(maxsize=8)
def _weigh_steps(n: int, memory: float) -> Matrix:
    """How much of each step (columns) is left at each row of a walk: (n, n)."""
    order = np.arange(n)
    age = order[:, None] - order
    kept = np.where(age >= 0, memory ** np.maximum(age, 0), 0).astype(np.float32)
    kept[:, 1:] *= math.sqrt(1 - memory**2)
    return kept
