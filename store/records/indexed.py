"""A video with everything that indexing stores for it."""

from dataclasses import dataclass

from mvsearch.store.records.embeddings import Embeddings
from mvsearch.store.records.lyrics import Lyrics
from mvsearch.store.records.metadata import Metadata
from mvsearch.store.records.moods import MoodTrack
from mvsearch.store.records.stages import Stage
from mvsearch.store.records.tempo_and_key import TempoAndKey
from mvsearch.store.records.videos import Location, Still, Tag, Video


@dataclass(frozen=True, slots=True)
class IndexedVideo:
    """A new video with the results of all its stages."""

    video: Video
    location: Location
    stages: tuple[Stage, ...]
    embeddings: tuple[Embeddings, ...]
    lyrics: Lyrics | None = None
    tags: tuple[Tag, ...] = ()
    stills: tuple[Still, ...] = ()
    moods: tuple[MoodTrack, ...] = ()
    metadata: Metadata | None = None
    tempo: TempoAndKey | None = None

    def __post_init__(self) -> None:
        """Check that everything belongs to one video."""
        ids = {self.location.video_id, *(stage.video_id for stage in self.stages)}
        if ids != {self.video.id}:
            raise ValueError(f"not everything belongs to {self.video.id}: {sorted(ids)}")
