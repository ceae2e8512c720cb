"""A small network in the form of SSCD's file."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CELL, N_CELLS, DIM = 32, 147, 512


def write_copy_network(path: Path) -> None:
    """Mean colours of 7 × 7 cells, projected at random."""
    weight = np.random.default_rng(4).normal(0, 1, (N_CELLS, DIM)).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["float"], ["channels"], perm=(0, 3, 1, 2)),
        helper.make_node(
            "AveragePool", ["channels"], ["cells"], kernel_shape=(CELL, CELL), strides=(CELL, CELL)
        ),
        helper.make_node("Flatten", ["cells"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["made"]),
    ]
    graph = helper.make_graph(
        nodes,
        "copies",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ("n", 224, 224, 3))],
        [helper.make_tensor_value_info("made", TensorProto.FLOAT, ("n", DIM))],
        [numpy_helper.from_array(weight, "weight")],
    )
    opset = [helper.make_opsetid("", 20)]
    onnx.save_model(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
