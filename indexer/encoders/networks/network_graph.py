"""Builds networks as ONNX graphs, node by node, without torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer.encoders.networks.runtime import Array

# The first opset with Gelu. ONNX Runtime reads both from 1.17 on.
OPSET, IR_VERSION = 20, 9


class NetworkGraph:
    """An ONNX graph under construction.

    Each method that adds a value returns the value's name, which is the input of later nodes.
    """

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self._inputs: list[Any] = []

    def take(self, name: str, dtype: type[np.generic], shape: Sequence[int | str]) -> str:
        """Add an input of the network. An axis of variable length has a name in `shape`."""
        from onnx import helper

        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def keep(self, array: Array | np.generic) -> str:
        """Add a constant, such as weights."""
        from onnx import numpy_helper

        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of an ONNX operator; return the name of its output."""
        from onnx import helper

        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def write(self, path: Path, outputs: Mapping[str, Sequence[int | str]]) -> None:
        """Write the graph, and its weights in a file of their own that can be memory-mapped.

        Args:
            path: of the graph; that of the weights has `.data` appended.
            outputs: the names of the float32 outputs with their shapes.
        """
        import onnx
        from onnx import helper

        given = [
            helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
            for name, shape in outputs.items()
        ]
        graph = helper.make_graph(self._nodes, path.stem, self._inputs, given, self._weights)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        onnx.save_model(model, path, save_as_external_data=True, location=f"{path.name}.data")
