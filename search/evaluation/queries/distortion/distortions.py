"""The distortions of picture, sound, speed and text, by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Family = Literal["none", "picture", "hard picture", "sound", "speed", "stream", "words"]
Setting = str | float
# What may be mixed into sound; see `mixing`.
Mixed = Literal["noise", "music", "talk"]

NONE = "none"
LOW_BIT_RATE = "low bit-rate"
SMALL = "144p"
CROPPED = "crop 70 %"
LETTERBOX = "letterbox"
MIRRORED = "mirrored"
ROTATED = "rotated 8°"
GREY = "grey"
DARK = "dark"
COLOUR_CAST = "colour cast"
OVERLAY = "overlay"
SLOWER = "0.9× speed"
FASTER = "1.1× speed"
PERSPECTIVE = "perspective"
FILMED = "filmed from a screen"
INSET = "picture-in-picture"
UPRIGHT = "9:16 crop"
PICTURE_ONLY = "picture only"
SOUND_ONLY = "sound only"
NOISE_10_DB = "noise 10 dB"
NOISE_0_DB = "noise 0 dB"
MP3 = "MP3 32k"
SEMITONE_UP = "semitone up"
SEMITONE_DOWN = "semitone down"
PHONE = "phone"
ECHO = "echo"
OTHER_MUSIC = "other music"
TALK_10_DB = "talk 10 dB"
TALK_0_DB = "talk 0 dB"
FASTER_AND_HIGHER = "1.25× with pitch"
TYPING_ERRORS = "two typing errors"
DROPPED_WORDS = "dropped words"
MISHEARD = "misheard"
PARAPHRASE = "paraphrase"

SAMPLE_RATE = 44_100
SEMITONE = 2 ** (1 / 12)


@dataclass(frozen=True, slots=True)
class Filter:
    """One ffmpeg filter with its settings."""

    name: str
    settings: Mapping[str, Setting] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Distortion:
    """A distortion of a clip or picture.

    Attributes:
        family: the distorted part: none, picture, sound, speed, a whole stream, words.
        picture, sound: filters in this order, for scaled pictures and sound at SAMPLE_RATE.
        speed: playback speed of both.
        has_picture, has_sound: whether the stream is kept.
        has_overlay: whether text and a logo are drawn over the picture.
        is_filmed: whether the picture is filmed from a screen; see `staging.Camera`.
        is_inset: whether the picture is shown at half size over another video.
        mixed: what is mixed into the sound.
        mixed_decibels: the ratio of the sound to it; None to mix in nothing.
        is_low_bit_rate: whether picture and sound are encoded at a very low bit rate.
        is_mp3: whether the sound is MP3 at 32 kbit/s.
    """

    name: str
    family: Family
    picture: tuple[Filter, ...] = ()
    sound: tuple[Filter, ...] = ()
    speed: float = 1.0
    has_picture: bool = True
    has_sound: bool = True
    has_overlay: bool = False
    is_filmed: bool = False
    is_inset: bool = False
    mixed: Mixed = "noise"
    mixed_decibels: float | None = None
    is_low_bit_rate: bool = False
    is_mp3: bool = False


def _change_picture(name: str, filter_name: str, **settings: Setting) -> Distortion:
    return Distortion(name, "picture", picture=(Filter(filter_name, settings),))


def _change_speed(name: str, speed: float) -> Distortion:
    faster = Filter("setpts", {"expr": f"PTS/{speed}"})
    return Distortion(name, "speed", (faster,), (Filter("atempo", {"tempo": speed}),), speed)


def _change_pitch(name: str, ratio: float) -> Distortion:
    """Resample by the ratio, then stretch to the original length at constant pitch."""
    filters = (
        Filter("asetrate", {"sample_rate": round(SAMPLE_RATE * ratio)}),
        Filter("aresample", {"sample_rate": SAMPLE_RATE}),
        Filter("atempo", {"tempo": 1 / ratio}),
    )
    return Distortion(name, "sound", sound=filters)


def _resample(name: str, speed: float) -> Distortion:
    """Play faster as a tape does: the pitch rises as well."""
    sound = (
        Filter("asetrate", {"sample_rate": round(SAMPLE_RATE * speed)}),
        Filter("aresample", {"sample_rate": SAMPLE_RATE}),
    )
    return Distortion(name, "speed", (Filter("setpts", {"expr": f"PTS/{speed}"}),), sound, speed)


def _mix_channels(red: float, green: float, blue: float) -> dict[str, Setting]:
    return {"rr": red, "gg": green, "bb": blue}


# The corners of the picture as filmed from beside the screen, mapped to the whole frame.
_CORNERS: dict[str, Setting] = {
    "x0": "W*0.10",
    "y0": "H*0.04",
    "x1": "W*0.97",
    "y1": "H*0.12",
    "x2": "W*0.03",
    "y2": "H*0.98",
    "x3": "W*0.90",
    "y3": "H*0.90",
}
# Bars that make the picture half again as high.
_BARS: dict[str, Setting] = {"width": "iw", "height": "ceil(ih*2/3)*2", "y": "(oh-ih)/2"}
_TURN: dict[str, Setting] = {"angle": "8*PI/180", "fillcolor": "black"}
# As much of the middle as a telephone held upright shows; what is narrower stays as it is.
_UPRIGHT: dict[str, Setting] = {"w": "min(iw,trunc(ih*9/32)*2)", "h": "ih"}

# The band of a telephone, twice for its slopes, and the compression of its microphone.
_PHONE = (
    *(Filter("highpass", {"f": 300}), Filter("lowpass", {"f": 3400})) * 2,
    Filter(
        "acompressor", {"threshold": 0.03, "ratio": 12, "attack": 5, "release": 80, "makeup": 4}
    ),
    Filter("aresample", {"sample_rate": 8000}),
    Filter("aresample", {"sample_rate": SAMPLE_RATE}),
)
# A hard room: together the reflections are louder than the sound itself.
_ECHOES: dict[str, Setting] = {
    "in_gain": 0.7,
    "out_gain": 0.7,
    "delays": "23|41|67|97|139|191|251|331",
    "decays": "0.6|0.55|0.5|0.45|0.4|0.33|0.26|0.2",
}

_ALL = (
    Distortion(NONE, "none"),
    Distortion(LOW_BIT_RATE, "picture", is_low_bit_rate=True),
    _change_picture(SMALL, "scale", w=-2, h=144, flags="bicubic"),
    _change_picture(CROPPED, "crop", w="round(iw*0.35)*2", h="round(ih*0.35)*2"),
    _change_picture(LETTERBOX, "pad", **_BARS),
    _change_picture(MIRRORED, "hflip"),
    _change_picture(ROTATED, "rotate", **_TURN),
    _change_picture(GREY, "hue", s=0),
    _change_picture(DARK, "colorchannelmixer", **_mix_channels(0.4, 0.4, 0.4)),
    _change_picture(COLOUR_CAST, "colorchannelmixer", **_mix_channels(1.0, 0.8, 0.55)),
    Distortion(OVERLAY, "picture", has_overlay=True),
    _change_picture(PERSPECTIVE, "perspective", **_CORNERS),
    Distortion(FILMED, "hard picture", is_filmed=True),
    Distortion(INSET, "hard picture", is_inset=True),
    Distortion(UPRIGHT, "hard picture", picture=(Filter("crop", _UPRIGHT),)),
    _change_speed(SLOWER, 0.9),
    _change_speed(FASTER, 1.1),
    Distortion(PICTURE_ONLY, "stream", has_sound=False),
    Distortion(SOUND_ONLY, "stream", has_picture=False),
    Distortion(NOISE_10_DB, "sound", mixed_decibels=10.0),
    Distortion(NOISE_0_DB, "sound", mixed_decibels=0.0),
    Distortion(MP3, "sound", is_mp3=True),
    _change_pitch(SEMITONE_UP, SEMITONE),
    _change_pitch(SEMITONE_DOWN, 1 / SEMITONE),
    Distortion(PHONE, "sound", sound=_PHONE),
    Distortion(ECHO, "sound", sound=(Filter("aecho", _ECHOES),)),
    Distortion(OTHER_MUSIC, "sound", mixed="music", mixed_decibels=0.0),
    Distortion(TALK_10_DB, "sound", mixed="talk", mixed_decibels=10.0),
    Distortion(TALK_0_DB, "sound", mixed="talk", mixed_decibels=0.0),
    _resample(FASTER_AND_HIGHER, 1.25),
)
# Distortions of clips; those of the families PICTURE_FAMILIES apply to pictures, too.
DISTORTIONS: Mapping[str, Distortion] = MappingProxyType({each.name: each for each in _ALL})
PICTURE_FAMILIES: tuple[Family, ...] = ("none", "picture", "hard picture")
CLIP_FAMILIES: tuple[Family, ...] = (*PICTURE_FAMILIES, "speed", "stream", "sound")
# Distortions of lyric lines.
WORD_DISTORTIONS = (NONE, TYPING_ERRORS, DROPPED_WORDS, MISHEARD, PARAPHRASE)


def names_of(*families: Family) -> tuple[str, ...]:
    """The names of the distortions of some families, in the order of tables."""
    words = [name for name in WORD_DISTORTIONS if name != NONE and "words" in families]
    return (*(each.name for each in _ALL if each.family in families), *words)
