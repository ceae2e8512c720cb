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
        MvsearchError: the checkpoint is damaged, of another architecture, or incomplete.
            Parameters that transformers would initialise at random count as missing.
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
    """Read the learned factor of the logits, exp(`name`), from a safetensors file.

    Raises:
        MvsearchError: the file has no such number, or it is not finite.
    """
    from safetensors import SafetensorError, safe_open

    try:
        # Read with torch, as numpy has no bfloat16.
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
    """Suppress the progress bars and reports that transformers writes to the terminal."""
    verbosity, has_bar = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        yield
    finally:
        log.set_verbosity(verbosity)
        if has_bar:
            log.enable_progress_bar()
