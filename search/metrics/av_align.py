"""AV-Align: how well onsets in the audio coincide with motion peaks in the picture.

The rules:

- Onsets are those of `onsets`, peaks those of `motion`, both in seconds from the file's start.
- An onset and a peak match if they are less than one frame apart (1 / the container's frame rate),
  and each is matched at most once. With m matches of A onsets and V peaks the score is intersection
  over union, m / (A + V - m).
- `greedy` is the matching of the published code: each onset in order with the first free peak
  within reach. `optimal` is a maximum matching. If both are ascending, the two agree.
- `paper` is the formula of the publication: half of (onsets with a peak within reach + peaks with
  an onset within reach) over the union, so that one may match several. Its window is one frame
  here as well. It is at least the score of the optimal matching.
- The score of several videos is their mean.
- Without any onset and peak there is no score: an error. With only one of the two it is 0.

Source: Yariv et al., "Diverse and Aligned Audio-to-Video Generation via Text-to-Video Model
Adaptation" (TempoTokens), AAAI 2024, arXiv 2309.16429, eq. 9, and the code published with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.media.files import label_files
from mvsearch.search.metrics.media.motion import (
    MIN_PEAK_PIXELS,
    MIN_SIDE_PIXELS,
    find_peaks,
    read_motion,
)
from mvsearch.search.metrics.media.onsets import find_onsets, read_clip
from mvsearch.search.metrics.output.tables import Table
from mvsearch.store.errors import QueryError

FloatArray = npt.NDArray[np.float64]
Match = Literal["greedy", "optimal", "paper"]
MATCHES: tuple[Match, ...] = get_args(Match)
NOTHING = "neither onsets nor peaks of motion, and nothing to align"


@dataclass(frozen=True, slots=True)
class AvAlignOptions:
    """How onsets and peaks are found and matched.

    Attributes:
        match: see the module.
        floor_pixels: minimum motion of a peak.
        height: of scaled pictures, for speed; None keeps their size, as published.
        seconds: length of each video that is used; None for all of it.
    """

    match: Match = "greedy"
    floor_pixels: float = MIN_PEAK_PIXELS
    height: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Validate the values."""
        if self.match not in MATCHES:
            raise QueryError(f"a match is {', '.join(MATCHES)}, not {self.match!r}")
        if not 0.0 <= self.floor_pixels < float("inf"):
            raise QueryError(f"the least motion of a peak is not {self.floor_pixels}")
        if self.height is not None and self.height < MIN_SIDE_PIXELS:
            raise QueryError(f"pictures have at least {MIN_SIDE_PIXELS} lines, not {self.height}")
        if self.seconds is not None and not 0.0 < self.seconds < float("inf"):
            raise QueryError(f"so many seconds cannot be measured: {self.seconds:g}")


@dataclass(frozen=True, slots=True)
class Alignment:
    """The result of one video.

    Attributes:
        path: of its file.
        frame_rate: frames per second; its inverse is the reach of a match.
        n_frames: number of frames.
        onsets_seconds: of the sound.
        peaks_seconds: of the motion.
        n_matched: number of matched pairs; for `paper`, of the optimal matching.
        score: 0 to 1.
    """

    path: Path
    frame_rate: float
    n_frames: int
    onsets_seconds: tuple[float, ...]
    peaks_seconds: tuple[float, ...]
    n_matched: int
    score: float

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return {
            "path": str(self.path),
            "score": self.score,
            "n_matched": self.n_matched,
            "n_onsets": len(self.onsets_seconds),
            "n_peaks": len(self.peaks_seconds),
            "n_frames": self.n_frames,
            "frame_rate": self.frame_rate,
            "onsets_seconds": list(self.onsets_seconds),
            "peaks_seconds": list(self.peaks_seconds),
        }


