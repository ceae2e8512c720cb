"""Plays a file from a given time, with mpv, VLC or the system's player."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mvsearch.indexer.media.files.containers import (
    HEAD_BYTES,
    has_media_ending,
    has_media_signature,
)
from mvsearch.store.errors import MvsearchError, ToolMissingError


@dataclass(frozen=True, slots=True)
class Player:
    """A player that is installed.

    Attributes:
        starts_anywhere: whether it can start at a given time.
    """

    name: str
    program: str
    starts_anywhere: bool


def find_player() -> Player:
    """The first installed player; those that can start at a given time come first.

    Raises:
        ToolMissingError: there is none.
    """
    openers = ("open",) if sys.platform == "darwin" else ("xdg-open",)
    for name in ("mpv", "vlc", *openers):
        program = shutil.which(name)
        if program is not None:
            return Player(name, program, name not in openers)
    raise ToolMissingError("no player is installed: install mpv or VLC")


def play_file(player: Player, path: Path, start_seconds: float) -> int:
    """Play a file, and wait for the player to end.

    The path is passed without a shell. It is absolute, and follows `--` if the player supports it,
    so that it is no option. The system's opener could run a program, so it gets only media.

    Returns:
        The player's exit code.

    Raises:
        MvsearchError: the file does not exist, or is not a media file.
    """
    _check_media(path)
    command = [player.program]
    if player.name == "mpv":
        command += [f"--start={start_seconds:.3f}", "--", str(path)]
    elif player.name == "vlc":
        # VLC takes a path with `://` for an address, so it gets the URI of the file.
        command += [f"--start-time={start_seconds:.3f}", "--", path.as_uri()]
    else:
        command.append(str(path))
    return subprocess.run(command, check=False).returncode


def _check_media(path: Path) -> None:
    """Check that a file is a media file.

    Raises:
        MvsearchError: it is not, or cannot be read.
    """
    if not path.is_absolute() or not path.is_file():
        raise MvsearchError(f"{path} does not exist any more")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise MvsearchError(f"cannot read {path}: {error.strerror}") from error
    if not (has_media_signature(head) or has_media_ending(path)):
        raise MvsearchError(f"{path} is not a media file any more")
