"""The undo file of a folder: each move is written there before it is done, so it can be undone."""

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mvsearch.indexer.media.files.containers import (
    HEAD_BYTES,
    has_media_ending,
    has_media_signature,
)
from mvsearch.search.review.moving import PART, is_copy_of, is_review_folder, move_to
from mvsearch.search.review.sidecars import ENDINGS
from mvsearch.store.errors import MvsearchError
from mvsearch.store.own_files import open_own

MAX_BYTES = 64 * 2**20
_HEAD = {"mvsearch": "moved files; to undo: mvsearch versions --undo THIS_FILE"}


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """A move that is about to be done, or was."""

    source: Path
    target: Path


def name_undo_file(folder: Path, moved_at: str) -> Path:
    """The undo file of the moves into a folder that begin now."""
    return folder / f"undo {moved_at[:19].replace(':', '-').replace('T', ' ')}.jsonl"


def write_ahead(file: Path, moves: Sequence[PlannedMove]) -> None:
    """Append moves that are about to be done; they are on the disk when this returns.

    Raises:
        MvsearchError: the file cannot be written.
    """
    lines = [{"from": str(move.source), "to": str(move.target)} for move in moves]
    try:
        if not file.exists():
            lines.insert(0, _HEAD)
        with file.open("ab") as opened:
            opened.write("".join(json.dumps(line) + "\n" for line in lines).encode())
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise MvsearchError(f"cannot write {file}: {error.strerror}") from error


def read_moves(file: Path) -> list[PlannedMove]:
    """The moves of an undo file, the last one first; a line that was not finished is left out.

    Raises:
        MvsearchError: it is no undo file, or names files outside of its folder.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise MvsearchError(f"cannot read {file}: {error.strerror}") from error
    if len(text) > MAX_BYTES:
        raise MvsearchError(f"{file} is too large for an undo file")
    moves = []
    *lines, _ = text.split(b"\n")
    try:
        if not lines or json.loads(lines[0]) != _HEAD:
            raise ValueError("another head")
        for line in lines[1:]:
            told = json.loads(line)
            moves.append(PlannedMove(Path(told["from"]), Path(told["to"])))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise MvsearchError(f"{file} is no undo file of mvsearch") from None
    folder = file.absolute().parent
    if not is_review_folder(folder) or any(_is_foreign(move, folder) for move in moves):
        raise MvsearchError(f"{file} does not lie in the folder that its files were moved to")
    return moves[::-1]


def _is_foreign(move: PlannedMove, folder: Path) -> bool:
    """Whether a move is none into the folder of its undo file, however that is spelled."""
    try:
        is_into = os.path.realpath(move.target.parent) == os.path.realpath(folder)
    except (OSError, ValueError):
        return True
    return not is_into or move.target.name in ("", "..") or not move.source.is_absolute()


def may_be_ours(move: PlannedMove) -> bool:
    """Whether a move was one of media, or of what lies beside them.

    An undo file or a library may come from a stranger, who could have any file put anywhere by it.
    """
    source = move.source
    if not source.is_absolute():
        return False
    if has_media_ending(source) or source.suffix.lower() in ENDINGS:
        return True
    try:
        with open_own(move.target, "rb") as opened:
            return has_media_signature(opened.read(HEAD_BYTES))
    except (OSError, ValueError):
        return os.path.lexists(source)  # then nothing is written there


def is_below(move: PlannedMove, folders: Iterable[Path]) -> bool:
    """Whether a move was one out of a folder; what is hidden below it is not indexed."""
    source = move.source
    below = [source.relative_to(folder) for folder in folders if folder in source.parents]
    return any(not any(name.startswith(".") for name in one.parts) for one in below)


def restore(move: PlannedMove) -> bool:
    """Undo a move, as far as it was done; nothing is overwritten.

    Returns:
        Whether a file is in its old place now that was not there before.

    Raises:
        MvsearchError: the old place is taken, or the system refuses.
    """
    try:
        return _restore(move)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise MvsearchError(f"cannot move {move.target} back: {why}") from error


def _restore(move: PlannedMove) -> bool:
    source, target = move.source, move.target
    if not os.path.lexists(target):
        if not source.exists():
            raise MvsearchError(f"{target} is not there any more")
        return False
    if os.path.lexists(source):
        # Killed before the file came, or after its copy on another drive was whole.
        if target.stat().st_size and not is_copy_of(target, source):
            raise MvsearchError(f"{source} is there again: move it away first")
        target.unlink()
        return False
    source.parent.mkdir(parents=True, exist_ok=True)
    if not move_to(target, source):
        raise MvsearchError(f"{source} is there again: move it away first")
    return True


def drop_parts(folder: Path) -> None:
    """Delete what a copy to another drive left that was killed."""
    for part in folder.glob(f"*{PART}"):
        with suppress(OSError):
            part.unlink(missing_ok=True)
