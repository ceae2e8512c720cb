"""Encodes texts as unit vectors: tokens, network, pooling."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mvsearch.indexer.encoders.networks.files.checkpoints import (
    DownloadedWeights,
    compute_fingerprint,
    read_settings,
)
from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.pretrained import load_pretrained
from mvsearch.indexer.encoders.networks.runtime import Network, Recipe, open_network
from mvsearch.indexer.encoders.networks.tokens import SentencePieces, TokenFrame, Tokens
from mvsearch.indexer.encoders.text.bert_graph import write_bert
from mvsearch.indexer.encoders.unit import to_unit_rows
from mvsearch.indexer.once import cached_once
from mvsearch.store.records import Matrix, Space

if TYPE_CHECKING:
    import torch

# Part of every revision: raise it with each change that changes the vectors.
VERSION = 1

EXAMPLE_IDS = np.array([[1, 2, 3, 4], [1, 2, 0, 0]], dtype=np.int64)
EXAMPLE_MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0]], dtype=np.int64)


def encode_texts(
    tokens: Tokens | SentencePieces, network: Network, texts: Sequence[str], dim: int
) -> Matrix:
    """Encode n texts as (n, dim) float32 unit vectors with a network on token ids and mask."""
    vectors = np.zeros((len(texts), dim), dtype=np.float32)
    for places, ids, mask in tokens.batch(texts):
        vectors[places] = network.run(ids, mask)[0]
    return to_unit_rows(vectors)


class SentenceEncoder:
    """Encodes lyric lines as the mean of BERT's token vectors (Reimers and Gurevych 2019).

    A subclass states the weights and the special tokens.
    """

    name: ClassVar[str]
    weights: ClassVar[PackagedWeights | DownloadedWeights]
    frame: ClassVar[TokenFrame]

    def __init__(self, folder: Path | None = None) -> None:
        """Locate the weights; they are loaded at the first text.

        Args:
            folder: the folder of the checkpoint; by default that of `weights`.

        Raises:
            WeightsMissingError: a file is missing.
        """
        if isinstance(self.weights, PackagedWeights):
            self.folder = self.weights.prepare()
            self.fingerprint = self.weights.sha256[:8]
        else:
            self.folder = self.weights.locate(folder)
            self.fingerprint = compute_fingerprint(self.folder, self.weights.files)
        dim = int(read_settings(self.folder / "config.json")["hidden_size"])
        self.spaces = (Space("lyrics", self.name, f"{self.fingerprint}-{VERSION}", dim),)

    def encode(self, texts: Sequence[str]) -> tuple[Matrix, ...]:
        """See `TextEncoder.encode`."""
        return (encode_texts(self._tokens, self._network, texts, self.spaces[0].dim),)

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """See `ReadsWords.encode_words`."""
        return self.encode(texts)[0]

    @cached_once
    def _tokens(self) -> Tokens:
        return Tokens(self.folder / "tokenizer.json", self.frame)

    @cached_once
    def _network(self) -> Network:
        return open_network(self.recipe)

    @property
    def recipe(self) -> Recipe:
        """How the network is built or exported."""
        return Recipe(
            self.name,
            f"{self.fingerprint}-{VERSION}",
            self._build,
            (EXAMPLE_IDS, EXAMPLE_MASK),
            ((0, 1), (0, 1)),
            self._write if isinstance(self.weights, PackagedWeights) else None,
        )

    def _write(self, path: Path) -> None:
        """Write the graph without torch, from the packaged checkpoint, whose names are known."""
        from safetensors.numpy import load_file

        if isinstance(self.weights, PackagedWeights):
            self.weights.verify()
        tensors = load_file(self.folder / "model.safetensors")
        write_bert(tensors, read_settings(self.folder / "config.json"), path)

    def _build(self) -> "torch.nn.Module":
        import torch

        if isinstance(self.weights, PackagedWeights):
            self.weights.verify()
        bert = load_pretrained("BertModel", self.folder, add_pooling_layer=False)

        class MeanOverTokens(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.bert = bert

            def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
                tokens = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
                weights = mask.unsqueeze(-1).to(tokens.dtype)
                mean: torch.Tensor = (tokens * weights).sum(1) / weights.sum(1)
                return mean

        return MeanOverTokens()
