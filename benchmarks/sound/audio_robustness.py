"""Measures audio retrieval after re-encoding, filtering, transposition or noise.

    OMP_NUM_THREADS=1 python -m benchmarks.sound.audio_robustness MUSIC [OTHERS]
    OMP_NUM_THREADS=1 python -m benchmarks.sound.audio_robustness MUSIC OTHERS --measure FILE

MUSIC and OTHERS are folders of recordings: queries are cut from the first, the second only makes
the haystack larger. The first command prints the figures; the second writes the constants of
indexer/encoders/audio/spectral_scale.py.
"""

import argparse
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.sound.degraded_audio import (
    FILTERS,
    PINK_DECIBELS,
    SAMPLE_RATE,
    WHITE_DECIBELS,
    Cut,
    Recording,
    draw_cuts,
    make_queries,
    read_recordings,
)
from mvsearch.indexer.encoders import AudioEncoder, load_encoder
from mvsearch.indexer.encoders.audio.spectral import GROUPS, describe
from mvsearch.indexer.media.decoding.audio import cut_windows
from mvsearch.indexer.media.decoding.types import SoundBlock
from mvsearch.search.localization.alignment import align
from mvsearch.search.localization.offset_votes import SimilarityTrack
from mvsearch.store.records import Matrix

SEED = 7
# Pink noise is left out when scales are measured, so that the figures hold something never seen.
MEASURED = ("MP3 32 kbit/s", *FILTERS, *WHITE_DECIBELS)
CONDITIONS = ("clean", *MEASURED, *PINK_DECIBELS)
NEAR_SECONDS = 1.0

SCALE_MODULE = '''"""Where each measure of a window lies and how far it spreads.

Written by `python -m benchmarks.sound.audio_robustness MUSIC OTHERS --measure FILE`. The location
is the mean over {n_windows} windows of {n_recordings} recordings: songs, instruments, speech, film.
The scale is the root of the variance over them plus the mean squared change of {n_cuts} cuts under
low bit rate, low-pass, faster tempo and speed, transposition and white noise: a measure counts for
less the more it moves when the music stays the same.
"""

'''


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Vectors (n, dim) of one recording's windows, and the seconds (n,) where these begin."""

    vectors: Matrix
    start_seconds: npt.NDArray[np.float64]


def encode(encoder: AudioEncoder, samples: Matrix) -> Encoded:
    """Cut sound into windows as indexing does, and encode these."""
    batches = list(
        cut_windows(
            [SoundBlock(0.0, samples)],
            encoder.sample_rate,
            encoder.window_seconds,
            encoder.hop_seconds,
        )
    )
    vectors = [encoder.encode(batch.windows)[0] for batch in batches]
    return Encoded(np.concatenate(vectors), np.concatenate([b.start_seconds for b in batches]))


@dataclass(frozen=True, slots=True)
class Answer:
    """What one query found: whether the song came first, and by how much its place is off."""

    is_found: bool
    error_seconds: float


def ask(
    query: Encoded, library: Sequence[Encoded], recordings: Sequence[Recording], cut: Cut
) -> Answer:
    """Rank recordings by the mean best match; align the query with the one it was cut from.

    Another recording of the same song, found first, is right; the place is looked for in the
    query's own.
    """
    scores = [float((query.vectors @ each.vectors.T).max(axis=1).mean()) for each in library]
    found = recordings[int(np.argmax(scores))]
    source = library[cut.recording]
    similarities = query.vectors @ source.vectors.T
    track = SimilarityTrack("audio", similarities, query.start_seconds, source.start_seconds)
    seconds = len(recordings[cut.recording].samples) / SAMPLE_RATE
    place = align([track], 5.0, seconds)[0].start_seconds or 0.0
    is_found = found.song == recordings[cut.recording].song
    return Answer(is_found, abs(place - cut.start_seconds))


def print_figures(recordings: Sequence[Recording], cuts: Sequence[Cut], hop: float | None) -> None:
    """Print recall of songs and error of places, a line a condition, then likeness and speed."""
    encoder = load_encoder("signal")
    assert isinstance(encoder, AudioEncoder)
    encoder.hop_seconds = hop or encoder.hop_seconds
    began = time.process_time()
    library = [encode(encoder, recording.samples) for recording in recordings]
    seconds = time.process_time() - began
    n_windows = sum(len(each.vectors) for each in library)
    length = sum(len(recording.samples) for recording in recordings) / SAMPLE_RATE
    print(f"{len(recordings)} recordings, {n_windows} windows, {len(cuts)} cuts of 5 s")
    print(f"{'condition':20s} recall@1  error median  p90 s  within {NEAR_SECONDS:g} s")
    rng = np.random.default_rng(SEED)
    for condition in CONDITIONS:
        queries = make_queries(recordings, cuts, condition, rng)
        answers = [
            ask(encode(encoder, query), library, recordings, cut)
            for query, cut in zip(queries, cuts, strict=True)
        ]
        errors = np.array([answer.error_seconds for answer in answers])
        recall = np.mean([answer.is_found for answer in answers])
        print(
            f"{condition:20s} {recall:8.3f}  {np.median(errors):12.2f}"
            f"  {np.quantile(errors, 0.9):5.2f}  {np.mean(errors <= NEAR_SECONDS):9.3f}"
        )
    print_likeness(recordings, library)
    print(f"indexing: {length / seconds:.0f} × real time (processor), hop {encoder.hop_seconds} s")
    print(f"a query's first vector: {measure_cold_start():.0f} ms, Python's own start included")


