"""Joins an encoder of frames with another one that tells whether two frames are the same shot."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.protocols import FrameEncoder, NamesThings, ReadsWords
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import COPIES, Matrix


class WithCopies:
    """An encoder of frames whose space of copies is that of another encoder.

    It names things and reads words if the first encoder does.

    Args:
        frames: the first encoder; its own space of copies, if it has one, is left out.
        copies: the other.

    Raises:
        MvsearchError: the frames that they need differ in size.
    """

    list_labels: Callable[[], Sequence[str]]
    encode_and_name: Callable[[npt.NDArray[np.uint8]], tuple[tuple[Matrix, ...], Matrix]]
    encode_words: Callable[[Sequence[str]], Matrix]

    def __init__(self, frames: FrameEncoder, copies: FrameEncoder) -> None:
        if frames.frame_size != copies.frame_size:
            names = f"{frames.spaces[0].encoder} and {copies.spaces[0].encoder}"
            raise MvsearchError(f"{names} need frames of different size: use other encoders")
        self._frames, self._copies = frames, copies
        self.frame_size = frames.frame_size
        self._kept = [at for at, space in enumerate(frames.spaces) if space.view != COPIES]
        own, *rest = (frames.spaces[at] for at in self._kept)
        self.spaces = (own, replace(copies.spaces[0], view=COPIES), *rest)
        if isinstance(frames, NamesThings):
            self._naming = frames
            self.list_labels = frames.list_labels
            self.encode_and_name = self._encode_and_name
        if isinstance(frames, ReadsWords):
            self.encode_words = frames.encode_words

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """See `FrameEncoder.encode`."""
        return self._join(self._frames.encode(frames), frames)

    def _encode_and_name(self, frames: npt.NDArray[np.uint8]) -> tuple[tuple[Matrix, ...], Matrix]:
        matrices, posterior = self._naming.encode_and_name(frames)
        return self._join(matrices, frames), posterior

    def _join(
        self, matrices: tuple[Matrix, ...], frames: npt.NDArray[np.uint8]
    ) -> tuple[Matrix, ...]:
        own, *rest = (matrices[at] for at in self._kept)
        return (own, self._copies.encode(frames)[0], *rest)
