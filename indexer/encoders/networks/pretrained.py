"""Loads transformers checkpoints from a local folder, never from the network."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mvsearch.store.errors import MvsearchError


def load_pretrained(class_name: str, folder: Path, **options: Any) -> Any:
    """Load a transformers model in float32 from `folder`, safetensors only.

    Raises:
        MvsearchError: the checkpoint is damaged, of another architecture, or not complete; what
            transformers would fill with random numbers counts as missing.
    """
    import torch
    import transformers
    from safetensors import SafetensorError

    model_class = getattr(transformers, class_name)
    try:
        with _silence(transformers.utils.logging):
            model, report = model_class.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                output_loading_info=True,
                dtype=torch.float32,
                **options,
            )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        line = str(error).strip().partition("\n")[0]
        raise MvsearchError(f"{folder} has no usable {class_name}: {line}") from error
    if report["missing_keys"]:
        names = ", ".join(sorted(report["missing_keys"])[:3])
        raise MvsearchError(f"{folder} has no complete {class_name}: it lacks {names}")
    return model


def read_logit_scale(path: Path, name: str) -> float:
    """The learned factor of the logits: e to the power of the number called `name`.

    Raises:
        MvsearchError: the file holds no such number.
    """
    from safetensors import SafetensorError, safe_open

    try:
        # By torch, since numpy has no bfloat16.
        with safe_open(path, framework="pt") as tensors:
            scale = math.exp(float(tensors.get_tensor(name)))
    except (OSError, RuntimeError, ValueError, OverflowError, SafetensorError) as error:
        line = str(error).strip().partition("\n")[0]
        raise MvsearchError(f"{path} has no usable {name}: {line}") from error
    if not math.isfinite(scale):
        raise MvsearchError(f"{path} has no usable {name}: it is not finite")
    return scale


@contextmanager
def _silence(log: Any) -> Iterator[None]:
    """Keep transformers from writing bars and tables to the terminal while it loads."""
    verbosity, has_bar = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(verbosity)
        if has_bar:
            log.enable_progress_bar()
