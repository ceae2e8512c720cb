"""Gives access to the videos of a server, as browsers play them, and to their stills."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from mvsearch.search.api.remote.requests.asking import name_place
from mvsearch.search.api.remote.requests.problems import NothingError
from mvsearch.search.api.remote.requests.records import read, take
from mvsearch.search.api.remote.requests.server import API, Server
from mvsearch.store.errors import MvsearchError, ServerError
from mvsearch.store.opening import expand_home
from mvsearch.store.records import MAX_STILL_BYTES, Still, Video

if TYPE_CHECKING:
    from mvsearch.search.output.html.page import Place

# Videos whose stills are listed in one request: an address has an end.
N_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Playback:
    """How a server sends a video.

    Attributes:
        way: see `PlayableMedia`; the server converts it where needed.
        content_type: such as "video/mp4".
        has_ranges: whether parts can be asked for; others begin later with `?start=SECONDS`.
    """

    way: Literal["file", "remux", "transcode"]
    content_type: str
    has_ranges: bool


@dataclass(frozen=True, slots=True)
class RemoteMedia(Playback):
    """A video of a server, in a form that browsers play."""

    _place: str = field(repr=False)
    _server: Server = field(repr=False)

    @property
    def address(self) -> str:
        """The address of the video; whoever asks there needs the token."""
        return f"{self._server.address.base}{API}{self._place}"

    def download(
        self, file: str | os.PathLike[str], *, start_seconds: float = 0.0, force: bool = False
    ) -> Path:
        """Write the video to a file of this machine.

        Args:
            file: its name.
            start_seconds: where it begins, if it has no ranges.
            force: whether an existing file is replaced; media never are.

        Raises:
            MvsearchError: the file must not be replaced, or the video cannot be had.
        """
        from mvsearch.search.output.files import write_output

        place = expand_home(file)
        parameters = {} if self.has_ranges else {"start": start_seconds}

        def write(target: BinaryIO) -> None:
            self._server.download(self._place, parameters, target)

        write_output({place: write}, has_force=force)
        return place


class RemoteMediaFiles:
    """The videos and stills of a library on a server; see `MediaFiles`."""

    _server: Server

    def open_media(self, video_id: str) -> RemoteMedia:
        """Find out how to get a video; unlike that of a local library it has no path.

        Raises:
            VideoNotFoundError: no video has this id.
            MediaError: its file is missing, or is no media file any more.
        """
        place = name_place(video_id)
        told = read(Playback, self._server.get(f"{place}/playback"))
        return RemoteMedia(
            told.way, told.content_type, told.has_ranges, f"{place}/media", self._server
        )

    def still_seconds(self, videos: Sequence[Video]) -> Mapping[str, Sequence[float]]:
        """The ascending times of the stored stills of videos, by id."""
        found: dict[str, Sequence[float]] = {}
        with self._server.calls.using():
            for at in range(0, len(videos), N_AT_ONCE):
                ids = [video.id for video in videos[at : at + N_AT_ONCE]]
                answer = take(self._server.get("stills", {"video": ids}), "seconds")
                found |= read(dict[str, tuple[float, ...]], answer)
        return found

    def picture(self, video_id: str, *, max_side: int = 512) -> bytes | None:
        """The picture that lies beside a video; see `MediaFiles.picture`."""
        from mvsearch.indexer.metadata.artwork import MAX_ARTWORK_BYTES, is_artwork

        place = f"{name_place(video_id)}/picture"
        try:
            answer = self._server.fetch("GET", place, parameters={"size": max_side, "own": "true"})
        except NothingError:
            return None
        if len(answer.content) <= MAX_ARTWORK_BYTES and is_artwork(answer.content):
            return answer.content
        raise ServerError(f"the server at {self._server.address} sends no picture")

    def still(self, video_id: str, at_seconds: float, *, max_side: int = 512) -> Still | None:
        """The still of a video nearest to a time; see `MediaFiles.still`."""
        try:
            return self._fetch_still(video_id, "thumbnail", at_seconds, max_side)
        except NothingError:
            return None

    def frame(self, video_id: str, at_seconds: float, *, max_side: int = 192) -> Still:
        """The frame of a video that is shown at a time; see `MediaFiles.frame`."""
        return self._fetch_still(video_id, "frame", at_seconds, max_side)

    def _fetch_still(self, video_id: str, kind: str, at_seconds: float, max_side: int) -> Still:
        from mvsearch.indexer.media.stills import is_still

        place = f"{name_place(video_id)}/{kind}"
        answer = self._server.fetch("GET", place, parameters={"t": at_seconds, "size": max_side})
        with suppress(ValueError, KeyError):
            seconds = float(answer.headers["mvsearch-seconds"])
            if len(answer.content) <= MAX_STILL_BYTES and is_still(answer.content):
                return Still(seconds, answer.content)
        raise ServerError(f"the server at {self._server.address} sends no still")


class RemoteStills:
    """The stills of a library on a server, for a page.

    Args:
        media: has them.
    """

    def __init__(self, media: RemoteMediaFiles) -> None:
        self._media = media

    def list_seconds(self, videos: Sequence[Video]) -> Mapping[str, Sequence[float]]:
        """The ascending times of the stills of these videos, by id."""
        return self._media.still_seconds(videos)

    def read(self, places: "Sequence[Place]") -> "Iterator[tuple[Place, bytes]]":
        """The stills at these places; those that cannot be had are left out."""
        for place in places:
            with suppress(MvsearchError):
                still = self._media.still(*place)
                if still is not None and still.seconds == place[1]:
                    yield place, still.image
