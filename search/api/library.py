"""A library of music videos: index, search and report."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

from mvsearch.search.api.arguments import (
    IndexArguments,
    SearchArguments,
    TranscribeArguments,
    make_search_options,
    settle_arguments,
)
from mvsearch.search.api.feedback.sessions import FeedbackSessions
from mvsearch.search.api.lyrics.fits import LyricFits
from mvsearch.search.api.methods.encoders import LibraryEncoders
from mvsearch.search.api.methods.fitting import Fitting
from mvsearch.search.api.methods.layouts import Maps
from mvsearch.search.api.methods.media import MediaFiles
from mvsearch.search.api.methods.moods import Moods
from mvsearch.search.api.methods.playlists import Playlists
from mvsearch.search.api.methods.reports import Reports
from mvsearch.search.api.methods.reviews import Reviews
from mvsearch.search.api.session import Session
from mvsearch.search.api.watching import AnyProgress
from mvsearch.search.query.make_query import Many, Sided, Words, make_query
from mvsearch.search.query.query import Query
from mvsearch.search.results import Result, SearchResults
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.opening import Address, AnyPath, expand_home, find_address, parse_address
from mvsearch.store.records import Video

if TYPE_CHECKING:
    from mvsearch.indexer.encoders import Encoders
    from mvsearch.indexer.pipeline.summary import Summary
    from mvsearch.search.query.encode import Made
    from mvsearch.search.temporal.expression import Expression


def open_library(
    folder: AnyPath | None = None, *, profile: str | None = None, read_only: bool = False
) -> "VideoLibrary":
    """Open a library; in a new folder only `index` creates one.

    Args:
        folder: of the library, or its address in PostgreSQL, such as
            `postgresql+psycopg://user@host/database`; None for `$MVSEARCH_LIBRARY`, else the
            platform's data folder.
        profile: "embedded", "sound", "paper", "semantic" or that of a plug-in; None for the
            profile of the library, or "embedded" for a new one.
        read_only: whether nothing is written, neither to the library nor to its indexes; stale
            indexes are then built in memory.

    Raises:
        LibraryDamagedError: the library cannot be read.
        EncoderMismatchError: the library has another profile.
        MvsearchError: the profile is unknown.
    """
    return VideoLibrary(find_address(folder), profile=profile, read_only=read_only)


def find_source(library: "VideoLibrary") -> Address:
    """The address by which a library was opened, with its password; never to be shown."""
    return library._session.source


class VideoLibrary(
    Reports,
    MediaFiles,
    Maps,
    Playlists,
    FeedbackSessions,
    Reviews,
    Fitting,
    Moods,
    LyricFits,
    LibraryEncoders,
):
    """An open library; any number of threads may use it at once.

    Indexes, networks and null distributions stay in memory. The next call sees what another process
    has indexed. `close`, or the end of `with`, waits for running calls.

    Args:
        folder: see `open_library`; `~` is the home folder.
        profile: see `open_library`.
        load_encoders: creates the encoders of a profile; for your own encoders.
        read_only: see `open_library`.
    """

    def __init__(
        self,
        folder: AnyPath,
        *,
        profile: str | None = None,
        load_encoders: "Callable[[str], Encoders] | None" = None,
        read_only: bool = False,
    ) -> None:
        self._session = Session(
            parse_address(folder), profile, load_encoders, is_read_only=read_only
        )

    @property
    def folder(self) -> Path:
        """The folder of the library; of one in PostgreSQL, that of what can be made again."""
        return self._session.folder

    @property
    def address(self) -> str:
        """What opens the library: its folder, or the address of its database without a password."""
        return self._session.address

    @property
    def profile(self) -> str:
        """The name of the profile."""
        with self._session.using() as library:
            return self._session.engine(library).encoders.name

    def index(
        self,
        *paths: AnyPath,
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
        vectors: str | None = None,
        **arguments: Unpack[IndexArguments],
    ) -> "Summary":
        """Index folders and files: only new and changed files are processed.

        Creates the library if there is none. Finished work is kept after an interruption. Removed
        videos stay removed until their file is named here, or with `include_removed`.

        Args:
            *paths: folders and media files.
            progress: a function that takes a line, such as `print`, or a `Progress` object.
            cancel: when set, ends the run within a second or two, as `close` does; the summary
                then has `is_interrupted`.
            vectors: what searches the vectors of a library in PostgreSQL, from now on: "pgvector",
                "faiss" or the address of Milvus; None for that of the library.
            **arguments: see `IndexArguments`.

        Raises:
            MvsearchError: a path does not exist, there are no media, another process is writing to
                the library, or weights are missing.
        """
        from mvsearch.search.api.methods.indexing import index

        places = [expand_home(path) for path in paths]
        return index(self._session, places, progress, cancel, vectors, **arguments)

    def transcribe(
        self,
        *videos: str | Video,
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
        **arguments: Unpack[TranscribeArguments],
    ) -> "Summary":
        """Transcribe the lyrics that no other source had, such as after `lyrics="later"`.

        Finished videos are kept after an interruption.

        Args:
            *videos: see `find`; these are transcribed whatever lyrics they have. None for all
                videos whose lyrics are pending.
            progress: see `index`.
            cancel: when set, ends the run after the windows that are being decoded.
            **arguments: see `TranscribeArguments`.

        Returns:
            The summary; `transcribed` is the number of videos.

        Raises:
            MvsearchError: another process is writing to the library, or the weights of Whisper are
                missing.
        """
        from mvsearch.search.api.methods.indexing import transcribe

        return transcribe(self._session, videos, progress, cancel, **arguments)

    def search(
        self,
        query: "Query | Expression | str | None" = None,
        *,
        text: Words = None,
        lyric: Words = None,
        ocr: Words = None,
        image: Many = None,
        clip: Many = None,
        audio: Many = None,
        like: Many = None,
        look_of: Sided = None,
        sound_of: Sided = None,
        lyrics_of: Sided = None,
        not_text: Words = None,
        unlike: Sided = None,
        tag: Words = None,
        filter: Filter = Filter(),
        memory: "Made | None" = None,
        **arguments: Unpack[SearchArguments],
    ) -> SearchResults:
        """Find the videos that match a query best, with moments and reasons.

        Several parts are combined; each part is one value or a list of values.

        Args:
            query: a `Query`, an expression of parts that lie in time, or words as for `text`.
            text: words that describe pictures, lyrics or sound, or that are shown.
            lyric: a lyric line.
            ocr: words that the picture shows.
            image: a picture: a path, bytes, a Pillow image, or (height, width, 3) uint8 RGB.
            clip: a piece of video with its sound: a path, bytes, `Frames`, or a `Clip` of these.
            audio: a piece of sound: a path, bytes, `Samples`, or a `Clip` of these.
            like: a video of the library, or a `Clip` of one.
            look_of: likewise, of which the picture alone counts; or a query of one picture or clip.
            sound_of: likewise, of which the sound alone counts; or a query of one clip or sound.
            lyrics_of: likewise, of which the lyrics alone count.
            not_text: words; videos that they describe or that hold them are pushed down.
            unlike: a video of the library, or a `Clip` of one, or a query of one picture, clip or
                sound; videos that are like it are pushed down.
            tag: only videos with this tag.
            filter: selects the videos to compare; without query parts, all of them are results.
            memory: a dict of this library that keeps encoded words and media in memory, so that the
                same parts are not encoded again, such as with other weights.
            **arguments: see `SearchArguments`.

        Raises:
            QueryError: the query is invalid, cannot be read, or the library cannot answer it.
            MvsearchError: the library is empty, closed or does not exist.
        """
        from mvsearch.search.api.notes import list_notes

        asked = make_query(
            query, text=text, lyric=lyric, ocr=ocr, image=image, clip=clip, audio=audio, like=like,
            look_of=look_of, sound_of=sound_of, lyrics_of=lyrics_of, not_text=not_text,
            unlike=unlike, tag=tag, filter=filter,
        )  # fmt: skip
        with self._session.using() as library:
            engine = self._session.engine(library)
            given = settle_arguments(asked, arguments)
            options = make_search_options(engine.encoders, **given)
            found = tuple(engine.search(asked, options, made=memory))
            return SearchResults(asked, options, found, list_notes(asked, library.catalog))

    def search_many(
        self,
        queries: "Iterable[Query | Expression | str]",
        *,
        filter: Filter = Filter(),
        **arguments: Unpack[SearchArguments],
    ) -> list[SearchResults]:
        """Run several queries like `search`; the first error ends the call."""
        return [self.search(query, filter=filter, **arguments) for query in queries]

    def similar(
        self,
        video: str | Video,
        *,
        filter: Filter = Filter(),
        **arguments: Unpack[SearchArguments],
    ) -> list[Result]:
        """Find the videos most similar to one of the library.

        Args:
            video: see `find`; it need not pass the filter.
            filter: selects the videos to compare.
            **arguments: see `SearchArguments`.

        Raises:
            MvsearchError: there is no such video.
        """
        with self._session.using() as library:
            engine = self._session.engine(library)
            options = make_search_options(engine.encoders, **arguments)
            return engine.similar(self.find(video), options, filter)

    def close(self) -> None:
        """Refuse further calls, interrupt index runs, wait for the other calls, and close."""
        self._session.close()

    def __enter__(self) -> Self:
        """The library itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
