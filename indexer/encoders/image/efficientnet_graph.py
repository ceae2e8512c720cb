"""Builds EfficientNet-Lite0 as an ONNX graph from its PyTorch weights."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mvsearch.indexer.encoders.networks.network_graph import NetworkGraph
from mvsearch.indexer.encoders.networks.runtime import Array

# Of the depthwise convolutions: table 1 of Tan and Le 2019, the same in Lite0.
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
STEM_STRIDE = 2
# Of batch normalisation, in all EfficientNets.
EPSILON = 1e-3
# Lite0 has ReLU6 where EfficientNet has swish (Liu 2020).
HIGHEST = 6.0
# Vectors of copies are of the 672 channels before the last convolution of this block, pooled by
# their generalised mean (GeM, Radenović et al. 2018) of this power.
COPY_BLOCK, COPY_POWER = 11, 3


def write_efficientnet(
    tensors: Mapping[str, Array],
    copies: Mapping[str, Array],
    path: Path,
    size: tuple[int, int],
) -> None:
    """Write the network: (n, height, width, 3) uint8 → features, logits and vectors of copies.

    Args:
        tensors: the float32 tensors of the PyTorch checkpoint by name.
        copies: "weight" (d, 672) and "bias" (d,) of the projection for copies.
        path: of the ONNX file; its outputs are (n, 1280), (n, 1000) and (n, d) float32.
        size: width and height of the frames in pixels.
    """
    width, height = size
    graph = NetworkGraph()
    blocks = _Blocks(graph, tensors)
    frames = graph.take("frames", np.uint8, ("n", height, width, 3))
    # White is 1 and black -1.
    channels = graph.add("Transpose", graph.add("Cast", frames, to=1), perm=(0, 3, 1, 2))
    scaled = graph.add("Mul", channels, graph.keep(np.float32(2 / 255)))
    made = graph.add("Sub", scaled, graph.keep(np.float32(1)))
    made = blocks.convolve(made, "_conv_stem", "_bn0", stride=STEM_STRIDE)
    for place, stride in enumerate(STRIDES):
        made = blocks.add_block(made, f"_blocks.{place}", stride)
    made = blocks.convolve(made, "_conv_head", "_bn1")
    features = graph.add("Flatten", graph.add("GlobalAveragePool", made))
    weight, bias = graph.keep(tensors["_fc.weight"]), graph.keep(tensors["_fc.bias"])
    logits = graph.add("Gemm", features, weight, bias, transB=1)
    n_classes, n_features = tensors["_fc.weight"].shape
    projected = blocks.project_copies(copies)
    n_copies = len(copies["bias"])
    outputs = {features: n_features, logits: n_classes, projected: n_copies}
    graph.write(path, {name: ("n", n) for name, n in outputs.items()})


class _Blocks:
    """Adds layers to a graph by the names of their tensors."""

    def __init__(self, graph: NetworkGraph, tensors: Mapping[str, Array]) -> None:
        self.graph = graph
        self.tensors = tensors
        self.middle = ""

    def add_block(self, given: str, name: str, stride: int) -> str:
        """Add an inverted residual block: expansion, depthwise convolution, projection."""
        made = given
        if f"{name}._expand_conv.weight" in self.tensors:
            n_given = self.tensors[f"{name}._expand_conv.weight"].shape[1]
            made = self.convolve(made, f"{name}._expand_conv", f"{name}._bn0")
        else:
            n_given = self.tensors[f"{name}._depthwise_conv.weight"].shape[0]
        made = self.convolve(made, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride)
        if name == f"_blocks.{COPY_BLOCK}":
            self.middle = made
        made = self.convolve(made, f"{name}._project_conv", f"{name}._bn2", is_bent=False)
        n_made = self.tensors[f"{name}._project_conv.weight"].shape[0]
        return self.graph.add("Add", made, given) if (stride, n_given) == (1, n_made) else made

    def project_copies(self, copies: Mapping[str, Array]) -> str:
        """Pool the channels of `COPY_BLOCK`, scale them to length one and project them."""
        graph = self.graph
        powers = graph.add("Pow", self.middle, graph.keep(np.float32(COPY_POWER)))
        means = graph.add("Flatten", graph.add("GlobalAveragePool", powers))
        pooled = graph.add("Pow", means, graph.keep(np.float32(1 / COPY_POWER)))
        unit = graph.add("LpNormalization", pooled, axis=1, p=2)
        weight, bias = graph.keep(copies["weight"]), graph.keep(copies["bias"])
        made: str = graph.add("Gemm", unit, weight, bias, transB=1)
        return made

    def convolve(
        self, given: str, name: str, norm: str, *, stride: int = 1, is_bent: bool = True
    ) -> str:
        """Add a convolution with folded batch normalisation; ReLU6 after it if `is_bent`."""
        weight = self.tensors[f"{name}.weight"]
        deviation = np.sqrt(self.tensors[f"{norm}.running_var"] + np.float32(EPSILON))
        factor = self.tensors[f"{norm}.weight"] / deviation
        bias = self.tensors[f"{norm}.bias"] - self.tensors[f"{norm}.running_mean"] * factor
        made: str = self.graph.add(
            "Conv",
            given,
            self.graph.keep(weight * factor[:, None, None, None]),
            self.graph.keep(bias),
            auto_pad="SAME_UPPER",
            # A kernel of one channel is depthwise: one group a channel.
            group=len(weight) if weight.shape[1] == 1 else 1,
            strides=(stride, stride),
            kernel_shape=weight.shape[2:],
        )
        if not is_bent:
            return made
        low, high = self.graph.keep(np.float32(0)), self.graph.keep(np.float32(HIGHEST))
        bent: str = self.graph.add("Clip", made, low, high)
        return bent
