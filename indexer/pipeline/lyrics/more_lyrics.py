"""Encodes the lyrics of a library in the spaces that it lacks, without its media."""

import threading
from collections.abc import Iterator

from mvsearch.indexer.encoders import Encoders, TextEncoder
from mvsearch.indexer.encoders.text.language import detect_language
from mvsearch.indexer.progress import Progress
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.records import Embeddings

VIDEOS_AT_ONCE = 64


def add_lyric_spaces(
    catalog: Catalog, encoders: Encoders, progress: Progress, stop: threading.Event
) -> None:
    """Encode the stored lines of videos that were indexed before their profile had an encoder.

    Args:
        catalog: of the library, whose lock is held.
        encoders: of its profile.
        progress: told once, where there is anything to do.
        stop: when set, no more is begun; what is done stays.
    """
    own = encoders.lyrics.spaces[0].key
    for encoder in encoders.more_lyrics:
        lacking = catalog.find_lacking(encoder.spaces[0].key, own)
        if not lacking:
            continue
        n = len(lacking)
        name = encoder.spaces[0].encoder
        progress.note(f"Encoding the lyrics of {n} video{'s' * (n > 1)} with {name} as well")
        for begin in range(0, n, VIDEOS_AT_ONCE):
            if stop.is_set():
                return
            made = dict(_encode(catalog, own, encoder, lacking[begin : begin + VIDEOS_AT_ONCE]))
            catalog.add_embeddings(made)
            catalog.note_languages({i: _detect(embeddings) for i, embeddings in made.items()})


def _encode(
    catalog: Catalog, own: str, encoder: TextEncoder, video_ids: list[str]
) -> Iterator[tuple[str, Embeddings]]:
    """The videos with what their lines are in an encoder's space."""
    for video_id in video_ids:
        known = catalog.embeddings(video_id, own)
        if known is not None:
            vectors = encoder.encode([segment.text for segment in known.segments])[0]
            yield video_id, Embeddings(encoder.spaces[0], known.segments, vectors)


def _detect(embeddings: Embeddings) -> str | None:
    return detect_language("\n".join(segment.text for segment in embeddings.segments))
