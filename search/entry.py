"""Everything that is known about one video."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mvsearch.store.library import Library
from mvsearch.store.records import Lyrics, ShownLine, Stage, Tag, Video
from mvsearch.store.unicode import printable


@dataclass(frozen=True, slots=True)
class Entry:
    """One video with all that is known of it.

    Attributes:
        paths: of the files that hold it.
        n_uniform: frames of one colour, which are left out.
        shown: lines of text in the picture.
    """

    video: Video
    paths: tuple[Path, ...]
    stages: tuple[Stage, ...]
    lyrics: Lyrics | None
    n_uniform: int
    tags: tuple[Tag, ...] = ()
    shown: tuple[ShownLine, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The entry as the JSON contract has it."""
        return {
            "video": self.video.to_dict(),
            "paths": [str(path) for path in self.paths],
            "stages": [
                {
                    "stage": stage.stage,
                    "encoder": stage.encoder,
                    "status": stage.status,
                    "detail": printable(describe_stage(stage)),
                }
                for stage in self.stages
            ],
            "n_uniform_frames": self.n_uniform,
            "tags": [tag.to_dict() for tag in self.tags],
            "lyrics": None if self.lyrics is None else self.lyrics.to_dict(),
            "ocr": [line.to_dict() for line in self.shown],
        }


def read_entry(library: Library, video: Video) -> Entry:
    """Gather what is known of a video."""
    catalog = library.catalog
    return Entry(
        video,
        tuple(location.path for location in catalog.locations(video_id=video.id)),
        tuple(catalog.stages(video.id)),
        catalog.lyrics(video.id),
        len(catalog.uniform_seconds(video.id)),
        catalog.tags(video.id),
        catalog.shown_lines(video.id),
    )


def describe_stage(stage: Stage) -> str:
    """Why a stage made nothing, or what it was made from."""
    rough = "key frames only" if stage.has_key_frames_only else ""
    return "; ".join(filter(None, (stage.detail, stage.origin, rough)))
