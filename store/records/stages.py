"""The state of each stage of indexing, and failures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from mvsearch.store.errors import FAILURE_CODES, FailureCode
from mvsearch.store.records.embeddings import MODALITIES, Modality
from mvsearch.store.unicode import printable

StageStatus = Literal["done", "absent", "pending"]
STATUSES: tuple[StageStatus, ...] = get_args(StageStatus)


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
