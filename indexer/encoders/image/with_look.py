"""Adds the vectors of a trained encoder to those of an encoder of frames."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.protocols import FrameEncoder, NamesThings, ReadsWords
from mvsearch.store.records import Matrix, Space


class LookEncoder(Protocol):
    """A trained encoder of frames.

    Attributes:
        space: of its vectors, with the view LOOK.
    """

    space: Space

    @property
    def frame_size(self) -> tuple[int, int] | None:
        """Width and height in pixels of its frames; None where the other's vectors are enough."""

    def encode(self, frames: npt.NDArray[np.uint8], features: Matrix) -> Matrix:
        """Encode (n, height, width, 3) uint8 RGB as (n, space.dim) float32 unit vectors.

        Args:
            frames: to encode.
            features: (n, dim) float32 unit vectors of the same frames by the other encoder, in its
                first space.
        """


class WithLook:
    """An encoder of frames with one more space, that of a trained encoder.

    It names things and reads words if the first encoder does.

    Args:
        frames: the first encoder.
        look: the trained one.

    Raises:
        ValueError: the frames that they need differ in size.
    """

    list_labels: Callable[[], Sequence[str]]
    encode_and_name: Callable[[npt.NDArray[np.uint8]], tuple[tuple[Matrix, ...], Matrix]]
    encode_words: Callable[[Sequence[str]], Matrix]

    def __init__(self, frames: FrameEncoder, look: LookEncoder) -> None:
        if look.frame_size not in (None, frames.frame_size):
            raise ValueError(f"{look.space.key} needs frames of another size")
        self._frames, self.look = frames, look
        self.frame_size = frames.frame_size
        # The space of words stays the last one.
        own, *rest = frames.spaces
        self.spaces = (own, look.space, *rest)
        if isinstance(frames, NamesThings):
            self._naming = frames
            self.list_labels = frames.list_labels
            self.encode_and_name = self._encode_and_name
        if isinstance(frames, ReadsWords):
            self.encode_words = frames.encode_words

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """See `FrameEncoder.encode`."""
        return self._add(frames, self._frames.encode(frames))

    def _encode_and_name(self, frames: npt.NDArray[np.uint8]) -> tuple[tuple[Matrix, ...], Matrix]:
        matrices, posterior = self._naming.encode_and_name(frames)
        return self._add(frames, matrices), posterior

    def _add(
        self, frames: npt.NDArray[np.uint8], matrices: tuple[Matrix, ...]
    ) -> tuple[Matrix, ...]:
        own, *rest = matrices
        return (own, self.look.encode(frames, own), *rest)
