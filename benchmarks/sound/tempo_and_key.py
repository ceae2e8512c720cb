"""Measures tempo and key on made sounds, and on music whose tempo and key are known.

    OMP_NUM_THREADS=1 python -m benchmarks.sound.tempo_and_key [LABELS.csv ...]

Made are clicks of 60 to 180 beats a minute, and chords in all 24 keys. A file of labels has columns
`file` (relative to it), `bpm` and `key` such as "A minor"; every other row is of the first half, on
which constants were chosen. Accuracy 1 is a tempo within 4 %, accuracy 2 also its half, third,
double or triple (Gouyon et al. 2006); keys are weighed as in MIREX: 1 right, 0.5 a fifth off, 0.3
the relative, 0.2 the parallel key.
"""

import csv
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.sound.degraded_audio import read_samples
from mvsearch.indexer.encoders.audio.landmarks import find_peaks
from mvsearch.indexer.encoders.audio.signal import Signal
from mvsearch.indexer.encoders.audio.spectral import SAMPLE_RATE
from mvsearch.indexer.encoders.audio.tempo_and_key import measure_tempo_and_key
from mvsearch.store.landmarks.packing import pack_peaks, unpack_peaks
from mvsearch.store.records import KEYS, Embeddings, Matrix, Segment, Space, TempoAndKey
from mvsearch.store.records.tempo_and_key import parse_key

TOLERANCE = 0.04
WINDOW = 5 * SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Labelled:
    """What is known of a sound, and what was measured by its peaks and vectors, or peaks alone."""

    bpm: float | None
    key: str | None
    found: TempoAndKey
    by_peaks: TempoAndKey
    seconds: float


def make_clicks(bpm: float, seconds: float = 30.0) -> Matrix:
    """Decaying tones of 1000 Hz."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    since = time % (60 / bpm)
    clicks: Matrix = (np.sin(2 * np.pi * 1000 * since) * np.exp(-80 * since) / 2).astype("f4")
    return clicks


def make_chords(key: str) -> Matrix:
    """Tonic, fourth, fifth and tonic, eight times, with two overtones."""
    tonic, is_minor = KEYS.index(key) % 12, key.endswith("minor")
    third = 3 if is_minor else 4
    time = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    chords = []
    for triad in ((0, third, 7), (5, 5 + third, 12), (7, 11, 14), (0, third, 7)):
        hertz = 440 * 2 ** ((np.array(triad) + tonic - 9) / 12)
        tones = [np.sin(2 * np.pi * h * one * time) / h for one in hertz for h in (1, 2, 3)]
        chords.append(np.sum(tones, axis=0) * np.exp(-2 * time) / 10)
    made: Matrix = np.tile(np.concatenate(chords), 8).astype("f4")
    return made


def measure(samples: Matrix, bpm: float | None, key: str | None) -> Labelled:
    """Measure a sound as a library would: by peaks and vectors as they are stored."""
    peaks = unpack_peaks(pack_peaks(find_peaks(samples, SAMPLE_RATE)))
    padded = np.pad(samples, (0, max(0, WINDOW - len(samples))))
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[:: WINDOW // 2]
    (space,), (vectors,) = Signal().spaces, Signal().encode(windows)
    segments = tuple(Segment(2.5 * at, 2.5 * at + 5) for at in range(len(vectors)))
    made = Embeddings(space, segments, vectors.astype(np.float16).astype(np.float32), peaks)
    other = Embeddings(Space("audio", "other", "1", space.dim), segments, made.vectors, peaks)
    begin = time.process_time()
    found = measure_tempo_and_key([made])
    return Labelled(
        bpm, key, found, measure_tempo_and_key([other]), (time.process_time() - begin) / 2
    )


def read_labelled(file: Path) -> Iterator[Labelled]:
    """Measure the sounds of a file of labels."""
    with file.open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            samples = read_samples(file.parent / row["file"])
            yield measure(samples, float(row["bpm"]), parse_key(row["key"]))


def weigh_key(found: str | None, key: str) -> float:
    """The weight of an answer, as in MIREX."""
    if found is None or found == key:
        return float(found == key)
    (a, b), same = (
        (KEYS.index(one) % 12 for one in (found, key)),
        found.split()[1] == key.split()[1],
    )
    if same:
        return 0.5 if (a - b) % 12 in (5, 7) else 0.0
    minor, major = (a, b) if found.endswith("minor") else (b, a)
    return 0.3 if (minor + 3) % 12 == major else 0.2 if minor == major else 0.0


def report(name: str, measured: Sequence[Labelled]) -> None:
    """Print the figures of some sounds."""
    timed = [one for one in measured if one.bpm is not None]
    ratios = np.array([(one.found.bpm or 1e-9) / (one.bpm or 1) for one in timed])
    near = {f: np.abs(ratios / f - 1) <= TOLERANCE for f in (1, 2, 3, 1 / 2, 1 / 3)}
    told = sum(one.found.bpm is not None for one in timed)
    line = f"{name}: {len(measured)} sounds"
    if timed:
        line += (
            f"; tempo told of {told}, accuracy 1 {near[1].mean():.3f},"
            f" accuracy 2 {np.any(list(near.values()), axis=0).mean():.3f}"
        )
    keyed = [one for one in measured if one.key is not None]
    for what, answers in (
        ("key", [(one.found.key, one.key) for one in keyed]),
        ("key by peaks alone", [(one.by_peaks.key, one.key) for one in keyed]),
    ):
        if answers:
            right = np.mean([found == key for found, key in answers])
            weighed = np.mean([weigh_key(found, key or "") for found, key in answers])
            line += f"; {what} {right:.3f}, weighted {weighed:.3f}"
    print(f"{line}; {1e3 * np.mean([one.seconds for one in measured]):.1f} ms each", flush=True)


def main(files: Sequence[str]) -> None:
    """Print the figures of made sounds and of files of labels."""
    report("clicks", [measure(make_clicks(bpm), bpm, None) for bpm in range(60, 181, 5)])
    report("chords", [measure(make_chords(key), None, key) for key in KEYS])
    for file in files:
        measured = list(read_labelled(Path(file)))
        for half in (0, 1):
            report(f"{Path(file).parent.name}, half {half + 1}", measured[half::2])


if __name__ == "__main__":
    main(sys.argv[1:])
