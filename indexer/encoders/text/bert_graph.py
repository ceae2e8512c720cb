"""Builds BERT with mean pooling as an ONNX graph from a transformers checkpoint."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer.encoders.networks.network_graph import NetworkGraph
from mvsearch.indexer.encoders.networks.runtime import Array

# Added to the attention scores of masked tokens.
MASKED = float(np.finfo(np.float32).min)


def write_bert(tensors: Mapping[str, Array], settings: Mapping[str, Any], path: Path) -> None:
    """Write the network of Devlin et al. (2019): (n, t) int64 ids and mask → (n, dim) mean.

    Args:
        tensors: float32 tensors by their names in transformers' BertModel. Word embeddings may
            be in 4 bits instead: `halves`, (words, dim / 32, 16) bytes, whose lower halves are the
            first sixteen of 32 numbers plus 8 and whose upper halves the others, and `scale`,
            (words, dim / 32) float16.
        settings: its `config.json`; GELU and absolute position embeddings are assumed.
        path: of the ONNX file.
    """
    graph = NetworkGraph()
    layers = _Layers(graph, tensors, settings)
    ids = graph.take("ids", np.int64, ("n", "t"))
    mask = graph.take("mask", np.int64, ("n", "t"))
    weights = graph.add("Cast", mask, to=1)
    lack = graph.add("Sub", weights, graph.keep(np.float32(1)))
    lack = graph.add("Mul", lack, graph.keep(np.float32(-MASKED)))
    lack = graph.add("Unsqueeze", lack, graph.keep(np.array([1, 2])))
    made = layers.embed(ids)
    for place in range(settings["num_hidden_layers"]):
        made = layers.add_layer(made, lack, f"encoder.layer.{place}")
    weights = graph.add("Unsqueeze", weights, graph.keep(np.array([2])))
    axis = graph.keep(np.array([1]))
    total = graph.add("ReduceSum", graph.add("Mul", made, weights), axis, keepdims=0)
    mean = graph.add("Div", total, graph.add("ReduceSum", weights, axis, keepdims=0))
    graph.write(path, {mean: ("n", settings["hidden_size"])})


class _Layers:
    """Adds layers to a graph by the names of their tensors."""

    def __init__(
        self, graph: NetworkGraph, tensors: Mapping[str, Array], settings: Mapping[str, Any]
    ) -> None:
        self.graph = graph
        self.tensors = tensors
        self.epsilon = float(settings["layer_norm_eps"])
        self.n_heads = int(settings["num_attention_heads"])
        self.head_size = int(settings["hidden_size"]) // self.n_heads

    def embed(self, ids: str) -> str:
        """Add word, position and token type embeddings; all tokens have type 0."""
        graph, name = self.graph, "embeddings"
        words = self.look_up(ids, f"{name}.word_embeddings")
        kind = self.tensors[f"{name}.token_type_embeddings.weight"][0]
        places = graph.keep(self.tensors[f"{name}.position_embeddings.weight"] + kind)
        n_tokens = graph.add("Shape", ids, start=1, end=2)
        zero = graph.keep(np.array([0]))
        taken = graph.add("Slice", places, zero, n_tokens, zero)
        return self.normalise(graph.add("Add", words, taken), f"{name}.LayerNorm")

    def look_up(self, ids: str, name: str) -> str:
        """The vectors of words, (n, t, dim); of those in 4 bits only these become float32."""
        graph = self.graph
        if f"{name}.weight" in self.tensors:
            table = graph.keep(self.tensors[f"{name}.weight"])
            found: str = graph.add("Gather", table, ids)
            return found
        halves, scale = (
            graph.add(
                "Cast", graph.add("Gather", graph.keep(self.tensors[f"{name}.{part}"]), ids), to=1
            )
            for part in ("halves", "scale")
        )
        sixteen = graph.keep(np.float32(16))
        upper = graph.add("Floor", graph.add("Div", halves, sixteen))
        lower = graph.add("Sub", halves, graph.add("Mul", upper, sixteen))
        both = graph.add("Concat", lower, upper, axis=-1)
        whole = graph.add("Sub", both, graph.keep(np.float32(8)))
        scaled = graph.add("Mul", whole, graph.add("Unsqueeze", scale, graph.keep(np.array([3]))))
        made: str = graph.add("Reshape", scaled, graph.keep(np.array([0, 0, -1])))
        return made

    def add_layer(self, given: str, lack: str, name: str) -> str:
        """Add a transformer layer: attention and two dense layers, with residual connections."""
        graph = self.graph
        seen = self.project(
            self.attend(given, lack, f"{name}.attention.self"), f"{name}.attention.output.dense"
        )
        seen = self.normalise(graph.add("Add", seen, given), f"{name}.attention.output.LayerNorm")
        inner = graph.add("Gelu", self.project(seen, f"{name}.intermediate.dense"))
        made = self.project(inner, f"{name}.output.dense")
        return self.normalise(graph.add("Add", made, seen), f"{name}.output.LayerNorm")

    def attend(self, given: str, lack: str, name: str) -> str:
        """Add multi-head scaled dot-product attention; `lack` masks the scores."""
        graph = self.graph
        query = self.split(self.project(given, f"{name}.query"), (0, 2, 1, 3))
        key = self.split(self.project(given, f"{name}.key"), (0, 2, 3, 1))
        value = self.split(self.project(given, f"{name}.value"), (0, 2, 1, 3))
        scale = graph.keep(np.float32(self.head_size**-0.5))
        scores = graph.add("Mul", graph.add("MatMul", query, key), scale)
        shares = graph.add("Softmax", graph.add("Add", scores, lack), axis=-1)
        heads = graph.add("Transpose", graph.add("MatMul", shares, value), perm=(0, 2, 1, 3))
        whole: str = graph.add("Reshape", heads, graph.keep(np.array([0, 0, -1])))
        return whole

    def split(self, given: str, order: tuple[int, ...]) -> str:
        """Reshape (n, t, dim) to (n, t, heads, size), then transpose to `order`."""
        shape = self.graph.keep(np.array([0, 0, self.n_heads, self.head_size]))
        made: str = self.graph.add("Transpose", self.graph.add("Reshape", given, shape), perm=order)
        return made

    def project(self, given: str, name: str) -> str:
        """Add a dense layer."""
        weight = self.graph.keep(self.tensors[f"{name}.weight"].T)
        made: str = self.graph.add(
            "Add",
            self.graph.add("MatMul", given, weight),
            self.graph.keep(self.tensors[f"{name}.bias"]),
        )
        return made

    def normalise(self, given: str, name: str) -> str:
        """Add layer normalisation."""
        weight, bias = (
            self.graph.keep(self.tensors[f"{name}.{part}"]) for part in ("weight", "bias")
        )
        made: str = self.graph.add(
            "LayerNormalization", given, weight, bias, axis=-1, epsilon=self.epsilon
        )
        return made
