"""What files and their side-cars say of a video: names, texts, ids, and where each is from."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from mvsearch.store.unicode import printable

# Earlier ones win: a person wrote the first, a website said the second.
MetadataSource = Literal["nfo", "info.json", "tags", "name"]
METADATA_SOURCES: tuple[MetadataSource, ...] = get_args(MetadataSource)

# The names of fields, in the order in which they are shown.
METADATA_FIELDS = (
    *("title", "artist", "album", "album_artist", "track", "genre", "director", "studio"),
    *("year", "released", "uploaded", "rating", "runtime", "description", "keyword"),
    *("channel", "url", "source_id", "chapter"),
    *("musicbrainz_recording", "musicbrainz_track", "musicbrainz_release"),
    *("musicbrainz_release_group", "musicbrainz_artist", "musicbrainz_album_artist"),
    "musicbrainz_work",
    *("track_gain", "track_peak", "album_gain", "album_peak"),
)
# Fields that filters ask for, and whose values are counted.
FacetField = Literal["album", "genre", "director", "studio", "channel"]
FACET_FIELDS: tuple[FacetField, ...] = get_args(FacetField)
# Fields by which one video is found.
ID_FIELDS = ("source_id", "musicbrainz_recording", "musicbrainz_track")
# Longer texts are cut.
MAX_TEXT_LETTERS = 5_000
MAX_VALUES = 100
# Quieter or louder songs than these are errors of a file.
MAX_GAIN_DB = 60.0
MIN_PEAK, MAX_PEAK = 1e-4, 100.0
MAX_CHAPTER_SECONDS = 1e6
_NUMBERS = {
    **dict.fromkeys(("track_gain", "album_gain"), (-MAX_GAIN_DB, MAX_GAIN_DB)),
    **dict.fromkeys(("track_peak", "album_peak"), (MIN_PEAK, MAX_PEAK)),
    "chapter": (0.0, MAX_CHAPTER_SECONDS),
}


@dataclass(frozen=True, slots=True)
class MetadataField:
    """The values of one field, all from one source.

    Attributes:
        name: one of `METADATA_FIELDS`.
        values: text; a chapter is "SECONDS TITLE", a gain is in dB, a peak a share of full scale.
    """

    name: str
    values: tuple[str, ...]
    source: MetadataSource

    def __post_init__(self) -> None:
        """Check name, source and number of values."""
        if self.name not in METADATA_FIELDS:
            raise ValueError(f"no metadata are called {self.name[:40]!r}")
        if self.source not in METADATA_SOURCES:
            raise ValueError(f"metadata have no source {self.source[:40]!r}")
        if not 0 < len(self.values) <= MAX_VALUES:
            raise ValueError(f"{self.name} has {len(self.values)} values")
        for value in self.values if self.name in _NUMBERS else ():
            low, high = _NUMBERS[self.name]
            if not low <= float(value.split(" ", 1)[0]) <= high:
                raise ValueError(f"no {self.name} is {value[:40]}")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of a video, in the order of `METADATA_FIELDS`.

    Attributes:
        mark: changes whenever a side-car file appears, changes or goes.
        artwork: the name of a picture beside one of its files; None if there is none.
    """

    fields: tuple[MetadataField, ...] = ()
    mark: str = field(default="", compare=False)
    artwork: str | None = None

    def get(self, name: str) -> tuple[str, ...]:
        """The values of a field; none if it is unknown."""
        return next((one.values for one in self.fields if one.name == name), ())

    def first(self, name: str) -> str | None:
        """The first value of a field; None if it is unknown."""
        return next(iter(self.get(name)), None)

    def find_source(self, name: str) -> MetadataSource | None:
        """Where a field is from; None if it is unknown."""
        return next((one.source for one in self.fields if one.name == name), None)

    @property
    def gain_db(self) -> float | None:
        """How much louder to play it, in dB, by ReplayGain of the track, else of its album."""
        return _read_number(self.first("track_gain") or self.first("album_gain"))

    @property
    def peak(self) -> float | None:
        """The highest sample as a share of full scale, that of the same gain."""
        kind = "track" if self.first("track_gain") else "album"
        return _read_number(self.first(f"{kind}_peak"))

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, in the form of the JSON output."""
        return {
            one.name: {"values": [printable_text(v) for v in one.values], "source": one.source}
            for one in self.fields
        }


def order_fields(fields: Iterable[MetadataField]) -> tuple[MetadataField, ...]:
    """Fields in the order of `METADATA_FIELDS`."""
    return tuple(sorted(fields, key=lambda one: METADATA_FIELDS.index(one.name)))


def printable_text(text: str) -> str:
    """A text of several lines without control characters."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _read_number(text: str | None) -> float | None:
    return None if text is None else float(text)
