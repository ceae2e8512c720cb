"""Reads the streams, tags and duration of a file with ffprobe."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
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
from mvsearch.indexer.media.stream_info import (
    PictureStream,
    SoundStream,
    SubtitleStream,
    choose_picture,
    is_video,
    list_sounds,
    parse_positive,
    read_subtitle,
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
    picture = choose_picture(streams)
    sounds = list_sounds(streams)
    if picture is None and not sounds:
        raise MediaError("no_media", "it has neither picture nor usable sound")
    format_name = str(container.get("format_name", ""))
    tags = _merge_tags(format_name, container.get("tags", {}), streams)
    artist, title = name_media(path)
    return Probe(
        duration_seconds=parse_positive(container.get("duration")),
        picture=picture,
        sounds=sounds,
        subtitles=tuple(
            read_subtitle(stream) for stream in streams if stream.get("codec_type") == "subtitle"
        ),
        title=clean_text(tags.get("title", "")) or title,
        artist=clean_text(tags.get("artist", "") or tags.get("album_artist", "")) or artist,
        tags=tags,
        is_picture_lost=picture is None and any(map(is_video, streams)),
        year=read_year(tags),
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
