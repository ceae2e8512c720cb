"""Decides which frames the decoder may skip without changing the sampled ones."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mvsearch.indexer.media.decoding.types import DecodeOptions
from mvsearch.indexer.media.stream_info import PictureStream

# Values of ffmpeg's `-skip_frame`; "none" omits the option.
Skip = Literal["none", "noref", "bidir", "nokey"]

# Measured: the remaining frames and their times are identical to those of a full decode.
SKIPPABLE_CODECS = frozenset({"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4"})
# Distance of the decoded frames if the stream has no note: by default, encoders write up to four
# consecutive B-frames.
USUAL_GAP_FRAMES = 5
# Maximum delay of a sampled frame, in sampling steps.
MAX_LATE_STEPS = 0.5

NOTE_SEARCH_BYTES = 64 * 2**20
_CHUNK_BYTES = 2**20
_NOTE_BYTES = 2000
_NOTE_MARK = b"x264 - core"
_REFERENCES = re.compile(rb" ref=(\d{1,3}) ")
_B_FRAMES = re.compile(rb" bframes=(\d{1,3}) ")


@dataclass(frozen=True, slots=True)
class EncoderNote:
    """The settings that x264 writes into its streams, in an SEI message.

    Attributes:
        n_references: maximum number of reference frames.
        n_b_frames: maximum number of consecutive B-frames.
        is_interlaced: whether it is not known to be progressive.
    """

    n_references: int
    n_b_frames: int
    is_interlaced: bool


def choose_skip(path: Path, picture: PictureStream, rate: float, options: DecodeOptions) -> Skip:
    """Choose the frames that the decoder skips, so that no sampled frame is half a step late.

    "noref" skips frames that are no reference. "bidir" skips all B-frames; it needs a note of x264
    with one reference frame, as P-frames then refer to P-frames only. With more, they may refer to
    the B-frames of a pyramid.

    Args:
        path: of the file, which is searched for notes of x264.
        picture: the video stream.
        rate: of the sampled frames, a second.
        options: `decoded` says whether frames may be skipped.
    """
    if options.decoded == "key":
        return "nokey"
    is_ordered_by_time = picture.reorder_depth == 0  # no B-frames: little to skip
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
    """Find the notes of x264 in the first 64 MiB of a file; a concatenated file has several.

    A file that cannot be read has none; the decoder reports the error.
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
    """Find the notes in some bytes, without their last ones, which the next chunk repeats."""
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
