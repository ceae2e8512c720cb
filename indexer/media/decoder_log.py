"""Classifies ffmpeg's log messages: harmless, or loss of picture or sound."""

import re
from collections import deque
from pathlib import Path

from mvsearch.indexer.media.files.naming import clean_text

N_LINES = 50
LINE_BYTES = 500
MAX_ERROR_LETTERS = 120

# Messages of the level "error" that lose no picture or sound. Seen in real files that play well, in
# cuts of them at other frames than key frames, and in concatenated MP3s.
_HARMLESS = (
    # Reference frames of H.264 and HEVC, at a cut or with open groups of pictures.
    "mmco: unref short failure",
    "co located pocs unavailable",
    "number of reference frames",
    "illegal short term buffer state",
    "reference picture missing during reorder",
    "missing reference picture",
    "could not find ref with poc",
    # The start of a stream whose parameter sets come later.
    "non-existing pps",
    "non-existing sps",
    "decode_slice_header error",
    "no frame!",
    "pps id out of range",
    "error parsing nal unit",
    "invalid frame dimensions 0x0",
    # Tags, padding and joins between the frames of MPEG audio.
    "header missing",
    "invalid new backstep",
    # Time stamps.
    "non monotonically increasing dts",
    "backward in time",
)
# Messages of ffmpeg itself that follow the decoder's own (versions 5, 6 and 7).
_OF_THE_PROGRAM = (
    "error while decoding stream",
    "error submitting packet to decoder",
    "error processing packet in decoder",
)
_REPEATED = re.compile(r"last message repeated (\d{1,9}) times?$", re.IGNORECASE)
_SOURCE = re.compile(r"\[([^\[\]@]{1,60}) @ 0x[0-9a-f]{1,16}\] ?", re.IGNORECASE)
_PLACE = re.compile(r"file:.*|(?<!\S)/\S{2,}")


class DecoderLog:
    """The log of one ffmpeg process, read in chunks.

    Attributes:
        n_losses: number of messages that mean a loss, repetitions included.
        first_loss: the first of these; empty if there is none.
    """

    def __init__(self) -> None:
        self.n_losses = 0
        self.first_loss = ""
        self._lines: deque[str] = deque(maxlen=N_LINES)
        self._rest = b""
        self._is_loss = True

    @property
    def lines(self) -> tuple[str, ...]:
        """The last `N_LINES` lines of the log, each truncated to `LINE_BYTES`."""
        return tuple(self._lines)

    def take(self, chunk: bytes) -> None:
        """Read the next bytes of the log; long lines are truncated."""
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest[:LINE_BYTES]
        for line in lines:
            text = line[:LINE_BYTES].decode(errors="replace").strip()
            if text:
                self._lines.append(text)
                self._count(text)

    def finish(self) -> None:
        """Read the last line, which may lack its line feed."""
        self.take(b"\n")

    def _count(self, line: str) -> None:
        """Count a line that means a loss; a consequence of a harmless message is harmless."""
        repeated = _REPEATED.search(line)
        if repeated is not None:
            self.n_losses += int(repeated[1]) * self._is_loss
            return
        lowered = line.lower()
        if not any(mark in lowered for mark in _OF_THE_PROGRAM):
            self._is_loss = not any(mark in lowered for mark in _HARMLESS)
        if self._is_loss:
            self.n_losses += 1
            self.first_loss = self.first_loss or line


def describe_error(line: str, path: Path) -> str:
    """Shorten a log line to `MAX_ERROR_LETTERS` printable characters, without any path."""
    for place in (f"file:{path.absolute()}", str(path.absolute()), path.name):
        line = line.replace(place, "the file")
    bare = _PLACE.sub("the file", _SOURCE.sub(r"\1: ", line))
    text = clean_text(bare)
    is_long = len(text) > MAX_ERROR_LETTERS
    return text[: MAX_ERROR_LETTERS - 1] + "…" if is_long else text
