"""Videos, their files, tags and stills."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mvsearch.store.records.embeddings import Modality
from mvsearch.store.records.metadata import MAX_GAIN_DB, MAX_PEAK, MIN_PEAK
from mvsearch.store.records.moods import DIGITS, MoodName, name_moods
from mvsearch.store.records.tempo_and_key import CAMELOT, check_bpm, check_key
from mvsearch.store.records.times import check_span
from mvsearch.store.unicode import printable

# Maximum size of a still that is read; a usual one has 2 KB.
MAX_STILL_BYTES = 64 * 2**10


@dataclass(frozen=True, slots=True)
class Video:
    """One video, independent of its name and path.

    Attributes:
        id: content hash in hexadecimal, never derived from the path.
        path: one of its files; for opening, not for identity.
        duration_seconds: measured by decoding, before that from the header.
        is_duration_measured: whether decoding confirmed it.
        has_picture, has_sound: streams of the container (cover art is not a picture).
        other_paths: all other existing files with the same content.
        year: of the recording or its release; None if it is unknown.
        valence, arousal, mood_gap: of its mood as a whole, from 0 to 1, and how far its picture and
            its sound are apart in mood; None if unknown. See `VideoMood`.
        gain_db, peak: how much louder to play it, so that songs are equally loud, and its highest
            sample as a share of full scale; None if unknown. See `Metadata`.
        artwork: the name of a picture beside one of its files; None if there is none.
        bpm, key: tempo and key of its sound; None if unknown or not clear. See `TempoAndKey`.
        bpm_confidence, key_confidence: how far they can be trusted, from 0 to 1.
    """

    id: str
    path: Path
    title: str
    artist: str | None = None
    duration_seconds: float = 0.0
    is_duration_measured: bool = False
    has_picture: bool = True
    has_sound: bool = True
    other_paths: tuple[Path, ...] = ()
    year: int | None = None
    valence: float | None = None
    arousal: float | None = None
    mood_gap: float | None = None
    gain_db: float | None = None
    peak: float | None = None
    artwork: str | None = None
    bpm: float | None = None
    bpm_confidence: float | None = None
    key: str | None = None
    key_confidence: float | None = None

    def __post_init__(self) -> None:
        """Validate the values."""
        if not self.id:
            raise ValueError("a video needs an id")
        if not (math.isfinite(self.duration_seconds) and self.duration_seconds >= 0):
            raise ValueError(f"duration must be finite and not negative: {self.duration_seconds}")
        moods = (self.valence, self.arousal, self.mood_gap)
        for part in (*moods, self.bpm_confidence, self.key_confidence):
            if part is not None and not 0 <= part <= 1:
                raise ValueError(f"a mood or a confidence is from 0 to 1: {part}")
        if self.gain_db is not None and not abs(self.gain_db) <= MAX_GAIN_DB:
            raise ValueError(f"no song has a gain of {self.gain_db} dB")
        if self.peak is not None and not MIN_PEAK <= self.peak <= MAX_PEAK:
            raise ValueError(f"a peak is a share of full scale: {self.peak}")
        check_bpm(self.bpm)
        check_key(self.key)

    @property
    def moods(self) -> tuple[MoodName, ...]:
        """The names of its mood as a whole; none if it is unknown."""
        if self.valence is None or self.arousal is None:
            return ()
        return name_moods(self.valence, self.arousal)

    @property
    def camelot(self) -> str | None:
        """Its key as DJs number it, such as "8A"; None if it is unknown."""
        return None if self.key is None else CAMELOT[self.key]

    def to_dict(self) -> dict[str, Any]:
        """The video in the form of the JSON output."""
        return {
            "id": self.id,
            "path": str(self.path),
            "title": printable(self.title),
            "artist": None if self.artist is None else printable(self.artist),
            "duration_seconds": round(self.duration_seconds, 3),
            "is_duration_measured": self.is_duration_measured,
            "has_picture": self.has_picture,
            "has_sound": self.has_sound,
            "year": self.year,
            "valence": _round(self.valence),
            "arousal": _round(self.arousal),
            "moods": list(self.moods),
            "mood_gap": _round(self.mood_gap),
            "gain_db": self.gain_db,
            "peak": self.peak,
            "artwork": None if self.artwork is None else printable(self.artwork),
            "bpm": self.bpm,
            "bpm_confidence": self.bpm_confidence,
            "key": self.key,
            "camelot": self.camelot,
            "key_confidence": self.key_confidence,
            "other_paths": [str(path) for path in self.other_paths],
        }


def _round(part: float | None) -> float | None:
    return None if part is None else round(part, DIGITS)


@dataclass(frozen=True, slots=True)
class Location:
    """A file of a video at the time of the last scan.

    Attributes:
        path: absolute; contains surrogates if the name is not UTF-8.
        folder: the absolute folder that was indexed.
        size, mtime_ns: from `os.stat`; if both are equal, the content counts as unchanged.
    """

    path: Path
    video_id: str
    folder: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A class of content in a time range of a video, seen or heard by an encoder.

    Attributes:
        probability: the highest of its frames or windows, above 0 and up to 1.
        modality: "frames" or "audio".
    """

    name: str
    start_seconds: float
    end_seconds: float
    probability: float
    modality: Modality = "frames"

    def __post_init__(self) -> None:
        """Check the times, the probability and the modality."""
        check_span(self.start_seconds, self.end_seconds)
        if self.modality not in ("frames", "audio"):
            raise ValueError(f"a tag is of frames or audio, not of {self.modality!r}")
        if not self.name or not 0 < self.probability <= 1:
            raise ValueError(f"a tag has a name and a probability: {self}")

    def to_dict(self) -> dict[str, Any]:
        """The tag in the form of the JSON output."""
        return {
            "name": printable(self.name),
            "start_seconds": round(self.start_seconds, 3),
            "end_seconds": round(self.end_seconds, 3),
            "probability": round(self.probability, 4),
            "modality": self.modality,
        }


@dataclass(frozen=True, slots=True)
class Still:
    """A small image of a video at a time.

    Attributes:
        image: a WebP, its longer side at most 192 pixels.
    """

    seconds: float
    image: bytes

    def __post_init__(self) -> None:
        """Check the time."""
        check_span(self.seconds, self.seconds)
