"""Measures Whisper with both engines: `python -m benchmarks.lyrics.transcription`.

The weights are those of base, from the packages that carry it. Where they are not there, or in a
quick run, they are drawn by chance: such a model never ends by itself, so each window of 30 s gets
as many tokens as a sung one has, decoded greedily. What is measured is speed and memory, not words.
The cost is that of one core, so that other work on the machine changes it little.
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

from benchmarks.program import BenchOptions, run_program
from benchmarks.results import Row
from benchmarks.timing import compare, run_command
from mvsearch.indexer.lyrics.whisper.engines.checkpoints import (
    find_checkpoint,
    is_converted,
    open_checkpoint,
)
from mvsearch.indexer.lyrics.whisper.engines.engine import (
    ENGINES,
    Engine,
    EngineName,
    is_installed,
    load_engine,
)
from mvsearch.indexer.lyrics.whisper.hypotheses import DecodingOptions
from mvsearch.indexer.lyrics.whisper.transcribe import TranscribeOptions, Transcriber
from mvsearch.indexer.lyrics.whisper.windows import WINDOW_FRAMES
from mvsearch.indexer.media.decoding.audio import read_sound
from mvsearch.indexer.media.probe import probe_file
from mvsearch.store.records import Matrix

SAMPLE_RATE = 16_000
WINDOW_SECONDS = 30
SONG = "audio/ultrastar/Jonathan Coulton - Mr. Fancy Pants"
N_TOKENS = 64
BEAM_SIZE, MAX_TOKENS = DecodingOptions().beam_size, DecodingOptions().max_tokens
SIZES = {"base.en": (512, 8, 6), "tiny.en": (384, 6, 4)}
CHILD = "--hear"
ONE_CORE = {"MVSEARCH_THREADS": "1", "OMP_NUM_THREADS": "1", "MVSEARCH_DEVICE": "cpu"}


def measure_rows(options: BenchOptions) -> list[Row]:
    """How much less windows cost by faster-whisper, and a song by our loop."""
    found = None if options.is_quick else find_checkpoint("base")
    size, n_windows = ("tiny.en", 1) if options.is_quick else ("base.en", 2)
    folder = options.cache / "whisper"
    folder.mkdir(parents=True, exist_ok=True)
    sound = keep_sound(folder, options, n_windows * WINDOW_SECONDS)
    os.environ |= ONE_CORE
    if found is None:
        os.environ["MVSEARCH_MODELS"] = str(folder)
        return compare_engines(options, keep_checkpoint(folder, size), sound, n_windows)
    with open_checkpoint(found) as checkpoint:
        rows = compare_engines(options, checkpoint, sound, n_windows)
        return [*rows, compare_loops(options, checkpoint)]


def compare_engines(
    options: BenchOptions, checkpoint: Path, sound: Path, n_windows: int
) -> list[Row]:
    """A row for each engine but the first."""
    samples = np.load(sound)
    ways: dict[str, Callable[[], float]] = {}
    for name in list_engines():
        engine = load_engine(name, str(checkpoint), checkpoint)
        ways[name] = partial(hear, engine, samples, is_trained=is_converted(checkpoint))
    found = compare(ways, options.rounds)
    seconds = n_windows * WINDOW_SECONDS
    base, *others = ways
    peaks = {name: _measure_peak(name, checkpoint, sound) for name in list_engines()}
    way = f"{checkpoint.stem} with weights drawn by chance, {N_TOKENS} tokens each"
    note = (
        f"{f'base, beam {BEAM_SIZE}' if is_converted(checkpoint) else way}, {n_windows} windows; "
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


def compare_loops(options: BenchOptions, checkpoint: Path) -> Row:
    """A row for a whole song by our loop and by faster-whisper's own."""
    if options.media is None or not is_installed("faster"):
        return Row("transcription", "a song by our loop", "-", "-", "", "left out", "no song")
    samples = read_song(options.media)
    transcriber = Transcriber(str(checkpoint), options=TranscribeOptions("faster"))
    engine: Any = transcriber.load()

    def measure(transcribe: Callable[[], object]) -> float:
        began = time.process_time()
        transcribe()
        return time.process_time() - began

    ours, own = "our loop", "faster-whisper's own loop"
    ways: dict[str, Callable[[], float]] = {
        own: partial(measure, lambda: list(engine.model.transcribe(samples, beam_size=5)[0])),
        ours: partial(measure, lambda: transcriber.transcribe(samples)),
    }
    found = compare(ways, options.rounds)
    seconds = len(samples) / SAMPLE_RATE
    costs = [f"{found.median(way) / seconds:.3f}" for way in (ours, own)]
    return Row(
        "transcription",
        "a song by our loop, voice detection included",
        f"{own}, beam 5",
        f"{found.describe(ours, own)} x its seconds of processor",
        note=f"{costs[0]} and {costs[1]} s of one core a second of {SONG.rpartition('/')[2]}; what"
        " ours costs more is the voice detector and a second text for each window, without the"
        " lines before it",
    )


def list_engines() -> list[EngineName]:
    """Those that are installed."""
    return [name for name in ENGINES if is_installed(name)]


def hear(engine: Engine, samples: Matrix, *, is_trained: bool) -> float:
    """Write down sound of whole windows, one by one; what it cost in seconds of a core."""
    asked = (MAX_TOKENS, (), BEAM_SIZE) if is_trained else (N_TOKENS,)
    began = time.process_time()
    mel = engine.measure_mel(samples)
    windows = mel.reshape(len(mel), -1, WINDOW_FRAMES).transpose(1, 0, 2)
    for window in windows:
        encoded = engine.encode(np.ascontiguousarray(window[None]))
        (made,) = engine.decode(encoded, "en", *asked)
        if not is_trained and len(made.tokens) != N_TOKENS:
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


def read_song(media: Path) -> Matrix:
    """The sound of a real song: (n,) float32."""
    file = next((media / SONG).glob("audio.*"))
    return read_sound(file, probe_file(file), SAMPLE_RATE)


def keep_sound(folder: Path, options: BenchOptions, seconds: int) -> Path:
    """The beginning of a real song where there is one, else noise: (n,) float32 in a file."""
    path = folder / f"sound-{seconds}.npy"
    n_samples = seconds * SAMPLE_RATE
    if options.media is not None and not options.is_quick:
        samples = read_song(options.media)[:n_samples]
    else:
        samples = np.random.default_rng(7).normal(0, 0.1, n_samples).astype(np.float32)
    whole = np.zeros(n_samples, np.float32)
    whole[: len(samples)] = samples
    np.save(path, whole)
    return path


def _measure_peak(name: EngineName, checkpoint: Path, sound: Path) -> int:
    """The memory at most of a process that does nothing but hear, with imports and weights."""
    words: list[str | Path] = [sys.executable, "-m", "benchmarks.lyrics.transcription"]
    words += [CHILD, name, checkpoint, sound]
    cost = run_command(words, is_watched=True)
    return cost.peak_bytes or 0


def _hear_alone(name: EngineName, checkpoint: Path, sound: Path) -> None:
    """What the watched process does."""
    engine = load_engine(name, str(checkpoint), checkpoint)
    hear(engine, np.load(sound), is_trained=is_converted(checkpoint))


if __name__ == "__main__":
    if sys.argv[1:2] == [CHILD]:
        wanted = next(name for name in ENGINES if name == sys.argv[2])
        _hear_alone(wanted, Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        run_program("lyrics.transcription", measure_rows)
