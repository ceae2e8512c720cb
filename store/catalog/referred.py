"""Loads the videos that rows refer to, and chooses which path of each to show."""

import os
from pathlib import Path

from mvsearch.store.database.explain import describe_damage
from mvsearch.store.records import Video


class Referred(dict[str, Video]):
    """Videos that something else in the catalogue refers to."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def __missing__(self, video_id: str) -> Video:
        """Refuse what leads nowhere."""
        raise describe_damage(
            self.place, f"it has no video and no file for what it holds of {video_id}"
        )


def choose_places(paths: list[Path]) -> list[Path]:
    """Those of a video's paths that are there; the first one where none is.

    Only who lies in several places is looked for: one of them may be a drive away.
    """
    return paths if len(paths) == 1 else [path for path in paths if _is_there(path)] or paths[:1]


def _is_there(path: Path) -> bool:
    """Whether a file can be found; a place that may not be looked into has none for us."""
    return os.access(path, os.F_OK)
