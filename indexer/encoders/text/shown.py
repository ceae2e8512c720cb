"""Encodes lines of text in pictures as a lyric encoder encodes lyrics, in a space of their own."""

from collections.abc import Sequence
from dataclasses import replace

from mvsearch.indexer.encoders.protocols import TextEncoder
from mvsearch.store.records import Matrix

# Of the space, so that its key is another than that of lyrics.
VIEW = "ocr"


class ShownTextEncoder:
    """A text encoder whose space is of the modality "ocr".

    Args:
        encoder: of the lyrics of a profile.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self.spaces = (replace(encoder.spaces[0], modality="ocr", view=VIEW),)

    def encode(self, texts: Sequence[str]) -> tuple[Matrix, ...]:
        """See `TextEncoder.encode`."""
        return self._encoder.encode(list(texts))[:1]
