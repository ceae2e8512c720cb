"""Keeps files that were converted for browsers in a temporary folder of bounded size."""

import threading
from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mvsearch.search.api.media import PlayableMedia

MAX_FILES = 16
MAX_ALL_BYTES = 4 * 2**30
# Encoding takes all processors; more players at once wait for nothing.
MAX_TRANSCODES = 3

Key = tuple[Path, int, int]


class Conversions:
    """Remuxed files, and the number of encoders at work.

    Attributes:
        encoders: is acquired by each encoder.
    """

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="mvsearch-web-")
        self._kept: OrderedDict[Key, Path] = OrderedDict()
        self._lock = threading.Lock()
        self._n_made = 0
        self.encoders = threading.BoundedSemaphore(MAX_TRANSCODES)

    def remux(self, media: "PlayableMedia") -> Path:
        """An MP4 file with the streams of a file; made once while it does not change.

        Raises:
            MediaError: it cannot be made.
        """
        key = (media.path, media.size, media.modified_ns)
        with self._lock:
            if key not in self._kept:
                self._n_made += 1
                target = Path(self._folder.name) / f"{self._n_made}.mp4"
                self._make_room(media.size)
                try:
                    media.remux(target)
                except BaseException:
                    target.unlink(missing_ok=True)
                    raise
                self._kept[key] = target
            self._kept.move_to_end(key)
            return self._kept[key]

    def close(self) -> None:
        """Remove all files."""
        self._folder.cleanup()

    def _make_room(self, n_bytes: int) -> None:
        """Remove the files that were used longest ago."""
        while self._kept and (
            len(self._kept) >= MAX_FILES
            or n_bytes + sum(size for _, size, _ in self._kept) > MAX_ALL_BYTES
        ):
            self._kept.popitem(last=False)[1].unlink(missing_ok=True)
