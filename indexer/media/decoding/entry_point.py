"""Finds a seek position from which the wanted frames decode without loss."""

from pathlib import Path

from mvsearch.indexer.media.complaints import Complaints
from mvsearch.indexer.media.programs import (
    compile_graph,
    open_input,
    passthrough_option,
    run_program,
)
from mvsearch.indexer.media.stream_info import PictureStream
from mvsearch.store.errors import MediaError

# In turn, how long before the time wanted the file is entered: at the key frame before it first.
# What MP4 calls a key frame may be one after which pictures still refer to others before it.
RUN_UPS_SECONDS = (0.0, 30.0, 120.0)
# Decoding all from the beginning is the last resort, for what begins no later than this.
MAX_FROM_BEGINNING_SECONDS = 300.0
CHECK_SECONDS = 0.5
# Times from a container are rounded; a frame that begins this much later was there in time.
TIME_SLACK_SECONDS = 0.05
CHECK_TIMEOUT_SECONDS = 30.0
# Decoders that start over at each key frame, by definition of the format.
SELF_CONTAINED_CODECS = frozenset({"vp8", "vp9", "av1", "theora", "mjpeg", "png", "ffv1", "flv1"})


def list_entries(at_seconds: float) -> tuple[float, ...]:
    """Where to enter a file for what is shown at a time, the cheapest first and the safest last."""
    entries = [at_seconds - before for before in RUN_UPS_SECONDS if at_seconds > before]
    if at_seconds <= MAX_FROM_BEGINNING_SECONDS or not entries:
        entries.append(0.0)
    return tuple(entries)


def find_entry(path: Path, picture: PictureStream, at_seconds: float) -> float:
    """The latest of `list_entries` from which pictures are whole by the time wanted.

    An entry is tried: it will not do where the decoder complains of a loss on its way, or begins
    with a picture that is predicted from others. The last resort is taken as it is.

    Args:
        path: of the file.
        picture: its stream.
        at_seconds: the time wanted, from the beginning of the file.
    """
    if picture.codec in SELF_CONTAINED_CODECS:
        return at_seconds
    *entries, last = list_entries(at_seconds)
    for entry in entries:
        if _is_clean(path, picture, entry, at_seconds):
            return entry
    return last


def has_loss(log: bytes) -> bool:
    """Whether a whole log of ffmpeg tells that something was lost."""
    complaints = Complaints()
    complaints.take(log)
    complaints.finish()
    return complaints.n_losses > 0


def _is_clean(path: Path, picture: PictureStream, entry: float, at_seconds: float) -> bool:
    """Whether decoding from an entry, to a little after the time, begins well and goes well.

    B-frames may be shown before the key frame that they were sent after; the first frame of
    another kind tells. It comes out of the graph where it is in time and no P-frame.
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
