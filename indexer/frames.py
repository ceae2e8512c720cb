"""Pictures and subtitles out of files: streamed by the decoder, or a single one."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.containers import HEAD_BYTES, is_media_head
from indexer.decode import Decoding, decode
from indexer.entry import has_loss, list_entries
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

PICTURE_TIMEOUT_SECONDS = 30.0
PICTURE_COMPLAINT = "the picture cannot be decoded: it is damaged or too large"
# Times from a container are rounded; a frame that begins this much earlier is the one meant.
TIME_SLACK_SECONDS = 0.002

_PICTURE_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png_pipe"),
    (b"\xff\xd8\xff", "jpeg_pipe"),
    (b"GIF8", "gif"),
    (b"BM", "bmp_pipe"),
    (b"II*\x00", "tiff_pipe"),
    (b"MM\x00*", "tiff_pipe"),
    (b"\xff\x0a", "jpegxl_pipe"),
    (b"\x00\x00\x00\x0cJXL ", "jpegxl_pipe"),
)


def read_image(path: Path, frame_size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Read a picture (PNG, JPEG, WebP, GIF, BMP, TIFF, JPEG XL), the first of an animation.

    Args:
        path: of the picture; what it is is told by its content.
        frame_size: (width, height) that the whole picture is scaled to.

    Returns:
        (height, width, 3) RGB; what is transparent lies on white.

    Raises:
        MediaError: "unreadable", "no_media" (no picture), "decode_failed", "timed_out".
        ToolMissingError: there is no ffmpeg.
    """
    width, height = frame_size
    demuxer = _sniff_picture(path)
    source = open_input(path, demuxer, {"format": demuxer})["v:0"]
    scaled = source.filter("scale", width, height, flags="bicubic+accurate_rnd+full_chroma_int")
    raw = _run_graph(
        scaled.output("pipe:1", format="rawvideo", pix_fmt="rgba", vframes=1),
        PICTURE_COMPLAINT,
    )
    if len(raw) < width * height * 4:
        raise MediaError("decode_failed", PICTURE_COMPLAINT)
    pixels = np.frombuffer(raw, np.uint8)[: width * height * 4].reshape(height, width, 4)
    opacity = pixels[..., 3:].astype(np.float32) / 255.0
    on_white = pixels[..., :3] * opacity + 255.0 * (1.0 - opacity)
    rounded: npt.NDArray[np.uint8] = np.round(on_white).astype(np.uint8)
    return rounded


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
    scaled = stream.filter("scale", "iw*sar", "ih").filter("scale", width, -2)
    output = scaled.output("pipe:1", format="mjpeg", vframes=1, **{"q:v": 4})
    done = run_program(compile_graph(output), PICTURE_TIMEOUT_SECONDS)
    if done.returncode != 0:
        reason = find_reason(done.stderr.decode(errors="replace"))
        raise reason or MediaError("decode_failed", "it has no picture that can be decoded")
    return done.stdout, not has_loss(done.stderr)


def _sniff_picture(path: Path) -> str:
    """The demuxer for a picture, by its first bytes: by name, ffmpeg would take `%d` as a list."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise find_reason(error.strerror or "") or MediaError(
            "unreadable", "the picture cannot be read"
        ) from None
    for magic, demuxer in _PICTURE_MAGIC:
        if head.startswith(magic):
            return demuxer
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp_pipe"
    if is_media_head(head):
        raise MediaError("no_media", "it is video or sound, not a picture")
    raise MediaError("no_media", "it is not a picture that can be read (PNG, JPEG, WebP, GIF, ...)")


def _run_graph(output: Any, complaint: str) -> bytes:
    """Run a graph that writes to standard output."""
    done = run_program(compile_graph(output), PICTURE_TIMEOUT_SECONDS)
    if done.returncode != 0:
        reason = find_reason(done.stderr.decode(errors="replace"))
        raise reason or MediaError("decode_failed", complaint)
    return done.stdout
