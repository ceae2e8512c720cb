"""A toy library; and outcomes of one that does not exist, with planted ranks and errors."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from mvsearch.search.evaluation.evaluation import Evaluation, Hubness
from mvsearch.search.evaluation.outcomes import Outcome
from mvsearch.store.library import Library
from tests import toy_library
from tests.search.evaluation.made_once import queries_made_once

EVIL = '<script>alert("x")</script>\x1b[31m'
Invent = Callable[..., Evaluation]

# How often each means is right at once, undistorted; each distortion takes some of it away.
STRENGTH = {"frames": 0.9, "audio": 0.85, "weighted": 0.95, "rrf": 0.93}
HARM = {
    "none": {"frames": 1.0, "audio": 1.0},
    "crop 70 %": {"frames": 0.8, "audio": 1.0},
    "mirrored": {"frames": 0.9, "audio": 1.0},
    "sound only": {"audio": 1.0},
    "picture only": {"frames": 1.0},
    "noise 10 dB": {"frames": 1.0, "audio": 0.6},
    "noise 0 dB": {"frames": 1.0, "audio": 0.2},
}


@pytest.fixture(scope="session")
def invent() -> Invent:
    """A function that makes up an evaluation: clips of 5 s, lyric lines and similar songs."""
    return invent_evaluation


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("toy")
    toy_library.make_indexed(folder / "videos", folder / "library")
    with Library.open(folder / "library") as library:
        yield library


@pytest.fixture
def made_once() -> Iterator[None]:
    """Query files are those of earlier evaluations where they are the same."""
    with queries_made_once():
        yield


def invent_evaluation(
    seed: int = 1, n_videos: int = 12, n_clips: int = 2, profile: str = "toy", note: str = EVIL
) -> Evaluation:
    generator = np.random.default_rng(seed)
    outcomes = [
        *_invent_clips(generator, n_videos, n_clips),
        *_invent_lines(generator, n_videos),
        *_invent_similar(generator, n_videos),
    ]
    counts = generator.integers(0, n_videos, size=n_videos)
    names = tuple(f"{EVIL} {at}" for at in range(n_videos))
    hubness = Hubness(3, names, tuple(counts.tolist()), n_videos)
    return Evaluation(EVIL, profile, seed, n_videos, tuple(outcomes), hubness, (note,), "weighted")


def _invent_clips(g: np.random.Generator, n_videos: int, n_clips: int) -> list[Outcome]:
    outcomes = []
    for distortion, harm in HARM.items():
        for at in range(n_videos):
            for clip in range(n_clips):
                luck = g.uniform()
                for system, strength in STRENGTH.items():
                    ease = strength * harm.get(system, max(harm.values()))
                    if system in harm or system not in {"frames", "audio"}:
                        rank = 1 if luck < ease else int(g.integers(2, n_videos + 1))
                        error = float(g.exponential(0.2)) if luck < 0.9 else None
                        outcomes.append(_outcome(f"v{at}", clip, distortion, system, rank, error))
    return [replace(outcome, n_videos=n_videos) for outcome in outcomes]


def _outcome(
    source: str, clip: int, distortion: str, system: str, rank: int, error: float | None
) -> Outcome:
    return Outcome(
        source=source,
        query=f"{source}@{clip}+5",
        kind="clip",
        distortion=distortion,
        seconds=5.0,
        system=system,
        n_videos=10_000,
        n_relevant=1,
        relevant_ranks=(rank,),
        source_rank=rank,
        moment_error_seconds=error,
        is_moment_asked=True,
    )


def _invent_lines(g: np.random.Generator, n_videos: int) -> list[Outcome]:
    return [
        Outcome(
            f"v{at}", f"line {at}", "lyric", distortion, None, system, n_videos, 1,
            (1,) if g.uniform() < 0.8 else (), 1 if system == "lyrics" else None,
        )
        for distortion in ("none", "two typing errors")
        for at in range(n_videos)
        for system in ("lyrics", "weighted")
    ]  # fmt: skip


def _invent_similar(g: np.random.Generator, n_videos: int) -> list[Outcome]:
    outcomes = []
    for at in range(n_videos):
        n_relevant = int(g.integers(0, 3))
        ranks = sorted(g.choice(np.arange(1, n_videos), size=n_relevant, replace=False).tolist())
        outcomes.append(
            Outcome(
                f"v{at}", f"v{at}", "similar", "none", None, "weighted", n_videos - 1, n_relevant,
                tuple(ranks),
            )
        )  # fmt: skip
    return outcomes
