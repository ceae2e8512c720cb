"""What an index run did: its counts and failures."""

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from mvsearch.store.records import Failure


@dataclass(slots=True)
class Summary:
    """The counts and failures of a run.

    Attributes:
        indexed, unchanged: numbers of files.
        removed: number of videos that were removed with their last file.
        missing: number of absent files that are kept, as their drive may be missing.
        pending: number of videos whose lyrics wait for Whisper.
        transcribed: number of videos that Whisper transcribed.
        with_text: number of videos of which text in the picture was read.
        failures: of this run, and earlier ones of unchanged files.
        unfinished: files that are still being written, left for a later run.
        kept_out: number of files of videos that were removed by name.
        ignored: number of media and folders that `.mvsearchignore` excludes.
        seconds: duration of the run.
        is_interrupted: whether the run was stopped; finished work is kept.
        is_empty: whether the folders have no media file, neither now nor in the library.
    """

    indexed: int = 0
    unchanged: int = 0
    removed: int = 0
    missing: int = 0
    pending: int = 0
    transcribed: int = 0
    with_text: int = 0
    failures: list[Failure] = field(default_factory=list)
    unfinished: list[Path] = field(default_factory=list)
    kept_out: int = 0
    ignored: int = 0
    seconds: float = 0.0
    is_interrupted: bool = False
    is_empty: bool = False

    @property
    def failed(self) -> int:
        """The number of files with a failure."""
        return len({failure.path for failure in self.failures})

    def copy(self) -> Self:
        """The same counts, with lists of its own."""
        return replace(self, failures=[*self.failures], unfinished=[*self.unfinished])

    def reset(self, other: Self) -> None:
        """Take the counts of another."""
        kept = other.copy()
        for each in fields(self):
            setattr(self, each.name, getattr(kept, each.name))

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as in `mvsearch index --json`."""
        return {
            "indexed": self.indexed,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "failed": self.failed,
            "failures": [failure.to_dict() for failure in self.failures],
            "unfinished": len(self.unfinished),
            "unfinished_files": [str(path) for path in self.unfinished],
            "kept_out": self.kept_out,
            "ignored": self.ignored,
            "pending": self.pending,
            "transcribed": self.transcribed,
            "with_text": self.with_text,
            "seconds": round(self.seconds, 3),
            "is_interrupted": self.is_interrupted,
        }
