"""Waits for changes of files in folders, told by the system where it can."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from mvsearch.indexer.media.files.unfinished import is_download_name

# File systems of other machines, whose changes the system does not tell.
_REMOTE = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "fuse.rclone", "afs", "ceph")
DEBOUNCE_MS = 1600


class FileEvents:
    """Whether files of folders have changed, by watchfiles (inotify and its like).

    Events only make sweeps come sooner: what the system does not tell is found at the interval.

    Args:
        folders: to watch, with their subfolders.
        left_out: a folder whose changes do not count, such as that of the library.
    """

    def __init__(self, folders: Sequence[Path], left_out: Path) -> None:
        # Resolved, as events are told by the path that is watched.
        self._folders = [Path(os.path.realpath(one)) for one in folders if is_folder(one)]
        self._left_out = Path(os.path.realpath(left_out))
        self._changed = threading.Event()
        self._end = threading.Event()
        self.problem = find_remote(self._folders)

    def start(self) -> None:
        """Begin to listen, in a thread of its own."""
        try:
            import watchfiles  # noqa: F401  whether it is there
        except ModuleNotFoundError:
            self.problem = (
                "changes are found at sweeps alone; to find them at once, type: pip install"
                " 'music-video-search[watch]'"
            )
            return
        if self._folders:
            threading.Thread(target=self._listen, name="file events", daemon=True).start()

    def stop(self) -> None:
        """End."""
        self._end.set()
        self._changed.set()

    def wait(self, seconds: float) -> bool:
        """Wait for a change at most so long; returns whether there was one since the last call."""
        is_changed = self._changed.wait(seconds)
        self._changed.clear()
        return is_changed

    def _listen(self) -> None:
        import watchfiles

        try:
            for _ in watchfiles.watch(
                *self._folders,
                watch_filter=self._counts,
                debounce=DEBOUNCE_MS,
                stop_event=self._end,
                rust_timeout=1000,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                self._changed.set()
        except (OSError, RuntimeError) as error:  # such as the limit of inotify
            self.problem = f"the system tells no changes ({error}): they are found at sweeps alone"

    def _counts(self, change: object, path: str) -> bool:
        """Whether a change may be one of media or of what belongs to them."""
        file = Path(path)
        return not (self._left_out in file.parents or is_download_name(file))


def is_folder(place: Path) -> bool:
    """Whether there is a folder; none for us is one that may not be looked at."""
    try:
        return place.is_dir()
    except OSError:
        return False


def find_remote(folders: Sequence[Path]) -> str:
    """Say which folders lie on a file system of another machine; empty for none."""
    try:
        lines = Path("/proc/self/mounts").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    mounts = {parts[1]: parts[2] for line in lines if len(parts := line.split()) > 2}
    for folder in folders:
        places = (str(one) for one in (folder, *folder.parents))
        kind = next((mounts[place] for place in places if place in mounts), "")
        if kind in _REMOTE:
            return f"{folder} lies on another machine ({kind}): changes are found at sweeps alone"
    return ""
