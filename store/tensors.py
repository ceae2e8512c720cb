"""Parses safetensors files with what their header says."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt


def parse_tensors(content: bytes) -> tuple[dict[str, npt.NDArray[np.generic]], dict[str, str]]:
    """The tensors of a safetensors file by their names, and the metadata of its header.

    Raises:
        ValueError: it is damaged, or has no metadata.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(content)
        # The header: its length in eight bytes, then JSON.
        header: Any = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        return tensors, header["__metadata__"]
    except (SafetensorError, LookupError, TypeError, RecursionError) as error:
        raise ValueError(f"it is no file of tensors: {error}") from error
