"""The options and the results of decoding."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mvsearch.store.errors import MediaError
from mvsearch.store.records import Matrix

# "all" frames, those "needed" for the sampled ones (see `frame_skipping`), or only "key" frames.
Decoded = Literal["all", "needed", "key"]
# A requested stream that exists but has no output; empty for none.
Lost = Literal["", "picture", "sound"]
# A few bytes of a hostile file can decode to years.
MAX_HOURS = 12.0


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """What is decoded, and how.

    Attributes:
        frame_size: (width, height) in pixels to which frames are scaled, without keeping the shape.
        sample_rate: of the mono audio, in hertz.
        wants_picture, wants_sound: which streams are decoded.
        frame_rate: sampled frames per second; None depends on the duration.
        decoded: which frames are decoded; the sampled frames are among them.
        hardware: ffmpeg's name of a hardware decoder, such as "cuda"; None for software. With
            hardware, any decoder error fails the pass, which software can repeat.
        n_threads: of the decoder; None for one a core.
        start_seconds, end_seconds: the section, from the start of the file; None is its end.
        entry_seconds: the seek position for the section; None seeks to the key frame before it.
        batch_frames: frames in a `FrameBatch`; the last one may have fewer.
        block_seconds: length of a `SoundBlock`; the last one may be shorter.
        stall_seconds: the decoder is killed after this time without output.
        max_seconds: longer files, by the header or as decoded, are refused; sections of longer
            files are not.
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
        """Raise ValueError for values that ffmpeg would fail on."""
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
        """Seconds from the seek position to the start of the section; these are not output."""
        return 0.0 if self.entry_seconds is None else self.start_seconds - self.entry_seconds

    @property
    def is_section(self) -> bool:
        """Whether only a part of the file is decoded."""
        return self.start_seconds > 0 or self.end_seconds is not None


@dataclass(frozen=True, slots=True, eq=False)
class FrameBatch:
    """Frames in the order of time.

    Attributes:
        frames: (n, height, width, 3) uint8 RGB.
        start_seconds: (n,) float64 presentation times, from the start of the file.
        is_uniform: (n,) bool, whether a frame has only one colour.
    """

    frames: npt.NDArray[np.uint8]
    start_seconds: npt.NDArray[np.float64]
    is_uniform: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class SoundBlock:
    """Audio samples that follow those of the block before without a gap.

    Attributes:
        start_seconds: of the first sample, from the start of the file.
        samples: (n,) float32 mono in [-1, 1].
    """

    start_seconds: float
    samples: Matrix


@dataclass(frozen=True, slots=True)
class DecodeReport:
    """The measured results of a pass.

    Attributes:
        duration_seconds: end of the last frame or sample, from the start of the file.
        header_seconds: the duration by the header; None if it has none.
        n_frames: number of sampled frames.
        sound_seconds: duration of the audio.
        is_truncated: the file ends clearly before the duration by the header, with decoder errors.
            Without errors, the header is taken as wrong.
        lost: a stream of which nothing could be decoded.
        n_errors: number of decoder errors that mean a loss of picture or sound; 0 for sections.
        first_error: the first of these, in one line of limited length without a path.
    """

    duration_seconds: float
    header_seconds: float | None
    n_frames: int
    sound_seconds: float
    is_truncated: bool
    lost: Lost = ""
    n_errors: int = 0
    first_error: str = ""

    @property
    def problem(self) -> MediaError | None:
        """The most serious problem of the file in one line; None if it is complete."""
        said = f" ({self.first_error})" if self.first_error else ""
        if self.lost:
            return MediaError("decode_failed", f"nothing of its {self.lost} can be decoded{said}")
        if self.is_truncated:
            return MediaError("truncated", self.why_truncated)
        if self.n_errors:
            often = "once" if self.n_errors == 1 else f"{self.n_errors} times"
            return MediaError(
                "damaged", f"it is damaged, the decoder reported errors {often}{said}"
            )
        return None

    @property
    def why_truncated(self) -> str:
        """One line on the truncation; empty if the file is not truncated."""
        if not self.is_truncated or self.header_seconds is None:
            return ""
        return (
            f"the file is incomplete: it ends after {self.duration_seconds:.1f} of "
            f"{self.header_seconds:.1f} seconds"
        )
