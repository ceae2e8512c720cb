"""Locates Whisper checkpoints without importing Whisper."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.lyrics.whisper.engines.engine import is_installed
from mvsearch.indexer.lyrics.whisper.engines.packages import PACKAGED
from mvsearch.store.distribution import name_install
from mvsearch.store.errors import MvsearchError

# A checkpoint of openai-whisper, a folder of CTranslate2, or packages that carry such a folder.
Checkpoint = Path | PackagedWeights

# Those whose file is not called after them.
_ALIASES = {"large": "large-v3", "turbo": "large-v3-turbo"}
_SIZES = ("tiny", "base", "small", "medium")
WHISPER_MODELS = (
    *(f"{size}{suffix}" for size in _SIZES for suffix in (".en", "")),
    *("large-v1", "large-v2", "large-v3", "large", "large-v3-turbo", "turbo"),
)


def find_checkpoint(model: str) -> Checkpoint | None:
    """The checkpoint of a model: the file or folder itself, or the named one where it lies.

    A named one is looked for in `$MVSEARCH_MODELS/whisper`, in Whisper's own cache, and in the
    packages that carry it.

    Raises:
        MvsearchError: neither a file, a folder of CTranslate2, nor the name of a model.
    """
    if model not in WHISPER_MODELS:
        path = Path(model).expanduser()
        if path.is_file() or is_converted(path):
            return path
        names = ", ".join(WHISPER_MODELS)
        raise MvsearchError(f"there is no Whisper model and no file {model!r}; models: {names}")
    for folder in checkpoint_folders():
        if (path := folder / checkpoint_name(model)).is_file():
            return path
    return PACKAGED[model].find() if model in PACKAGED else None


@contextmanager
def open_checkpoint(checkpoint: Checkpoint) -> Iterator[Path]:
    """The file or folder of a checkpoint, to be loaded while it is open.

    What packages carry is checked and put together, and leaves nothing on the disk.

    Raises:
        WeightsMissingError: the packages do not hold what they should.
    """
    if not isinstance(checkpoint, PackagedWeights):
        yield checkpoint
        return
    with checkpoint.open() as folder:
        yield folder


def find_place(checkpoint: Checkpoint) -> Path:
    """The file of a checkpoint, or the folder in which packages carry it, checked.

    Raises:
        WeightsMissingError: the packages do not hold what they should.
    """
    if not isinstance(checkpoint, PackagedWeights):
        return checkpoint
    checkpoint.verify()
    return checkpoint.place()


def is_converted(path: Path) -> bool:
    """Whether a path is a folder of CTranslate2, the form that faster-whisper reads."""
    return (path / "model.bin").is_file()


def has_weights(model: str) -> bool:
    """Whether a model can be used without a download, and what is installed can read it.

    Raises:
        MvsearchError: neither a file nor the name of a model.
    """
    found = find_checkpoint(model)
    if found is None or is_installed("openai"):
        return found is not None
    # Only openai-whisper reads its own checkpoints.
    is_folder = isinstance(found, PackagedWeights) or is_converted(found)
    return is_folder and is_installed("faster")


def checkpoint_name(model: str) -> str:
    """The file name of a named model."""
    return f"{_ALIASES.get(model, model)}.pt"


def checkpoint_folders() -> tuple[Path, ...]:
    """The folders in which named checkpoints are looked for; downloads go into the first."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whisper"
    models = os.environ.get("MVSEARCH_MODELS")
    return (Path(models).expanduser() / "whisper", cache) if models else (cache,)


def explain_fetching(model: str) -> str:
    """How to get the weights of a named model."""
    ways = [name_install("whisper")] if model in PACKAGED else []
    ways.append(f"mvsearch models fetch whisper-{model}")
    return f"type: {', or '.join(ways)}; or {explain_placement(model)}"


def explain_placement(model: str) -> str:
    """How to place the checkpoint of a named model by hand."""
    name = checkpoint_name(model)
    if os.environ.get("MVSEARCH_MODELS"):
        return f"put {name} into {checkpoint_folders()[0]}"
    return f"put {name} into {checkpoint_folders()[0]}, or into whisper/ below $MVSEARCH_MODELS"


def explain_damage(model: str, checkpoint: Path) -> str:
    """What to do about a named checkpoint that is not the published one."""
    return (
        f"{checkpoint} is not Whisper's {model!r}: its checksum differs; delete it, then type:"
        f" mvsearch models fetch whisper-{model}"
    )
