"""Everything that is known about one video."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.library import Library
from mvsearch.store.records import (
    SIDE_OF,
    Lyrics,
    Metadata,
    MoodTrack,
    ShownLine,
    Stage,
    Tag,
    Video,
    join_sides,
)
from mvsearch.store.unicode import printable


@dataclass(frozen=True, slots=True)
class Entry:
    """One video with all that is known of it.

    Attributes:
        paths: of the files that hold it.
        n_uniform: frames of one colour, which are left out.
        shown: lines of text in the picture.
        moods: of the picture and of the sound, as far as they are known.
        why_no_mood: why there is none; empty if there is one.
        metadata: what tags and side-cars say, and where each is from.
    """

    video: Video
    paths: tuple[Path, ...]
    stages: tuple[Stage, ...]
    lyrics: Lyrics | None
    n_uniform: int
    tags: tuple[Tag, ...] = ()
    shown: tuple[ShownLine, ...] = ()
    moods: tuple[MoodTrack, ...] = ()
    why_no_mood: str = ""
    metadata: Metadata = field(default_factory=Metadata)

    def to_dict(self) -> dict[str, Any]:
        """The entry as the JSON contract has it."""
        return {
            "video": self.video.to_dict(),
            "metadata": self.metadata.to_dict(),
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
            "mood": self._describe_mood(),
        }

    def _describe_mood(self) -> dict[str, Any]:
        """The mood as a whole, and that of each side over time."""
        sides: dict[str, Any] = {track.side: track.to_dict() for track in self.moods}
        return {**join_sides(self.moods).to_dict(), **sides, "why_none": self.why_no_mood}


def read_entry(library: Library, video: Video) -> Entry:
    """Gather what is known of a video."""
    catalog = library.catalog
    moods = catalog.mood_tracks(video.id)
    used = {space.key for space in catalog.spaces()}
    return Entry(
        video,
        tuple(location.path for location in catalog.locations(video_id=video.id)),
        tuple(stage for stage in catalog.stages(video.id) if stage.encoder in used),
        catalog.lyrics(video.id),
        len(catalog.uniform_seconds(video.id)),
        catalog.tags(video.id),
        catalog.shown_lines(video.id),
        moods,
        "" if moods else _explain_no_mood(catalog, video),
        catalog.metadata(video.id),
    )


def _explain_no_mood(catalog: Catalog, video: Video) -> str:
    """Why a video has no mood."""
    from mvsearch.indexer.mood.measure import find_mood_space

    spaces = catalog.spaces()
    found = [find_mood_space(spaces, modality) for modality in SIDE_OF]
    rated = [space for space, _ in filter(None, found)]
    if not rated:
        return "none: nothing predicts moods by the encoders of this library"
    if any(catalog.embeddings(video.id, space.key) is not None for space in rated):
        return "none yet: it is measured when its folder is indexed next"
    return "none: it has neither a picture nor sound to measure"


def describe_stage(stage: Stage) -> str:
    """Why a stage made nothing, or what it was made from."""
    rough = "key frames only" if stage.has_key_frames_only else ""
    return "; ".join(filter(None, (stage.detail, stage.origin, rough)))
