from pathlib import Path

import pytest

from mvsearch.indexer.encoders.networks.tokens import BATCH_SIZE, TokenFrame, Tokens
from mvsearch.store.errors import MvsearchError
from tests.indexer.encoders.small_checkpoints import save_tokenizer

FRAME = TokenFrame(start="[CLS]", end="[SEP]", pad="[PAD]", max_tokens=5)


@pytest.fixture
def vocab(tmp_path: Path) -> dict[str, int]:
    return save_tokenizer(tmp_path, ["[PAD]", "[CLS]", "[SEP]"])


def test_texts_are_framed_cut_and_padded(tmp_path: Path, vocab: dict[str, int]) -> None:
    tokens = Tokens(tmp_path / "tokenizer.json", FRAME)
    ((places, ids, mask),) = tokens.batch(["take me home to the dog", "dog"])
    take, me, home, dog = (vocab[word] for word in ("take", "me", "home", "dog"))
    assert places.tolist() == [1, 0]
    assert ids.tolist() == [[1, dog, 2, 0, 0], [1, take, me, home, 2]]
    assert mask.tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]


def test_padding_and_truncation_of_the_file_are_not_used(
    tmp_path: Path, vocab: dict[str, int]
) -> None:
    from tokenizers import Tokenizer

    path = tmp_path / "tokenizer.json"
    saved = Tokenizer.from_file(str(path))
    saved.enable_padding(length=128)
    saved.enable_truncation(2)
    saved.save(str(path))
    assert len(Tokens(path, FRAME).split(["take me home"])[0]) == 5


def test_full_padding_lower_case_and_no_start(tmp_path: Path, vocab: dict[str, int]) -> None:
    frame = TokenFrame("", "[SEP]", "[PAD]", 6, is_padded_fully=True, is_lowercase=True)
    ((_, ids, _),) = Tokens(tmp_path / "tokenizer.json", frame).batch(["DOG Bee"])
    assert ids.tolist() == [[vocab["dog"], vocab["bee"], 2, 0, 0, 0]]


def test_every_text_comes_back_once(tmp_path: Path, vocab: dict[str, int]) -> None:
    tokens = Tokens(tmp_path / "tokenizer.json", FRAME)
    places = [batch[0].tolist() for batch in tokens.batch(["dog"] * (2 * BATCH_SIZE + 1))]
    assert [len(batch) for batch in places] == [BATCH_SIZE, BATCH_SIZE, 1]
    assert sorted(place for batch in places for place in batch) == list(range(2 * BATCH_SIZE + 1))


def test_bytes_that_are_no_text_are_taken(tmp_path: Path, vocab: dict[str, int]) -> None:
    assert Tokens(tmp_path / "tokenizer.json", FRAME).split(["\udcff dog"])[0][-2:] == [
        vocab["dog"],
        2,
    ]


def test_a_tokenizer_of_another_model_is_told(tmp_path: Path, vocab: dict[str, int]) -> None:
    frame = TokenFrame("<s>", "</s>", "<pad>", 8)
    with pytest.raises(MvsearchError, match="has no <s>"):
        Tokens(tmp_path / "tokenizer.json", frame)


def test_a_damaged_tokenizer_is_told(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(MvsearchError, match="is not a tokenizer"):
        Tokens(tmp_path / "tokenizer.json", FRAME)
