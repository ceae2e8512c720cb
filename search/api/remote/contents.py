"""Lists the contents of a library on a server, and removes videos from it."""

import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from mvsearch.search.api.remote.requests.asking import (
    name_place,
    name_video,
    write_filter,
    write_parameters,
)
from mvsearch.search.api.remote.requests.records import (
    read,
    read_entry,
    read_lyrics,
    read_video,
    take,
)
from mvsearch.search.api.remote.requests.server import Server
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.order import VideoOrder, check_order
from mvsearch.store.errors import ServerError
from mvsearch.store.opening import AnyPath, expand_home
from mvsearch.store.records import Failure, Lyrics, Modality, Video
from mvsearch.store.unicode import replace_surrogates

if TYPE_CHECKING:
    from mvsearch.search.entry import Entry
    from mvsearch.search.metadata.export_nfo import NfoExport

# Videos in one answer.
N_AT_ONCE = 1000


class RemoteContents:
    """The videos of a library on a server; see `Contents`."""

    _server: Server

    def find(self, name: str | Video) -> Video:
        """Find a video by its id or the beginning of it, a path there, or part of a title."""
        if isinstance(name, Video):
            return read_video(take(self._server.get(name_place(name.id)), "video"))
        given = {"name": replace_surrogates(name)}
        return read_video(self._server.get("find", given))

    def videos(self, filter: Filter = Filter(), *, sort: VideoOrder = "artist") -> list[Video]:
        """The videos that pass the filter; see `Contents.videos`."""
        check_order(sort)
        # An address has no room for many ids.
        selected = self._select(replace(filter, ids=None))
        pages = self._list("videos", "videos", {**selected, "counts": "false", "sort": sort})
        known = None if filter.ids is None else set(filter.ids)
        found = [read_video(one) for one in pages]
        return [video for video in found if known is None or video.id in known]

    def facets(self, filter: Filter = Filter()) -> dict[str, list[tuple[str | int, int]]]:
        """Count the videos that pass the filter by value; see `Contents.facets`."""
        answer = self._server.get("videos", {**self._select(filter), "limit": 1})
        counted = read(dict[str, list[dict[str, str | int]]], take(answer, "facets"))
        return {
            name: [(take(one, "value"), read(int, take(one, "count"))) for one in values]
            for name, values in counted.items()
        }

    def show(self, video: str | Video) -> "Entry":
        """Everything known about a video, with lyrics and their source."""
        return read_entry(self._server.get(self._place(video)))

    def lyrics(self, video: str | Video) -> Lyrics | None:
        """The lyrics of a video; None if there are none."""
        found = take(self._server.get(self._place(video)), "lyrics")
        return None if found is None else read_lyrics(found)

    def all_lyrics(self) -> list[tuple[Video, Lyrics]]:
        """All videos with lyrics, and their lyrics."""
        return [
            (read_video(take(one, "video")), read_lyrics(take(one, "lyrics")))
            for one in self._list("lyrics", "lyrics", {})
        ]

    def failures(self) -> list[Failure]:
        """The files that could not be indexed, with reasons."""
        return read(list[Failure], self._server.get("failures"))

    def status(self) -> dict[str, Any]:
        """The counts of the library: videos, segments, pending work."""
        told = read(dict[str, Any], self._server.get("status"))
        return {name: value for name, value in told.items() if name != "is_read_only"}

    def remove(self, video: str | Video) -> int:
        """Remove a video from the library; its files are kept. See `Contents.remove`."""
        return read(int, take(self._server.send("DELETE", self._place(video)), "removed"))

    def removed(self) -> list[Video]:
        """The removed videos, by artist, title and id."""
        return read(list[Video], self._server.get("removed"))

    def remove_missing(self) -> int:
        """Remove all videos whose files are missing there; returns their number."""
        return read(int, take(self._server.send("POST", "videos/remove-missing"), "removed"))

    def export_embeddings(
        self, file: str | os.PathLike[str], *, modality: Modality | None = None, force: bool = False
    ) -> dict[str, int]:
        """Write vectors, their videos and times to a file of this machine.

        See `Contents.export_embeddings`; the server makes the file, and needs pyarrow for Parquet.
        """
        from mvsearch.search.output.embeddings import check_ending
        from mvsearch.search.output.files import write_output

        place = expand_home(file)
        check_ending(place)
        parameters = write_parameters({"form": place.suffix[1:].lower(), "modality": modality})
        headers: dict[str, str] = {}

        def write(target: BinaryIO) -> None:
            headers.update(self._server.download("embeddings", parameters, target))

        write_output({place: write}, has_force=force)
        with suppress(ValueError, KeyError):
            return read(dict[str, int], json.loads(headers["mvsearch-vectors"]))
        raise ServerError(f"the server at {self._server.address} does not count the vectors")

    def nfo(self, video: str | Video) -> bytes:
        """What is known of a video as a `.nfo` file. See `Contents.nfo`."""
        return self._server.fetch("GET", f"{self._place(video)}/nfo").content

    def export_nfo(
        self, *videos: str | Video, out: AnyPath | None = None, overwrite: bool = False
    ) -> "NfoExport":
        """Write what is known of videos as `.nfo` files. See `Contents.export_nfo`.

        With `out` they are written to a folder of this machine; without, by the server, beside the
        videos.
        """
        from mvsearch.search.metadata.export_nfo import NfoExport, NfoTarget, export_nfo

        if out is None:
            given = {"videos": [name_video(one) for one in videos], "overwrite": overwrite}
            return read(NfoExport, self._server.send("POST", "nfo", given))
        chosen = videos or self.videos()
        entries = (self.show(video) for video in chosen)
        target = NfoTarget(expand_home(out), overwrite)
        return export_nfo(((one.video, one.metadata) for one in entries), target)

    def holds_file(self, path: Path) -> bool:
        """Whether a file is a video of the library, by its path on both machines."""
        given = {"path": replace_surrogates(str(path))}
        return read(bool, take(self._server.get("files", given), "is_video"))

    def _describe(self) -> Any:
        """What the server says of itself and its library."""
        return self._server.get("library")

    def _place(self, video: str | Video) -> str:
        """The path of a video in the API, which takes names too; paths of files are looked up."""
        if isinstance(video, Video):
            return name_place(video.id)
        if "/" in video or not video.strip(". "):
            return name_place(self.find(video).id)
        return name_place(replace_surrogates(video))

    def _select(self, filter: Filter) -> dict[str, Any]:
        """A filter as parameters of an address."""
        return write_parameters(write_filter(filter))

    def _list(self, path: str, key: str, parameters: dict[str, Any]) -> list[Any]:
        """What a list holds, page by page.

        Raises:
            ServerError: the list does not end.
        """
        found: list[Any] = []
        with self._server.calls.using():
            while True:
                asked = {**parameters, "offset": len(found), "limit": N_AT_ONCE}
                answer = self._server.get(path, asked)
                page = read(list[Any], take(answer, key))
                found += page
                total = read(int, take(answer, "total"))
                if len(found) >= total:
                    return found
                if not page or len(page) > N_AT_ONCE:
                    raise ServerError(f"the server at {self._server.address} lists {path} wrongly")
