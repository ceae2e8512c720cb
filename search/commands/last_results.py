"""Stores the results of the last search, to play, show or refine them."""

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from mvsearch import VideoLibrary
    from mvsearch.search.results import Result, SearchResults

VERSION = 1
MAX_KEPT = 1000
MAX_BYTES = 16 * 2**20
MAX_SECONDS = 1e7


@dataclass(frozen=True, slots=True)
class StoredResult:
    """The fields of a result that are needed to play it.

    Attributes:
        path: absolute.
        start_seconds: of the best moment; None without one.
    """

    path: Path
    name: str
    start_seconds: float | None


def find_state_file() -> Path:
    """The file of the last results."""
    from platformdirs import user_state_path

    return user_state_path("mvsearch", appauthor=False) / "last-results.json"


def store_results(
    results: "Iterable[Result]", refined: "tuple[str, SearchResults] | None" = None
) -> None:
    """Store results for `mvsearch play`; errors are ignored, so that no search fails.

    Args:
        results: of a search.
        refined: the address of the library and the search, for `mvsearch refine`; None for what
            cannot be refined.
    """
    from mvsearch.search.output.files import write_output
    from mvsearch.search.output.text import name_video

    kept = []
    for result in list(results)[:MAX_KEPT]:
        moment = result.best_moment
        kept.append(
            {
                "path": str(result.video.path.absolute()),
                "name": name_video(result.video),
                "start_seconds": None if moment is None else moment.start_seconds,
            }
        )
    stored = {"version": VERSION, "results": kept, **({} if refined is None else _tell(*refined))}
    data = json.dumps(stored, default=str).encode()
    file = find_state_file()
    with suppress(MvsearchError, OSError):
        # The results are private.
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_output({file: data}, has_force=True)


def store_page(page: str) -> Path:
    """Store the page of the last results, so that the browser can read it after the program ends.

    Raises:
        MvsearchError: it cannot be written.
    """
    from mvsearch.search.output.files import write_output

    file = find_state_file().with_suffix(".html")
    write_output({file: page.encode()}, has_force=True)
    return file


def show_page(file: Path) -> None:
    """Open a page in the browser.

    Raises:
        MvsearchError: there is no browser.
    """
    import webbrowser

    if not webbrowser.open(file.absolute().as_uri()):
        raise MvsearchError(f"no browser was found; the page is {file}")


def read_results() -> list[StoredResult]:
    """Read the results of the last search, and validate them.

    Raises:
        MvsearchError: there are none, or the file is invalid.
    """
    with _reading("play") as data:
        return [_read_result(one) for one in data["results"][:MAX_KEPT]]


def find_last_session(library: "VideoLibrary") -> str:
    """The name of the session of the last search; one without a name becomes `last`.

    Raises:
        MvsearchError: there is none, or it was in another library.
    """
    from mvsearch.search.api.feedback.last import read_search

    with _reading("refine") as data:
        if "library" not in data:
            raise MvsearchError("the last search cannot be refined: name a session")
        if data["library"] != library.address:
            raise MvsearchError(
                f"the last search was in the library {data['library']}: name a session, or say"
                " --library"
            )
        if data["session"] is not None:
            return str(data["session"])
        return library.keep_session("last", read_search(library, data["asked"]), replace=True).name


def _tell(library: str, results: "SearchResults") -> dict[str, Any]:
    """What is stored to refine a search: the name of its session, or what it asked."""
    from mvsearch.search.api.feedback.last import write_search

    session = None if results.session is None else results.session.name
    asked = None if session is not None else write_search(results)
    if session is None and asked is None:
        return {}
    return {"library": library, "session": session, "asked": asked}


@contextmanager
def _reading(what: str) -> Iterator[dict[str, Any]]:
    """The file of the last results.

    Raises:
        MvsearchError: there is none, or it is invalid.
    """
    file = find_state_file()
    try:
        if not file.is_file():
            raise MvsearchError(f"there are no results to {what} yet: run mvsearch search first")
        if file.stat().st_size > MAX_BYTES:
            raise ValueError("too large")
        data = json.loads(file.read_bytes())
        if data["version"] != VERSION:
            raise ValueError("of another version")
        yield data
    except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise MvsearchError(f"{file} cannot be read: search again") from error


def _read_result(data: dict[str, Any]) -> StoredResult:
    """Validate one stored result.

    Raises:
        ValueError, LookupError, TypeError: a type or value is invalid.
    """
    path, name, start = data["path"], data["name"], data["start_seconds"]
    if not (isinstance(path, str) and isinstance(name, str)) or "\0" in path:
        raise ValueError("no path")
    if not Path(path).is_absolute():
        raise ValueError("a path that depends on the folder")
    if start is not None:
        start = float(start)
        if not (math.isfinite(start) and 0 <= start <= MAX_SECONDS):
            raise ValueError("no time")
    return StoredResult(Path(path), name, start)