@dataclass(frozen=True, slots=True)
class AvAlignResult:
    """The result of several videos.

    Attributes:
        videos: in the order given.
        score: their mean.
    """

    videos: tuple[Alignment, ...]
    score: float
    options: AvAlignOptions = field(default_factory=AvAlignOptions)

    def to_dict(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return {
            "metric": "av-align",
            "score": self.score,
            "n_videos": len(self.videos),
            "match": self.options.match,
            "floor_pixels": self.options.floor_pixels,
            "height": self.options.height,
            "seconds": self.options.seconds,
            "videos": [video.to_dict() for video in self.videos],
        }

    def to_table(self) -> Table:
        """One row per video, the mean last."""
        names = label_files([video.path for video in self.videos])
        rows = [
            (
                name,
                f"{video.score:.4f}",
                str(video.n_matched),
                str(len(video.onsets_seconds)),
                str(len(video.peaks_seconds)),
                str(video.n_frames),
                f"{video.frame_rate:.2f}",
            )
            for name, video in zip(names, self.videos, strict=True)
        ]
        if len(rows) > 1:
            rows.append(("mean", f"{self.score:.4f}", "", "", "", "", ""))
        columns = ("video", "AV-Align", "matched", "onsets", "peaks", "frames", "frames/s")
        return Table("AV-Align", columns, tuple(rows), self._list_notes())

    def _list_notes(self) -> tuple[str, ...]:
        height = self.options.height
        size = "at their own size" if height is None else f"scaled to {height} lines"
        return (
            f"match: {self.options.match}, closer than one frame; score = matched / union"
            if self.options.match != "paper"
            else "formula of the paper: either within one frame of the other, over the union",
            f"motion: Farneback, pictures {size}, peaks of {self.options.floor_pixels:g} px or "
            "more; onsets: librosa at 22.05 kHz",
        )


def evaluate_av_align(
    videos: Sequence[Path], options: AvAlignOptions | None = None
) -> AvAlignResult:
    """Measure the alignment of videos with their own sound.

    Raises:
        QueryError: there is no video, or one of them cannot be measured.
    """
    options = options or AvAlignOptions()
    if not videos:
        raise QueryError("AV-Align needs a video")
    # All sounds first, so that errors are raised before minutes are spent on motion.
    sounds = [find_onsets(read_clip(path, options.seconds)) for path in videos]
    measured = tuple(
        align_video(path, onsets, options) for path, onsets in zip(videos, sounds, strict=True)
    )
    mean = float(np.mean([video.score for video in measured]))
    return AvAlignResult(measured, mean, options)


def align_video(path: Path, onsets: FloatArray, options: AvAlignOptions) -> Alignment:
    """Measure one video with the (a,) onsets of its sound in seconds.

    Raises:
        QueryError: it cannot be read, has one frame, or neither onsets nor peaks.
    """
    motion = read_motion(path, options.height, options.seconds)
    peaks = motion.times_seconds[find_peaks(motion.pixels, options.floor_pixels)]
    reach_seconds = 1.0 / motion.frame_rate
    if len(onsets) + len(peaks) == 0:
        raise QueryError(f"cannot use {path.name!r}: it has {NOTHING}")
    score = score_alignment(onsets, peaks, reach_seconds, options.match)
    return Alignment(
        path=path,
        frame_rate=motion.frame_rate,
        n_frames=len(motion.pixels),
        onsets_seconds=tuple(onsets.tolist()),
        peaks_seconds=tuple(peaks.tolist()),
        n_matched=count_matches(onsets, peaks, reach_seconds, options.match),
        score=score,
    )


def score_alignment(
    onsets: FloatArray, peaks: FloatArray, reach_seconds: float, match: Match = "greedy"
) -> float:
    """The score of onsets and peaks.

    Args:
        onsets: (a,) times of the sound in seconds.
        peaks: (v,) times of the motion.
        reach_seconds: maximum distance of a match, exclusive; one frame.
        match: see the module.

    Returns:
        0 to 1.

    Raises:
        QueryError: there is neither an onset nor a peak, or a time is not finite.
    """
    _check_times(onsets, peaks, reach_seconds)
    n_matched = count_matches(onsets, peaks, reach_seconds, match)
    n_union = len(onsets) + len(peaks) - n_matched
    if match != "paper":
        return n_matched / n_union
    near = _find_near(onsets, peaks, reach_seconds)
    n_hits = np.count_nonzero(near.any(axis=1)) + np.count_nonzero(near.any(axis=0))
    return int(n_hits) / (2 * n_union)


def count_matches(
    onsets: FloatArray, peaks: FloatArray, reach_seconds: float, match: Match = "greedy"
) -> int:
    """The number of pairs of a one-to-one matching; the optimal one for `paper`."""
    near = _find_near(onsets, peaks, reach_seconds)
    return _match_greedily(near) if match == "greedy" else _match_optimally(near)


def _check_times(onsets: FloatArray, peaks: FloatArray, reach_seconds: float) -> None:
    if not 0.0 < reach_seconds < float("inf"):
        raise QueryError(f"a match has a reach, not {reach_seconds}")
    if not (np.all(np.isfinite(onsets)) and np.all(np.isfinite(peaks))):
        raise QueryError("a time is no finite number")
    if len(onsets) + len(peaks) == 0:
        raise QueryError(f"there are {NOTHING}")


def _find_near(
    onsets: FloatArray, peaks: FloatArray, reach_seconds: float
) -> npt.NDArray[np.bool_]:
    """(a, v) whether onset and peak are within reach."""
    near: npt.NDArray[np.bool_] = np.abs(onsets[:, None] - peaks[None, :]) < reach_seconds
    return near


def _match_greedily(near: npt.NDArray[np.bool_]) -> int:
    """Match each onset in order with the first free peak within reach."""
    is_free = np.ones(near.shape[1], dtype=bool)
    n_matched = 0
    for row in near:
        within = np.flatnonzero(row & is_free)
        if len(within):
            is_free[within[0]] = False
            n_matched += 1
    return n_matched


def _match_optimally(near: npt.NDArray[np.bool_]) -> int:
    """The size of a maximum matching (Hopcroft and Karp, by scipy)."""
    if near.size == 0:
        return 0
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    matched = maximum_bipartite_matching(csr_array(near), perm_type="column")
    return int(np.count_nonzero(matched >= 0))
