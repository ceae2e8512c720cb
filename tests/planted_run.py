"""A finished training on songs that nothing was trained for: neither torch nor ONNX is loaded."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.networks.files.checkpoints import compute_sha256
from mvsearch.indexer.training.cards import Card, write_card
from mvsearch.indexer.training.run_folder import CARD, RunFolder
from mvsearch.indexer.training.songs.trunks import TRUNKS


def plant_run(library: Path, name: str, patch: pytest.MonkeyPatch) -> None:
    """Write a run whose encoder keeps eight numbers of the vectors of the toy encoder."""
    (own,) = Encoders("toy").frames.spaces[:1]
    patch.setitem(TRUNKS, own.encoder, TRUNKS["toy"])
    run = RunFolder(library / "training" / name)
    run.folder.mkdir(parents=True)
    save_file({"projection.weight": np.eye(8, own.dim, dtype=np.float32)}, run.weights)
    settings = {"trunk": own.encoder, "part": "projection", "projection": 8}
    digest = compute_sha256(run.weights)
    write_card(
        run.folder / CARD,
        Card("songs", digest, "", "", "", {"songs": 3}, {}, 1, 1, {}, settings, {}),
    )
