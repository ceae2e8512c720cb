"""Measures encoding against bare ONNX Runtime: `python -m benchmarks.media.encoding`."""

from typing import Any

import numpy as np

from benchmarks.program import BenchOptions, run_program
from benchmarks.results import Row, judge
from benchmarks.timing import compare
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.networks.files.checkpoints import models_folder
from mvsearch.indexer.encoders.networks.runtime import NETWORK

GOAL = 0.9
BATCHES = (8, 16)


def measure_rows(options: BenchOptions) -> list[Row]:
    """Row 3."""
    encoder = Encoders("embedded").frames
    width, height = encoder.frame_size
    n_frames = 16 if options.is_quick else 160
    generator = np.random.default_rng(7)
    frames = generator.integers(0, 256, (n_frames, height, width, 3), dtype=np.uint8)
    encoder.encode(frames[:2])  # exports the network, once on a machine
    session = open_bare_session()
    name = session.get_inputs()[0].name

    def run_bare(batch: int) -> None:
        for begin in range(0, n_frames, batch):
            session.run(None, {name: frames[begin : begin + batch]})

    things: dict[str, Any] = {"ours": lambda: encoder.encode(frames)}
    for batch in BATCHES:
        run_bare(batch)
        things[f"batches of {batch}"] = lambda batch=batch: run_bare(batch)
    found = compare(things, 1 if options.is_quick else 5)
    best = min(things.keys() - {"ours"}, key=found.median)
    share = found.ratio(best, "ours")
    return [
        Row(
            "3",
            "encode frames, preprocessing, words and tags included",
            f"ONNX Runtime alone on ready arrays, {best}",
            f"{found.describe(best, 'ours')} of its frames a second",
            f">= {GOAL}",
            judge(share >= GOAL, is_quick=options.is_quick),
            f"{n_frames / found.median('ours'):.0f} and {n_frames / found.median(best):.0f} frames"
            " a second",
        )
    ]


def open_bare_session() -> Any:
    """The exported network of the default profile, as ONNX Runtime opens it by itself."""
    import onnxruntime

    exported = (models_folder() / "exported").glob(f"efficientnet-lite0-[0-9a-f]*-v*/{NETWORK}")
    newest = max(exported, key=lambda path: path.stat().st_mtime)
    return onnxruntime.InferenceSession(str(newest), providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    run_program("media.encoding", measure_rows)
