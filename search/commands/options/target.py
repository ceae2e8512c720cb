"""Refuses unsafe output files before any work is done."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mvsearch import VideoLibrary


def check_target(out: Path | None, library: "VideoLibrary", *, has_force: bool) -> None:
    """Refuse an existing file without `--force`, and every video of the library.

    Raises:
        MvsearchError: the file must not be written.
    """
    from mvsearch.search.output.files import check_output

    if out is not None:
        check_output(out, has_force=has_force, is_media=library.holds_file)
