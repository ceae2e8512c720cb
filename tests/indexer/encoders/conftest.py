import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from mvsearch.indexer.encoders import load_encoder
from mvsearch.indexer.encoders.audio.classifiers.musicnn import Musicnn
from mvsearch.indexer.encoders.audio.classifiers.yamnet import Yamnet
from mvsearch.indexer.encoders.image.sscd import SSCD
from mvsearch.indexer.encoders.text.e5 import E5
from tests.indexer.encoders.small_bundle import write_musicnn_files
from tests.indexer.encoders.small_checkpoints import (
    DOWNLOADED,
    make_inputs,
    run_by_torch,
    save_checkpoint,
)
from tests.indexer.encoders.small_copies import write_copy_network
from tests.indexer.encoders.small_e5 import draw_numbers, write_e5
from tests.indexer.encoders.small_yamnet import Folder, write_files


@pytest.fixture(scope="session")
def _shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session", autouse=True)
def _own_models_folder(_shared_folder: Path) -> Iterator[None]:
    """An empty models folder at the start, shared by the workers of one run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVSEARCH_MODELS", str(_shared_folder / "models"))
        patch.setenv("MVSEARCH_DEVICE", "cpu")
        patch.setenv("MVSEARCH_THREADS", "1")
        yield


@pytest.fixture(scope="session")
def checkpoint(_shared_folder: Path) -> Callable[[str], Path]:
    """Gives the folder of a small checkpoint by the name of its encoder."""

    def find(name: str) -> Path:
        folder = _shared_folder / "checkpoints" / name
        with FileLock(_shared_folder / f"{name}.lock"):
            if not (folder / "whole").exists():
                save_checkpoint(name, folder)
                (folder / "whole").touch()
        return folder

    return find


@contextmanager
def _ears_of(folder: Path) -> Iterator[None]:
    """Give random weights to the networks whose packages are the user's to install."""
    write_files(folder)
    write_musicnn_files(folder)
    write_copy_network(folder / "sscd.onnx")
    write_e5(folder / "e5.bin", draw_numbers(6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(E5, "weights", Folder(folder, files=("e5.bin",)))
        patch.setattr(Yamnet, "weights", Folder(folder))
        patch.setattr(Musicnn, "weights", Folder(folder))
        patch.setattr(SSCD, "weights", Folder(folder, files=("sscd.onnx",)))
        yield


@pytest.fixture(scope="session")
def encoder(
    checkpoint: Callable[[str], Path],
    _shared_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Any]:
    """Gives an encoder by its name, ready to run.

    The packaged ones are exported by one worker and read by the others. The small checkpoints
    run by torch, as exporting takes seconds each; that both agree is a test of its own.
    """
    ready: dict[str, Any] = {}

    def find(name: str) -> Any:
        if name not in ready:
            with _ears_of(tmp_path_factory.mktemp("ears")):
                own = DOWNLOADED.get(name)
                made = own(checkpoint(name)) if own is not None else load_encoder(name)
            if name in DOWNLOADED:
                run_by_torch(made)
            with FileLock(_shared_folder / f"{name}.export.lock"):
                made.encode(make_inputs(made, 1))
                if hasattr(made, "encode_words"):
                    made.encode_words(["home"])
            ready[name] = made
        return ready[name]

    return find
