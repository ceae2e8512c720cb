"""Stores the results of the last search, to play or show them."""

import json
import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mvsearch.store.errors import MvsearchError

if TYPE_CHECKING:
    from mvsearch.search.results import Result

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


def store_results(results: "Iterable[Result]") -> None:
    """Store results for `mvsearch play`; errors are ignored, so that no search fails."""
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
    data = json.dumps({"version": VERSION, "results": kept}).encode()
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
    file = find_state_file()
    try:
        if not file.is_file():
            raise MvsearchError("there are no results to play yet: run mvsearch search first")
        if file.stat().st_size > MAX_BYTES:
            raise ValueError("too large")
        data = json.loads(file.read_bytes())
        if data["version"] != VERSION:
            raise ValueError("of another version")
        return [_read_result(one) for one in data["results"][:MAX_KEPT]]
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
