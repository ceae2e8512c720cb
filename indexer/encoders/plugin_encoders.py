"""Creates the encoders of plug-ins, and validates them and their output."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from mvsearch.indexer import plugins
from mvsearch.indexer.encoders.protocols import AudioEncoder, Encoder, FrameEncoder, TextEncoder
from mvsearch.indexer.plugins import Plugin
from mvsearch.store.errors import MediaError, PluginError
from mvsearch.store.records import UNIT_TOLERANCE, Matrix, Modality, Space

_PROTOCOLS: dict[Modality, Any] = {
    "frames": FrameEncoder,
    "lyrics": TextEncoder,
    "audio": AudioEncoder,
}


def make_plugin_encoder(plugin: Plugin) -> Encoder:
    """Create the encoder of a plug-in; each of its outputs is validated from then on.

    Raises:
        PluginError: it cannot be imported or created, or does not implement its protocol.
        WeightsMissingError: its weights are missing.
    """
    make = plugin.load()
    with plugin.guarding():
        encoder = make()
        fault = find_fault(encoder, plugin.name)
    if fault is not None:
        raise plugin.refuse(fault)
    spaces = encoder.spaces
    _watch(plugin, encoder, "encode", lambda made, n: _check(made, spaces, n))
    if hasattr(encoder, "encode_words"):
        _watch(plugin, encoder, "encode_words", lambda made, n: _check([made], spaces[-1:], n))
    if hasattr(encoder, "encode_and_name"):
        _watch(plugin, encoder, "encode_and_name", lambda made, n: _check(made[0], spaces, n))
    return encoder  # type: ignore[no-any-return]  # `find_fault` checked it


def find_plugin_class(name: str) -> Any:
    """Return the class of a plug-in's encoder by name; None if there is none or it fails."""
    plugin = plugins.find_plugin(plugins.ENCODERS, name)
    try:
        return None if plugin is None else plugin.load()
    except PluginError:
        return None


def find_fault(encoder: Any, name: str) -> str | None:
    """Say why an object is not a valid encoder of this name; None if it is."""
    spaces = getattr(encoder, "spaces", None)
    if not isinstance(spaces, tuple) or not spaces:
        return "its encoder has no tuple of spaces"
    if not all(isinstance(space, Space) for space in spaces):
        return "its spaces are no Space"
    if any(space.encoder != name for space in spaces):
        return f"its spaces are not of an encoder called {name!r}"
    if len({space.modality for space in spaces}) > 1:
        return "its spaces are of more than one modality"
    wanted = _PROTOCOLS[spaces[0].modality]
    return None if isinstance(encoder, wanted) else f"its encoder is no {wanted.__name__}"


def _watch(
    plugin: Plugin, encoder: Any, method: str, check: Callable[[Any, int], str | None]
) -> None:
    """Replace a method of an encoder by one that validates its output.

    An error or an invalid output becomes a `MediaError`, so that it fails one file, not the run.

    Raises:
        PluginError: the method cannot be replaced.
    """
    encode = getattr(encoder, method)

    @wraps(encode)
    def watched(rows: Any) -> Any:
        try:
            with plugin.guarding():
                made = encode(rows)
                fault = check(made, len(rows))
        except PluginError as error:
            raise MediaError("internal", str(error)) from error
        if fault is not None:
            raise MediaError("internal", str(plugin.refuse(fault)))
        return made

    with plugin.guarding():
        setattr(encoder, method, watched)


def _check(matrices: Sequence[Matrix], spaces: Sequence[Space], n_rows: int) -> str | None:
    """Say what is wrong with encoded vectors; None if they are one unit matrix for each space."""
    if len(matrices) != len(spaces):
        return f"it gives {len(matrices)} matrices for {len(spaces)} spaces"
    for matrix, space in zip(matrices, spaces, strict=True):
        if not isinstance(matrix, np.ndarray) or matrix.dtype != np.float32:
            return "its vectors are no array of float32"
        if matrix.shape != (n_rows, space.dim):
            return f"its vectors have the shape {matrix.shape}, not {(n_rows, space.dim)}"
        norms = np.linalg.norm(matrix, axis=1)
        if not np.all(np.abs(norms - 1) <= UNIT_TOLERANCE):
            return "its vectors are not of length one"
    return None
