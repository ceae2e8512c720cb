"""Analyses the media of a part of a query, as files of the library are analysed."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.query.query import QueryPart, Section, check_file
from mvsearch.store.errors import MediaError, QueryError
from mvsearch.store.records import Embeddings, Modality

Analyse = Callable[[QueryPart, Encoders, Collection[Modality]], Sequence[Embeddings]]


def analyse_part(
    part: QueryPart, encoders: Encoders, modalities: Collection[Modality]
) -> Sequence[Embeddings]:
    """Analyse a query file as files of the library are analysed.

    Raises:
        MediaError: the file cannot be used.
    """
    # Only a query with a file needs the decoders.
    from mvsearch.indexer.encoders.audio.landmarks import QUERY_PEAKS
    from mvsearch.indexer.features.analysis import AnalysisOptions, analyse_file, analyse_image

    section = part.section or Section()
    options = AnalysisOptions(
        start_seconds=section.start_seconds,
        end_seconds=section.end_seconds,
        n_peaks=QUERY_PEAKS,
    )
    with part.opened() as file:
        if part.kind == "image":
            return analyse_image(file, encoders)
        return analyse_file(file, encoders, options, stages=tuple(modalities)).embeddings


@contextmanager
def reading(part: QueryPart) -> Iterator[None]:
    """Tell of a part that its file is missing, or cannot be used.

    Raises:
        QueryError: either of them.
    """
    if part.media is None:
        check_file(part.path, part.value)
    try:
        yield
    except MediaError as error:
        raise QueryError(f"cannot read {part.name}: {error}") from error


def analyse_once() -> Analyse:
    """An analysis for one query that is answered in several ways: a file is decoded only once."""
    kept: dict[tuple[QueryPart, tuple[Modality, ...]], Sequence[Embeddings]] = {}

    def analyse(
        part: QueryPart, encoders: Encoders, modalities: Collection[Modality]
    ) -> Sequence[Embeddings]:
        key = (part, tuple(modalities))
        if key not in kept:
            kept[key] = analyse_part(part, encoders, modalities)
        return kept[key]

    return analyse
