"""Splits a track into Whisper windows at pauses of the voice."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.lyrics.whisper.voice import CHUNK_SECONDS, VoiceActivity

FRAMES_A_SECOND = 100
WINDOW_FRAMES = 30 * FRAMES_A_SECOND
# A pause between two words is about as long.
_PAUSE_CHUNKS = round(0.5 / CHUNK_SECONDS)

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """What is heard, and where it is cut.

    Attributes:
        max_gap_seconds: longer stretches without a voice are left out, less the margins. Infinite:
            nothing is. The detector misses a voice under loud synthesisers: in seven songs, five
            seconds around what it finds lack 29 of 320 lines, and save 2 of 44 windows.
        margin_seconds: heard on both sides of what has a voice.
        search_seconds: a window may be this much shorter than 30 s, to be cut in a pause.
    """

    max_gap_seconds: float = math.inf
    margin_seconds: float = 5.0
    search_seconds: float = 8.0


# For those who want speed, and whose singers stand out (`--voiced-only`).
VOICED_ONLY = WindowOptions(max_gap_seconds=20.0)


@dataclass(frozen=True, slots=True)
class Clip:
    """A part of a track, in frames of 10 ms of its spectrogram."""

    start_frame: int
    end_frame: int

    @property
    def window_frames(self) -> int:
        """How many frames of it fit into one window."""
        return min(WINDOW_FRAMES, self.end_frame - self.start_frame)


def plan_clips(activity: VoiceActivity, n_frames: int, options: WindowOptions) -> list[Clip]:
    """Cut what is heard of a track into clips of one window each.

    A clip ends where a voice is least likely within the last seconds of the window ("cut & merge"
    of Bain et al., "WhisperX", 2023). Stretches that fit into one window go into one: what lies
    between them costs nothing.

    Args:
        activity: where the track has a voice.
        n_frames: the length of its spectrogram.
        options: what is heard.
    """
    clips: list[Clip] = []
    for start, end in find_stretches(activity, options):
        first, last = (min(round(at * FRAMES_A_SECOND), n_frames) for at in (start, end))
        for clip in _cut(Clip(first, last), activity.probabilities, options):
            if clips and _fits(clips[-1], clip):
                clips[-1] = Clip(clips[-1].start_frame, clip.end_frame)
            else:
                clips.append(clip)
    return [clip for clip in clips if clip.start_frame < clip.end_frame]


def _fits(one: Clip, other: Clip) -> bool:
    """Whether two clips with a gap between them are one window together."""
    length = other.end_frame - one.start_frame
    return one.end_frame < other.start_frame and length <= WINDOW_FRAMES


def find_stretches(activity: VoiceActivity, options: WindowOptions) -> list[Span]:
    """The parts of a track that are heard: all of it, but for long gaps without a voice."""
    ends = (-math.inf, -math.inf), (math.inf, math.inf)
    length, margin = activity.duration_seconds, options.margin_seconds
    stretches: list[Span] = []
    start = 0.0
    for (_, before), (after, _) in pairwise([ends[0], *activity.intervals, ends[1]]):
        # The track's own ends have no voice beyond them.
        gap = min(after, length) - max(before, 0.0)
        if gap <= options.max_gap_seconds:
            continue
        stop, resume = max(before, -margin) + margin, min(after, length + margin) - margin
        if stop < resume:
            stretches.append((start, stop))
            start = resume
    stretches.append((start, length))
    return [(start, end) for start, end in stretches if start < end]


def _cut(clip: Clip, probabilities: npt.NDArray[np.float64], options: WindowOptions) -> list[Clip]:
    """Cut a clip into some that fit into a window."""
    clips: list[Clip] = []
    start = clip.start_frame
    while clip.end_frame - start > WINDOW_FRAMES:
        latest = (start + WINDOW_FRAMES) / FRAMES_A_SECOND
        at = find_pause(latest - options.search_seconds, latest, probabilities)
        clips.append(Clip(start, round(at * FRAMES_A_SECOND)))
        start = clips[-1].end_frame
    return [*clips, Clip(start, clip.end_frame)]


def find_pause(start: float, end: float, probabilities: npt.NDArray[np.float64]) -> float:
    """The last moment of a span at which a voice is least likely; its end if nothing is known."""
    first, last = math.ceil(start / CHUNK_SECONDS), math.floor(end / CHUNK_SECONDS)
    voice = probabilities[first:last]
    if len(voice) < _PAUSE_CHUNKS:
        return end
    smooth = np.convolve(voice, np.full(_PAUSE_CHUNKS, 1 / _PAUSE_CHUNKS), mode="valid")
    # Rounded, so that two silences are alike.
    (least,) = np.nonzero(smooth.round(3) == smooth.round(3).min())
    return (first + int(least[-1]) + _PAUSE_CHUNKS / 2) * CHUNK_SECONDS
