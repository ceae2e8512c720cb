"""Opens a time range of a media file as streams of an ffmpeg graph."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer.media.decoding.entry_point import find_entry
from mvsearch.indexer.media.decoding.graph import scale_options
from mvsearch.indexer.media.probe import Probe
from mvsearch.indexer.media.programs import compile_graph, find_reason, open_input, run_program
from mvsearch.indexer.media.stream_info import PictureStream
from mvsearch.search.evaluation.queries.distortion.distortions import SAMPLE_RATE, Filter
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Matrix

CUT_TIMEOUT_SECONDS = 120.0
# Sound decoders need some seconds before their output is exact.
RUN_UP_SECONDS = 10.0
# Encoders take at most 224 × 224 pixels.
LONG_SIDE, SHORT_SIDE = 640, 360


class Source:
    """A time range of a file as streams of an ffmpeg graph."""

    def __init__(
        self, path: Path, start_seconds: float, seconds: float, picture: PictureStream | None
    ) -> None:
        safe = start_seconds if picture is None else find_entry(path, picture, start_seconds)
        entry = max(0.0, min(safe, start_seconds - RUN_UP_SECONDS))
        seek = {"ss": entry, "noaccurate_seek": None} if entry else {}
        self._input = open_input(path, options=seek)
        self._start = start_seconds - entry
        self._end = self._start + seconds

    def picture(self, picture: PictureStream) -> Any:
        """The frames of the range from time zero, scaled by `fit_size`."""
        width, height = fit_size(picture.width, picture.height)
        colours = {"out_color_matrix": "bt601", "out_range": "tv"}
        return (
            self._input[str(picture.index)]
            .filter("settb", "AVTB")
            .filter("trim", start=self._start, end=self._end)
            .filter("setpts", f"PTS-{self._start:.6f}/TB")
            .filter("scale", width, height, **scale_options(picture), **colours)
            .filter("format", "yuv420p")
        )

    def sound(self, probe: Probe) -> Any:
        """The sound of the range from time zero, gaps filled with silence."""
        assert probe.sound is not None
        return (
            self._input[str(probe.sound.index)]
            .filter("atrim", start=self._start, end=self._end)
            .filter("asetpts", f"PTS-{self._start:.6f}/TB")
            .filter("aresample", SAMPLE_RATE, **{"async": 1, "first_pts": 0})
        )

    def samples(self, probe: Probe) -> Matrix:
        """The sound of the range as (n,) mono samples; channels are averaged."""
        mono = self.sound(probe).filter("aresample", rematrix_maxval=1, ochl="mono")
        raw = run_graph(mono.output("pipe:1", format="f32le", ac=1, ar=SAMPLE_RATE))
        return np.frombuffer(raw, np.float32)


def fit_size(width: int, height: int) -> tuple[int, int]:
    """An even size of the same shape, at most LONG_SIDE × SHORT_SIDE in either orientation."""
    long, short = max(width, height), min(width, height)
    factor = min(1.0, LONG_SIDE / long, SHORT_SIDE / short)
    return max(2, round(width * factor / 2) * 2), max(2, round(height * factor / 2) * 2)


def apply_filters(stream: Any, filters: Sequence[Filter]) -> Any:
    """Send a stream through filters, in their order."""
    for each in filters:
        stream = stream.filter(each.name, **each.settings)
    return stream


def run_graph(output: Any, given: bytes | None = None) -> bytes:
    """Run a graph to its end.

    Args:
        output: of the graph.
        given: its standard input.

    Returns:
        Its standard output.

    Raises:
        MediaError: it failed.
        ToolMissingError: there is no ffmpeg.
    """
    done = run_program(compile_graph(output), CUT_TIMEOUT_SECONDS, given)
    if done.returncode != 0:
        reason = find_reason(done.stderr.decode(errors="replace"))
        raise reason or MediaError("decode_failed", "no clip can be cut from it")
    return done.stdout
