"""The records that packages exchange: frozen dataclasses that validate themselves."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from mvsearch.store.errors import FAILURE_CODES, FailureCode
from mvsearch.store.unicode import printable

Modality = Literal["frames", "lyrics", "audio"]
MODALITIES: tuple[Modality, ...] = get_args(Modality)

StageStatus = Literal["done", "absent", "pending"]
STATUSES: tuple[StageStatus, ...] = get_args(StageStatus)
Matrix = npt.NDArray[np.float32]

# No encoder makes longer vectors.
MAX_DIM = 1 << 16
# Vectors are stored as float16: eleven significant bits move a unit norm by less than this.
UNIT_TOLERANCE = 5e-3


def check_span(start_seconds: float | None, end_seconds: float | None) -> None:
    """Raise ValueError unless both times are None, or 0 <= start <= end and both are finite."""
    if start_seconds is None and end_seconds is None:
        return
    if start_seconds is None or end_seconds is None:
        raise ValueError("a span has both times or none")
    if not (math.isfinite(start_seconds) and math.isfinite(end_seconds)):
        raise ValueError(f"times must be finite: {start_seconds}, {end_seconds}")
    if not 0 <= start_seconds <= end_seconds:
        raise ValueError(f"times must be ordered and not negative: {start_seconds}, {end_seconds}")


@dataclass(frozen=True, slots=True)
class Video:
    """One video, independent of its name and path.

    Attributes:
        id: content hash in hexadecimal, never derived from the path.
        path: one of its files; for opening, not for identity.
        duration_seconds: measured by decoding, before that from the header.
        is_duration_measured: whether decoding confirmed it.
        has_picture, has_sound: streams of the container (cover art is not a picture).
        other_paths: all other existing files with the same content.
        year: from the tags of the file; None if they have none.
    """

    id: str
    path: Path
    title: str
    artist: str | None = None
    duration_seconds: float = 0.0
    is_duration_measured: bool = False
    has_picture: bool = True
    has_sound: bool = True
    other_paths: tuple[Path, ...] = ()
    year: int | None = None

    def __post_init__(self) -> None:
        """Validate the values."""
        if not self.id:
            raise ValueError("a video needs an id")
        if not (math.isfinite(self.duration_seconds) and self.duration_seconds >= 0):
            raise ValueError(f"duration must be finite and not negative: {self.duration_seconds}")

    def to_dict(self, *, has_copies: bool = False) -> dict[str, Any]:
        """The video in the form of the JSON output, optionally with its other files."""
        copies = {"other_paths": [str(path) for path in self.other_paths]} if has_copies else {}
        return {
            "id": self.id,
            "path": str(self.path),
            "title": printable(self.title),
            "artist": None if self.artist is None else printable(self.artist),
            "duration_seconds": round(self.duration_seconds, 3),
            **copies,
        }


@dataclass(frozen=True, slots=True)
class Location:
    """A file of a video at the time of the last scan.

    Attributes:
        path: absolute; contains surrogates if the name is not UTF-8.
        folder: the absolute folder that was indexed.
        size, mtime_ns: from `os.stat`; if both are equal, the content counts as unchanged.
    """

    path: Path
    video_id: str
    folder: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Space:
    """A vector space; vectors can be compared only within a space.

    Attributes:
        encoder: name in the table of encoders.
        revision: changes whenever the vectors change: weights, preprocessing, window length.
        dim: length of a vector.
        view: empty for the encoder's own space; "words" for its second space, for text.
    """

    modality: Modality
    encoder: str
    revision: str
    dim: int
    view: str = ""

    def __post_init__(self) -> None:
        """Validate the parts of the key."""
        if self.modality not in MODALITIES:
            raise ValueError(f"unknown modality {self.modality!r}")
        if not 1 <= self.dim <= MAX_DIM or not self.encoder or not self.revision:
            raise ValueError(f"incomplete space {self}")
        if any(mark in self.encoder + self.view for mark in ":@/"):
            raise ValueError(f"a name must not contain ':', '@' or '/': {self.encoder} {self.view}")

    @property
    def key(self) -> str:
        """The name under which it is stored, such as `efficientnet-lite0:words@57934424-1`."""
        view = f":{self.view}" if self.view else ""
        return f"{self.encoder}{view}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A frame (from its own time to the next frame's), an audio window or a lyric line.

    Times are None for lyrics without time stamps.
    """

    start_seconds: float | None
    end_seconds: float | None
    text: str = ""

    def __post_init__(self) -> None:
        """Check the times."""
        check_span(self.start_seconds, self.end_seconds)


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """The vectors of one encoder for one video.

    Attributes:
        segments: n of them, in time order.
        vectors: (n, space.dim) float32, each row of length one.
    """

    space: Space
    segments: tuple[Segment, ...]
    vectors: Matrix

    def __post_init__(self) -> None:
        """Check shape, type and length of the vectors."""
        if self.vectors.shape != (len(self.segments), self.space.dim):
            raise ValueError(
                f"{self.space.key}: {len(self.segments)} segments, vectors {self.vectors.shape}"
            )
        if self.vectors.dtype != np.float32:
            raise ValueError(f"{self.space.key}: vectors are {self.vectors.dtype}, not float32")
        norms = np.linalg.norm(self.vectors, axis=1)
        if not np.all(np.abs(norms - 1.0) <= UNIT_TOLERANCE):  # NaN fails too
            raise ValueError(f"{self.space.key}: vectors are not of length one")


