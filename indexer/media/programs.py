"""Locates ffmpeg and ffprobe, and restricts what a file can make them open."""

import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from mvsearch.store.errors import FailureCode, MediaError, ToolMissingError

logger = logging.getLogger(__name__)

# Demuxers of containers that hold their own media. Not allowed: playlists and manifests (hls, dash,
# concat, imf), file-name patterns (image2), devices, text and subtitles.
CONTAINERS = (
    "3g2,3gp,aa,aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,dtshd,dv,eac3,flac,flv,h263,h264,hevc,"
    "ivf,m4a,m4v,matroska,mj2,mov,mp3,mp4,mpc,mpc8,mpeg,mpegts,mpegvideo,mxf,nsv,nut,obu,ogg,oma,"
    "rm,tak,truehd,tta,vc1,voc,w64,wav,webm,wtv,wv"
)
PROTOCOLS = "file,pipe"
# 64 Mi pixels are twice 8K. A larger size in a header is an attack on the memory.
MAX_PIXELS = 64 * 2**20

_INSTALL = {
    "linux": "sudo apt-get install ffmpeg",
    "darwin": "brew install ffmpeg",
    "win32": "winget install ffmpeg",
}
_REASONS: tuple[tuple[str, FailureCode, str], ...] = (
    (
        "moov atom not found",
        "truncated",
        "the file is incomplete: the index (moov) at its end is missing",
    ),
    ("permission denied", "unreadable", "there is no permission to read the file"),
    ("no such file", "unreadable", "the file is no longer there"),
    ("is a directory", "unreadable", "it is a folder, not a file"),
    ("input/output error", "unreadable", "the disk reports an error on reading it"),
    (
        "not on whitelist",
        "unreadable",
        "it is a picture, a playlist or another format that is not opened as video",
    ),
)


@cache
def find_program(name: str) -> str:
    """Find ffmpeg or ffprobe in $PATH, else in the folder of the Python interpreter.

    Raises:
        ToolMissingError: it is not installed; the message has the command that installs it.
    """
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        line = _INSTALL.get(sys.platform, _INSTALL["linux"])
        raise ToolMissingError(f"{name} is not installed; type: {line}")
    return found


@cache
def passthrough_option() -> dict[str, str]:
    """Return the option that neither drops nor repeats frames; ffmpeg 5.1 renamed it."""
    banner = run_program([find_program("ffmpeg"), "-version"], 20.0).stdout.decode(errors="replace")
    version = re.match(r"ffmpeg version n?(\d+)\.(\d+)", banner)
    is_old = version is not None and (int(version[1]), int(version[2])) < (5, 1)
    return {"vsync": "passthrough"} if is_old else {"fps_mode": "passthrough"}


def open_input(
    path: Path, formats: str = CONTAINERS, options: Mapping[str, Any] | None = None
) -> Any:
    """Return a guarded input node of an ffmpeg graph.

    The prefix `file:` and an absolute path prevent ffmpeg from reading a name as an option, a
    protocol or a pattern. The white lists prevent the content from opening other files or hosts.

    Args:
        path: of the file.
        formats: the allowed demuxers, separated by commas.
        options: further input options.
    """
    import ffmpeg

    # As a path: ffmpeg-python encodes strings as UTF-8, which fails for some file names.
    return ffmpeg.input(
        Path(f"file:{path.absolute()}"),
        protocol_whitelist=PROTOCOLS,
        format_whitelist=formats,
        max_pixels=MAX_PIXELS,
        **(options or {}),
    )


def open_raw(**settings: Any) -> Any:
    """Return the input node of raw data on standard input."""
    import ffmpeg

    return ffmpeg.input("pipe:0", **settings)


def make_output(streams: Sequence[Any], **settings: Any) -> Any:
    """Return the node of an output with some streams of inputs."""
    import ffmpeg

    return ffmpeg.output(*streams, **settings)


def compile_graph(*outputs: Any) -> list[str]:
    """Compile an ffmpeg graph to a command that reads no terminal and logs only errors."""
    import ffmpeg

    quiet = ffmpeg.merge_outputs(*outputs).global_args(
        "-nostdin", "-hide_banner", "-loglevel", "error", "-y"
    )
    return [os.fspath(word) for word in ffmpeg.compile(quiet, cmd=find_program("ffmpeg"))]


def run_program(
    command: list[str], timeout_seconds: float, given: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a program and return its output.

    Args:
        command: the program and its arguments.
        timeout_seconds: after which the program is killed.
        given: bytes for its standard input; None closes it.

    Raises:
        MediaError: "timed_out".
    """
    logger.debug("runs %s", shlex.join(command))
    source: dict[str, Any] = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
    try:
        return subprocess.run(
            command, capture_output=True, timeout=timeout_seconds, check=False, **source
        )
    except subprocess.TimeoutExpired:
        raise MediaError(
            "timed_out", f"reading it took longer than {timeout_seconds:g} seconds"
        ) from None


def find_reason(log: str) -> MediaError | None:
    """Return the error that a log states; None if it has no known message."""
    lowered = log.lower()
    for mark, code, message in _REASONS:
        if mark in lowered:
            return MediaError(code, message)
    return None


def explain_refusal(log: str) -> MediaError:
    """Return the error for a file that ffmpeg or ffprobe does not open, by its log."""
    return find_reason(log) or MediaError(
        "unreadable", "it is not readable video or sound: damaged, or another format"
    )
