"""The playlists of a library on a server, its chains of similar songs, and music for pictures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from mvsearch.search.api.arguments import SearchArguments, list_played
from mvsearch.search.api.remote.contents import RemoteContents
from mvsearch.search.api.remote.requests.asking import (
    make_options,
    name_video,
    write_address,
    write_filter,
    writing_query,
)
from mvsearch.search.api.remote.requests.records import read, read_results, take
from mvsearch.search.query.make_query import Many, make_picture_query
from mvsearch.search.query.query import Query
from mvsearch.search.results import Result
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.records import Video
from mvsearch.store.unicode import replace_surrogates

if TYPE_CHECKING:
    from mvsearch.search.picture_music import PictureMusic
    from mvsearch.search.query.encode import Made


class RemotePlaylists(RemoteContents):
    """The playlists of a library on a server; see `Playlists` and `Pictures`."""

    _max_bytes: int

    def chain(
        self,
        played: str | Video | Sequence[str | Video],
        *,
        length: int = 10,
        filter: Filter = Filter(),
        **arguments: Unpack[SearchArguments],
    ) -> list[Result]:
        """Choose songs to follow others, each similar to the one before; see `Playlists.chain`."""
        names = list_played(played)
        _, given = make_options(**arguments)
        weights = given.pop("weights") or {}
        asked = {"played": [name_video(name) for name in names], "length": length}
        return read_results(
            self._server.send(
                "POST", "chain", {**write_filter(filter), **given, **weights, **asked}
            )
        )

    def playlists(self) -> dict[str, list[Video]]:
        """The stored playlists by name; videos that have left the library are passed over."""
        found = read(list[dict[str, Any]], self._server.get("playlists"))
        return {
            read(str, take(one, "name")): read(list[Video], take(one, "videos")) for one in found
        }

    def save_playlist(
        self, name: str, videos: Sequence[str | Video], *, replace: bool = False
    ) -> None:
        """Store a playlist in the library's folder; see `Playlists.save_playlist`."""
        names = [name_video(video) for video in videos]
        given = {"name": replace_surrogates(name), "videos": names, "replace": replace}
        self._server.send("POST", "playlists", given)

    def mark(self, name: str, video: str | Video, *, is_in: bool = True) -> None:
        """Add a video to the end of a playlist, or take it out; a missing playlist is made."""
        given = {"name": replace_surrogates(name), "video": name_video(video), "is_in": is_in}
        self._server.send("POST", "playlists/mark", given)

    def delete_playlist(self, name: str) -> None:
        """Delete a playlist; its videos are kept."""
        self._server.send("DELETE", write_address("playlists", {"name": replace_surrogates(name)}))

    def music_for(
        self,
        image: "Query | Many",
        *,
        filter: Filter = Filter(),
        memory: "Made | None" = None,
        **arguments: Unpack[SearchArguments],
    ) -> "PictureMusic":
        """Find the music that fits a picture, which is uploaded; see `Pictures.music_for`."""
        from mvsearch.search.picture_music import PictureMusic

        query = make_picture_query(image)
        _, options = make_options(**arguments)
        with (
            self._server.calls.using(),
            writing_query(self._server, query, self._max_bytes, memory) as written,
        ):
            asked = {"upload": written["uploads"][0], "filter": write_filter(filter)}
            found = self._server.send("POST", "music", {**options, **asked})
        way: Any = take(found, "way")
        words = read(tuple[str, ...], take(found, "words"))
        return PictureMusic(way, tuple(read_results(take(found, "results"))), words)
