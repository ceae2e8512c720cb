"""Chooses the device and the number of threads that a network runs on."""

import os
import shutil
from pathlib import Path
from typing import Literal

from mvsearch.store.errors import MvsearchError

Device = Literal["cpu", "cuda"]

_DRIVER_NODES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))


def count_threads() -> int:
    """How many threads a network may use: $MVSEARCH_THREADS, else the cores we may run on.

    Raises:
        MvsearchError: the variable holds no positive number.
    """
    wish = os.environ.get("MVSEARCH_THREADS")
    if wish is None:
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    if not wish.isdecimal() or int(wish) < 1:
        raise MvsearchError(f"MVSEARCH_THREADS must be a positive number, not {wish!r}")
    return int(wish)


def choose_device() -> Device:
    """Where networks run: $MVSEARCH_DEVICE (cpu, cuda), else CUDA where it works, else the CPU.

    Torch takes seconds to import, so it is asked only where there are traces of an NVIDIA driver.

    Raises:
        MvsearchError: the variable names no device, or CUDA is asked for and does not work.
    """
    wish = os.environ.get("MVSEARCH_DEVICE", "auto")
    if wish not in ("auto", "cpu", "cuda"):
        raise MvsearchError(f"MVSEARCH_DEVICE must be auto, cpu or cuda, not {wish!r}")
    if wish == "cpu":
        return "cpu"
    if has_driver() and _is_cuda_working():
        return "cuda"
    if wish == "cuda":
        raise MvsearchError("MVSEARCH_DEVICE=cuda, but torch finds no CUDA device here; unset it")
    return "cpu"


def has_driver() -> bool:
    """Whether an NVIDIA driver seems to be installed; costs no import."""
    return any(node.exists() for node in _DRIVER_NODES) or shutil.which("nvidia-smi") is not None


def _is_cuda_working() -> bool:
    try:
        import torch
    except ModuleNotFoundError:
        return False
    return torch.cuda.is_available()
