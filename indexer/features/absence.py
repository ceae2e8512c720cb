"""Says why a file has no features of a modality, and what happened to a damaged one."""

from mvsearch.indexer.media.decoding.frames import DecodeReport
from mvsearch.indexer.media.decoding.types import Lost
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Modality

WHY_NO_STREAM: dict[Modality, str] = {
    "frames": "the file has no picture",
    "audio": "the file has no sound",
}
WHY_NOTHING: dict[Modality, str] = {
    "frames": "every frame is of one colour",
    "audio": "the sound is silent",
}
LOST_STREAMS: dict[Modality, Lost] = {"frames": "picture", "audio": "sound"}
WHY_LOST: dict[Modality, str] = {
    "frames": "nothing of its picture can be decoded",
    "audio": "nothing of its sound can be decoded",
}


def explain_absence(stage: Modality, is_there: bool, report: DecodeReport) -> str:
    """Why a stage has no vectors."""
    if report.lost == LOST_STREAMS[stage]:
        return WHY_LOST[stage]
    return WHY_NOTHING[stage] if is_there else WHY_NO_STREAM[stage]


def explain_problem(report: DecodeReport) -> MediaError | None:
    """The error of a file, and what happened to the rest of it."""
    if report.problem is None:
        return None
    part = "that part" if report.problem.code == "truncated" else "the rest"
    return MediaError(report.problem.code, f"{report.problem}; {part} is in the library")
