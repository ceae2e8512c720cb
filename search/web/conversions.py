"""Keeps files that were converted for browsers in a temporary folder of bounded size."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from mvsearch.search.api.methods.media import PlayableMedia

MAX_FILES = 16
MAX_ALL_BYTES = 4 * 2**30
# Encoding takes all processors; more players at once wait for nothing.
MAX_TRANSCODES = 3
# Frames decoded at once; each takes a part of a second.
MAX_FRAMES = 2
FRAME_WAIT_SECONDS = 10.0
# Copying streams takes the disk, and each waits in a thread of the server.
MAX_REMUXES = 4

Key = tuple[Path, int, int]


class Conversions:
    """Remuxed files, and the number of encoders and decoders at work.

    Args:
        folder: holds the files.

    Attributes:
        encoders: is acquired by each encoder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: OrderedDict[Key, Future[Path]] = OrderedDict()
        self._lock = threading.Lock()
        self._n_made = 0
        self.encoders = threading.BoundedSemaphore(MAX_TRANSCODES)
        self._frames = threading.BoundedSemaphore(MAX_FRAMES)

    @staticmethod
    def fit(media: "PlayableMedia") -> "PlayableMedia":
        """The media; a file that is larger than the folder may be is encoded while it is sent."""
        is_large = media.way == "remux" and media.size > MAX_ALL_BYTES
        return replace(media, way="transcode") if is_large else media

    def remux(self, media: "PlayableMedia") -> Path:
        """An MP4 file with the streams of a file; made once while it does not change.

        Several files may be made at once; whoever asks for one that is being made waits for it.

        Raises:
            MediaError: it cannot be made.
            HTTPException: enough files are being made.
        """
        key = (media.path, media.size, media.modified_ns)
        with self._lock:
            made = self._kept.get(key)
            target = None
            if made is None:
                self._make_room(media.size)
                made = self._kept[key] = Future()
                self._n_made += 1
                target = self._folder / f"{self._n_made}.mp4"
            self._kept.move_to_end(key)
        if target is not None:
            self._make(media, target, key, made)
        return made.result()

    @contextmanager
    def decoding_frame(self) -> Iterator[None]:
        """Hold a place among the decoders of single frames.

        Raises:
            HTTPException: none became free; whoever waits holds a thread of the server.
        """
        if not self._frames.acquire(timeout=FRAME_WAIT_SECONDS):
            _refuse("many frames are being decoded: try again")
        try:
            yield
        finally:
            self._frames.release()

    def _make(self, media: "PlayableMedia", target: Path, key: Key, made: "Future[Path]") -> None:
        """Make a file, and tell those who wait for it."""
        try:
            media.remux(target)
        except BaseException as error:  # noqa: BLE001  raised by `result`, in all who wait
            target.unlink(missing_ok=True)
            with self._lock:
                del self._kept[key]
            made.set_exception(error)
        else:
            made.set_result(target)

    def _make_room(self, n_bytes: int) -> None:
        """Remove the files that were used longest ago; those that are being made stay."""
        done = [key for key, made in self._kept.items() if made.done()]
        if len(self._kept) - len(done) >= MAX_REMUXES:
            _refuse()
        for key in done:
            if self._fits(n_bytes):
                return
            self._kept.pop(key).result().unlink(missing_ok=True)
        if not self._fits(n_bytes):
            _refuse()

    def _fits(self, n_bytes: int) -> bool:
        sizes = [size for _, size, _ in self._kept]
        return len(sizes) < MAX_FILES and n_bytes + sum(sizes) <= MAX_ALL_BYTES


def _refuse(reason: str = "several videos are being converted: try again") -> None:
    raise HTTPException(503, reason, {"Retry-After": "5"})
