"""Reads the picture, sound and subtitle streams of a file from the output of ffprobe."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mvsearch.indexer.media.files.naming import clean_text

# In hertz. Lower rates hold nothing audible, and resampling would inflate a small file.
MIN_SAMPLE_RATE = 1000
_NO_CODEC = frozenset({"", "none", "unknown"})


@dataclass(frozen=True, slots=True)
class PictureStream:
    """A video stream.

    Attributes:
        index: of the stream in the container.
        width, height: in pixels, after rotation.
        rotation_degrees: clockwise rotation on display: 0, 90, 180 or 270.
        pixel_aspect: sample aspect ratio, width over height, after rotation.
        frame_rate: average frames per second by the header; None if it has none.
        colour_space: as ffprobe names it; empty if unknown.
        reorder_depth: number of frames that are decoded before their display order; 0 without
            B-frames.
        pixel_format: as ffprobe names it; empty if unknown.
    """

    index: int
    codec: str
    width: int
    height: int
    rotation_degrees: int = 0
    pixel_aspect: float = 1.0
    frame_rate: float | None = None
    colour_space: str = ""
    reorder_depth: int = 0
    pixel_format: str = ""


@dataclass(frozen=True, slots=True)
class SoundStream:
    """An audio stream; `sample_rate` is in hertz."""

    index: int
    codec: str
    sample_rate: int


@dataclass(frozen=True, slots=True)
class SubtitleStream:
    """A subtitle stream; language and title are None if the container has none."""

    index: int
    codec: str
    language: str | None = None
    title: str | None = None


def choose_picture(streams: list[Mapping[str, Any]]) -> PictureStream | None:
    """Choose the default video stream, else the largest; cover art never; None if there is none."""
    candidates = [stream for stream in streams if _is_picture(stream)]
    if not candidates:
        return None
    chosen = max(
        candidates,
        key=lambda stream: (
            _disposition(stream, "default"),
            int(stream["width"]) * int(stream["height"]),
            -int(stream["index"]),
        ),
    )
    rotation = _read_rotation(chosen)
    width, height = int(chosen["width"]), int(chosen["height"])
    aspect = parse_positive(str(chosen.get("sample_aspect_ratio", "")).replace(":", "/")) or 1.0
    if rotation in (90, 270):
        width, height, aspect = height, width, 1 / aspect
    return PictureStream(
        index=int(chosen["index"]),
        codec=str(chosen["codec_name"]),
        width=width,
        height=height,
        rotation_degrees=rotation,
        pixel_aspect=aspect,
        frame_rate=parse_positive(chosen.get("avg_frame_rate"))
        or parse_positive(chosen.get("r_frame_rate")),
        colour_space=str(chosen.get("color_space", "")).replace("unknown", ""),
        reorder_depth=int(chosen.get("has_b_frames", 0)),
        pixel_format=str(chosen.get("pix_fmt", "")),
    )


def _is_picture(stream: Mapping[str, Any]) -> bool:
    """Return whether a stream is video of a known size and codec."""
    has_size = int(stream.get("width", 0)) > 0 and int(stream.get("height", 0)) > 0
    return has_size and is_video(stream)


def is_video(stream: Mapping[str, Any]) -> bool:
    """Return whether a stream is video of a known codec, and not cover art."""
    return (
        stream.get("codec_type") == "video"
        and str(stream.get("codec_name", "")) not in _NO_CODEC
        and not _disposition(stream, "attached_pic")
        and not _disposition(stream, "timed_thumbnails")
    )


def _disposition(stream: Mapping[str, Any], name: str) -> int:
    """Return a disposition flag of a stream, 0 or 1."""
    return int(stream.get("disposition", {}).get(name, 0))


def _read_rotation(stream: Mapping[str, Any]) -> int:
    """Return clockwise degrees; the display matrix has the opposite sign of the `rotate` tag."""
    for side in stream.get("side_data_list", []):
        if "rotation" in side:
            return round(-float(side["rotation"]) / 90) * 90 % 360
    turn = parse_positive(stream.get("tags", {}).get("rotate")) or 0.0
    return round(turn / 90) * 90 % 360


def list_sounds(streams: list[Mapping[str, Any]]) -> tuple[SoundStream, ...]:
    """List the audio streams that can be decoded, the default one first."""
    usable = [
        stream
        for stream in streams
        if stream.get("codec_type") == "audio"
        and str(stream.get("codec_name", "")) not in _NO_CODEC
        and (parse_positive(stream.get("sample_rate")) or 0.0) >= MIN_SAMPLE_RATE
    ]
    usable.sort(key=lambda stream: -_disposition(stream, "default"))
    return tuple(
        SoundStream(
            int(stream["index"]),
            str(stream["codec_name"]),
            int(stream["sample_rate"]),
        )
        for stream in usable
    )


def read_subtitle(stream: Mapping[str, Any]) -> SubtitleStream:
    """Read a subtitle stream with its tags; the language "und" (undetermined) becomes None."""
    tags = {key.lower(): clean_text(value) for key, value in stream.get("tags", {}).items()}
    language = tags.get("language", "")
    return SubtitleStream(
        int(stream["index"]),
        str(stream.get("codec_name", "")),
        language if language not in {"", "und"} else None,
        tags.get("title") or None,
    )


def parse_positive(value: object) -> float | None:
    """Parse a number such as `12.5` or `30000/1001`; None unless it is finite and positive."""
    try:
        number = float(Fraction(str(value)))
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) and number > 0 else None
