"""Tokenises text, with the special tokens and the padding that a network was trained with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.store.errors import MvsearchError

Ids = npt.NDArray[np.int64]

BATCH_SIZE = 32


@dataclass(frozen=True, slots=True)
class TokenFrame:
    """What goes around the tokens of a text.

    Stated here rather than taken from the tokenizer's file, whose settings for it differ between
    copies of one model (some are saved padded to 128) and are not what the network was trained on.

    Attributes:
        start, end: special tokens before and after; empty for none.
        pad: the token that fills up.
        max_tokens: longer texts are cut, the special tokens stay.
        is_padded_fully: every text is filled up to `max_tokens`, not to the longest of its batch.
        is_lowercase: texts are put into lower case first.
    """

    start: str
    end: str
    pad: str
    max_tokens: int
    is_padded_fully: bool = False
    is_lowercase: bool = False


class Tokens:
    """Cuts texts into the ids of one `tokenizer.json`."""

    def __init__(self, path: Path, frame: TokenFrame) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing narrower
            raise MvsearchError(f"{path} is not a tokenizer: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._frame = frame
        self._start = [self._find(path, frame.start)] if frame.start else []
        self._end = [self._find(path, frame.end)] if frame.end else []
        self._pad = self._find(path, frame.pad)

    def _find(self, path: Path, token: str) -> int:
        found: int | None = self._tokenizer.token_to_id(token)
        if found is None:
            raise MvsearchError(f"{path} is the tokenizer of another model: it has no {token}")
        return found

    def split(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, framed and cut, not padded."""
        n_kept = self._frame.max_tokens - len(self._start) - len(self._end)
        # Undecodable bytes of a command line arrive as surrogates, which no tokenizer takes.
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        if self._frame.is_lowercase:
            clean = [text.lower() for text in clean]
        encodings = self._tokenizer.encode_batch(clean, add_special_tokens=False)
        return [self._start + encoding.ids[:n_kept] + self._end for encoding in encodings]

    def batch(self, texts: Sequence[str]) -> Iterator[tuple[npt.NDArray[np.intp], Ids, Ids]]:
        """Texts of like length together: their places in `texts`, padded ids, and the mask."""
        split = self.split(texts)
        order = np.argsort([len(ids) for ids in split], kind="stable")
        for begin in range(0, len(order), BATCH_SIZE):
            places = order[begin : begin + BATCH_SIZE]
            yield places, *self._pad_together([split[place] for place in places])

    def _pad_together(self, split: Sequence[list[int]]) -> tuple[Ids, Ids]:
        longest = max(1, *(len(ids) for ids in split)) if split else 1
        width = self._frame.max_tokens if self._frame.is_padded_fully else longest
        padded = np.full((len(split), width), self._pad, dtype=np.int64)
        mask = np.zeros((len(split), width), dtype=np.int64)
        for row, ids in enumerate(split):
            padded[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        return padded, mask
