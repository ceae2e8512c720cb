"""Chooses the device and the number of threads that a network runs on."""

import os
import shutil
from pathlib import Path
from typing import Literal

from mvsearch.store.errors import MvsearchError

Device = Literal["cpu", "cuda"]

_DRIVER_NODES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))


def count_threads() -> int:
    """Return the number of threads of a network: $MVSEARCH_THREADS, else all available cores.

    Raises:
        MvsearchError: the variable is not a positive number.
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
    """Return the device of networks: $MVSEARCH_DEVICE, else CUDA if it works, else the CPU.

    torch takes seconds to import, so it is imported only if an NVIDIA driver seems installed.

    Raises:
        MvsearchError: the variable is not auto, cpu or cuda, or it is cuda and CUDA does not work.
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
    """Return whether an NVIDIA driver seems to be installed, without importing torch."""
    return any(node.exists() for node in _DRIVER_NODES) or shutil.which("nvidia-smi") is not None


def _is_cuda_working() -> bool:
    try:
        import torch
    except ModuleNotFoundError:
        return False
    return torch.cuda.is_available()
