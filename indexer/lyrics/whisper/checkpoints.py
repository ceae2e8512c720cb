"""Locates Whisper checkpoints without importing Whisper."""

import os
from importlib.util import find_spec
from pathlib import Path

from mvsearch.store.errors import MvsearchError

# Those whose file is not called after them.
_ALIASES = {"large": "large-v3", "turbo": "large-v3-turbo"}
_SIZES = ("tiny", "base", "small", "medium")
WHISPER_MODELS = (
    *(f"{size}{suffix}" for size in _SIZES for suffix in (".en", "")),
    *("large-v1", "large-v2", "large-v3", "large", "large-v3-turbo", "turbo"),
)


def find_checkpoint(model: str) -> Path | None:
    """The checkpoint of a model: the file or folder itself, or the named one where it lies.

    A named one is looked for in `$MVSEARCH_MODELS/whisper` and in Whisper's own cache.

    Raises:
        MvsearchError: neither a file, a folder of CTranslate2, nor the name of a model.
    """
    if model not in WHISPER_MODELS:
        path = Path(model).expanduser()
        if path.is_file() or is_converted(path):
            return path
        names = ", ".join(WHISPER_MODELS)
        raise MvsearchError(f"there is no Whisper model and no file {model!r}; models: {names}")
    found = (folder / checkpoint_name(model) for folder in checkpoint_folders())
    return next((path for path in found if path.is_file()), None)


def is_converted(path: Path) -> bool:
    """Whether a path is a folder that holds a model for faster-whisper (CTranslate2's form)."""
    return (path / "model.bin").is_file()


def has_weights(model: str) -> bool:
    """Whether a model can be used without a download: openai-whisper alone reads its checkpoints.

    Raises:
        MvsearchError: neither a file nor the name of a model.
    """
    found = find_checkpoint(model)
    return found is not None and (is_converted(found) or find_spec("whisper") is not None)


def checkpoint_name(model: str) -> str:
    """The file name of a named model."""
    return f"{_ALIASES.get(model, model)}.pt"


def checkpoint_folders() -> tuple[Path, ...]:
    """The folders in which named checkpoints are looked for; downloads go into the first."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whisper"
    models = os.environ.get("MVSEARCH_MODELS")
    return (Path(models).expanduser() / "whisper", cache) if models else (cache,)


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
