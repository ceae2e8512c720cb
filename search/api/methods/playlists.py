"""Playlists of a library: stored ones, chains of similar songs, and mixes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from mvsearch.search.api.arguments import SearchArguments, list_played, make_search_options
from mvsearch.search.api.methods.contents import Contents
from mvsearch.search.results import Result
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import MvsearchError, VideoNotFoundError
from mvsearch.store.records import Video
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from mvsearch.search.mixing.points import MixBy
    from mvsearch.search.mixing.through import PathMix
    from mvsearch.search.mood.mix import Mix, MoodOrPoint
    from mvsearch.store.documents import Document
    from mvsearch.store.library import Library

MAX_PLAYLISTS = 1000
MAX_VIDEOS = 10_000
MAX_NAME_LETTERS = 100


class Playlists(Contents):
    """The playlists of an open library."""

    def chain(
        self,
        played: str | Video | Sequence[str | Video],
        *,
        length: int = 10,
        filter: Filter = Filter(),
        **arguments: Unpack[SearchArguments],
    ) -> list[Result]:
        """Choose songs to follow others, each similar to the one before.

        No song follows that was played, nor a copy or another version of the same title; no artist
        is repeated until all were played.

        Args:
            played: the first song, or all songs of the chain so far; the next is similar to the
                last.
            length: the number of songs to add; there are fewer where all were played.
            filter: selects the songs.
            **arguments: see `SearchArguments`.

        Raises:
            MvsearchError: the library is empty, or there is no such video.
        """
        from mvsearch.search.chain import continue_chain

        names = list_played(played)
        with self._session.using() as library:
            engine = self._session.engine(library)
            options = make_search_options(engine.encoders, **arguments)
            videos = [self.find(name) for name in names]
            return continue_chain(engine, videos, length, options, filter)

    def mix(
        self,
        start: "MoodOrPoint",
        end: "MoodOrPoint",
        minutes: float = 60.0,
        *,
        filter: Filter = Filter(),
    ) -> "Mix":
        """Mix songs along a straight curve from one mood to another, by the moods of their sound.

        No song is repeated, nor a copy or another version of the same title; no artist is repeated
        while others are left. The length is met within 5 %, or 30 s; where the songs do not
        suffice, the mix is shorter and its notes say so.

        Args:
            start: "calm", "energetic", "happy", "sad" or "tense"; or valence and arousal from 0 to
                1, as numbers or as ".3,.8".
            end: likewise.
            minutes: up to a day.
            filter: selects the songs.

        Raises:
            QueryError: there is no such mood, or no song whose mood is known.
            MvsearchError: the library is empty, closed or does not exist.
        """
        from mvsearch.search.mood.mix import mix_songs, read_point

        points = read_point(start), read_point(end)
        with self._session.using() as library:
            return mix_songs(library, *points, minutes, filter)

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
        """Mix songs along a path through videos, each song near the one before.

        From one video the mix leads away from it; several are visited in this order. No song is
        repeated, nor a copy or another version of the same title, and no artist while others are
        left. No step is longer than the 90th percentile of the distances between neighbours in the
        library, where it allows that; the notes of the mix say where not.

        Args:
            videos: see `find`; they need not pass the filter.
            minutes: up to a day; it is met within 5 %, or 30 s, where the songs suffice.
            by: what is alike from song to song: "look", "sound", "lyrics" or "mood".
            harmonic: whether each key goes with the one before.
            seed: another one, another mix; the same one, the same mix.
            filter: selects the songs between.

        Raises:
            QueryError: a value is out of range, or a video lacks what is compared.
            VideoNotFoundError: there is no such video.
            MvsearchError: the library is empty, closed or does not exist.
        """
        from mvsearch.search.mixing.through import PathOptions, mix_through

        options = PathOptions(minutes, by, harmonic, seed)
        names = list_played(videos)
        with self._session.using() as library:
            return mix_through(library, [self.find(name) for name in names], options, filter)

    def playlists(self) -> dict[str, list[Video]]:
        """The stored playlists by name; videos that have left the library are passed over.

        Raises:
            LibraryDamagedError: their file cannot be read.
        """
        with self._session.using() as library:
            stored = open_playlists(library).read()
            known = library.catalog.some_videos([*{one for ids in stored.values() for one in ids}])
            return {
                name: [known[one] for one in ids if one in known] for name, ids in stored.items()
            }

    def save_playlist(
        self, name: str, videos: Sequence[str | Video], *, replace: bool = False
    ) -> None:
        """Store a playlist in the library's folder.

        Args:
            name: up to 100 letters.
            videos: see `find`.
            replace: whether one of this name may be replaced.

        Raises:
            MvsearchError: the name is taken or invalid, there are too many videos or playlists, or
                the folder cannot be written.
        """
        with self._session.using() as library:
            _check_count(len(videos))
            ids = [self.find(video).id for video in videos]
            with open_playlists(library).changing() as stored:
                if name in stored and not replace:
                    raise MvsearchError(f"there is a playlist called {printable(name)} already")
                _put(stored, name, ids)

    def mark(self, name: str, video: str | Video, *, is_in: bool = True) -> None:
        """Add a video to the end of a playlist, or take it out; a missing playlist is made.

        Raises:
            MvsearchError: there is no such video, the name is invalid, the playlist is full, there
                are too many, or the folder cannot be written.
        """
        with self._session.using() as library:
            video_id = self.find(video).id
            with open_playlists(library).changing() as stored:
                ids = [one for one in stored.get(name, []) if one != video_id]
                _put(stored, name, [*ids, video_id] if is_in else ids)

    def delete_playlist(self, name: str) -> None:
        """Delete a playlist; its videos are kept.

        Raises:
            VideoNotFoundError: there is no such playlist.
        """
        with self._session.using() as library, open_playlists(library).changing() as stored:
            if stored.pop(name, None) is None:
                raise VideoNotFoundError(f"there is no playlist called {printable(name)}")


def open_playlists(library: "Library") -> "Document[dict[str, list[str]]]":
    """The playlists of a library."""
    from mvsearch.store.documents import Document

    return Document(library.files, "playlists", _parse, is_read_only=library.is_read_only)


def _parse(given: Any) -> dict[str, list[str]]:
    """The ids of each playlist, out of JSON."""
    from mvsearch.store.documents import check_ids

    return {_check_name(name): check_ids(ids) for name, ids in dict(given or {}).items()}


def _put(stored: dict[str, list[str]], name: str, ids: list[str]) -> None:
    """Store a playlist, within the bounds."""
    _check_count(len(ids))
    if _check_name(name) not in stored and len(stored) >= MAX_PLAYLISTS:
        raise MvsearchError(f"there are at most {MAX_PLAYLISTS} playlists")
    stored[name] = ids


def _check_count(n_videos: int) -> None:
    if n_videos > MAX_VIDEOS:
        raise MvsearchError(f"a playlist has at most {MAX_VIDEOS} videos")


def _check_name(name: str) -> str:
    if not 0 < len(name.strip()) <= len(name) <= MAX_NAME_LETTERS or printable(name) != name:
        raise MvsearchError(f"the name of a playlist has 1 to {MAX_NAME_LETTERS} letters")
    return name
