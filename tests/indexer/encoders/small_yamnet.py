"""A small network in the form of YAMNet's files, and what stands for its package."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

N_CLASSES = 521


def write_rounded(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """A convolution over whole patches and a mean, its tensors rounded as if by 8 bits."""
    generator = np.random.default_rng(1)
    kernel = generator.normal(0, 0.05, (N_CLASSES, 1, 96, 64)).astype(np.float32)
    bias = generator.normal(0, 1, N_CLASSES).astype(np.float32)
    constants = {
        "kernel": kernel,
        "bias": bias,
        "shape": np.array([1, -1]),
        "scale": np.float32(0.5),
        "zero": np.uint8(128),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["audio", "scale", "zero"], ["patch"]),
        helper.make_node("QuantizeLinear", ["kernel", "scale", "zero"], ["kernel_q"]),
        helper.make_node("DequantizeLinear", ["kernel_q", "scale", "zero"], ["kernel_qdq"]),
        helper.make_node("Conv", ["patch", "kernel_qdq", "bias"], ["made"]),
        helper.make_node("Reshape", ["made", "shape"], ["flat"]),
        helper.make_node("QuantizeLinear", ["flat", "scale", "zero"], ["class_scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "rounded",
        [helper.make_tensor_value_info("audio", TensorProto.UINT8, (1, 1, 96, 64))],
        [helper.make_tensor_value_info("class_scores", TensorProto.UINT8, (1, N_CLASSES))],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.save_model(model, path, save_as_external_data=True, location="model.data")
    return kernel[:, 0], bias


@dataclass(frozen=True)
class Folder:
    """What stands for the weights of a package."""

    path: Path
    sha256: str = "0123456789abcdef"
    files: tuple[str, ...] = ()

    def prepare(self) -> Path:
        return self.path


def write_files(folder: Path) -> None:
    """Write the graph, its tensors and the names of the classes."""
    write_rounded(folder / "model.onnx")
    with (folder / "yamnet_class_map.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("index", "mid", "display_name"))
        names = ["Music", *(f"class, {number}" for number in range(1, N_CLASSES))]
        writer.writerows((number, "/m/0", name) for number, name in enumerate(names))
