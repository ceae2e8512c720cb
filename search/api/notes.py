"""Notes to the user on what a query cannot find."""

from mvsearch.indexer.encoders import find_languages
from mvsearch.indexer.encoders.text.language import detect_language
from mvsearch.indexer.lyrics.files.languages import name_language
from mvsearch.search.query.query import Query
from mvsearch.store.catalog.writing import Catalog


def list_notes(query: Query, catalog: Catalog) -> tuple[str, ...]:
    """A line for each language of the query's words that no encoder of the lyrics knows.

    Args:
        query: a search.
        catalog: of the library; no note where it has no encoder for several languages.
    """
    known = {
        space.encoder: find_languages(space.encoder)
        for space in catalog.spaces()
        if space.modality == "lyrics"
    }
    most = max(known.items(), key=lambda one: len(one[1]), default=("", frozenset[str]()))
    encoder, languages = most
    words = [part.value for part in query.parts if part.kind in ("text", "lyric")]
    if not languages or not words:
        return ()
    spoken = dict.fromkeys(detect_language(text) for text in words)
    return tuple(
        f"the words look like {name_language(code)}, which {encoder} does not know: lyrics in other"
        " languages are hardly found by them"
        for code in spoken
        if code is not None and code not in languages
    )
