"""Finds a seek position from which the wanted frames decode without loss."""

from pathlib import Path

from mvsearch.indexer.media.decoder_log import DecoderLog
from mvsearch.indexer.media.programs import (
    compile_graph,
    open_input,
    passthrough_option,
    run_program,
)
from mvsearch.indexer.media.stream_info import PictureStream
from mvsearch.store.errors import MediaError

# Seconds between the seek position and the requested time, tried in turn. Frames after a key frame
# of MP4 may still refer to frames before it.
RUN_UPS_SECONDS = (0.0, 30.0, 120.0)
# Up to this time, decoding from the start of the file is the last attempt.
MAX_FROM_BEGINNING_SECONDS = 300.0
CHECK_SECONDS = 0.5
# Tolerance for rounded times of containers.
TIME_SLACK_SECONDS = 0.05
CHECK_TIMEOUT_SECONDS = 30.0
# By the definition of these formats, no frame refers to one before the last key frame.
SELF_CONTAINED_CODECS = frozenset({"vp8", "vp9", "av1", "theora", "mjpeg", "png", "ffv1", "flv1"})


def list_entries(at_seconds: float) -> tuple[float, ...]:
    """List the seek positions in seconds for a time, the fastest first and the safest last."""
    entries = [at_seconds - before for before in RUN_UPS_SECONDS if at_seconds > before]
    if at_seconds <= MAX_FROM_BEGINNING_SECONDS or not entries:
        entries.append(0.0)
    return tuple(entries)


def find_entry(path: Path, picture: PictureStream, at_seconds: float) -> float:
    """Find the latest seek position from which frames are decoded without loss.

    Each of `list_entries` is tested: the decoder must report no loss up to the requested time, and
    the first frame must not be predicted from others. The last position is not tested.

    Args:
        path: of the file.
        picture: the video stream.
        at_seconds: the requested time, from the start of the file.

    Returns:
        The seek position in seconds.
    """
    if picture.codec in SELF_CONTAINED_CODECS:
        return at_seconds
    *entries, last = list_entries(at_seconds)
    for entry in entries:
        if _is_clean(path, picture, entry, at_seconds):
            return entry
    return last


def has_loss(log: bytes) -> bool:
    """Return whether a complete log of ffmpeg reports a loss."""
    decoder_log = DecoderLog()
    decoder_log.take(log)
    decoder_log.finish()
    return decoder_log.n_losses > 0


def _is_clean(path: Path, picture: PictureStream, entry: float, at_seconds: float) -> bool:
    """Return whether decoding from a seek position to just after the time has no loss.

    B-frames may be shown before the key frame that precedes them in the stream, so the first frame
    of another type is tested: the graph outputs it if it is not too late and not a P-frame.
    """
    run_up = at_seconds - entry
    seek = {"ss": entry, "noaccurate_seek": None, "t": run_up + CHECK_SECONDS}
    frames = open_input(path, options=seek)[str(picture.index)]
    anchors = frames.filter("select", "not(eq(pict_type,B))")
    good = f"eq(n,0)*not(eq(pict_type,P))*lte(t,{run_up + TIME_SLACK_SECONDS:.6f})"
    first = anchors.filter("select", good).filter("scale", 2, 2)
    raw = {"format": "rawvideo", "pix_fmt": "gray", **passthrough_option()}
    graph = compile_graph(first.output("pipe:1", **raw))
    try:
        done = run_program(graph, CHECK_TIMEOUT_SECONDS)
    except MediaError:
        return False
    return bool(done.stdout) and not has_loss(done.stderr)
