"""Writes output files for the user, and replaces existing ones only on request."""

import os
import secrets
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from mvsearch.indexer.media.files.containers import HEAD_BYTES, has_media_signature
from mvsearch.store.errors import MvsearchError

IsMedia = Callable[[Path], bool]
# The content of a file, or a function that writes it.
Content = bytes | Callable[[BinaryIO], None]


def check_output(
    *paths: Path,
    has_force: bool = False,
    is_media: IsMedia | None = None,
    may_replace: IsMedia | None = None,
    makes_folder: bool = False,
) -> None:
    """Check that files can and may be written, before any work is done.

    Args:
        paths: of the files.
        has_force: whether existing files may be replaced; media and links never are.
        is_media: whether a path is a video of a library.
        may_replace: whether a media file may be replaced all the same, with `has_force`.
        makes_folder: whether missing folders will be created.

    Raises:
        MvsearchError: a file exists and must not be replaced, or its folder is missing.
    """
    there = [path for path in paths if os.path.lexists(path)]
    for path in there:
        _check_kind(path)
        is_spared = _holds_media(path) and not (may_replace is not None and may_replace(path))
        if is_spared or (is_media is not None and _is_any(path, is_media)):
            raise MvsearchError(f"{path} is a media file, which is never overwritten")
    files = [path for path in there if path.is_file()]
    if files and not has_force:
        others = f" (and {len(files) - 1} more)" if len(files) > 1 else ""
        raise MvsearchError(f"{files[0]}{others} exists already: --force overwrites it")
    for folder in {path.parent for path in paths}:
        if not folder.is_dir() and not makes_folder:
            raise MvsearchError(f"cannot write to {folder}: it is not a folder")


def write_output(
    files: Mapping[Path, Content],
    *,
    has_force: bool = False,
    is_media: IsMedia | None = None,
    may_replace: IsMedia | None = None,
) -> None:
    """Write files, each completely or not at all; missing folders are created.

    Raises:
        MvsearchError: as `check_output`, before the first file is written; or the system refuses.
    """
    check_output(
        *files, has_force=has_force, is_media=is_media, may_replace=may_replace, makes_folder=True
    )
    for path, content in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _replace(path, content)
        except OSError as error:
            raise MvsearchError(f"cannot write to {path}: {error.strerror}") from error


def _check_kind(path: Path) -> None:
    """Refuse links and folders; files and devices are accepted."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise MvsearchError(f"{path} is a link: name its target")
    if stat.S_ISDIR(mode):
        raise MvsearchError(f"{path} is a folder: name a file")


def _holds_media(path: Path) -> bool:
    """Whether the content of a file is video or sound."""
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return has_media_signature(file.read(HEAD_BYTES))
    return False


def _is_any(path: Path, is_media: IsMedia) -> bool:
    """Whether a path, or its target behind linked folders, is a media file."""
    return is_media(path) or is_media(path.resolve())


def _write(file: BinaryIO, content: Content) -> None:
    """Write the content to an open file."""
    if isinstance(content, bytes):
        file.write(content)
    else:
        content(file)


def _replace(path: Path, content: Content) -> None:
    """Replace a file once its content is written completely; write to a device directly."""
    if os.path.lexists(path) and not path.is_file():
        with path.open("wb") as device:
            _write(device, content)
        return
    new = path.with_name(f".mvsearch-{secrets.token_hex(8)}")
    try:
        # A new name, so that no link is followed; with the rights of any new file.
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        with os.fdopen(handle, "wb") as file:
            _write(file, content)
            if path.exists():
                os.fchmod(handle, stat.S_IMODE(path.stat().st_mode))
            file.flush()
            os.fsync(handle)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
