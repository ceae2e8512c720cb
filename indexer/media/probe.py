"""Reads the streams, tags and duration of a file with ffprobe."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from mvsearch.indexer.media.files.containers import HEAD_BYTES, is_media_head
from mvsearch.indexer.media.files.naming import clean_text, name_media
from mvsearch.indexer.media.files.year import read_year
from mvsearch.indexer.media.programs import (
    compile_graph,
    explain_refusal,
    find_program,
    open_input,
    run_program,
)
from mvsearch.store.errors import MediaError

PROBE_TIMEOUT_SECONDS = 20.0

# Asked for by name: a file with a thousand chapters or attachments shall not flood the answer.
_ENTRIES = (
    "format=format_name,duration:format_tags:"
    "stream=index,codec_type,codec_name,width,height,avg_frame_rate,r_frame_rate,sample_rate,"
    "sample_aspect_ratio,color_space,has_b_frames:stream_disposition=default,attached_pic,timed_thumbnails:"
    "stream_side_data=rotation:stream_tags"
)
# Tags that name the track or the muxer, not the music.
_STREAM_ONLY_TAGS = frozenset(
    {"title", "language", "handler_name", "vendor_id", "encoder", "duration", "creation_time"}
)
# Nothing is heard below half of it, and the less it is, the more a byte is blown up.
MIN_SAMPLE_RATE = 1000
_NO_CODEC = frozenset({"", "none", "unknown"})


@dataclass(frozen=True, slots=True)
class PictureStream:
    """A stream of moving pictures.

    Attributes:
        index: of the stream in the container.
        width, height: after rotation.
        pixel_aspect: width of a pixel as it is shown over its height, after rotation.
        rotation_degrees: clockwise turn that the player applies: 0, 90, 180 or 270.
        frame_rate: average frames per second by the header; None where it gives none.
        colour_space: as ffprobe names it; empty where the file does not say.
        reorder_depth: by how many frames decoding runs ahead of showing; 0 without B-frames.
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


@dataclass(frozen=True, slots=True)
class SoundStream:
    """A stream of sound."""

    index: int
    codec: str
    sample_rate: int


@dataclass(frozen=True, slots=True)
class SubtitleStream:
    """A stream of subtitles; language and title where the container tells."""

    index: int
    codec: str
    language: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What the container says, before anything is decoded.

    Attributes:
        duration_seconds: by the header, which may lie; None where it gives none.
        picture: the stream to watch; None for sound alone. Cover art is not a picture.
        is_picture_lost: there is a stream of pictures whose size is nowhere told, as where a
            broadcast is cut and its parameters never come; it cannot be decoded.
        sounds: streams that can be heard, the one to take first.
        tags: lower-case keys; of the container and, where it has none, of its streams.
        year: as the tags give it, of the recording before that of the release; None where none.
    """

    duration_seconds: float | None
    picture: PictureStream | None
    sounds: tuple[SoundStream, ...]
    subtitles: tuple[SubtitleStream, ...]
    title: str
    artist: str | None
    tags: Mapping[str, str] = field(default_factory=dict)
    is_picture_lost: bool = False
    year: int | None = None

    @property
    def sound(self) -> SoundStream | None:
        """The stream to hear."""
        return self.sounds[0] if self.sounds else None


def probe_file(path: Path, timeout_seconds: float = PROBE_TIMEOUT_SECONDS) -> Probe:
    """Ask ffprobe what a file holds.

    Raises:
        MediaError: "unreadable" (empty, no media, no permission, a playlist), "no_media" (no stream
            of picture or sound), "truncated" (its index is missing), "timed_out".
        ToolMissingError: there is no ffprobe.
    """
    _check_size(path)
    done = run_program(_probe_command(path), timeout_seconds)
    log = done.stderr.decode(errors="replace")
    if done.returncode != 0:
        raise _refuse(path, log)
    try:
        answer = json.loads(done.stdout.decode(errors="replace"))
    except json.JSONDecodeError:
        raise _refuse(path, log) from None
    return _read_answer(answer, path)


def _check_size(path: Path) -> None:
    """Refuse what is empty or gone before a program is started for it."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise explain_refusal(error.strerror or "") from None
    if size == 0:
        raise MediaError("unreadable", "the file is empty")


def _refuse(path: Path, log: str) -> MediaError:
    """The error for a file that ffprobe would not open; only what began well can be truncated."""
    error = explain_refusal(log)
    if error.code == "truncated":
        with path.open("rb") as file:
            if not is_media_head(file.read(HEAD_BYTES)):
                return explain_refusal("")
    return error


def _probe_command(path: Path) -> list[str]:
    """The ffprobe call; its input options are those of the ffmpeg graph, guards included."""
    guarded = compile_graph(open_input(path).output("-", f="null"))
    input_options = guarded[1 : guarded.index("-i") + 2]
    return [
        find_program("ffprobe"),
        *("-loglevel", "error", "-of", "json", "-show_entries", _ENTRIES),
        *input_options,
    ]


