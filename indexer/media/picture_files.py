"""Lists the pictures of folders, and makes small ones of them."""

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mvsearch.indexer.media.files.containers import HEAD_BYTES
from mvsearch.indexer.media.pictures import has_image_signature, read_image, read_size

MAX_PICTURES = 500
MAX_SEEN = 20_000
MAX_FILE_BYTES = 64 * 2**20
# The longer side in pixels.
THUMBNAIL_SIDE = 512
_QUALITY = 80


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture in a folder.

    Attributes:
        id: of its path, which it does not tell.
    """

    id: str
    path: Path

    @property
    def name(self) -> str:
        """The name of the file without its ending."""
        return self.path.stem


def list_pictures(folders: Sequence[Path]) -> list[PictureFile]:
    """The pictures in folders and the folders below, by path; links are not followed.

    At most `MAX_PICTURES`; a folder that cannot be read has none.
    """
    found: list[PictureFile] = []
    for n_seen, path in enumerate(_walk(folders)):
        if n_seen >= MAX_SEEN or len(found) >= MAX_PICTURES:
            break
        if is_picture(path):
            key = hashlib.sha256(os.fsencode(path)).hexdigest()[:24]
            found.append(PictureFile(key, path))
    return found


def make_thumbnail(path: Path, max_side: int = THUMBNAIL_SIDE) -> bytes:
    """A picture as a WebP whose longer side has at most so many pixels.

    Raises:
        MediaError: it cannot be read.
    """
    from PIL import Image

    size = read_size(path)
    share = min(1.0, max_side / max(size))
    width, height = (max(1, round(side * share)) for side in size)
    made = io.BytesIO()
    pixels = read_image(path, (width, height))
    Image.fromarray(pixels).save(made, "WEBP", quality=_QUALITY)
    return made.getvalue()


def _walk(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        for place, below, names in os.walk(folder, followlinks=False):
            below[:] = sorted(name for name in below if not name.startswith("."))
            yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def is_picture(path: Path) -> bool:
    """Whether a plain file, no link, begins as a picture does."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            return False
        with path.open("rb") as file:
            return has_image_signature(file.read(HEAD_BYTES))
    except OSError:
        return False
