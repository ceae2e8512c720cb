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
class KeptResult:
    """A result as far as it is needed to play it.

    Attributes:
        path: absolute.
        start_seconds: of the moment; None where the video has none.
    """

    path: Path
    name: str
    start_seconds: float | None


def find_state_file() -> Path:
    """Where the last results are kept."""
    from platformdirs import user_state_path

    return user_state_path("mvsearch", appauthor=False) / "last-results.json"


def keep_results(results: "Iterable[Result]") -> None:
    """Remember what was found; a search does not fail where this cannot be written."""
    from mvsearch.search.output.files import write_output
    from mvsearch.search.output.report import name_video

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
        # What was searched for is nobody else's business.
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_output({file: data}, has_force=True)


def keep_page(page: str) -> Path:
    """Write the page of the last results where the browser finds it after this program's end.

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


def read_results() -> list[KeptResult]:
    """The results of the last search; what stands in the file is checked, not trusted.

    Raises:
        MvsearchError: there are none, or the file is not as it was written.
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


def _read_result(data: dict[str, Any]) -> KeptResult:
    """One result, of the types and in the ranges that are written.

    Raises:
        ValueError, LookupError, TypeError: it is not.
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
    return KeptResult(Path(path), name, start)
