"""Index a folder, and make ready what the next search needs."""

import threading
from pathlib import Path
from typing import Unpack

from mvsearch.indexer.pipeline.inventory import explain_absence
from mvsearch.indexer.pipeline.run import index_folder
from mvsearch.indexer.pipeline.writer import Summary
from mvsearch.indexer.progress import count_steps
from mvsearch.search.api.arguments import IndexArguments, make_index_options
from mvsearch.search.api.session import Session
from mvsearch.search.api.watching import AnyProgress
from mvsearch.search.scoring.null_distribution import measure_backgrounds
from mvsearch.store.errors import CancelledError, MvsearchError, NoLibraryError


def index(
    session: Session,
    folder: Path,
    progress: AnyProgress,
    cancel: threading.Event | None,
    **arguments: Unpack[IndexArguments],
) -> Summary:
    """See `VideoLibrary.index`."""
    options = make_index_options(**arguments)
    if not folder.is_dir():
        raise MvsearchError(explain_absence(folder))
    _check_weights(session)
    with session.using(create=True) as library, session.watching(progress, cancel) as watched:
        encoders = session.engine(library).encoders
        summary = index_folder(
            folder, library, encoders, options, progress=watched, stop=watched.stop
        )
        if not summary.is_interrupted:
            encoders.release()  # the networks hold a hundred MB, and hardly any is used again
            try:
                measure_backgrounds(library, encoders, count_steps(watched, "measure"))
            except CancelledError:  # what is not measured is measured when it is needed
                summary.is_interrupted = True
    if summary.is_empty:
        below = "" if options.is_recursive else ", without the folders below it,"
        raise MvsearchError(
            f"{folder}{below} holds no video and no sound file; name the folder with your music"
            " videos"
        )
    return summary


def _check_weights(session: Session) -> None:
    """Refuse what could not be done before an empty library is made for it."""
    try:
        with session.using():
            return
    except NoLibraryError:
        session.load_encoders().check_weights()
