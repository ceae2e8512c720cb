"""Measures music for pictures and mixes by mood: `python -m benchmarks.mood.picture_music`.

With `$MVSEARCH_TEST_EMOTION`, the folder of pictures and clips of known mood, a library of the
clips is asked with pictures. The shipped heads have learned from both, so that these figures show
that nothing is lost on the way of a search, and not how well it does on unknown pictures.
"""

import csv
import os
import time
from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path

import numpy as np
import numpy.typing as npt

import mvsearch
from benchmarks.program import BenchOptions, run_program
from benchmarks.results import Row
from mvsearch.store.library import Library
from mvsearch.store.records import (
    MODALITIES,
    SIDES,
    IndexedVideo,
    Location,
    Mood,
    MoodCurve,
    MoodTrack,
    Stage,
    Video,
)
from mvsearch.store.records.moods import MOOD_NAMES, name_moods

N_SONGS = 10_000
N_PICTURES = 100
N_POINTS = 60
N_DRAWS = 2000
MIX_MINUTES = 30


def measure_rows(options: BenchOptions) -> Iterator[Row]:
    """The rows of this program."""
    size = 50 if options.is_quick else N_SONGS
    place = options.cache / f"moods{size}"
    if not place.exists():
        plant_songs(place, size)
    with mvsearch.open(place) as library:
        picture = mvsearch.make_query(like=library.videos()[0].id)
        cost = time_often(lambda: library.music_for(picture), options.rounds * 5)
        yield Row("mood", f"music for a picture of known mood, {size} songs", "", say(cost))
        cost = time_often(lambda: library.mix("calm", "energetic", 60), options.rounds)
        yield Row("mood", f"a mix of an hour, {size} songs", "", say(cost))
    emotion = os.environ.get("MVSEARCH_TEST_EMOTION")
    if emotion is not None:
        yield from ask_pictures(options, Path(emotion))


def say(cost_seconds: float) -> str:
    """A processor time as text."""
    return f"{1000 * cost_seconds:.0f} ms of processor time"


def time_often(call: Callable[[], object], n: int) -> float:
    """The median processor time of some calls, after one that is not counted."""
    call()
    costs = []
    for _ in range(n):
        began = time.process_time()
        call()
        costs.append(time.process_time() - began)
    return float(np.median(costs))


def plant_songs(place: Path, size: int) -> None:
    """A library of songs with moods drawn at random, and nothing else."""
    rng = np.random.default_rng(0)
    with Library.open(place, create=True) as library, library.writing():
        for first in range(0, size, 500):
            some = range(first, min(size, first + 500))
            library.catalog.add_indexed([make_song(number, rng) for number in some])


def make_song(number: int, rng: np.random.Generator) -> IndexedVideo:
    """A song of four minutes with moods of both sides, each over time."""
    video_id, seconds = f"{number:08x}", np.arange(N_POINTS, dtype=np.float32) * 4
    path = Path(f"/music/{video_id}.mp4")
    tracks = []
    for side in SIDES:
        mood = rng.uniform(0.1, 0.9, 3)
        points = np.clip(mood + rng.normal(0, 0.1, (N_POINTS, 3)), 0, 1).astype(np.float32)
        joint = rng.normal(size=4).astype(np.float32)
        curve = MoodCurve(seconds, points)
        tracks.append(MoodTrack(side, "planted", Mood(*mood.tolist()), curve, joint))
    return IndexedVideo(
        Video(video_id, path, f"Song {number}", f"Artist {number % 3000}", 240.0, True),
        Location(path, video_id, path.parent, 1, 1),
        tuple(Stage(video_id, modality, "planted", "done") for modality in MODALITIES),
        (),
        moods=tuple(tracks),
    )


def ask_pictures(options: BenchOptions, emotion: Path) -> Iterator[Row]:
    """Pictures of known mood ask a library of clips of known mood."""
    with (emotion / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    quadrants = {
        row["file"]: name_moods(float(row["valence"]), float(row["arousal"]))[0] for row in rows
    }
    pictures = [row["file"] for row in rows if row["kind"] == "image"]
    chosen = np.random.default_rng(0).permutation(pictures)[: 5 if options.is_quick else N_PICTURES]
    with mvsearch.open(options.cache / "emotion") as library:
        library.index(emotion / "music", lyrics="off")
        yield mix_clips(library)
        found = [library.music_for(emotion / "images" / one, top=5) for one in chosen.tolist()]
    right = np.array(
        [
            [quadrants[song.video.path.name] == quadrants[one] for song in music.results]
            for one, music in zip(chosen.tolist(), found, strict=True)
        ]
    )
    ways = {music.way for music in found}
    sure = np.array([not music.is_weak for music in found])
    name = f"{len(found)} pictures, {len(quadrants) - len(pictures)} clips, by {', '.join(ways)}"
    figure = f"P@1 {tell(right[:, 0])}, P@5 {tell(right.mean(axis=1))}"
    yield Row("mood", f"clips of the quadrant of the picture: {name}", "learned from", figure)
    n_first = len({music.results[0].video.id for music in found})
    figure = (
        f"{sure.sum()} not weak, of these P@1 {tell(right[sure, 0])}; {n_first} different songs"
    )
    yield Row("mood", "the same, without doubt", "", figure)


def mix_clips(library: mvsearch.VideoLibrary) -> Row:
    """Mixes of half an hour between all pairs of named moods, beside songs in random order."""
    away, steps, drawn, off = list[float](), list[float](), list[float](), list[float]()
    for start, end in permutations(MOOD_NAMES, 2):
        mix = library.mix(start, end, MIX_MINUTES)
        moods = np.array([(one.mood.valence, one.mood.arousal) for one in mix.songs])
        curve = np.array([(one.valence, one.arousal) for one in mix.songs])
        away.append(float(np.linalg.norm(moods - curve, axis=1).mean()))
        shuffled = np.random.default_rng(0).permutation(moods)
        drawn.append(float(np.linalg.norm(np.diff(shuffled, axis=0), axis=1).mean()))
        steps.append(float(np.linalg.norm(np.diff(moods, axis=0), axis=1).mean()))
        off.append(abs(mix.seconds / mix.asked_seconds - 1))
    figure = (
        f"{np.mean(away):.3f} from the curve, steps of {np.mean(steps):.3f}, length off by at most"
        f" {max(off):.1%}"
    )
    what = f"{len(off)} mixes of {MIX_MINUTES} minutes of clips of half a minute"
    return Row("mood", what, f"in random order steps of {np.mean(drawn):.3f}", figure)


def tell(values: npt.ArrayLike) -> str:
    """A mean with its 95 % interval by the bootstrap (Efron 1979)."""
    given = np.asarray(values, np.float64)
    if not len(given):
        return "–"
    draws = np.random.default_rng(0).integers(0, len(given), (N_DRAWS, len(given)))
    low, high = np.quantile(given[draws].mean(axis=1), (0.025, 0.975))
    return f"{given.mean():.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    run_program("mood.picture_music", lambda options: list(measure_rows(options)))
