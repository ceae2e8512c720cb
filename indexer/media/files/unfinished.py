"""Detects files that are still being written, such as running downloads."""

import errno
import os
import re
import sys
import time
from collections.abc import Collection
from pathlib import Path

from mvsearch.indexer.media.files.naming import clean_text

# How programs call a file until it is whole: yt-dlp (also while it joins sound and picture),
# browsers, WinSCP, torrents, and anyone's temporary file.
_NAME = re.compile(
    r".*\.(?:(?:part|crdownload|download|opdownload|partial|filepart|!qb|!ut|tmp|temp)"
    r"(?:-frag\d{1,9})?|temp\.[a-z0-9]{2,5})",
    re.IGNORECASE | re.DOTALL,
)
# Who writes a video does so every few seconds; who shares a whole one may keep it open for days.
RECENT_SECONDS = 60.0
MAX_NAMES = 3


def is_download_name(path: Path) -> bool:
    """Whether a name is one that programs give to what is not whole, such as `Song.mp4.part`."""
    return _NAME.fullmatch(path.name) is not None


def is_being_written(path: Path, mtime_ns: int) -> bool:
    """Whether a file changed just now and some program has it open for writing.

    Linux tells, where the file is ours: a lease for reading is refused (`fcntl(2)`, F_SETLEASE).
    Elsewhere the answer is no, and only growth gives such a file away.
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


def has_changed(path: Path, size: int, mtime_ns: int) -> bool:
    """Whether a file that is still there is no longer what it was."""
    try:
        found = path.stat()
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) != (size, mtime_ns)


def explain_unfinished(paths: Collection[Path]) -> str:
    """One printable line: which files were left, and what to do."""
    names = sorted(clean_text(os.fsencode(path.name).decode("utf-8", "replace")) for path in paths)
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    are = "is" if len(names) == 1 else "are"
    return f"{', '.join(names[:MAX_NAMES])}{more} {are} still being written; index again later"
