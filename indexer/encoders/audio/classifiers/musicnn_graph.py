"""Writes musicnn as an ONNX graph, out of the tensors of its TensorFlow checkpoint."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mvsearch.indexer.encoders.networks.network_graph import NetworkGraph
from mvsearch.indexer.encoders.networks.runtime import Array

N_BANDS = 96
# Layers in the order in which TensorFlow numbered them.
N_NORMALISATIONS, N_CONVOLUTIONS, N_DENSE = 11, 8, 2
# What TensorFlow adds to variances.
EPSILON = 0.001

TENSORS = (
    *(
        f"batch_normalization{number}/{part}"
        for number in ("", *(f"_{n}" for n in range(1, N_NORMALISATIONS)))
        for part in ("beta", "gamma", "moving_mean", "moving_variance")
    ),
    *(
        f"{layer}{number}/{part}"
        for layer, n_layers in (("conv2d", N_CONVOLUTIONS), ("dense", N_DENSE))
        for number in ("", *(f"_{n}" for n in range(1, n_layers)))
        for part in ("kernel", "bias")
    ),
)

Tensors = Mapping[str, Array]


def write_musicnn(networks: Sequence[Tensors], path: Path) -> None:
    """Write networks of the same form that read the same spectra, one after the other.

    Args:
        networks: the tensors of each, by the names of `TENSORS`.
        path: of the ONNX file, with one input (n, spectra, 96) and one output (n, classes of all).
    """
    graph = NetworkGraph()
    spectra = graph.take("spectra", np.float32, ("n", "t", N_BANDS))
    logits = [_Musicnn(graph, tensors).add(spectra) for tensors in networks]
    n_classes = sum(len(tensors["dense_1/bias"]) for tensors in networks)
    whole = graph.add("Concat", *logits, axis=1)
    graph.write(path, {whole: ("n", n_classes)})


class _Musicnn:
    """One network: J. Pons and X. Serra, musicnn (ISMIR 2019, late-breaking), its `models.py`.

    A value of TensorFlow (n, time, bands, channels) is (n, channels, time, bands) here.
    """

    def __init__(self, graph: NetworkGraph, tensors: Tensors) -> None:
        self._graph = graph
        self._tensors = tensors

    def add(self, spectra: str) -> str:
        """Add the network; returns its (n, classes) logits."""
        graph = self._graph
        single = graph.add("Unsqueeze", spectra, graph.keep(np.array([1])))
        given = self._normalise(single, 0, 4)
        timbre = [self._convolve(given, n, [3, 0, 3, 0]) for n in (0, 1)]
        tempo = [self._convolve(given, n, None) for n in (2, 3, 4)]
        pooled = [self._pool(value, n) for n, value in enumerate(timbre + tempo, start=1)]
        front = graph.add("Concat", *pooled, axis=1)
        layers = [front]
        for number in (5, 6, 7):
            made = self._normalise(self._convolve_time(layers[-1], number), number + 1, 3)
            layers.append(made if number == 5 else graph.add("Add", made, layers[-1]))
        return self._classify(graph.add("Concat", *layers, axis=1))

    def _classify(self, features: str) -> str:
        """The logits of (n, channels, time) features: their maximum and mean over time."""
        graph = self._graph
        axis = graph.keep(np.array([2]))
        both = graph.add(
            "Concat",
            graph.add("ReduceMax", features, axis),
            graph.add("ReduceMean", features, axis),
            axis=2,
        )
        flat = self._normalise(graph.add("Flatten", both), 9, 2)
        hidden = self._normalise(graph.add("Relu", self._multiply(flat, "dense")), 10, 2)
        return self._multiply(hidden, "dense_1")

    def _convolve(self, value: str, number: int, pads: Sequence[int] | None) -> str:
        """A convolution over time and bands, and ReLU; without pads the output is as large."""
        kernel, bias = self._read("conv2d", number, "kernel"), self._read("conv2d", number, "bias")
        kernel = kernel.transpose(3, 2, 0, 1)
        size = {"auto_pad": "SAME_UPPER"} if pads is None else {"pads": list(pads)}
        weights = self._graph.keep(kernel), self._graph.keep(bias)
        return self._graph.add("Relu", self._graph.add("Conv", value, *weights, **size))

    def _convolve_time(self, value: str, number: int) -> str:
        """A convolution of (n, channels, time) over seven steps and all channels, and ReLU."""
        kernel, bias = self._read("conv2d", number, "kernel"), self._read("conv2d", number, "bias")
        weights = self._graph.keep(kernel[:, :, 0].transpose(2, 1, 0)), self._graph.keep(bias)
        made = self._graph.add("Conv", value, *weights, pads=[3, 3])
        return self._graph.add("Relu", made)

    def _pool(self, value: str, number: int) -> str:
        """Normalise, and take the maximum over the bands: (n, channels, time)."""
        made = self._normalise(value, number, 4)
        return self._graph.add("ReduceMax", made, self._graph.keep(np.array([3])), keepdims=0)

    def _normalise(self, value: str, number: int, n_axes: int) -> str:
        """Batch normalisation over the axis of channels, the second, of a value with n axes."""
        beta, gamma, mean, variance = (
            self._read("batch_normalization", number, part).astype(np.float64)
            for part in ("beta", "gamma", "moving_mean", "moving_variance")
        )
        scale = gamma / np.sqrt(variance + EPSILON)
        shape = (1, -1, *[1] * (n_axes - 2))
        factor, offset = (
            self._graph.keep(each.reshape(shape).astype(np.float32))
            for each in (scale, beta - mean * scale)
        )
        return self._graph.add("Add", self._graph.add("Mul", value, factor), offset)

    def _multiply(self, value: str, layer: str) -> str:
        kernel, bias = self._tensors[f"{layer}/kernel"], self._tensors[f"{layer}/bias"]
        return self._graph.add("Gemm", value, self._graph.keep(kernel), self._graph.keep(bias))

    def _read(self, layer: str, number: int, part: str) -> Array:
        return self._tensors[f"{layer}_{number}/{part}" if number else f"{layer}/{part}"]
