"""Decodes text files of unknown character encoding."""

import codecs
import stat
from pathlib import Path

from mvsearch.store.errors import MediaError

# The longest lyrics known are some hundred kilobytes, word stamps included.
MAX_TEXT_BYTES = 4 * 2**20
# Text holds none of these, other files some ten per cent.
_CONTROL_BYTES = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))
_MAX_CONTROL_SHARE = 0.02
# UTF-16 shows as NUL in every other byte, wherever its text is Latin.
_MIN_NUL_SHARE_UTF16 = 0.3
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# No š or ž: Czech and its neighbours have them, and are left to the detector.
_WESTERN_MARKS = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŸŒ"
    "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2022€«»¡¿´`°·©®\xa0"
)
_MAX_WESTERN_SHARE = 0.3
_MIN_KANA_SHARE = 0.3


def read_text(path: Path) -> str:
    """Read a small text file of any encoding.

    Raises:
        MediaError: "bad_lyrics": no file, no permission, too large, or no text.
    """
    try:
        # A pipe or a device would block for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise MediaError("bad_lyrics", "it is not a file")
        with path.open("rb") as file:
            data = file.read(MAX_TEXT_BYTES + 1)
    except OSError as error:
        raise MediaError("bad_lyrics", f"it cannot be read: {error.strerror}") from None
    return decode_text(data)


def decode_text(data: bytes) -> str:
    r"""Decode text; line ends become "\n", byte-order marks and NULs go.

    Raises:
        MediaError: "bad_lyrics": larger than `MAX_TEXT_BYTES`, or no text.
    """
    if len(data) > MAX_TEXT_BYTES:
        raise MediaError("bad_lyrics", f"it is larger than {MAX_TEXT_BYTES // 2**20} MiB")
    text = _decode(data).replace("\0", "").replace("\ufeff", "")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(data: bytes) -> str:
    """Decode by mark, then as UTF-16 without one, then as UTF-8, then by what it looks like."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    for encoding, nuls in (("utf-16-le", data[1::2]), ("utf-16-be", data[0::2])):
        if len(data) > 1 and nuls.count(0) > _MIN_NUL_SHARE_UTF16 * len(nuls):
            return _refuse_binary(data.decode(encoding, "replace"))
    data = data.rstrip(b"\0")
    n_control = len(data) - len(data.translate(None, _CONTROL_BYTES))
    if n_control > _MAX_CONTROL_SHARE * len(data):
        raise MediaError("bad_lyrics", "it has no text")
    data = data.replace(b"\0", b"")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data)


def _refuse_binary(text: str) -> str:
    """Refuse what has NULs as UTF-16 does, but is none."""
    n_odd = sum(mark not in "\t\n\r" and (mark < " " or mark == "\ufffd") for mark in text)
    if n_odd > _MAX_CONTROL_SHARE * len(text):
        raise MediaError("bad_lyrics", "it has no text")
    return text


def _decode_legacy(data: bytes) -> str:
    """Decode an encoding from before Unicode.

    On a few lines the detector takes Shift-JIS for Korean and Latin-1 for Central European, so
    these two are recognised first: by their kana, and by Western letters alone.
    """
    japanese = data.decode("cp932", "ignore")
    marks = [mark for mark in japanese if ord(mark) > 127]
    if sum("\u3041" <= mark <= "\u30fe" for mark in marks) > _MIN_KANA_SHARE * len(marks):
        return japanese
    western = data.decode("cp1252", "replace")
    marks = [mark for mark in western if ord(mark) > 127]
    n_letters = sum(mark.isalpha() for mark in western)
    if _WESTERN_MARKS.issuperset(marks) and len(marks) <= _MAX_WESTERN_SHARE * max(n_letters, 1):
        return western
    return _detect(data) or western


def _detect(data: bytes) -> str | None:
    """Decode by statistics of the letters; None where they say nothing."""
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    return None if best is None else str(best)
