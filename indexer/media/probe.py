"""Reads the streams, tags and duration of a file with ffprobe."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mvsearch.indexer.media.files.containers import HEAD_BYTES, has_media_signature
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

# Named one by one, as a file may have thousands of chapters or attachments.
_ENTRIES = (
    "format=format_name,duration:format_tags:"
    "stream=index,codec_type,codec_name,width,height,avg_frame_rate,r_frame_rate,sample_rate,"
    "sample_aspect_ratio,color_space,pix_fmt,has_b_frames:stream_disposition=default,attached_pic,timed_thumbnails:"
    "stream_side_data=rotation:stream_tags"
)
# Tags that describe the stream or the muxer, not the music.
_STREAM_ONLY_TAGS = frozenset(
    {"title", "language", "handler_name", "vendor_id", "encoder", "duration", "creation_time"}
)


@dataclass(frozen=True, slots=True)
class Probe:
    """The streams and tags of a file, as its container states them.

    Attributes:
        duration_seconds: by the header, which may be wrong; None if it has none.
        picture: the video stream to use; None if there is none. Cover art is no video stream.
        sounds: the audio streams that can be decoded, the one to use first.
        title, artist: from the tags, else the name; `artist` may be None.
        tags: by lower-case key; those of the container come before those of its streams.
        is_picture_lost: there is a video stream of unknown size, which cannot be decoded, such as a
            cut of a broadcast without its parameter sets.
        year: of the recording, else of the release, by the tags; else None.
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
        """The audio stream to use; None if there is none."""
        return self.sounds[0] if self.sounds else None


def probe_file(path: Path, timeout_seconds: float = PROBE_TIMEOUT_SECONDS) -> Probe:
    """Read the streams, tags and duration of a file with ffprobe.

    Raises:
        MediaError: "unreadable" (empty, no media, no permission, a playlist), "no_media" (no video
            or audio stream), "truncated" (its index is missing) or "timed_out".
        ToolMissingError: ffprobe is not installed.
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
    """Raise MediaError if a file is empty or missing, without starting a program."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise explain_refusal(error.strerror or "") from None
    if size == 0:
        raise MediaError("unreadable", "the file is empty")


def _refuse(path: Path, log: str) -> MediaError:
    """Return the error for a file that ffprobe rejects; "truncated" needs a valid start."""
    error = explain_refusal(log)
    if error.code == "truncated":
        with path.open("rb") as file:
            if not has_media_signature(file.read(HEAD_BYTES)):
                return explain_refusal("")
    return error


def _probe_command(path: Path) -> list[str]:
    """Build the command of ffprobe, with the guarded input options of `open_input`."""
    guarded = compile_graph(open_input(path).output("-", f="null"))
    input_options = guarded[1 : guarded.index("-i") + 2]
    return [
        find_program("ffprobe"),
        *("-loglevel", "error", "-of", "json", "-show_entries", _ENTRIES),
        *input_options,
    ]


def _read_answer(answer: Mapping[str, Any], path: Path) -> Probe:
    """Convert the JSON output of ffprobe to a `Probe`.

    Raises:
        MediaError: "no_media".
    """
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
    """Merge tags by lower-case key; only Ogg has those of the music in its streams."""
    merged: dict[str, str] = {}
    for stream in streams:
        if stream.get("codec_type") in {"audio", "video"}:
            for key, value in stream.get("tags", {}).items():
                if container == "ogg" or key.lower() not in _STREAM_ONLY_TAGS:
                    merged.setdefault(key.lower(), value)
    merged.update({key.lower(): value for key, value in tags.items()})
    return merged
