"""Fetches lyrics of a video from a service that the user names, or from what it answered before."""

from mvsearch.indexer.lyrics.fetching.asking import Asker
from mvsearch.indexer.lyrics.fetching.cache import AnswerCache
from mvsearch.indexer.lyrics.fetching.lrclib import (
    ADDRESS,
    NAME,
    VARIABLE,
    Wanted,
    ask_lrclib,
    read_entry,
)
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Lyrics, Video

SERVICES = (NAME,)
# One for the process, so that its questions are apart whoever asks.
_ASKER = Asker("LRCLIB", VARIABLE, ADDRESS)


def check_service(service: str) -> None:
    """Refuse a service that is not known.

    Raises:
        QueryError: it is not one of `SERVICES`.
    """
    if service not in SERVICES:
        raise QueryError(f"there is no lyrics service {service[:40]!r}; there is {SERVICES[0]}")


def fetch_lyrics(
    library: Library, video: Video, service: str, asker: Asker | None = None
) -> list[Lyrics]:
    """Lyrics with times of a video's song, the likeliest first; none if the service has none.

    Artist and title are sent, and nothing else. The answer is kept in the library's folder.

    Args:
        library: that holds the video.
        video: with an artist.
        service: one of `SERVICES`.
        asker: asks the service.

    Raises:
        QueryError: the service is not known, or the video has no artist.
        ServerError: the service cannot be asked.
    """
    check_service(service)
    if not video.artist:
        raise QueryError(f"the artist of {video.title!r} is not known, so no service can be asked")
    wanted = Wanted(video.artist, video.title, video.duration_seconds)
    cache = AnswerCache(library.folder, is_read_only=library.is_read_only)
    entries = cache.read(wanted)
    if entries is None:
        entries = ask_lrclib(wanted, asker or _ASKER)
        cache.write(wanted, entries)
    return [found for entry in entries if (found := read_entry(entry)) is not None]
