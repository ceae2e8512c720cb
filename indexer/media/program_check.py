"""Looks at ffmpeg and ffprobe: their versions, and whether they can do what is needed."""

import re
import subprocess
from dataclasses import dataclass

from mvsearch.indexer.media.programs import find_program

# What the graphs of this program use.
FILTERS = (
    *("scale", "metadata", "ametadata", "select", "trim", "atrim", "settb", "setpts", "asetpts"),
    *("aresample", "ebur128", "format", "tpad"),
)
# Of music videos and songs as they are found; the names of alternatives lie in one group.
DECODERS = (
    *(("h264",), ("hevc",), ("av1", "libdav1d", "libaom-av1"), ("vp9", "libvpx-vp9")),
    *(("vp8", "libvpx"), ("mpeg4",), ("mpeg2video",), ("aac",), ("mp3", "mp3float"), ("flac",)),
    *(("opus", "libopus"), ("vorbis", "libvorbis"), ("ac3",), ("alac",), ("pcm_s16le",)),
)
OLDEST = 4
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class ProgramState:
    """What ffmpeg or ffprobe is.

    Attributes:
        version: as it says; empty if it cannot be started.
        lacking: filters and decoders that it was built without.
        problem: why it cannot be started; empty if it can.
    """

    name: str
    path: str
    version: str
    lacking: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_old(self) -> bool:
        """Whether it is older than what this program is tested with."""
        found = re.match(r"n?(\d+)\.", self.version)
        return found is not None and int(found[1]) < OLDEST


def check_program(name: str) -> ProgramState:
    """Start ffmpeg or ffprobe, and ask what it can do.

    Raises:
        ToolMissingError: it is not installed.
    """
    path = find_program(name)
    try:
        said = _ask(path, "-version")
        version = said.removeprefix(f"{name} version ").split(" ", 1)[0].strip()
        if not said.startswith(f"{name} version"):
            return ProgramState(name, path, "", problem=f"{path} is another program")
        lacking = _find_lacking(path) if name == "ffmpeg" else ()
    except (OSError, subprocess.SubprocessError) as error:
        return ProgramState(name, path, "", problem=f"{path} cannot be started: {error}")
    return ProgramState(name, path, version, lacking)


def _find_lacking(path: str) -> tuple[str, ...]:
    filters = {line.split()[1] for line in _ask(path, "-filters").splitlines() if "->" in line}
    listed = _ask(path, "-decoders").partition("------")[2]
    decoders = {parts[1] for line in listed.splitlines() if len(parts := line.split()) > 1}
    lacking = [f"the filter {name}" for name in FILTERS if name not in filters]
    lacking += [f"a decoder of {group[0]}" for group in DECODERS if not decoders & set(group)]
    return tuple(lacking)


def _ask(path: str, question: str) -> str:
    done = subprocess.run(
        [path, "-hide_banner", question] if question != "-version" else [path, question],
        capture_output=True,
        timeout=SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.stdout.decode(errors="replace")
