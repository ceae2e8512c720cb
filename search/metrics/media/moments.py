"""Encodes frames at regular times together with the audio that starts there."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.search.metrics.media.files import reading
from mvsearch.search.metrics.media.joint import JointSpace, embed_frames, embed_samples
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Matrix

# Tolerance for the rounded times of a container.
SLACK_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class MomentOptions:
    """The sections of a video.

    Attributes:
        interval_seconds: between frames.
        audio_length_seconds: of the sound from each frame on.
    """

    interval_seconds: float = 5.0
    audio_length_seconds: float = 5.0

    def __post_init__(self) -> None:
        """Validate interval and length."""
        for name, seconds in (
            ("the interval", self.interval_seconds),
            ("the audio length", self.audio_length_seconds),
        ):
            if not (np.isfinite(seconds) and seconds > 0):
                raise QueryError(f"{name} is a positive number of seconds, not {seconds:g}")


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """The vectors of frames and sound at n times of a video.

    Attributes:
        start_seconds: the n times.
        pictures: (n, d) unit vectors of the frames.
        sounds: (n, e) unit vectors of the sound from there on.
        silent_seconds: the times of silent sections, which are left out.
    """

    start_seconds: tuple[float, ...]
    pictures: Matrix
    sounds: Matrix
    silent_seconds: tuple[float, ...] = ()

    def describe(self) -> tuple[str, ...]:
        """A note on the silent sections; empty if there are none."""
        if not self.silent_seconds:
            return ()
        return (
            f"left out, as silent: {', '.join(f'{start:g} s' for start in self.silent_seconds)}",
        )


def embed_moments(
    path: Path, pictures: JointSpace, sounds: JointSpace, options: MomentOptions
) -> Moments:
    """Encode a frame every `interval_seconds`, and the sound from its time on.

    The frame of a time is the first one shown after it, or, if there is none before the next time,
    the one still displayed.

    Raises:
        QueryError: the video lacks picture or sound, has one frame, or is silent.
    """
    from mvsearch.search.metrics.media.excerpts import Excerpt, ExcerptOptions, read_excerpts

    wanted = ExcerptOptions(
        frame_size=pictures.encoder.frame_size,
        frame_rate=1 / options.interval_seconds,
        sample_rate=sounds.encoder.sample_rate,
        interval_seconds=options.interval_seconds,
        length_seconds=options.audio_length_seconds,
    )
    shown: list[Matrix] = []
    shown_seconds: list[float] = []
    heard: dict[float, Matrix | None] = {}
    with reading(path):
        for piece in read_excerpts(path, wanted):
            if isinstance(piece, Excerpt):
                heard[piece.start_seconds] = embed_samples(sounds, piece.samples)
            else:
                shown.append(embed_frames(pictures, piece.frames))
                shown_seconds += piece.start_seconds.tolist()
    if not shown:
        raise QueryError(f"{path.name!r} has no frame that can be decoded")
    if len(shown_seconds) == 1 and len(heard) > 1:
        raise QueryError(f"{path.name!r} has a single frame for all of its sound")
    return _pair(np.concatenate(shown), np.array(shown_seconds), heard, options, path.name)


def _pair(
    frames: Matrix,
    frame_seconds: npt.NDArray[np.float64],
    heard: dict[float, Matrix | None],
    options: MomentOptions,
    name: str,
) -> Moments:
    """Pair each sound with its frame."""
    starts = [start for start, vector in heard.items() if vector is not None]
    vectors = [vector for vector in heard.values() if vector is not None]
    if not heard:
        raise QueryError(f"{name!r} is shorter than {options.audio_length_seconds:g} s of sound")
    if not starts:
        raise QueryError(f"{name!r} is silent: there is nothing to compare")
    rows = [find_frame(frame_seconds, start, options.interval_seconds) for start in starts]
    silent = tuple(start for start, vector in heard.items() if vector is None)
    return Moments(tuple(starts), frames[rows], np.stack(vectors), silent)


def find_frame(
    frame_seconds: npt.NDArray[np.float64], at_seconds: float, interval_seconds: float
) -> int:
    """The index of the frame of a time among (n,) ascending frame times."""
    first = int(np.searchsorted(frame_seconds, at_seconds - SLACK_SECONDS))
    is_in_time = (
        first < len(frame_seconds)
        and frame_seconds[first] < at_seconds + interval_seconds - SLACK_SECONDS
    )
    return first if is_in_time or first == 0 else first - 1
