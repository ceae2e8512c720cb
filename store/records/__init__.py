"""The records that packages exchange: frozen dataclasses that validate themselves."""

from mvsearch.store.records.embeddings import (
    COPIES,
    LINES,
    LOOK,
    MODALITIES,
    OPTIONAL,
    UNIT_TOLERANCE,
    Embeddings,
    Matrix,
    Modality,
    Segment,
    Space,
)
from mvsearch.store.records.encoder_states import EncoderState
from mvsearch.store.records.indexed import IndexedVideo
from mvsearch.store.records.lyric_fits import (
    MIN_CONFIDENCE,
    FitEvidence,
    FitPiece,
    LyricFit,
)
from mvsearch.store.records.lyrics import LyricLine, Lyrics, WhisperSegment, Word
from mvsearch.store.records.metadata import (
    FACET_FIELDS,
    METADATA_FIELDS,
    METADATA_SOURCES,
    FacetField,
    Metadata,
    MetadataField,
    MetadataSource,
)
from mvsearch.store.records.moods import (
    MOOD_NAMES,
    MOOD_REGIONS,
    SIDE_OF,
    SIDES,
    Mood,
    MoodCurve,
    MoodName,
    MoodRegion,
    MoodTrack,
    Side,
    VideoMood,
    join_sides,
)
from mvsearch.store.records.peaks import SoundPeaks
from mvsearch.store.records.shown_text import MAX_LINE_LETTERS, ShownLine
from mvsearch.store.records.stages import Failure, Stage, StageStatus
from mvsearch.store.records.tempo_and_key import KEYS, TempoAndKey
from mvsearch.store.records.times import check_span
from mvsearch.store.records.videos import MAX_STILL_BYTES, Location, Still, Tag, Video

__all__ = [
    "COPIES",
    "FACET_FIELDS",
    "KEYS",
    "LINES",
    "LOOK",
    "MAX_LINE_LETTERS",
    "MAX_STILL_BYTES",
    "METADATA_FIELDS",
    "METADATA_SOURCES",
    "MIN_CONFIDENCE",
    "MODALITIES",
    "MOOD_NAMES",
    "MOOD_REGIONS",
    "OPTIONAL",
    "SIDES",
    "SIDE_OF",
    "UNIT_TOLERANCE",
    "Embeddings",
    "EncoderState",
    "FacetField",
    "Failure",
    "FitEvidence",
    "FitPiece",
    "IndexedVideo",
    "Location",
    "LyricFit",
    "LyricLine",
    "Lyrics",
    "Matrix",
    "Metadata",
    "MetadataField",
    "MetadataSource",
    "Modality",
    "Mood",
    "MoodCurve",
    "MoodName",
    "MoodRegion",
    "MoodTrack",
    "Segment",
    "ShownLine",
    "Side",
    "SoundPeaks",
    "Space",
    "Stage",
    "StageStatus",
    "Still",
    "Tag",
    "TempoAndKey",
    "Video",
    "VideoMood",
    "WhisperSegment",
    "Word",
    "check_span",
    "join_sides",
]
