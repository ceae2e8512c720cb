"""Indexes and transcribes, and prepares the next search."""

import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Unpack

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.media.files.scan import check_places
from mvsearch.indexer.pipeline.lyrics.transcription import transcribe_library
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.indexer.pipeline.summary import Summary
from mvsearch.indexer.progress import count_steps
from mvsearch.search.api.arguments import (
    IndexArguments,
    TranscribeArguments,
    make_index_options,
    make_transcription_options,
)
from mvsearch.search.api.session import Session
from mvsearch.search.api.watching import AnyProgress, Watched
from mvsearch.search.scoring.null_distribution import measure_distributions
from mvsearch.store.errors import CancelledError, MvsearchError, NoLibraryError
from mvsearch.store.library import Library
from mvsearch.store.records import Video


def index(
    session: Session,
    paths: Sequence[Path],
    progress: AnyProgress,
    cancel: threading.Event | None,
    vectors: str | None,
    **arguments: Unpack[IndexArguments],
) -> Summary:
    """See `VideoLibrary.index`."""
    options = make_index_options(**arguments)
    check_places(paths)
    if vectors is not None:
        Library.check_vectors(session.source, vectors)
    _check_weights(session)
    with session.using(create=True) as library, session.watching(progress, cancel) as watched:
        if vectors is not None:
            library.choose_vectors(vectors)
        encoders = session.engine(library).encoders
        with closing(options.executor):
            summary = index_paths(
                paths, library, encoders, options, progress=watched, stop=watched.stop
            )
        _prepare_search(library, encoders, summary, watched)
    if summary.is_empty:
        raise MvsearchError(_explain_emptiness(paths, summary, is_recursive=options.is_recursive))
    return summary


def transcribe(
    session: Session,
    videos: Sequence[str | Video],
    progress: AnyProgress,
    cancel: threading.Event | None,
    **arguments: Unpack[TranscribeArguments],
) -> Summary:
    """See `VideoLibrary.transcribe`."""
    options = make_transcription_options(**arguments)
    with session.using() as library, session.watching(progress, cancel) as watched:
        encoders = session.engine(library).encoders
        find = library.catalog.find_video
        ids = {find(name).id if isinstance(name, str) else name.id for name in videos}
        summary = transcribe_library(
            library, encoders, ids or None, options, progress=watched, stop=watched.stop
        )
        _prepare_search(library, encoders, summary, watched)
    return summary


def _prepare_search(
    library: Library, encoders: Encoders, summary: Summary, watched: Watched
) -> None:
    """Measure null distributions after a run that was not interrupted."""
    if summary.is_interrupted:
        return
    try:
        measure_distributions(library, encoders, count_steps(watched, "measure"))
    except CancelledError:  # the rest is measured by the first search
        summary.is_interrupted = True
    encoders.release()  # the networks take a hundred MB, and phrases were the last to need them


def _explain_emptiness(paths: Sequence[Path], summary: Summary, *, is_recursive: bool) -> str:
    """The message for folders without media."""
    shown = ", ".join(str(path) for path in paths[:3]) + (", …" if len(paths) > 3 else "")
    below = "" if is_recursive else ", without the folders below it,"
    verb = "has" if len(paths) == 1 else "have"
    ignored = f", besides {summary.ignored} ignored by .mvsearchignore" if summary.ignored else ""
    return (
        f"{shown}{below} {verb} no video and no sound file{ignored}; name the folder with your"
        " music videos"
    )


def _check_weights(session: Session) -> None:
    """Check the weights of a new library before it is created."""
    try:
        with session.using():
            return
    except NoLibraryError:
        session.load_encoders().check_weights()