@dataclass(frozen=True, slots=True)
class Stage:
    """The state of one stage of one video with one encoder.

    Attributes:
        encoder: key of the encoder's first space.
        status: "done"; "absent" if the video lacks the modality; "pending" if something was missing
            (such as Whisper's weights) that may be available later.
        detail: one line for people: why it is absent or pending.
        origin: of lyrics, as in `Lyrics`: source, a space, origin.
        fingerprint: of the lyric files beside the video at that time.
        sampling: mark of the rule by which frames were taken; empty where there was none.
        has_key_frames_only: whether frames between key frames were left out.
    """

    video_id: str
    stage: Modality
    encoder: str
    status: StageStatus
    detail: str = ""
    origin: str = ""
    fingerprint: str = ""
    sampling: str = ""
    has_key_frames_only: bool = False

    def __post_init__(self) -> None:
        """Validate stage and status."""
        if self.stage not in MODALITIES or self.status not in STATUSES:
            raise ValueError(f"unknown stage or status: {self.stage!r}, {self.status!r}")


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its time."""

    text: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class WhisperSegment:
    """The fields of a Whisper segment beyond id, start, end and text of its line.

    Attributes:
        seek: offset of the 30-second window, in hundredths of a second.
        temperature, avg_logprob, compression_ratio, no_speech_prob: as Whisper defines them.
    """

    id: int
    seek: int
    tokens: tuple[int, ...]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


@dataclass(frozen=True, slots=True)
class LyricLine:
    """A line of lyrics; a rejected one is stored and shown, but not indexed.

    Attributes:
        rejected: the reason why it is not indexed; None if it is.
    """

    text: str
    start_seconds: float | None = None
    end_seconds: float | None = None
    words: tuple[Word, ...] = ()
    rejected: str | None = None
    whisper: WhisperSegment | None = None

    def __post_init__(self) -> None:
        """Check the times."""
        check_span(self.start_seconds, self.end_seconds)


@dataclass(frozen=True, slots=True)
class Lyrics:
    """The lyrics of a video and where they come from.

    Attributes:
        source: "sidecar", "subtitles", "tag", "plugin" or "whisper".
        origin: the file name, stream, tag, plug-in or model within that source.
        language: ISO 639-1 code where known.
    """

    lines: tuple[LyricLine, ...]
    source: str
    origin: str = ""
    language: str | None = None

    @property
    def is_timed(self) -> bool:
        """Whether any line has a time."""
        return any(line.start_seconds is not None for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """The lyrics with their source in the form of the JSON output."""
        return {
            "source": self.source,
            "origin": printable(self.origin),
            "language": self.language,
            "lines": [
                {
                    "start_seconds": line.start_seconds,
                    "end_seconds": line.end_seconds,
                    "text": printable(line.text),
                    "rejected": line.rejected,
                }
                for line in self.lines
            ],
        }


@dataclass(frozen=True, slots=True)
class Tag:
    """A class that a time range of a video shows, by the frame encoder.

    Attributes:
        probability: the highest of its frames, above 0 and up to 1.
    """

    name: str
    start_seconds: float
    end_seconds: float
    probability: float

    def __post_init__(self) -> None:
        """Check the times and the probability."""
        check_span(self.start_seconds, self.end_seconds)
        if not self.name or not 0 < self.probability <= 1:
            raise ValueError(f"a tag has a name and a probability: {self}")

    def to_dict(self) -> dict[str, Any]:
        """The tag in the form of the JSON output."""
        return {
            "name": printable(self.name),
            "start_seconds": round(self.start_seconds, 3),
            "end_seconds": round(self.end_seconds, 3),
            "probability": round(self.probability, 4),
        }


# A still is 2 KB; one of a stranger's library that is larger than this is none.
MAX_STILL_BYTES = 64 * 2**10


@dataclass(frozen=True, slots=True)
class Still:
    """A small image of a video at a time.

    Attributes:
        image: a WebP, its longer side at most 192 pixels.
    """

    seconds: float
    image: bytes

    def __post_init__(self) -> None:
        """Check the time."""
        check_span(self.seconds, self.seconds)


@dataclass(frozen=True, slots=True)
class WholeVideo:
    """A new video with the results of all its stages."""

    video: Video
    location: Location
    stages: tuple[Stage, ...]
    embeddings: tuple[Embeddings, ...]
    lyrics: Lyrics | None = None
    tags: tuple[Tag, ...] = ()
    stills: tuple[Still, ...] = ()

    def __post_init__(self) -> None:
        """Check that everything belongs to one video."""
        ids = {self.location.video_id, *(stage.video_id for stage in self.stages)}
        if ids != {self.video.id}:
            raise ValueError(f"not everything belongs to {self.video.id}: {sorted(ids)}")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file, or one stage of it, is not in the library.

    Attributes:
        stage: "scan", "probe", or a modality.
        code: one of `store.errors.FAILURE_CODES`.
        message: one line in plain words, without the path.
    """

    path: Path
    stage: str
    code: FailureCode
    message: str

    def __post_init__(self) -> None:
        """Validate code and message."""
        if self.code not in FAILURE_CODES:
            raise ValueError(f"unknown failure code {self.code!r}")
        if "\n" in self.message or not self.message:
            raise ValueError(f"a failure has a message of one line: {self.message!r}")

    def to_dict(self) -> dict[str, str]:
        """The failure in the form of the JSON output."""
        return {
            "path": str(self.path),
            "stage": self.stage,
            "code": self.code,
            "message": printable(self.message),
        }
