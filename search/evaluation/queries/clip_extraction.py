"""Extracts clips and single frames from media, with distortions applied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.media.programs import find_program, open_raw, passthrough_option, run_program
from mvsearch.indexer.media.stream_info import PictureStream
from mvsearch.search.evaluation.queries.distortion.distortions import (
    DISTORTIONS,
    NONE,
    PICTURE_FAMILIES,
    SAMPLE_RATE,
    Distortion,
)
from mvsearch.search.evaluation.queries.distortion.mixing import make_other, mix
from mvsearch.search.evaluation.queries.distortion.overlay import draw_overlay
from mvsearch.search.evaluation.queries.distortion.staging import Backdrop, film, inset
from mvsearch.search.evaluation.queries.source import (
    CUT_TIMEOUT_SECONDS,
    RUN_UP_SECONDS,
    Source,
    apply_filters,
    fit_size,
    run_graph,
)
from mvsearch.store.errors import MediaError

# Time base of Matroska; by default encoders round times to multiples of the frame duration.
TIMES_PER_SECOND = 1000

_LOW_RATE_PICTURE = {"video_bitrate": "64k", "maxrate": "64k", "bufsize": "64k"}
_LOW_RATE_SOUND = {"acodec": "aac", "audio_bitrate": "24k", "ac": 1}
_MP3 = {"acodec": "libmp3lame", "audio_bitrate": "32k", "ar": 22_050}


def cut_clip(
    path: Path,
    start_seconds: float,
    seconds: float,
    distortion: Distortion,
    out: Path,
    seed: int,
    backdrop: Backdrop | None = None,
) -> Path:
    """Cut a clip from a file, and distort it.

    The cut is exact: decoding starts some seconds earlier, and streams are encoded anew. Without a
    distortion the picture is x264 at CRF 12 (at most 640 × 360), the sound FLAC. Clips at another
    speed last `seconds` divided by the speed.

    Args:
        path: of the media.
        start_seconds: from the start of the file.
        seconds: length in the file.
        distortion: of picture and sound.
        out: the Matroska file to write.
        seed: of the noise and the camera.
        backdrop: of an inset.

    Raises:
        MediaError: the file cannot be read, no stream is left, or ffmpeg lacks an encoder.
        ToolMissingError: there is no ffmpeg.
    """
    probe = probe_file(path)
    source = Source(path, start_seconds, seconds, probe.picture)
    streams: list[Any] = []
    settings: dict[str, Any] = {}
    given: bytes | None = None
    if probe.picture is not None and distortion.has_picture:
        distorter = _PictureDistorter(probe.picture, seconds, distortion, seed, backdrop)
        stream, given = distorter.apply(source.picture(probe.picture))
        streams.append(stream)
        settings |= _encode_picture(distortion)
    if probe.sound is not None and distortion.has_sound:
        if distortion.mixed_decibels is None:
            streams.append(apply_filters(source.sound(probe), distortion.sound))
        else:
            samples = source.samples(probe)
            other = make_other(distortion.mixed, len(samples), seed)
            noisy = mix(samples, other, distortion.mixed_decibels)
            streams.append(open_raw(f="f32le", ar=SAMPLE_RATE, ac=1))
            given = noisy.tobytes()
        settings |= _encode_sound(distortion)
    if not streams:
        raise MediaError("no_media", f"nothing is left of it with {distortion.name}")
    run_graph(_write(streams, out, settings), given)
    return out


def cut_mix(path: Path, start_seconds: float, seconds: float, sound: Backdrop, out: Path) -> Path:
    """Cut a clip with the picture of one file and the sound of another, both undistorted.

    Args:
        path: of the picture.
        start_seconds: of the clip in this file.
        seconds: length of both.
        sound: what is heard.
        out: the Matroska file to write.

    Raises:
        MediaError: a file cannot be read, or lacks its stream.
        ToolMissingError: there is no ffmpeg.
    """
    seen, heard = probe_file(path), probe_file(sound.path)
    if seen.picture is None or heard.sound is None:
        raise MediaError("no_media", "there is no picture or no sound to mix")
    picture = Source(path, start_seconds, seconds, seen.picture).picture(seen.picture)
    other = Source(sound.path, sound.start_seconds, seconds, heard.picture).sound(heard)
    plain = DISTORTIONS[NONE]
    settings = _encode_picture(plain) | _encode_sound(plain)
    run_graph(_write([picture, other], out, settings))
    return out


def cut_frame(
    path: Path,
    at_seconds: float,
    distortion: Distortion,
    out: Path,
    seed: int = 0,
    backdrop: Backdrop | None = None,
) -> Path:
    """Extract the first frame at or after a time, and distort it; as PNG or low-quality JPEG.

    The other arguments are those of `cut_clip`.

    Raises:
        ValueError: the distortion is not one of pictures.
        MediaError: the file cannot be read, or has no picture at this time.
        ToolMissingError: there is no ffmpeg.
    """
    if distortion.family not in PICTURE_FAMILIES:
        raise ValueError(f"a picture cannot suffer from {distortion.name}")
    picture = probe_file(path).picture
    if picture is None:
        raise MediaError("no_media", "it has no picture")
    stream = Source(path, at_seconds, RUN_UP_SECONDS, picture).picture(picture)
    distorter = _PictureDistorter(picture, RUN_UP_SECONDS, distortion, seed, backdrop)
    stream, given = distorter.apply(stream)
    codec = {"vcodec": "mjpeg", "q:v": 31} if distortion.is_low_bit_rate else {"vcodec": "png"}
    image = run_graph(stream.output("pipe:1", format="image2pipe", vframes=1, **codec), given)
    if not image:
        raise MediaError("decode_failed", f"it has no picture at {at_seconds:g} seconds")
    out.write_bytes(image)
    return out


@dataclass(frozen=True, slots=True)
class _PictureDistorter:
    """Distorts the picture of a time range."""

    picture: PictureStream
    seconds: float
    distortion: Distortion
    seed: int
    backdrop: Backdrop | None

    def apply(self, stream: Any) -> tuple[Any, bytes | None]:
        """The distorted picture, and the input of its graph on standard input."""
        stream = apply_filters(stream, self.distortion.picture)
        width, height = fit_size(self.picture.width, self.picture.height)
        if self.distortion.is_filmed:
            return film(stream, (width, height), self.seed)
        if self.distortion.is_inset:
            if self.backdrop is None:
                raise MediaError("no_media", "there is no other video to show it over")
            return inset(stream, self.backdrop, self.seconds, self.seed), None
        if not self.distortion.has_overlay:
            return stream, None
        stamp = open_raw(f="rawvideo", pix_fmt="rgba", s=f"{width}x{height}")
        return stream.overlay(stamp), draw_overlay(width, height)


def _write(streams: Sequence[Any], out: Path, settings: Mapping[str, Any]) -> Any:
    target = Path(f"file:{out.absolute()}")
    return streams[0].output(
        *streams[1:], filename=target, format="matroska", map_metadata=-1, **settings
    )


def _encode_picture(distortion: Distortion) -> dict[str, Any]:
    """Settings of the encoder: x264, or MPEG-4 if ffmpeg lacks it."""
    # With several threads x264 encodes about one clip in a hundred differently on a busy machine.
    settings: dict[str, Any] = {"pix_fmt": "yuv420p", "colorspace": "smpte170m", "threads:v": 1}
    settings |= {"enc_time_base:v": f"1:{TIMES_PER_SECOND}", **passthrough_option()}
    if "libx264" in _list_encoders():
        settings |= {"vcodec": "libx264", "preset": "veryfast"}
        return settings | (_LOW_RATE_PICTURE if distortion.is_low_bit_rate else {"crf": 12})
    settings["vcodec"] = "mpeg4"
    return settings | (_LOW_RATE_PICTURE if distortion.is_low_bit_rate else {"q:v": 2})


def _encode_sound(distortion: Distortion) -> dict[str, Any]:
    if distortion.is_mp3:
        if "libmp3lame" not in _list_encoders():
            raise MediaError("unreadable", "this ffmpeg cannot write MP3")
        return dict(_MP3)
    return dict(_LOW_RATE_SOUND) if distortion.is_low_bit_rate else {"acodec": "flac"}


@cache
def _list_encoders() -> frozenset[str]:
    """The encoders of this build of ffmpeg."""
    command = [find_program("ffmpeg"), "-hide_banner", "-encoders"]
    listing = run_program(command, CUT_TIMEOUT_SECONDS).stdout.decode(errors="replace")
    rows = (line.split() for line in listing.splitlines())
    return frozenset(words[1] for words in rows if len(words) > 1)