def print_likeness(recordings: Sequence[Recording], library: Sequence[Encoded]) -> None:
    """Print the two recordings that are most like each of the longer ones."""
    for number, recording in enumerate(recordings):
        if not recording.has_queries:
            continue
        one = library[number].vectors
        scores = [float((one @ other.vectors.T).max(axis=1).mean()) for other in library]
        nearest = [n for n in np.argsort(scores)[::-1] if n != number][:2]
        likes = ", ".join(f"{recordings[n].name[-40:]} {scores[n]:.2f}" for n in nearest)
        print(f"{recording.name[-40:]:40s} → {likes}")


def measure_cold_start() -> float:
    """Milliseconds of a fresh interpreter that imports the encoder and encodes one window."""
    code = (
        "import numpy as np; from mvsearch.indexer.encoders import load_encoder;"
        "e = load_encoder('signal'); e.encode(np.ones((1, 80000), np.float32))"
    )
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - began)
    return 1000 * min(times)


def describe_all(windows: Sequence[Matrix]) -> dict[str, Matrix]:
    """Measure windows of five seconds, some at a time."""
    n_samples = 5 * SAMPLE_RATE
    full = [np.pad(window, (0, n_samples - len(window))) for window in windows]
    parts = [describe(np.stack(full[first : first + 8])) for first in range(0, len(full), 8)]
    return {name: np.concatenate([part[name] for part in parts]) for name in GROUPS}


def measure_scales(recordings: Sequence[Recording], cuts: Sequence[Cut]) -> str:
    """Measure location and scale of every dimension; returns the module that holds them."""
    windows = [
        window
        for recording in recordings
        for batch in cut_windows([SoundBlock(0.0, recording.samples)], SAMPLE_RATE, 5.0, 2.5)
        for window in batch.windows
    ]
    library = describe_all(windows)
    rng = np.random.default_rng(SEED)
    clean = describe_all(make_queries(recordings, cuts, "clean", rng))
    changes = dict.fromkeys(GROUPS, np.zeros(1))
    for condition in MEASURED:
        moved = describe_all(make_queries(recordings, cuts, condition, rng))
        for name in GROUPS:
            change = np.mean(np.square(moved[name] - clean[name]), axis=0) / len(MEASURED)
            changes[name] = changes[name] + change
    locations = {name: library[name].mean(axis=0) for name in GROUPS}
    scales = {name: np.sqrt(library[name].var(axis=0) + changes[name]) for name in GROUPS}
    head = SCALE_MODULE.format(
        n_windows=len(windows), n_recordings=len(recordings), n_cuts=len(cuts)
    )
    return head + write_table("LOCATIONS", locations) + "\n" + write_table("SCALES", scales)


def write_table(name: str, groups: dict[str, npt.NDArray[np.float64]]) -> str:
    """Write a dictionary of numbers in text, as Python."""
    lines = [f"{name} = {{\n"]
    for group, values in groups.items():
        text = " ".join(f"{value:.3g}" for value in values)
        body = "\n".join(f"        {line}" for line in textwrap.wrap(text, 90))
        lines.append(f'    "{group}": """\n{body}\n    """,\n')
    return "".join([*lines, "}\n"])


def main() -> None:
    """Read the options, and print or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("music", type=Path, help="a folder of recordings to ask with")
    parser.add_argument("others", type=Path, nargs="?", help="a folder of recordings to confuse")
    parser.add_argument("--measure", type=Path, metavar="FILE", help="write the constants there")
    parser.add_argument("--hop", type=float, help="seconds between windows; default: the encoder's")
    options = parser.parse_args()
    recordings = read_recordings(options.music, has_queries=True)
    if options.others:
        recordings += read_recordings(options.others, has_queries=False)
    cuts = draw_cuts(recordings, np.random.default_rng(SEED))
    if options.measure:
        options.measure.write_text(measure_scales(recordings, cuts), encoding="utf-8")
    else:
        print_figures(recordings, cuts, options.hop)


if __name__ == "__main__":
    main()
