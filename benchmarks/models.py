"""Measures the encoders whose weights are installed: `python -m benchmarks.models [NAME...]`.

Each runs in a process of its own with one thread. A row has the milliseconds of processor time an
item, the peak of memory in MB, and the signature of the example of `mvsearch models check`. The
figures of `indexer/encoders/model_cards.py` are from here.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from mvsearch.indexer.encoders import CLASSIFIERS, ENCODERS, load_classifier, load_encoder
from mvsearch.indexer.encoders.networks.examples import encode_example, measure_signature
from mvsearch.indexer.encoders.networks.files.weights import list_models

ONE_CORE = {"MVSEARCH_THREADS": "1", "OMP_NUM_THREADS": "1", "MVSEARCH_DEVICE": "cpu"}
N_ITEMS, N_ROUNDS = 16, 3
LINE = "take me home along the river where the willow trees are green"


def main(names: list[str]) -> None:
    """Print a row for each encoder."""
    present = [status.name for status in list_models() if status.is_present]
    for name in names or [each for each in present if each in ENCODERS | CLASSIFIERS]:
        child = [sys.executable, "-W", "ignore", "-m", "benchmarks.models", "--measure", name]
        subprocess.run(child, env=os.environ | ONE_CORE, check=True)


def measure(name: str) -> None:
    """Measure one encoder in this process."""
    encoder: Any = load_encoder(name) if name in ENCODERS else load_classifier(name)
    vector = encode_example(encoder)[0]
    run, unit, n_items = _prepare(encoder)
    run()
    spent = []
    for _ in range(N_ROUNDS):
        start = time.process_time()
        run()
        spent.append((time.process_time() - start) / n_items)
    # On Linux in kB.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    row = {"name": name, "unit": unit, "ms": round(1000 * min(spent), 2), "peak_mb": round(peak)}
    print(json.dumps(row | {"signature": measure_signature(vector)}), flush=True)


def _prepare(encoder: Any) -> tuple[Callable[[], Any], str, float]:
    """What is measured, the name of its unit, and the number of units in one run."""
    draw = np.random.default_rng(0)
    if hasattr(encoder, "frame_size"):
        width, height = encoder.frame_size
        frames = draw.integers(0, 256, (N_ITEMS, height, width, 3), np.uint8)
        return lambda: encoder.encode(frames), "frame", N_ITEMS
    if hasattr(encoder, "sample_rate"):
        seconds = getattr(encoder, "window_seconds", None) or encoder.longest_seconds
        samples = draw.normal(0, 0.1, (N_ITEMS, int(seconds * encoder.sample_rate)))
        windows = samples.astype(np.float32)
        call = encoder.encode if hasattr(encoder, "window_seconds") else encoder.classify
        return lambda: call(windows), "second of sound", N_ITEMS * seconds
    lines = [f"{LINE} {number}" for number in range(N_ITEMS)]
    return lambda: encoder.encode(lines), "line", N_ITEMS


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2])
    else:
        main(sys.argv[1:])
