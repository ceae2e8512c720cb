"""Decides which frames the decoder may skip without changing the sampled ones."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mvsearch.indexer.media.decoding.types import DecodeOptions
from mvsearch.indexer.media.stream_info import PictureStream

# Values of ffmpeg's `-skip_frame`, but for "none" of its own.
Skip = Literal["none", "noref", "bidir", "nokey"]

# Measured: what is left comes out bit by bit as from the whole stream, and at the same times.
SKIPPABLE_CODECS = frozenset({"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4"})
# Frames from one that is kept to the next, where nothing is known: encoders make up to four
# B-frames in a row unless they are told to make more.
USUAL_GAP_FRAMES = 5
# A frame may be taken so much later than it is due, in steps of the grid.
MAX_LATE_STEPS = 0.5

NOTE_SEARCH_BYTES = 64 * 2**20
_CHUNK_BYTES = 2**20
_NOTE_BYTES = 2000
_NOTE_MARK = b"x264 - core"
_REFERENCES = re.compile(rb" ref=(\d{1,3}) ")
_B_FRAMES = re.compile(rb" bframes=(\d{1,3}) ")


@dataclass(frozen=True, slots=True)
class EncoderNote:
    """What x264 writes into its streams of how it made them.

    Attributes:
        n_references: frames that a frame may be predicted from, on each side.
        n_b_frames: B-frames in a row, at most.
    """

    n_references: int
    n_b_frames: int
    is_interlaced: bool


def choose_skip(path: Path, picture: PictureStream, rate: float, options: DecodeOptions) -> Skip:
    """Choose what the decoder leaves out, so that no frame is taken half a step late.

    Frames that no other needs ("noref") are left out of codecs that have such. All B-frames
    ("bidir") are, where x264 notes that it let a frame refer to one other: then the P-frames lean
    on each other alone. With more, they may refer to B-frames of a pyramid.

    Args:
        path: of the file, which is searched for the note.
        picture: the stream, whose header says how far apart its frames are.
        rate: of the frames to take, a second.
        options: whether frames may be left out at all.
    """
    if options.decoded == "key":
        return "nokey"
    is_ordered_by_time = picture.reorder_depth == 0  # no B-frames: little or nothing to leave out
    if options.decoded == "all" or is_ordered_by_time or picture.frame_rate is None:
        return "none"
    if picture.codec not in SKIPPABLE_CODECS:
        return "none"
    notes = read_encoder_notes(path) if picture.codec == "h264" else ()
    gap_frames = max((note.n_b_frames + 1 for note in notes), default=USUAL_GAP_FRAMES)
    if gap_frames / picture.frame_rate > MAX_LATE_STEPS / rate:
        return "none"
    is_chain = all(note.n_references == 1 and not note.is_interlaced for note in notes)
    return "bidir" if notes and is_chain else "noref"


def read_encoder_notes(path: Path) -> tuple[EncoderNote, ...]:
    """Find the notes of x264 in the beginning of a file, several where it was joined of pieces.

    A file that cannot be read has none: the decoder will say why.
    """
    notes: list[EncoderNote] = []
    try:
        with path.open("rb") as file:
            before = b""
            for _ in range(NOTE_SEARCH_BYTES // _CHUNK_BYTES):
                chunk = file.read(_CHUNK_BYTES)
                held = before + chunk
                notes += _find_notes(held, is_end=len(chunk) < _CHUNK_BYTES)
                if len(chunk) < _CHUNK_BYTES:
                    break
                before = held[-_NOTE_BYTES:]
    except OSError:
        return ()
    return tuple(notes)


def _find_notes(held: bytes, *, is_end: bool) -> list[EncoderNote]:
    """The notes that begin in these bytes, but for the last ones, which the next piece repeats."""
    notes = []
    end = len(held) if is_end else len(held) - _NOTE_BYTES
    at = held.find(_NOTE_MARK, 0, end + len(_NOTE_MARK) - 1)
    while at >= 0:
        text = held[at : at + _NOTE_BYTES].split(b"\0", 1)[0]
        references, b_frames = _REFERENCES.search(text), _B_FRAMES.search(text)
        if references and b_frames:
            is_interlaced = b" interlaced=0 " not in text
            notes.append(EncoderNote(int(references[1]), int(b_frames[1]), is_interlaced))
        at = held.find(_NOTE_MARK, at + 1, end + len(_NOTE_MARK) - 1)
    return notes
