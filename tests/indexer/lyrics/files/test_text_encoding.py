import codecs
import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvsearch.indexer.lyrics.files.text_encoding import MAX_TEXT_BYTES, decode_text, read_text
from mvsearch.store.errors import MediaError

JAPANESE = "[00:12.00]夜に駆ける\n[00:15.00]沈むように溶けてゆくように\n"
WESTERN = "[00:12.00]Don’t cry – it’s café\n[00:20.00]Über alles wächst das Gras\n"
SPANISH = "[00:12.00]Señorita, corazón\n[00:14.00]mañana será otro día\n"
RUSSIAN = "[00:12.00]Группа крови на рукаве\n[00:14.00]Мой порядковый номер\n"
POLISH = "[00:01.00]Zażółć gęślą jaźń\n[00:02.00]Miłość ci wszystko wybaczy\n"
KOREAN = "[00:12.00]사랑을 했다 우리가 만나\n[00:14.00]지우지 못할 추억이 됐다\n"
CHINESE = "[00:12.00]月亮代表我的心\n[00:14.00]你问我爱你有多深\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (JAPANESE, "utf-8"),
        (JAPANESE, "utf-8-sig"),
        (JAPANESE, "utf-16"),
        (JAPANESE, "utf-32"),
        (JAPANESE, "shift_jis"),
        (WESTERN, "utf-16-le"),
        (WESTERN, "utf-16-be"),
        (WESTERN, "cp1252"),
        (SPANISH, "latin-1"),
        (RUSSIAN, "cp1251"),
        (POLISH, "cp1250"),
        (KOREAN, "euc_kr"),
        (CHINESE, "gb18030"),
    ],
)
def test_every_encoding_gives_the_same_text(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding)) == text


def test_line_ends_become_one_kind() -> None:
    assert decode_text(b"one\r\ntwo\rthree\n") == "one\ntwo\nthree\n"


def test_big_endian_mark() -> None:
    assert decode_text(codecs.BOM_UTF16_BE + "schön".encode("utf-16-be")) == "schön"


def test_stray_nuls_go() -> None:
    assert decode_text(b"A line that is long enough to count as text\0\0\0") == (
        "A line that is long enough to count as text"
    )
    assert decode_text(b"A line that ends in a NUL as C has it, and goes on\0\nhere") == (
        "A line that ends in a NUL as C has it, and goes on\nhere"
    )


@pytest.mark.parametrize("seed", range(5))
def test_binary_is_refused(seed: int) -> None:
    data = random.Random(seed).randbytes(2000)
    with pytest.raises(MediaError, match="no text") as caught:
        decode_text(data)
    assert caught.value.code == "bad_lyrics"


def test_binary_with_many_nuls_is_refused() -> None:
    data = bytes(byte for at in range(1000) for byte in (at % 23, 0))
    with pytest.raises(MediaError, match="no text"):
        decode_text(data)


def test_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.lrc"
    with path.open("wb") as file:
        file.truncate(50 * MAX_TEXT_BYTES)
    with pytest.raises(MediaError, match="larger than 4 MiB"):
        read_text(path)


def test_absent_file_and_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.lrc"):
        with pytest.raises(MediaError) as caught:
            read_text(path)
        assert caught.value.code == "bad_lyrics"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "pipe.lrc"
    os.mkfifo(path)
    with pytest.raises(MediaError, match="not a file"):
        read_text(path)


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        text = decode_text(data)
    except MediaError:
        return
    assert "\r" not in text
    assert "\0" not in text


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff")))
def test_utf8_comes_back_as_it_was(text: str) -> None:
    assert decode_text(text.encode()) == text
