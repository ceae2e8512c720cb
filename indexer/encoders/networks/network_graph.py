"""Builds networks as ONNX graphs, node by node, without torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer.encoders.networks.runtime import Array

# The first with Gelu; ONNX Runtime reads it and the format since 1.17.
OPSET, IR_VERSION = 20, 9


class NetworkGraph:
    """The nodes and weights of a network, in the order in which they are added.

    A value is known by its name, which whoever adds it gets back.
    """

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self._inputs: list[Any] = []

    def take(self, name: str, dtype: type[np.generic], shape: Sequence[int | str]) -> str:
        """An input of the network; an axis that varies has a name for a length."""
        from onnx import helper

        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def keep(self, array: Array | np.generic) -> str:
        """Weights, or other numbers that do not change."""
        from onnx import numpy_helper

        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """The output of an operator of ONNX."""
        from onnx import helper

        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def write(self, path: Path, outputs: Mapping[str, Sequence[int | str]]) -> None:
        """Write the graph, and its weights beside it, from where they can be mapped.

        Args:
            path: of the graph; the weights' name has `.data` behind it.
            outputs: the float32 values that the network gives, with their shapes.
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
