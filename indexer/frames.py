"""Pictures and subtitles out of files: streamed by the decoder, or a single one."""

from pathlib import Path

from indexer.decode import Decoding, decode
from indexer.entry import has_loss, list_entries
from indexer.graph import shrink_far
from indexer.pictures import PICTURE_TIMEOUT_SECONDS, read_image
from indexer.pieces import DecodeOptions, DecodeReport, FrameBatch, SoundBlock
from indexer.probe import SubtitleStream
from indexer.programs import compile_graph, find_reason, open_input, run_program
from indexer.sampling import choose_frame_rate, find_uniform
from indexer.streams import DecodeStoppedError
from store.errors import MediaError

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
    "read_thumbnail",
]

# Height of a thumbnail over its width, at most.
MAX_TALLNESS = 4
# Times from a container are rounded; a frame that begins this much earlier is the one meant.
TIME_SLACK_SECONDS = 0.002


def read_thumbnail(path: Path, at_seconds: float, width: int = 320) -> bytes:
    """Read the frame that is shown at a time as a JPEG of that width, in its own shape.

    Raises:
        MediaError: it cannot be read, or has no picture there.
        ToolMissingError: there is no ffmpeg.
    """
    at = max(0.0, at_seconds - TIME_SLACK_SECONDS)
    jpeg = b""
    for entry in list_entries(at):
        found, is_whole = _grab(path, entry, at - entry, width)
        if not found:  # behind the start of the last frame, the key frame before it is the best
            found, is_whole = _grab(path, entry, None, width)
        # What the decoder complained of is kept for want of a better one.
        jpeg = found or jpeg
        if found and is_whole:
            break
    jpeg = jpeg or _grab(path, 0.0, None, width)[0]
    if not jpeg:
        raise MediaError("decode_failed", "it has no picture that can be decoded")
    return jpeg


def read_subtitles(path: Path, stream: SubtitleStream, timeout_seconds: float = 60.0) -> str:
    """Read a subtitle stream as the text of an SRT file, whatever its format in the container.

    Raises:
        MediaError: "bad_lyrics" (pictures of text, or damaged), "timed_out".
        ToolMissingError: there is no ffmpeg.
    """
    output = open_input(path)[str(stream.index)].output("pipe:1", format="srt", scodec="srt")
    done = run_program(compile_graph(output), timeout_seconds)
    if done.returncode != 0:
        raise MediaError("bad_lyrics", f"its {stream.codec} subtitles cannot be read as text")
    return done.stdout.decode(errors="replace")


def _grab(path: Path, entry: float, after: float | None, width: int) -> tuple[bytes, bool]:
    """One frame of the first picture stream that is no cover art, as a JPEG in square pixels.

    Args:
        path: of the file.
        entry: where the decoder enters, at the key frame before.
        after: seconds after the entry at which the frame is shown; None is the key frame.
        width: of the JPEG.

    Returns:
        The JPEG, empty where there is no frame, and whether nothing was lost on the way to it.
    """
    seek = {"ss": entry} if after == 0 else {"ss": entry, "noaccurate_seek": None}
    stream = open_input(path, options=seek)["V:0"]
    if after:
        stream = stream.filter("select", f"gte(t,{after:.6f})")
    # In a box, so that a picture of 8 × 16000 does not become 320 × 640000.
    wide = f"max(2,2*round(min({width},{MAX_TALLNESS * width}*dar)/2))"
    tall = f"max(2,2*round(min({MAX_TALLNESS * width},{width}/dar)/2))"
    scaled = shrink_far(stream, width, MAX_TALLNESS * width).filter("scale", wide, tall)
    output = scaled.output("pipe:1", format="mjpeg", vframes=1, **{"q:v": 4})
    done = run_program(compile_graph(output), PICTURE_TIMEOUT_SECONDS)
    if done.returncode != 0:
        reason = find_reason(done.stderr.decode(errors="replace"))
        raise reason or MediaError("decode_failed", "it has no picture that can be decoded")
    return done.stdout, not has_loss(done.stderr)
