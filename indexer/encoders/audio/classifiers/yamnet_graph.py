"""Writes YAMNet with float activations, out of a graph that simulates 8-bit numbers."""

from pathlib import Path
from typing import Any

_SIMULATION = frozenset({"QuantizeLinear", "DequantizeLinear"})


def write_yamnet(source: Path, path: Path) -> None:
    """Write the network without its simulated rounding, for any number of patches.

    A pair of `QuantizeLinear` and `DequantizeLinear` only rounds a tensor: what reads the pair's
    output reads its input instead. Tensors that lie beside the graph are read with it.

    Args:
        source: the graph, one input (1, 1, 96, 64), one output (1, classes).
        path: of the ONNX file; its tensors go into a file beside it with `.data` appended.
    """
    import onnx
    from onnx import TensorProto

    model = onnx.load(source)
    graph = model.graph
    rounded = {node.output[0]: node.input[0] for node in graph.node if node.op_type in _SIMULATION}
    kept = [node for node in graph.node if node.op_type not in _SIMULATION]
    for node in kept:
        _rewire(node, rounded)
        if node.op_type == "Reshape":  # To (n, channels), for any n.
            node.op_type = "Flatten"
            del node.input[1:], node.attribute[:]
    used = {name for node in kept for name in node.input}
    tensors = [tensor for tensor in graph.initializer if tensor.name in used]
    graph.output[0].name = _follow(graph.output[0].name, rounded)
    for value in (graph.input[0], graph.output[0]):
        value.type.tensor_type.elem_type = TensorProto.FLOAT
        value.type.tensor_type.shape.dim[0].dim_param = "n"
    for field, values in ((graph.node, kept), (graph.initializer, tensors), (graph.value_info, [])):
        del field[:]
        field.extend(values)
    onnx.save_model(model, path, save_as_external_data=True, location=f"{path.name}.data")


def _rewire(node: Any, rounded: dict[str, str]) -> None:
    for place, name in enumerate(node.input):
        node.input[place] = _follow(name, rounded)


def _follow(name: str, rounded: dict[str, str]) -> str:
    while name in rounded:
        name = rounded[name]
    return name
