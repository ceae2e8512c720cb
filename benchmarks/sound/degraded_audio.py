"""Recordings, cuts from them, and distortions of the cuts."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mvsearch.store.records import Matrix

SAMPLE_RATE = 16_000
CUT_SECONDS = 5.0
SECONDS_A_CUT = 6.0
SHORTEST_SECONDS = 9.0
SILENCE_RMS = 1e-3
SEMITONE = 2 ** (1 / 12)
SPEED = 1.1

FILTERS = {
    "low-pass 3 kHz": "lowpass=3000,lowpass=3000",
    "tempo 1.1": f"atempo={SPEED}",
    "speed 1.1": f"asetrate={SAMPLE_RATE * SPEED:.0f},aresample={SAMPLE_RATE}",
    "semitone up": (
        f"asetrate={SAMPLE_RATE * SEMITONE:.0f},aresample={SAMPLE_RATE},atempo={1 / SEMITONE}"
    ),
    "semitone down": (
        f"asetrate={SAMPLE_RATE / SEMITONE:.0f},aresample={SAMPLE_RATE},atempo={SEMITONE}"
    ),
}
RAW = ("-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "f32le")
SPEEDS = {"tempo 1.1": SPEED, "speed 1.1": SPEED}
WHITE_DECIBELS = {"white noise 10 dB": 10.0, "white noise 0 dB": 0.0}
# Left out when scales are measured, so that the figures hold something never seen.
PINK_DECIBELS = {"pink noise 5 dB": 5.0}
MEASURED = ("MP3 32 kbit/s", *FILTERS, *WHITE_DECIBELS)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Mono sound at SAMPLE_RATE, and the song that it is a recording of."""

    name: str
    song: str
    samples: Matrix
    has_queries: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a query was cut."""

    recording: int
    start_seconds: float


def run_ffmpeg(arguments: Sequence[str], sent: bytes = b"") -> bytes:
    """Run ffmpeg from pipe to pipe."""
    command = ["ffmpeg", "-v", "error", *arguments]
    return subprocess.run(command, input=sent, capture_output=True, check=True).stdout


def read_samples(path: Path) -> Matrix:
    """Decode a file; empty where it holds no sound."""
    try:
        sound = run_ffmpeg(["-i", str(path.resolve()), "-vn", *RAW, "-"])
    except subprocess.CalledProcessError:
        return np.zeros(0, np.float32)
    return np.frombuffer(sound, np.float32)


def read_recordings(folder: Path, *, has_queries: bool) -> list[Recording]:
    """Read everything under a folder that has sound, to any depth.

    Of two files whose names differ only in their endings, the first is taken. Recordings in a
    folder three levels down (a song and its instrumental) count as one song.
    """
    recordings: dict[tuple[Path, str], Recording] = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.suffix not in {".mp3", ".ogg", ".flac", ".mp4", ".webm", ".mkv"}:
            continue
        stem = path.name.split(".hq.")[0].removesuffix(path.suffix)
        samples = (
            np.zeros(0, np.float32) if (path.parent, stem) in recordings else read_samples(path)
        )
        if len(samples) < CUT_SECONDS / 2 * SAMPLE_RATE or is_silent(samples):
            continue
        song = str(relative.parent) if len(relative.parts) > 2 else stem
        is_asked = has_queries and len(samples) >= SHORTEST_SECONDS * SAMPLE_RATE
        recordings[path.parent, stem] = Recording(str(relative), song, samples, is_asked)
    return list(recordings.values())


def draw_cuts(recordings: Sequence[Recording], rng: np.random.Generator) -> list[Cut]:
    """Draw places at random, about one every six seconds, where it is not silent."""
    cuts = []
    for number, recording in enumerate(recordings):
        if not recording.has_queries:
            continue
        seconds = len(recording.samples) / SAMPLE_RATE
        n_cuts = max(4, int(seconds / SECONDS_A_CUT))
        for start in rng.uniform(0, seconds - CUT_SECONDS * SPEED - 0.1, n_cuts):
            if not is_silent(cut_at(recording.samples, start)):
                cuts.append(Cut(number, float(start)))
    return cuts


def cut_at(samples: Matrix, start_seconds: float) -> Matrix:
    """Five seconds from a place on."""
    return samples[round(start_seconds * SAMPLE_RATE) :][: round(CUT_SECONDS * SAMPLE_RATE)]


def is_silent(samples: Matrix) -> bool:
    """Whether there is nothing to hear on the whole."""
    return float(np.sqrt(np.mean(samples**2))) <= SILENCE_RMS


def add_noise(samples: Matrix, decibels: float, rng: np.random.Generator, *, pink: bool) -> Matrix:
    """Add noise so many decibels below the sound's own power."""
    noise = rng.standard_normal(len(samples))
    if pink:
        spectrum = np.fft.rfft(noise)
        noise = np.fft.irfft(
            spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 20)), len(noise)
        )
    gain = np.sqrt(np.mean(samples**2) / np.mean(noise**2)) * 10 ** (-decibels / 20)
    noisy: Matrix = (samples + gain * noise).astype(np.float32)
    return noisy


def degrade_recording(samples: Matrix, condition: str) -> Matrix:
    """Treat a whole recording; the conditions that treat cuts leave it as it is."""
    raw = ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1", "-i", "-"]
    if condition in FILTERS:
        sound = run_ffmpeg([*raw, "-af", FILTERS[condition], *RAW, "-"], samples.tobytes())
    elif condition.startswith("MP3"):
        coded = run_ffmpeg([*raw, "-b:a", "32k", "-f", "mp3", "-"], samples.tobytes())
        sound = run_ffmpeg(["-f", "mp3", "-i", "-", *RAW, "-"], coded)
    else:
        return samples
    return np.frombuffer(sound, np.float32)


def make_queries(
    recordings: Sequence[Recording],
    cuts: Sequence[Cut],
    condition: str,
    rng: np.random.Generator,
) -> list[Matrix]:
    """Cut what became of the recordings under a condition; noise is added to each cut."""
    degraded = {
        number: degrade_recording(recordings[number].samples, condition)
        for number in {cut.recording for cut in cuts}
    }
    speed = SPEEDS.get(condition, 1.0)
    queries = [cut_at(degraded[cut.recording], cut.start_seconds / speed) for cut in cuts]
    decibels = {**WHITE_DECIBELS, **PINK_DECIBELS}.get(condition)
    if decibels is None:
        return queries
    is_pink = condition in PINK_DECIBELS
    return [add_noise(query, decibels, rng, pink=is_pink) for query in queries]
