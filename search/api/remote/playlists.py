"""The playlists of a library on a server, its chains of similar songs, and its mixes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from mvsearch.search.api.arguments import SearchArguments, list_played
from mvsearch.search.api.remote.contents import RemoteContents
from mvsearch.search.api.remote.requests.asking import (
    make_options,
    name_video,
    write_address,
    write_filter,
)
from mvsearch.search.api.remote.requests.records import read, read_results, take
from mvsearch.search.results import Result
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.records import Video
from mvsearch.store.unicode import replace_surrogates

if TYPE_CHECKING:
    from mvsearch.search.mixing.points import MixBy
    from mvsearch.search.mixing.through import PathMix
    from mvsearch.search.mood.mix import Mix, MoodOrPoint


class RemotePlaylists(RemoteContents):
    """The playlists of a library on a server; see `Playlists`."""

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

    def mix(
        self,
        start: "MoodOrPoint",
        end: "MoodOrPoint",
        minutes: float = 60.0,
        *,
        filter: Filter = Filter(),
    ) -> "Mix":
        """Mix songs along a straight curve from one mood to another; see `Playlists.mix`."""
        from mvsearch.search.mood.mix import Mix

        asked = {"start": start, "end": end, "minutes": minutes}
        return read(Mix, self._server.send("POST", "mix", {**write_filter(filter), **asked}))

    def mix_through(
        self,
        videos: str | Video | Sequence[str | Video],
        minutes: float = 60.0,
        *,
        by: "MixBy" = "sound",
        harmonic: bool = False,
        seed: int = 0,
        filter: Filter = Filter(),
    ) -> "PathMix":
        """Mix songs along a path through videos; see `Playlists.mix_through`."""
        from mvsearch.search.mixing.through import PathMix

        names = [name_video(video) for video in list_played(videos)]
        asked = {"videos": names, "minutes": minutes, "mix_by": by, "in_key": harmonic}
        given = {**write_filter(filter), **asked, "seed": seed}
        return read(PathMix, self._server.send("POST", "mix-through", given))

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
