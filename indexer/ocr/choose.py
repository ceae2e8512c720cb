"""Opens the reader of text that is installed."""

from importlib.util import find_spec

from mvsearch.indexer.ocr.rapid_reader import RapidReader
from mvsearch.indexer.ocr.reader import TextReader
from mvsearch.indexer.progress import Progress
from mvsearch.store.distribution import name_install
from mvsearch.store.errors import WeightsMissingError

EXTRA = "ocr"


def is_installed() -> bool:
    """Whether RapidOCR is installed; it is not imported."""
    return find_spec("rapidocr") is not None


def explain_absence() -> str:
    """One line: what is missing, and how to install it."""
    what = "reading text in pictures needs RapidOCR, which is not installed"
    return f"{what}; type: {name_install(EXTRA)}"


def open_reader() -> TextReader:
    """Open the reader of text.

    Raises:
        WeightsMissingError: RapidOCR is not installed, or its networks are others.
    """
    if not is_installed():
        raise WeightsMissingError(explain_absence())
    return RapidReader()


def choose_reader(*, is_needed: bool, progress: Progress) -> TextReader | None:
    """Open the reader of text; None, and a note, if it cannot be opened and is not needed.

    Raises:
        WeightsMissingError: it cannot be opened and is needed.
    """
    try:
        return open_reader()
    except WeightsMissingError as error:
        if is_needed:
            raise
        progress.note(f"The text in the picture of new videos is not read: {error}")
        return None
