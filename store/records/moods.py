"""Moods: valence and arousal of pictures and sound, at a time and over time, and their names.

Russell's circumplex (1980) puts moods on a plane: valence from unpleasant to pleasant, arousal from
quiet to excited. Here both axes run from 0 to 1, and 0.5 is neutral.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from mvsearch.store.records.embeddings import Modality

# The picture of a video, and its sound.
Side = Literal["picture", "sound"]
SIDES: tuple[Side, ...] = get_args(Side)
# The side whose mood the vectors of a modality give.
SIDE_OF: Mapping[Modality, Side] = {"frames": "picture", "audio": "sound"}
MoodName = Literal["calm", "energetic", "happy", "sad", "tense"]
MOOD_NAMES: tuple[MoodName, ...] = get_args(MoodName)

NEUTRAL = 0.5
# Valence and arousal of the mean picture: people rate pictures a little pleasant and quiet (mean of
# the published ratings of OASIS, Kurdi, Lozano and Banaji 2017). That of music is the middle.
TYPICAL_PICTURE = (0.556, 0.444)
# A longer curve is thinned: 1,000 points are as many as a page is wide.
MAX_POINTS = 1000
MAX_JOINT = 64
# Of what is stored and told: far finer than any prediction.
DIGITS = 4

Points = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MoodRegion:
    """A rectangle of the plane that has a name; the lower ends belong to it, the upper ends not.

    Attributes:
        valence, arousal: from and to; an end above 1 includes 1.
        typical: valence and arousal of a typical example, for routes from mood to mood.
    """

    valence: tuple[float, float]
    arousal: tuple[float, float]
    typical: tuple[float, float]

    def holds(self, valence: float, arousal: float) -> bool:
        """Whether a point lies in it."""
        return (
            self.valence[0] <= valence < self.valence[1]
            and self.arousal[0] <= arousal < self.arousal[1]
        )


_ANY = (0.0, 1.1)
_LOW, _HIGH = (0.0, NEUTRAL), (NEUTRAL, 1.1)
# The quadrants of the circumplex, each by the word of it that collections of music with known moods
# use (Panda, Malheiro, Paiva 2018): these four share no point. "Energetic" is the top of the plane
# whatever the valence, where Russell has "aroused" (74°) between "excited" (49°) and "tense" (93°):
# it overlaps "happy" and "tense".
MOOD_REGIONS: Mapping[MoodName, MoodRegion] = {
    "calm": MoodRegion(_HIGH, _LOW, (0.75, 0.25)),
    "energetic": MoodRegion(_ANY, (0.6, 1.1), (0.65, 0.85)),
    "happy": MoodRegion(_HIGH, _HIGH, (0.8, 0.65)),
    "sad": MoodRegion(_LOW, _LOW, (0.25, 0.25)),
    "tense": MoodRegion(_LOW, _HIGH, (0.25, 0.75)),
}


def name_moods(valence: float, arousal: float) -> tuple[MoodName, ...]:
    """The names of the regions that hold a point: a quadrant, and "energetic" if it is at the top.

    The quadrant comes first.
    """
    held = [name for name in MOOD_NAMES if MOOD_REGIONS[name].holds(valence, arousal)]
    return tuple(sorted(held, key=lambda name: name == "energetic"))


@dataclass(frozen=True, slots=True)
class Mood:
    """A point of the plane, and how far it can be trusted; all three are from 0 to 1."""

    valence: float
    arousal: float
    confidence: float

    def __post_init__(self) -> None:
        """Check the range; NaN is in none."""
        for value in (self.valence, self.arousal, self.confidence):
            if not 0 <= value <= 1:
                raise ValueError(f"valence, arousal and confidence are from 0 to 1: {value}")

    @property
    def names(self) -> tuple[MoodName, ...]:
        """See `name_moods`."""
        return name_moods(self.valence, self.arousal)

    def distance(self, other: "Mood") -> float:
        """How far apart two points are: 0 to 1, of which 1 is from corner to corner."""
        far = math.hypot(self.valence - other.valence, self.arousal - other.arousal)
        return min(1.0, far / math.sqrt(2))

    def to_dict(self) -> dict[str, Any]:
        """The mood in the form of the JSON output."""
        return {
            "valence": round(self.valence, DIGITS),
            "arousal": round(self.arousal, DIGITS),
            "confidence": round(self.confidence, DIGITS),
        }


@dataclass(frozen=True, slots=True)
class VideoMood:
    """The mood of a video, or of any picture, sound or clip, as a whole.

    Attributes:
        picture, sound: of each side; None if it lacks the side, or if no head fits its encoder.
    """

    picture: Mood | None = None
    sound: Mood | None = None

    @property
    def whole(self) -> Mood | None:
        """The mean of both sides, a picture seen from the mean picture; None without any side.

        A video with one side has its mood as it is.
        """
        if self.picture is None or self.sound is None:
            return self.picture or self.sound
        picture, sound = self.picture, self.sound
        valence, arousal = (
            np.clip((seen + NEUTRAL - typical + heard) / 2, 0, 1)
            for seen, heard, typical in zip(
                (picture.valence, picture.arousal),
                (sound.valence, sound.arousal),
                TYPICAL_PICTURE,
                strict=True,
            )
        )
        confidence = (picture.confidence + sound.confidence) / 2
        return Mood(float(valence), float(arousal), confidence)

    @property
    def gap(self) -> float | None:
        """How far picture and sound are apart, 0 to 1; None unless both are known."""
        if self.picture is None or self.sound is None:
            return None
        return self.picture.distance(self.sound)

    def to_dict(self) -> dict[str, Any]:
        """The mood in the form of the JSON output."""
        whole = self.whole
        return {
            **dict.fromkeys(("valence", "arousal", "confidence")),
            **({} if whole is None else whole.to_dict()),
            "names": [] if whole is None else list(whole.names),
            "gap": None if self.gap is None else round(self.gap, DIGITS),
            "picture": None if self.picture is None else self.picture.to_dict(),
            "sound": None if self.sound is None else self.sound.to_dict(),
        }


@dataclass(frozen=True, slots=True, eq=False)
class MoodCurve:
    """Mood over time, in the order of time.

    Attributes:
        seconds: (n,) float32, not negative, rising.
        points: (n, 3) float32 from 0 to 1: valence, arousal and confidence from each time on.
    """

    seconds: npt.NDArray[np.float32]
    points: Points

    def __post_init__(self) -> None:
        """Check shapes, order and range; NaN fails too."""
        n = len(self.seconds)
        if self.seconds.shape != (n,) or self.points.shape != (n, 3) or n > MAX_POINTS:
            raise ValueError(f"a curve of {self.seconds.shape} times and {self.points.shape}")
        if n and not (self.seconds[0] >= 0 and np.isfinite(self.seconds[-1])):
            raise ValueError("the times of a curve are finite and not negative")
        if not np.all(np.diff(self.seconds) >= 0):
            raise ValueError("the times of a curve rise")
        if not np.all((self.points >= 0) & (self.points <= 1)):
            raise ValueError("valence, arousal and confidence are from 0 to 1")

    def __len__(self) -> int:
        """The number of points."""
        return len(self.seconds)

    def __iter__(self) -> Iterator[tuple[float, Mood]]:
        """Each time in seconds with its mood."""
        for seconds, point in zip(self.seconds.tolist(), self.points.tolist(), strict=True):
            yield seconds, Mood(*point)

    def to_dict(self) -> dict[str, Any]:
        """The curve in the form of the JSON output: one list for each quantity."""
        names = ("valence", "arousal", "confidence")
        columns = np.round(self.points.astype(np.float64), 3).T.tolist()
        seconds = np.round(self.seconds.astype(np.float64), 3).tolist()
        return {"seconds": seconds, **dict(zip(names, columns, strict=True))}


@dataclass(frozen=True, slots=True, eq=False)
class MoodTrack:
    """The mood of one side of a video: as a whole and over time.

    Attributes:
        head: the revision of what predicted it.
        joint: (k,) float32, the side as a point of the joint space of pictures and sound; empty
            where the head has none.
    """

    side: Side
    head: str
    mood: Mood
    curve: MoodCurve
    joint: Points

    def __post_init__(self) -> None:
        """Check side, head and joint vector."""
        if self.side not in SIDES or not 0 < len(self.head) <= 200:
            raise ValueError(f"a mood of {self.side!r} by {self.head[:200]!r}")
        is_vector = self.joint.ndim == 1 and len(self.joint) <= MAX_JOINT
        if not (is_vector and np.isfinite(self.joint).all()):
            raise ValueError(f"a joint vector has up to {MAX_JOINT} finite numbers")

    def to_dict(self) -> dict[str, Any]:
        """The track in the form of the JSON output."""
        return {"head": self.head, **self.mood.to_dict(), "curve": self.curve.to_dict()}


def join_sides(tracks: Iterable[MoodTrack]) -> VideoMood:
    """The mood of a video out of those of its sides."""
    sides = {track.side: track.mood for track in tracks}
    return VideoMood(sides.get("picture"), sides.get("sound"))
