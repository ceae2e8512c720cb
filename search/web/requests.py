"""What requests may say: filters, query parts and options, with bounds."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from mvsearch import Filter
from mvsearch.search.query.query import MAX_QUERY_LETTERS
from mvsearch.store.catalog.order import VideoOrder
from mvsearch.store.records import Modality, MoodName
from mvsearch.store.records.tempo_and_key import MAX_BPM

MAX_LETTERS = 2_000
MAX_PARTS = 8
MAX_TOP = 200
# Longer clips are cut: a few seconds say which song it is.
MAX_CLIP_SECONDS = 120.0

Words = Annotated[str, Field(max_length=MAX_LETTERS)]
Name = Annotated[str, Field(max_length=500)]
FilePath = Annotated[str, Field(max_length=4096)]
Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]


def refuse_negative(weight: object) -> object:
    """Refuse a weight below zero, with what does what it is meant to do."""
    if isinstance(weight, int | float) and weight < 0:
        raise ValueError("a weight is a number from 0 up; not_text and unlike exclude something")
    return weight


Weight = Annotated[
    float, Field(ge=0, le=1e6, allow_inf_nan=False), BeforeValidator(refuse_negative)
]
# Of valence or arousal.
Part = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Moments = Annotated[int, Field(ge=1, le=50)]
Bpm = Annotated[float, Field(ge=0, le=MAX_BPM, allow_inf_nan=False)]
KeyText = Annotated[str, Field(max_length=40)]


# A part of a map: by what, and the corners of a polygon.
_NUMBER = r"-?\d(?:\.\d{1,4})?"
_REGION = rf"^(?:frames|lyrics|audio|mood):{_NUMBER},{_NUMBER}(?:;{_NUMBER},{_NUMBER}){{2,199}}$"


class Strict(BaseModel):
    """A request; what it does not know is an error."""

    model_config = ConfigDict(extra="forbid")


class FilterFields(Strict):
    """The conditions of a filter; an empty text is none, as forms send it."""

    tag: Annotated[list[Name], Field(max_length=MAX_PARTS)] = []
    title: Name | None = None
    artist: Name | None = None
    first_year: Annotated[int, Field(ge=0, le=9999)] | None = None
    last_year: Annotated[int, Field(ge=0, le=9999)] | None = None
    folder: FilePath | None = None
    language: Name | None = None
    min_duration_seconds: Seconds | None = None
    max_duration_seconds: Seconds | None = None
    has_lyrics: bool | None = None
    lyrics_source: Name | None = None
    added_since: date | datetime | None = None
    ids: Annotated[list[Name], Field(max_length=10_000)] | None = None
    mood: MoodName | None = None
    min_valence: Part | None = None
    max_valence: Part | None = None
    min_arousal: Part | None = None
    max_arousal: Part | None = None
    album: Name | None = None
    genre: Name | None = None
    director: Name | None = None
    studio: Name | None = None
    channel: Name | None = None
    musicbrainz: Name | None = None
    about: Name | None = None
    min_bpm: Bpm | None = None
    max_bpm: Bpm | None = None
    key: KeyText | None = None
    harmonic: KeyText | None = None
    region: Annotated[str, Field(pattern=_REGION)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        kept = {key: value for key, value in given.items() if value not in ("", None)}
        if isinstance(kept.get("tag"), list):
            kept["tag"] = [tag for tag in kept["tag"] if tag]
        return kept

    @property
    def has_filter(self) -> bool:
        """Whether there is any condition."""
        return bool(self.region or self.to_filter())

    def to_filter(self) -> Filter:
        """The filter without its region, which depends on the library; see `Served.to_filter`.

        Raises:
            QueryError: no video can meet it.
        """
        return Filter(
            tags=tuple(self.tag),
            title=self.title,
            artist=self.artist,
            first_year=self.first_year,
            last_year=self.last_year,
            folder=None if self.folder is None else Path(self.folder),
            language=self.language,
            min_duration_seconds=self.min_duration_seconds,
            max_duration_seconds=self.max_duration_seconds,
            has_lyrics=self.has_lyrics,
            lyrics_source=self.lyrics_source,
            added_since=self.added_since,
            # An address names no video by one empty text.
            ids=None if self.ids is None else tuple(one for one in self.ids if one),
            mood=self.mood,
            min_valence=self.min_valence,
            max_valence=self.max_valence,
            min_arousal=self.min_arousal,
            max_arousal=self.max_arousal,
            album=self.album,
            genre=self.genre,
            director=self.director,
            studio=self.studio,
            channel=self.channel,
            musicbrainz=self.musicbrainz,
            about=self.about,
            min_bpm=self.min_bpm,
            max_bpm=self.max_bpm,
            key=self.key,
            harmonic=self.harmonic,
        )


class SearchOptionFields(Strict):
    """The options of a search; see `mvsearch search`."""

    weights: dict[Modality, Weight] | None = None
    fusion: Literal["calibrated", "weighted", "rrf"] | None = None
    top: Annotated[int, Field(ge=1, le=MAX_TOP)] = 10
    collapse: bool = False
    per_artist: Annotated[int, Field(ge=1, le=MAX_TOP)] | None = None
    by: Literal["copy", "look"] | None = None
    misheard: bool = True

    def to_arguments(self) -> dict[str, Any]:
        """The keyword arguments of `VideoLibrary.search` and `similar`."""
        names = ("weights", "fusion", "top", "collapse", "per_artist", "by", "misheard")
        return {name: getattr(self, name) for name in names}


class LikePart(Strict):
    """A video of the library, or a part of it, as part of a query."""

    video: Name
    start_seconds: Seconds | None = None
    end_seconds: Seconds | None = None


class MediaPart(Strict):
    """A video of the library, or a part of it; or an upload, by its id or `ID@START-END`."""

    video: Name | None = None
    start_seconds: Seconds | None = None
    end_seconds: Seconds | None = None
    upload: Name | None = None

    @model_validator(mode="after")
    def _check_one(self) -> "MediaPart":
        if (self.video is None) == (self.upload is None):
            raise ValueError("give one of video and upload")
        return self


MediaParts = Annotated[list[MediaPart], Field(max_length=MAX_PARTS)]


class QueryFields(Strict):
    """The parts of a query.

    Attributes:
        text, lyric, ocr: words that describe, lines that are sung, and words that are shown.
        like: videos of the library.
        uploads: ids of uploaded pictures, clips and sounds, or `ID@START-END` for a part.
        look_of, sound_of, lyrics_of: videos and uploads of which one side alone counts.
        not_text, unlike: what pushes down videos that have it.
        query: all parts in the language of docs/queries.md instead; uploads are then what it names.
        files: the ids of uploads by the names that `query` has for them.
    """

    text: Annotated[list[Words], Field(max_length=MAX_PARTS)] = []
    lyric: Annotated[list[Words], Field(max_length=MAX_PARTS)] = []
    ocr: Annotated[list[Words], Field(max_length=MAX_PARTS)] = []
    like: Annotated[list[LikePart], Field(max_length=MAX_PARTS)] = []
    uploads: Annotated[list[Name], Field(max_length=MAX_PARTS)] = []
    look_of: MediaParts = []
    sound_of: MediaParts = []
    lyrics_of: MediaParts = []
    not_text: Annotated[list[Words], Field(max_length=MAX_PARTS)] = []
    unlike: MediaParts = []
    query: Annotated[str, Field(max_length=MAX_QUERY_LETTERS)] | None = None
    files: Annotated[dict[Name, Name], Field(max_length=MAX_PARTS)] = {}

    @model_validator(mode="after")
    def _check_query(self) -> "QueryFields":
        names = ("text", "lyric", "ocr", "like", "look_of", "sound_of", "lyrics_of", "not_text",
                 "unlike")  # fmt: skip
        if self.query is not None and any(getattr(self, name) for name in names):
            raise ValueError("query has all parts in it: leave out the others")
        return self


class ExplainRequest(QueryFields):
    """A question why a video answers a query.

    Attributes:
        n_pairs: maximum number for each part and modality.
    """

    n_pairs: Annotated[int, Field(ge=1, le=50)] = 4


class SearchRequest(SearchOptionFields, QueryFields):
    """A search: its parts make one query.

    Attributes:
        filter: selects the videos to compare.
        n_moments: of each modality in a result.
    """

    filter: FilterFields = FilterFields()
    n_moments: Moments = 3

    def to_arguments(self) -> dict[str, Any]:
        """The keyword arguments of `VideoLibrary.search`."""
        return super().to_arguments() | {"n_moments": self.n_moments}


class SimilarRequest(FilterFields, SearchOptionFields):
    """The options of a list of similar videos, as parameters of an address."""

    frames: Weight | None = None
    lyrics: Weight | None = None
    audio: Weight | None = None
    weights: None = None
    n_moments: Moments = 3

    def to_arguments(self) -> dict[str, Any]:
        """The keyword arguments of `VideoLibrary.similar`."""
        given = {"weights": gather_weights(self), "n_moments": self.n_moments}
        return super().to_arguments() | given


class PagedRequest(Strict):
    """A page of a list."""

    offset: Annotated[int, Field(ge=0, le=10**7)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class ListRequest(FilterFields, PagedRequest):
    """A page of the list of videos; `counts` says whether the values are counted."""

    sort: VideoOrder = "artist"
    counts: bool = True


class HasWeights(Protocol):
    """An address with weights."""

    frames: float | None
    lyrics: float | None
    audio: float | None


class NfoRequest(Strict):
    """The videos beside which `.nfo` files are written; none for all."""

    videos: Annotated[list[Name], Field(max_length=10_000)] = []
    overwrite: bool = False


def gather_weights(given: "HasWeights") -> dict[Modality, float] | None:
    """The weights of an address; None where all or none of them are zero or absent."""
    weights: dict[Modality, float] = {
        "frames": given.frames or 0.0,
        "lyrics": given.lyrics or 0.0,
        "audio": given.audio or 0.0,
    }
    return weights if any(weights.values()) else None
