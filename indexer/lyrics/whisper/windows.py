"""Selects the parts of a track to transcribe."""

import math
from dataclasses import dataclass
from itertools import pairwise

from mvsearch.indexer.lyrics.whisper.voice import VoiceActivity

FRAMES_A_SECOND = 100
WINDOW_FRAMES = 30 * FRAMES_A_SECOND
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """Which parts of a track are transcribed.

    Attributes:
        max_gap_seconds: longer parts without a voice are left out, minus the margins; infinite
            keeps all. The detector misses voices under loud synthesisers: in seven songs, five
            seconds around its detections lack 29 of 320 lines, and save 2 of 44 windows.
        margin_seconds: kept on both sides of a voice.
    """

    max_gap_seconds: float = math.inf
    margin_seconds: float = 5.0


# Faster, for music in which the voice is clear (`--voiced-only`).
VOICED_ONLY = WindowOptions(max_gap_seconds=20.0)


@dataclass(frozen=True, slots=True)
class TrackSection:
    """A part of a track, in frames of 10 ms of its spectrogram."""

    start_frame: int
    end_frame: int

    @property
    def window_frames(self) -> int:
        """The number of its frames that fit into one window."""
        return min(WINDOW_FRAMES, self.end_frame - self.start_frame)


def plan_sections(
    activity: VoiceActivity, n_frames: int, options: WindowOptions
) -> list[TrackSection]:
    """The transcribed parts of a track, in frames.

    Parts that fit into one window share one: the gap between them costs nothing.

    Args:
        activity: where the track has a voice.
        n_frames: the length of its spectrogram.
        options: which parts are transcribed.
    """
    sections: list[TrackSection] = []
    for start, end in find_voiced_parts(activity, options):
        first, last = (min(round(at * FRAMES_A_SECOND), n_frames) for at in (start, end))
        section = TrackSection(first, last)
        if sections and _fit_together(sections[-1], section):
            sections[-1] = TrackSection(sections[-1].start_frame, section.end_frame)
        elif section.start_frame < section.end_frame:
            sections.append(section)
    return sections


def _fit_together(one: TrackSection, other: TrackSection) -> bool:
    """Whether two sections with a gap between them fit into one window."""
    length = other.end_frame - one.start_frame
    return one.end_frame < other.start_frame and length <= WINDOW_FRAMES


def find_voiced_parts(activity: VoiceActivity, options: WindowOptions) -> list[Span]:
    """The parts of a track to transcribe: all of it except long gaps without a voice."""
    ends = (-math.inf, -math.inf), (math.inf, math.inf)
    length, margin = activity.duration_seconds, options.margin_seconds
    parts: list[Span] = []
    start = 0.0
    for (_, before), (after, _) in pairwise([ends[0], *activity.intervals, ends[1]]):
        # There is no voice before the start and after the end of the track.
        gap = min(after, length) - max(before, 0.0)
        if gap <= options.max_gap_seconds:
            continue
        stop, resume = max(before, -margin) + margin, min(after, length + margin) - margin
        if stop < resume:
            parts.append((start, stop))
            start = resume
    parts.append((start, length))
    return [(start, end) for start, end in parts if start < end]
