"""Locates ffmpeg and ffprobe, and restricts what a file can make them open."""

import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mvsearch.store.errors import FailureCode, MediaError, ToolMissingError

logger = logging.getLogger(__name__)

# Containers that hold their own media. Left out on purpose: playlists and manifests (hls, dash,
# concat, imf), file-name patterns (image2), devices, text and subtitles.
CONTAINERS = (
    "3g2,3gp,aa,aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,dtshd,dv,eac3,flac,flv,h263,h264,hevc,"
    "ivf,m4a,m4v,matroska,mj2,mov,mp3,mp4,mpc,mpc8,mpeg,mpegts,mpegvideo,mxf,nsv,nut,obu,ogg,oma,"
    "rm,tak,truehd,tta,vc1,voc,w64,wav,webm,wtv,wv"
)
PROTOCOLS = "file,pipe"
# 64 Mi pixels is twice 8K; a header that claims more is there to eat memory.
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
    """Find ffmpeg or ffprobe: on the path, else where this Python's environment keeps programs.

    Raises:
        ToolMissingError: it is not on the path; the message holds the line to type.
    """
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        line = _INSTALL.get(sys.platform, _INSTALL["linux"])
        raise ToolMissingError(f"{name} is not installed; type: {line}")
    return found


@cache
def passthrough_option() -> dict[str, str]:
    """The option that hands frames over as they are, by version: `-fps_mode` came with 5.1."""
    banner = run_program([find_program("ffmpeg"), "-version"], 20.0).stdout.decode(errors="replace")
    version = re.match(r"ffmpeg version n?(\d+)\.(\d+)", banner)
    is_old = version is not None and (int(version[1]), int(version[2])) < (5, 1)
    return {"vsync": "passthrough"} if is_old else {"fps_mode": "passthrough"}


def open_input(
    path: Path, formats: str = CONTAINERS, options: Mapping[str, Any] | None = None
) -> Any:
    """The input node of an ffmpeg graph, guarded.

    `file:` and an absolute path keep a name from being read as an option, a protocol or a list;
    the white lists keep the content from naming other files or hosts.
    """
    import ffmpeg

    # As a path: the library hashes text as UTF-8, and a name need not be any.
    return ffmpeg.input(
        Path(f"file:{path.absolute()}"),
        protocol_whitelist=PROTOCOLS,
        format_whitelist=formats,
        max_pixels=MAX_PIXELS,
        **(options or {}),
    )


def open_raw(**settings: Any) -> Any:
    """The input node of what is handed over on standard input."""
    import ffmpeg

    return ffmpeg.input("pipe:0", **settings)


def compile_graph(*outputs: Any) -> list[str]:
    """The command line of an ffmpeg graph that never reads the terminal nor talks much."""
    import ffmpeg

    quiet = ffmpeg.merge_outputs(*outputs).global_args(
        "-nostdin", "-hide_banner", "-loglevel", "error", "-y"
    )
    return [os.fspath(word) for word in ffmpeg.compile(quiet, cmd=find_program("ffmpeg"))]


def run_program(
    command: list[str], timeout_seconds: float, given: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end with its output collected.

    Raises:
        MediaError: "timed_out"; the program is gone by then.
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
    """The error that a log tells in so many words; None where it is vague."""
    lowered = log.lower()
    for mark, code, message in _REASONS:
        if mark in lowered:
            return MediaError(code, message)
    return None


def explain_refusal(log: str) -> MediaError:
    """Say in plain words why ffmpeg or ffprobe would not open a file, from what it logged."""
    return find_reason(log) or MediaError(
        "unreadable", "it is not readable video or sound: damaged, or another format"
    )
