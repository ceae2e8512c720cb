"""Quotes words and names, and reads what is quoted."""

import re
import unicodedata

from mvsearch.store.errors import QueryError

_ESCAPES = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "t": "\t"}
_WRITTEN = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
# A backslash counts before these alone: elsewhere, as in a path of Windows, an error says so.
_HINT = r"a backslash is written \\"


class QuoteError(QueryError):
    """What is quoted cannot be read.

    Attributes:
        position: in the quoted text, with its quotation marks.
    """

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.position = position


def quote(text: str) -> str:
    r"""A text in double quotation marks, with escapes for what could not be told or seen.

    Control characters and halves of surrogate pairs, as in names of files that are no UTF-8, are
    written \uXXXX.
    """
    return '"' + "".join(map(_write_letter, text)) + '"'


def _write_letter(letter: str) -> str:
    if letter in _WRITTEN:
        return _WRITTEN[letter]
    # Controls, formats (which may hide or reorder text), surrogates, line and paragraph separators.
    if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        number = ord(letter)
        return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
    return letter


def unquote(text: str) -> str:
    """The text between quotation marks.

    Raises:
        QuoteError: an escape is none.
    """

    def read(found: re.Match[str]) -> str:
        escape = found[1]
        if len(escape) > 1:
            number = int(escape[1:], 16)
            if number < 0x110000:
                return chr(number)
        elif escape in _ESCAPES:
            return _ESCAPES[escape]
        raise QuoteError(_HINT, found.start() + 1)

    return _ESCAPE.sub(read, text[1:-1])
