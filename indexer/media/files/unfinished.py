"""Detects files that are still being written, such as running downloads."""

import errno
import os
import re
import sys
import time
from collections.abc import Collection
from pathlib import Path

from mvsearch.indexer.media.files.naming import clean_text

# Names of unfinished files: of yt-dlp (also while it muxes), browsers, WinSCP and torrent clients,
# and temporary files.
_NAME = re.compile(
    r".*\.(?:(?:part|crdownload|download|opdownload|partial|filepart|!qb|!ut|tmp|temp)"
    r"(?:-frag\d{1,9})?|temp\.[a-z0-9]{2,5})",
    re.IGNORECASE | re.DOTALL,
)
# A file that is being written changes every few seconds. Torrent clients keep finished files open.
RECENT_SECONDS = 60.0
MAX_NAMES = 3


def is_download_name(path: Path) -> bool:
    """Return whether a name is that of an unfinished download, such as `Song.mp4.part`."""
    return _NAME.fullmatch(path.name) is not None


def is_being_written(path: Path, mtime_ns: int) -> bool:
    """Return whether a file changed in the last minute and a program has it open for writing.

    It is detected on Linux, for files of the same user, by a refused read lease (`fcntl(2)`,
    F_SETLEASE). Elsewhere the result is False, and only `has_changed` detects such files.
    """
    if not sys.platform.startswith("linux") or time.time() - mtime_ns / 1e9 > RECENT_SECONDS:
        return False
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def is_fresh(path: Path, settle_seconds: float) -> bool:
    """Return whether a file was written or moved here within the last seconds.

    By the time of its last change, which no program can set, except on Windows. A time in the
    future, by a clock that was wrong, does not count.
    """
    if settle_seconds <= 0:
        return False
    try:
        found = path.stat()
    except OSError:
        return False
    changed = found.st_mtime if sys.platform == "win32" else found.st_ctime
    return 0 <= time.time() - changed < settle_seconds


def has_changed(path: Path, size: int, mtime_ns: int) -> bool:
    """Return whether an existing file has another size or modification time than before."""
    try:
        found = path.stat()
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) != (size, mtime_ns)


def explain_unfinished(paths: Collection[Path]) -> str:
    """Return one printable line that names unfinished files and says what to do."""
    names = sorted(clean_text(os.fsencode(path.name).decode("utf-8", "replace")) for path in paths)
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    are = "is" if len(names) == 1 else "are"
    return f"{', '.join(names[:MAX_NAMES])}{more} {are} still being written; index again later"
