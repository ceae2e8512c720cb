"""Measures Whisper with both engines: `python -m benchmarks.transcription`.

The weights are drawn by chance, in the sizes of base.en: what is measured is speed and memory, not
words. Such a model never ends by itself, so each window of 30 s gets as many tokens as a sung one
has, at temperature 0 and without a second try. The cost is that of one core, so that other work on
the machine changes it little.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.program import BenchOptions, keep_songs, run_program
from benchmarks.results import Row
from benchmarks.timing import compare, run_command
from mvsearch.indexer.lyrics.whisper.engines.engine import (
    ENGINES,
    Engine,
    EngineName,
    is_installed,
    load_engine,
)
from mvsearch.indexer.lyrics.whisper.windows import WINDOW_FRAMES
from mvsearch.indexer.media.decoding.audio import read_sound
from mvsearch.indexer.media.probe import probe_file
from mvsearch.store.records import Matrix

SAMPLE_RATE = 16_000
WINDOW_SECONDS = 30
N_TOKENS = 64
SIZES = {"base.en": (512, 8, 6), "tiny.en": (384, 6, 4)}
CHILD = "--hear"
ONE_CORE = {"MVSEARCH_THREADS": "1", "OMP_NUM_THREADS": "1", "MVSEARCH_DEVICE": "cpu"}


def measure_rows(options: BenchOptions) -> list[Row]:
    """How much less windows cost by faster-whisper."""
    size, n_windows = ("tiny.en", 1) if options.is_quick else ("base.en", 4)
    folder = options.cache / "whisper"
    checkpoint = keep_checkpoint(folder, size)
    sound = keep_sound(folder, options, n_windows * WINDOW_SECONDS)
    os.environ |= ONE_CORE | {"MVSEARCH_MODELS": str(folder)}
    samples = np.load(sound)
    ways: dict[str, Callable[[], float]] = {}
    for name in list_engines():
        engine = load_engine(name, str(checkpoint), checkpoint)
        ways[name] = partial(hear, engine, samples)
    found = compare(ways, options.rounds)
    seconds = n_windows * WINDOW_SECONDS
    base, *others = ways
    peaks = {name: _measure_peak(name, checkpoint, sound, folder) for name in list_engines()}
    note = (
        f"{size} with weights drawn by chance, {n_windows} windows, {N_TOKENS} tokens each; "
        + "; ".join(f"{name} at most {peak / 2**20:.0f} MiB" for name, peak in peaks.items())
    )
    rows = [
        Row(
            "transcription",
            f"Whisper by {way}",
            f"by {base}",
            f"{found.describe(base, way)} times as fast",
            note=f"{seconds / found.median(way):.1f} times real time on one core, {base}"
            f" {seconds / found.median(base):.1f}; {note}",
        )
        for way in others
    ]
    if len(peaks) == 1:
        missing = "the extra `faster` is not installed"
        rows.append(Row("transcription", "faster-whisper", base, "-", "", "left out", missing))
    return rows


def list_engines() -> list[EngineName]:
    """Those that are installed."""
    return [name for name in ENGINES if is_installed(name)]


def hear(engine: Engine, samples: Matrix) -> float:
    """Write down sound of whole windows, one by one; what it cost in seconds of a core."""
    began = time.process_time()
    mel = engine.measure_mel(samples)
    windows = mel.reshape(len(mel), -1, WINDOW_FRAMES).transpose(1, 0, 2)
    for window in windows:
        encoded = engine.encode(np.ascontiguousarray(window[None]))
        (made,) = engine.decode(encoded, "en", N_TOKENS)
        if len(made.tokens) != N_TOKENS:
            raise RuntimeError(f"{engine.name} ended after {len(made.tokens)} tokens")
    return time.process_time() - began


def keep_checkpoint(folder: Path, size: str) -> Path:
    """A checkpoint in openai-whisper's form with weights from a fixed seed; made once."""
    path = folder / f"random-{size}.pt"
    if path.is_file():
        return path
    import torch
    from whisper.model import ModelDimensions, Whisper

    width, n_heads, n_layers = SIZES[size]
    dims = ModelDimensions(80, 1500, width, n_heads, n_layers, 51864, 448, width, n_heads, n_layers)
    torch.manual_seed(7)
    model = Whisper(dims)
    for weight in model.parameters():
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, 0.0, 0.04)
    folder.mkdir(parents=True, exist_ok=True)
    state: dict[str, Any] = {name: each.half() for name, each in model.state_dict().items()}
    torch.save({"dims": asdict(dims), "model_state_dict": state}, path)
    return path


def keep_sound(folder: Path, options: BenchOptions, seconds: int) -> Path:
    """The beginning of a real song where there is one, else noise: (n,) float32 in a file."""
    path = folder / f"sound-{seconds}.npy"
    songs = None if options.is_quick else keep_songs(options)
    files = [] if songs is None else sorted(songs.glob("*.mp4"))
    n_samples = seconds * SAMPLE_RATE
    if files:
        longest = max(files, key=lambda file: probe_file(file).duration_seconds or 0)
        samples = read_sound(longest, probe_file(longest), SAMPLE_RATE)[:n_samples]
    else:
        samples = np.random.default_rng(7).normal(0, 0.1, n_samples).astype(np.float32)
    whole = np.zeros(n_samples, np.float32)
    whole[: len(samples)] = samples
    np.save(path, whole)
    return path


def _measure_peak(name: EngineName, checkpoint: Path, sound: Path, folder: Path) -> int:
    """The memory at most of a process that does nothing but hear, with imports and weights."""
    words: list[str | Path] = [sys.executable, "-m", "benchmarks.transcription"]
    words += [CHILD, name, checkpoint, sound]
    cost = run_command(
        words, environment=ONE_CORE | {"MVSEARCH_MODELS": str(folder)}, is_watched=True
    )
    return cost.peak_bytes or 0


def _hear_alone(name: EngineName, checkpoint: Path, sound: Path) -> None:
    """What the watched process does."""
    engine = load_engine(name, str(checkpoint), checkpoint)
    hear(engine, np.load(sound))


if __name__ == "__main__":
    if sys.argv[1:2] == [CHILD]:
        wanted = next(name for name in ENGINES if name == sys.argv[2])
        _hear_alone(wanted, Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        run_program("transcription", measure_rows)