def _read_answer(answer: Mapping[str, Any], path: Path) -> Probe:
    """Turn ffprobe's JSON into a `Probe`."""
    container = answer.get("format", {})
    streams = [stream for stream in answer.get("streams", []) if "index" in stream]
    picture = _choose_picture(streams)
    sounds = _list_sounds(streams)
    if picture is None and not sounds:
        raise MediaError("no_media", "it has neither picture nor usable sound")
    format_name = str(container.get("format_name", ""))
    tags = _merge_tags(format_name, container.get("tags", {}), streams)
    artist, title = name_media(path)
    return Probe(
        duration_seconds=_positive(container.get("duration")),
        picture=picture,
        sounds=sounds,
        subtitles=tuple(
            _read_subtitle(stream) for stream in streams if stream.get("codec_type") == "subtitle"
        ),
        title=clean_text(tags.get("title", "")) or title,
        artist=clean_text(tags.get("artist", "") or tags.get("album_artist", "")) or artist,
        tags=tags,
        is_picture_lost=picture is None and any(map(_is_video, streams)),
        year=read_year(tags),
    )


def _choose_picture(streams: list[Mapping[str, Any]]) -> PictureStream | None:
    """The default stream, then the largest; never cover art."""
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
    aspect = _positive(str(chosen.get("sample_aspect_ratio", "")).replace(":", "/")) or 1.0
    if rotation in (90, 270):
        width, height, aspect = height, width, 1 / aspect
    return PictureStream(
        index=int(chosen["index"]),
        codec=str(chosen["codec_name"]),
        width=width,
        height=height,
        rotation_degrees=rotation,
        pixel_aspect=aspect,
        frame_rate=_positive(chosen.get("avg_frame_rate")) or _positive(chosen.get("r_frame_rate")),
        colour_space=str(chosen.get("color_space", "")).replace("unknown", ""),
        reorder_depth=int(chosen.get("has_b_frames", 0)),
    )


def _is_picture(stream: Mapping[str, Any]) -> bool:
    """Whether a stream is moving pictures of a known size that there is a codec for."""
    has_size = int(stream.get("width", 0)) > 0 and int(stream.get("height", 0)) > 0
    return has_size and _is_video(stream)


def _is_video(stream: Mapping[str, Any]) -> bool:
    """Whether a stream is moving pictures that there is a codec for."""
    return (
        stream.get("codec_type") == "video"
        and str(stream.get("codec_name", "")) not in _NO_CODEC
        and not _disposition(stream, "attached_pic")
        and not _disposition(stream, "timed_thumbnails")
    )


def _disposition(stream: Mapping[str, Any], name: str) -> int:
    """A flag of the stream, 0 or 1."""
    return int(stream.get("disposition", {}).get(name, 0))


def _read_rotation(stream: Mapping[str, Any]) -> int:
    """Clockwise degrees: the display matrix counts the other way, the old `rotate` tag this way."""
    for side in stream.get("side_data_list", []):
        if "rotation" in side:
            return round(-float(side["rotation"]) / 90) * 90 % 360
    turn = _positive(stream.get("tags", {}).get("rotate")) or 0.0
    return round(turn / 90) * 90 % 360


def _list_sounds(streams: list[Mapping[str, Any]]) -> tuple[SoundStream, ...]:
    """Streams that can be decoded, the default one first."""
    usable = [
        stream
        for stream in streams
        if stream.get("codec_type") == "audio"
        and str(stream.get("codec_name", "")) not in _NO_CODEC
        and (_positive(stream.get("sample_rate")) or 0.0) >= MIN_SAMPLE_RATE
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


def _read_subtitle(stream: Mapping[str, Any]) -> SubtitleStream:
    """A subtitle stream with what its tags say; "und" is no language."""
    tags = {key.lower(): clean_text(value) for key, value in stream.get("tags", {}).items()}
    language = tags.get("language", "")
    return SubtitleStream(
        int(stream["index"]),
        str(stream.get("codec_name", "")),
        language if language not in {"", "und"} else None,
        tags.get("title") or None,
    )


def _merge_tags(
    container: str, tags: Mapping[str, str], streams: list[Mapping[str, Any]]
) -> dict[str, str]:
    """Tags by lower-case key; Ogg keeps those of the music in its streams, others do not."""
    merged: dict[str, str] = {}
    for stream in streams:
        if stream.get("codec_type") in {"audio", "video"}:
            for key, value in stream.get("tags", {}).items():
                if container == "ogg" or key.lower() not in _STREAM_ONLY_TAGS:
                    merged.setdefault(key.lower(), value)
    merged.update({key.lower(): value for key, value in tags.items()})
    return merged


def _positive(value: object) -> float | None:
    """A number such as `12.5` or `30000/1001`; None unless it is finite and above zero."""
    try:
        number = float(Fraction(str(value)))
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) and number > 0 else None
