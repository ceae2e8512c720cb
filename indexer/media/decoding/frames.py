"""Reads subtitle streams, and re-exports the functions that read frames and images."""

from pathlib import Path

from mvsearch.indexer.media.decoding.decode import Decoding, decode
from mvsearch.indexer.media.decoding.sampling import choose_frame_rate, find_uniform
from mvsearch.indexer.media.decoding.streams import DecodeStoppedError
from mvsearch.indexer.media.decoding.types import (
    DecodeOptions,
    DecodeReport,
    FrameBatch,
    SoundBlock,
)
from mvsearch.indexer.media.pictures import read_image
from mvsearch.indexer.media.programs import compile_graph, open_input, run_program
from mvsearch.indexer.media.stream_info import SubtitleStream
from mvsearch.store.errors import MediaError

__all__ = [
    "DecodeOptions",
    "DecodeReport",
    "DecodeStoppedError",
    "Decoding",
    "FrameBatch",
    "SoundBlock",
    "choose_frame_rate",
    "decode",
    "find_uniform",
    "read_image",
    "read_subtitles",
]


def read_subtitles(path: Path, stream: SubtitleStream) -> str:
    """Read a subtitle stream of any text format as the text of an SRT file.

    Raises:
        MediaError: "bad_lyrics" (bitmap subtitles, or damaged) or "timed_out".
        ToolMissingError: ffmpeg is not installed.
    """
    output = open_input(path)[str(stream.index)].output("pipe:1", format="srt", scodec="srt")
    done = run_program(compile_graph(output), timeout_seconds=60.0)
    if done.returncode != 0:
        raise MediaError("bad_lyrics", f"its {stream.codec} subtitles cannot be read as text")
    return done.stdout.decode(errors="replace")
