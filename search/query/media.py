"""Validates media in memory and writes them to temporary files for the decoder."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from mvsearch.store.errors import QueryError
from mvsearch.store.records import Matrix

if TYPE_CHECKING:
    from PIL.Image import Image

# More than an hour of music video in good quality.
MAX_BYTES = 2**30
# As for files: 64 Mi pixels is twice 8K.
MAX_PIXELS = 64 * 2**20
MAX_FRAME_RATE = 1000.0
MAX_SAMPLE_RATE = 768_000


class Media(Protocol):
    """Media in memory."""

    @property
    def name(self) -> str:
        """The name in messages."""

    def write(self, file: Path) -> None:
        """Write it to a new file."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """The content of a file: an encoded picture, video or sound.

    Raises:
        QueryError: it is empty, or larger than `MAX_BYTES`.
    """

    data: bytes

    def __post_init__(self) -> None:
        """Check the size."""
        if not 0 < len(self.data) <= MAX_BYTES:
            raise QueryError(f"a file in memory has 1 to {MAX_BYTES} bytes, not {len(self.data)}")

    @property
    def name(self) -> str:
        """The name in messages."""
        return f"{len(self.data)} bytes"

    def write(self, file: Path) -> None:
        """Write it to a new file."""
        file.write_bytes(self.data)


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Decoded video as part of a query.

    Attributes:
        pixels: (n, height, width, 3) uint8, RGB; at most 1 GiB.
        frame_rate: frames a second.

    Raises:
        QueryError: the shape or type is wrong, or the size is 0 or too large.
    """

    pixels: npt.NDArray[np.uint8]
    frame_rate: float

    def __post_init__(self) -> None:
        """Check shape, type and size."""
        _check_pixels(self.pixels, 4, "(n, height, width, 3)")
        if not 0 < self.frame_rate <= MAX_FRAME_RATE:
            raise QueryError(f"a frame rate is above 0 and at most 1000, not {self.frame_rate}")

    @property
    def name(self) -> str:
        """The name in messages."""
        return f"{len(self.pixels)} frames"

    def write(self, file: Path) -> None:
        """Write it to a new file."""
        from mvsearch.indexer.media.writing import write_frames

        write_frames(file, self.pixels, self.frame_rate)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Decoded sound as part of a query.

    Attributes:
        values: (n,) float32, mono, from -1 to 1; at most 1 GiB.
        sample_rate: samples a second.

    Raises:
        QueryError: the shape or type is wrong, the size is 0 or too large, or a value is not
            finite.
    """

    values: Matrix
    sample_rate: int

    def __post_init__(self) -> None:
        """Check shape, type and size."""
        values = self.values
        if not isinstance(values, np.ndarray) or values.ndim != 1 or values.dtype != np.float32:
            raise QueryError(f"samples are an array (n,) of float32, not {_describe(values)}")
        _check_bytes(values)
        if not np.isfinite(values).all():
            raise QueryError("samples are finite numbers, but some are not")
        if not 0 < self.sample_rate <= MAX_SAMPLE_RATE:
            raise QueryError(
                f"a sample rate is above 0 and at most {MAX_SAMPLE_RATE}, not {self.sample_rate}"
            )

    @property
    def name(self) -> str:
        """The name in messages."""
        return f"{len(self.values)} samples"

    def write(self, file: Path) -> None:
        """Write it to a new file."""
        from mvsearch.indexer.media.writing import write_samples

        write_samples(file, self.values, self.sample_rate)


def is_pillow_image(value: object) -> bool:
    """Whether it is a Pillow image; does not import Pillow."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(value, pillow.Image)


def encode_picture(picture: "Image | npt.NDArray[np.uint8]") -> Encoded:
    """Encode a Pillow image or (height, width, 3) uint8 RGB as PNG, without loss.

    Raises:
        QueryError: the shape or type is wrong, it is too large, or cannot be decoded.
    """
    from PIL import Image

    if isinstance(picture, np.ndarray):
        _check_pixels(picture, 3, "(height, width, 3)")
        image = Image.fromarray(np.ascontiguousarray(picture))
    else:
        _check_size(picture.width, picture.height)
        image = _decode(picture)
    encoded = io.BytesIO()
    image.save(encoded, "PNG", compress_level=1)
    return Encoded(encoded.getvalue())


def _decode(picture: "Image") -> "Image":
    """Decode a Pillow image, and apply its EXIF orientation as for files."""
    from PIL import ImageOps

    try:
        image = ImageOps.exif_transpose(picture)
        has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        return image.convert("RGBA" if has_alpha else "RGB")
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        raise QueryError("cannot read the image: it is damaged, or was closed") from error


@contextmanager
def written(media: Media) -> Iterator[Path]:
    """A temporary file of the media in a private folder, removed afterwards."""
    with TemporaryDirectory(prefix="mvsearch-") as folder:
        file = Path(folder) / "query"
        media.write(file)
        yield file


def _check_pixels(pixels: Any, n_dimensions: int, shape: str) -> None:
    is_array = isinstance(pixels, np.ndarray) and pixels.ndim == n_dimensions
    if not is_array or pixels.dtype != np.uint8 or pixels.shape[-1] != 3:
        raise QueryError(f"pixels are an array {shape} of uint8, not {_describe(pixels)}")
    _check_bytes(pixels)
    _check_size(pixels.shape[-2], pixels.shape[-3])


def _check_size(width: int, height: int) -> None:
    if not 0 < width * height <= MAX_PIXELS:
        raise QueryError(f"a picture has 1 to {MAX_PIXELS} pixels, not {width} × {height}")


def _check_bytes(values: npt.NDArray[Any]) -> None:
    if not 0 < values.nbytes <= MAX_BYTES:
        raise QueryError(f"an array to ask with has 1 to {MAX_BYTES} bytes, not {values.nbytes}")


def _describe(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.shape} of {value.dtype}"
    return type(value).__name__
