"""Prepares media for web browsers: what they play as it is, and what is converted to MP4."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from mvsearch.indexer.media.decoding.streams import LOG, Child
from mvsearch.indexer.media.probe import Probe, probe_file
from mvsearch.indexer.media.programs import (
    compile_graph,
    explain_refusal,
    make_output,
    open_input,
    run_program,
)
from mvsearch.store.errors import MediaError

Way = Literal["file", "remux", "transcode"]

HEAD_BYTES = 64
REMUX_TIMEOUT_SECONDS = 120.0
STALL_SECONDS = 30.0
# In pixels. A larger picture would take longer to encode than to play.
MAX_WIDTH = 1280

# What Chromium and Firefox decode; the pixel format excludes 10 bits a channel and 4:4:4.
_MP4_PICTURES, _MP4_SOUNDS = {"h264", "vp9", "av1"}, {"aac", "mp3", "opus", "flac"}
_WEBM_PICTURES, _WEBM_SOUNDS = {"vp8", "vp9", "av1"}, {"vorbis", "opus"}
_PIXEL_FORMATS = {"yuv420p", "yuvj420p", ""}
_OF_SOUND = {
    "audio/ogg": {"vorbis", "opus", "flac"},
    "audio/mpeg": {"mp3"},
    "audio/flac": {"flac"},
    "audio/wav": {"pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le"},
}
_WITHOUT_TAGS = {"map_metadata": -1, "map_chapters": -1}


@dataclass(frozen=True, slots=True)
class PlayableMedia:
    """A file, and how a web browser can play it.

    Attributes:
        way: "file" as it is; "remux" with the same streams in MP4; "transcode" as H.264 and AAC.
        content_type: of what the browser gets, such as "video/mp4".
        size: of the file in bytes.
        modified_ns: modification time of the file, in nanoseconds since 1970.
    """

    path: Path
    way: Way
    content_type: str
    size: int
    modified_ns: int
    probe: Probe

    def remux(self, target: Path) -> None:
        """Write the streams unchanged into an MP4 file.

        Raises:
            MediaError: it cannot be written, or takes too long.
        """
        output = make_output(
            _select_streams(self),
            filename=Path(f"file:{target.absolute()}"),
            format="mp4",
            c="copy",
            movflags="faststart",
            **_WITHOUT_TAGS,
        )
        done = run_program(compile_graph(output), REMUX_TIMEOUT_SECONDS)
        if done.returncode != 0:
            raise explain_refusal(done.stderr.decode(errors="replace"))

    def transcode(
        self,
        start_seconds: float = 0.0,
        end_seconds: float | None = None,
        max_height: int | None = None,
    ) -> Iterator[bytes]:
        """Encode the file or a piece of it, as fragments of an MP4 whose times begin at zero.

        ffmpeg waits while nobody reads, and ends when the iterator is closed.

        Args:
            start_seconds: of the piece.
            end_seconds: of the piece; None for the end of the file.
            max_height: of the picture in pixels; None for that of the file.

        Raises:
            MediaError: it cannot be decoded, or ffmpeg made no progress.
        """
        length = {} if end_seconds is None else {"t": max(0.0, end_seconds - start_seconds)}
        streams = _select_streams(self, {"ss": start_seconds, **length})
        scale = _write_scale(max_height)
        child = Child(
            ["media"], lambda pipes: _encode(streams, pipes["media"], scale), STALL_SECONDS
        )
        log = b""
        try:
            for name, chunk in child.chunks():
                if name != LOG:
                    yield chunk
                elif len(log) < 10_000:
                    log += chunk
            if child.finish() != 0:
                raise explain_refusal(log.decode(errors="replace"))
        finally:
            child.close()


def inspect_media(path: Path) -> PlayableMedia:
    """Find out how a browser can play a file, by its content.

    Raises:
        MediaError: the file is missing, or is no media file.
        ToolMissingError: ffprobe is not installed.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise explain_refusal(error.strerror or "") from None
    if not path.is_file():
        raise MediaError("unreadable", "it is not a file")
    return _inspect(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=256)
def _inspect(path: Path, size: int, modified_ns: int) -> PlayableMedia:
    """Inspect a file; one that has not changed is probed once."""
    probe = probe_file(path)
    with path.open("rb") as file:
        own_type = find_type(file.read(HEAD_BYTES), has_picture=probe.picture is not None)
    way = choose_way(own_type, probe)
    converted = "video/mp4" if probe.picture is not None else "audio/mp4"
    return PlayableMedia(
        path, way, own_type if way == "file" else converted, size, modified_ns, probe
    )


def find_type(head: bytes, *, has_picture: bool) -> str:
    """The content type of a container by its first bytes; empty for one that browsers lack."""
    if head[4:8] == b"ftyp":
        return "video/mp4" if has_picture else "audio/mp4"
    if head[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in head:
        return "video/webm" if has_picture else "audio/webm"
    if head[:4] == b"OggS" and not has_picture:
        return "audio/ogg"
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "audio/mpeg"
    if head[:4] == b"fLaC":
        return "audio/flac"
    return "audio/wav" if head[:4] == b"RIFF" and head[8:12] == b"WAVE" else ""


def choose_way(content_type: str, probe: Probe) -> Way:
    """Choose how a browser gets a file, by container and codecs."""
    picture = probe.picture.codec if probe.picture is not None else None
    sound = probe.sound.codec if probe.sound is not None else None
    is_plain = probe.picture is None or probe.picture.pixel_format in _PIXEL_FORMATS
    fits_mp4 = is_plain and _fits(picture, _MP4_PICTURES) and _fits(sound, _MP4_SOUNDS)
    fits_webm = is_plain and _fits(picture, _WEBM_PICTURES) and _fits(sound, _WEBM_SOUNDS)
    if content_type.endswith("/mp4") and fits_mp4:
        return "file"
    if content_type.endswith("/webm") and fits_webm:
        return "file"
    if picture is None and sound in _OF_SOUND.get(content_type, ()):
        return "file"
    return "remux" if fits_mp4 else "transcode"


def _fits(codec: str | None, known: set[str]) -> bool:
    return codec is None or codec in known


def _select_streams(media: PlayableMedia, options: dict[str, Any] | None = None) -> list[Any]:
    """The video and audio streams that are played, of a guarded input."""
    source = open_input(media.path, options=options)
    chosen = (media.probe.picture, media.probe.sound)
    return [source[str(stream.index)] for stream in chosen if stream is not None]


def _write_scale(max_height: int | None) -> str:
    """The filter that limits a picture, with even sides and its own shape."""
    if max_height is None:
        return f"scale=w='trunc(min({MAX_WIDTH},iw)/2)*2':h=-2"
    return f"scale=w=-2:h='trunc(min({max_height},ih)/2)*2'"


def _encode(streams: list[Any], pipe: int, scale: str) -> list[str]:
    """The command that encodes to a pipe."""
    output = make_output(
        streams,
        filename=f"pipe:{pipe}",
        format="mp4",
        movflags="frag_keyframe+empty_moov+default_base_moof",
        vcodec="libx264",
        preset="veryfast",
        crf=23,
        g=48,
        pix_fmt="yuv420p",
        vf=scale,
        acodec="aac",
        ac=2,
        **{"b:a": "160k"},
        **_WITHOUT_TAGS,
    )
    return compile_graph(output)
