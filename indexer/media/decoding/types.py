"""The requests and the results of decoding."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mvsearch.store.errors import MediaError
from mvsearch.store.records import Matrix

# "all" frames; those that are "needed", where that hardly moves what is taken; "key" frames.
Decoded = Literal["all", "needed", "key"]
# The stream of a file that gave nothing, though it was wanted and there.
Lost = Literal["", "picture", "sound"]
# A few bytes can claim, and yield, years.
MAX_HOURS = 12.0


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """What is decoded, and how.

    Attributes:
        frame_size: (width, height) that the whole picture is scaled to, whatever its shape.
        sample_rate: of the mono sound, in hertz.
        frame_rate: frames per second to take; None goes by the duration.
        decoded: which frames are decoded at all; of these, those that are due are taken.
        hardware: ffmpeg's name of the hardware that decodes pictures, such as "cuda"; None is
            software. A pass with it fails on the least complaint, since software can do it over.
        n_threads: of the decoder; None is one a core.
        start_seconds, end_seconds: the section, relative to the file; None is its end.
        entry_seconds: where the decoder enters the file for the section; None is at its start,
            which is the key frame before it.
        batch_frames: frames in a `FrameBatch`, less in the last one.
        block_seconds: length of a `SoundBlock`, less in the last one.
        stall_seconds: a decoder that gives nothing for so long is ended.
        max_seconds: what claims or yields more is refused; a section may lie in a longer file.
    """

    frame_size: tuple[int, int] = (224, 224)
    sample_rate: int = 16_000
    wants_picture: bool = True
    wants_sound: bool = True
    frame_rate: float | None = None
    decoded: Decoded = "needed"
    hardware: str | None = None
    n_threads: int | None = None
    start_seconds: float = 0.0
    end_seconds: float | None = None
    entry_seconds: float | None = None
    batch_frames: int = 32
    block_seconds: float = 5.0
    stall_seconds: float = 60.0
    max_seconds: float = MAX_HOURS * 3600

    def __post_init__(self) -> None:
        """Check what would otherwise become a riddle inside ffmpeg."""
        if not self.max_seconds > 0:
            raise ValueError(f"a limit of duration is positive: {self.max_seconds}")
        if min(self.frame_size) < 1 or self.sample_rate < 1 or self.batch_frames < 1:
            raise ValueError(f"sizes and rates are positive: {self}")
        if self.frame_rate is not None and not self.frame_rate > 0:
            raise ValueError(f"the frame rate is positive: {self.frame_rate}")
        if self.start_seconds < 0 or self.block_seconds <= 0 or self.stall_seconds <= 0:
            raise ValueError(f"times are not negative: {self}")
        if self.end_seconds is not None and self.end_seconds <= self.start_seconds:
            raise ValueError(f"the section ends before it starts: {self}")

    @property
    def run_up_seconds(self) -> float:
        """What is decoded and left out before the section, beside what its key frame needs."""
        return 0.0 if self.entry_seconds is None else self.start_seconds - self.entry_seconds

    @property
    def is_section(self) -> bool:
        """Whether a part of the file is asked for, which may be entered at any frame."""
        return self.start_seconds > 0 or self.end_seconds is not None


@dataclass(frozen=True, slots=True, eq=False)
class FrameBatch:
    """Frames in the order of time.

    Attributes:
        frames: (n, height, width, 3) uint8 RGB.
        start_seconds: (n,) float64, when each is shown first, relative to the file's start.
        is_uniform: (n,) whether it is black, white or of one colour.
    """

    frames: npt.NDArray[np.uint8]
    start_seconds: npt.NDArray[np.float64]
    is_uniform: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SoundBlock:
    """Sound without a gap to the block before.

    Attributes:
        start_seconds: of the first sample, relative to the file's start.
        samples: (n,) float32 mono in [-1, 1].
    """

    start_seconds: float
    samples: Matrix


@dataclass(frozen=True, slots=True)
class DecodeReport:
    """What came out of a whole pass.

    Attributes:
        duration_seconds: where the last frame or sample ends, as measured, from the file's start.
        header_seconds: the duration that the header gives.
        n_frames: frames taken.
        sound_seconds: length of the sound.
        is_truncated: it ends clearly before the duration in the header, and the decoder complained.
            A header that merely lies is no truncation.
        lost: a stream that is there and of which nothing could be decoded.
        n_complaints: of the decoder that mean a loss of picture or sound; of a section, 0.
        complaint: the first of these in one bounded line, without a path.
    """

    duration_seconds: float
    header_seconds: float | None
    n_frames: int
    sound_seconds: float
    is_truncated: bool
    lost: Lost = ""
    n_complaints: int = 0
    complaint: str = ""

    @property
    def problem(self) -> MediaError | None:
        """What the file lacks of a whole one: the gravest thing, in one line; None for nothing."""
        said = f" ({self.complaint})" if self.complaint else ""
        if self.lost:
            return MediaError("decode_failed", f"nothing of its {self.lost} can be decoded{said}")
        if self.is_truncated:
            return MediaError("truncated", self.why_truncated)
        if self.n_complaints:
            often = "once" if self.n_complaints == 1 else f"{self.n_complaints} times"
            return MediaError(
                "damaged", f"it is damaged, the decoder reported errors {often}{said}"
            )
        return None

    @property
    def why_truncated(self) -> str:
        """One line in plain words; empty where the file is whole."""
        if not self.is_truncated or self.header_seconds is None:
            return ""
        return (
            f"the file is incomplete: it ends after {self.duration_seconds:.1f} of "
            f"{self.header_seconds:.1f} seconds"
        )
