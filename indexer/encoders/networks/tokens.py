"""Tokenises text with the special tokens and the padding of a network's training."""

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
    """Special tokens, truncation and padding of a network's texts.

    The settings in `tokenizer.json` are not used: they differ between copies of one model (some pad
    to 128) and from those of the training.

    Attributes:
        start, end: special tokens before and after a text; empty for none.
        pad: the padding token.
        max_tokens: maximum length in tokens with the special ones; longer texts are truncated.
        is_padded_fully: texts are padded to `max_tokens`, not to the longest of their batch.
        is_lowercase: texts are converted to lower case first.
    """

    start: str
    end: str
    pad: str
    max_tokens: int
    is_padded_fully: bool = False
    is_lowercase: bool = False


class Tokens:
    """The tokenizer of a network.

    Raises:
        MvsearchError: the file is not a tokenizer, or lacks a special token.
    """

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
        """Tokenise texts: the ids of each with special tokens, truncated but not padded."""
        n_kept = self._frame.max_tokens - len(self._start) - len(self._end)
        # Undecodable bytes of a command line are surrogates, which tokenizers reject.
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        if self._frame.is_lowercase:
            clean = [text.lower() for text in clean]
        encodings = self._tokenizer.encode_batch(clean, add_special_tokens=False)
        return [self._start + encoding.ids[:n_kept] + self._end for encoding in encodings]

    def batch(self, texts: Sequence[str]) -> Iterator[tuple[npt.NDArray[np.intp], Ids, Ids]]:
        """Tokenise texts in batches of similar length.

        Yields:
            The positions in `texts` (b,), the padded ids (b, t) and the mask (b, t), int64; the
            mask is 1 for tokens and 0 for padding.
        """
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
