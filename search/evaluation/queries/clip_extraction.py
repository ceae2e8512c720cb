"""Extracts clips and single frames from media, with distortions applied."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer.media.decoding.entry_point import find_entry
from mvsearch.indexer.media.decoding.graph import scale_options
from mvsearch.indexer.media.probe import Probe, probe_file
from mvsearch.indexer.media.programs import (
    compile_graph,
    find_program,
    find_reason,
    open_input,
    open_raw,
    passthrough_option,
    run_program,
)
from mvsearch.indexer.media.stream_info import PictureStream
from mvsearch.search.evaluation.queries.distortions import NONE, SAMPLE_RATE, Distortion, Filter
from mvsearch.search.evaluation.queries.overlay import draw_overlay
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Matrix

CUT_TIMEOUT_SECONDS = 120.0
# Sound decoders need some seconds before their output is exact.
RUN_UP_SECONDS = 10.0
# Encoders take at most 224 × 224 pixels.
LONG_SIDE, SHORT_SIDE = 640, 360
# Time base of Matroska; by default encoders round times to multiples of the frame duration.
TIMES_PER_SECOND = 1000

_LOW_RATE_PICTURE = {"video_bitrate": "64k", "maxrate": "64k", "bufsize": "64k"}
_LOW_RATE_SOUND = {"acodec": "aac", "audio_bitrate": "24k", "ac": 1}
_MP3 = {"acodec": "libmp3lame", "audio_bitrate": "32k", "ar": 22_050}


def cut_clip(
    path: Path, start_seconds: float, seconds: float, distortion: Distortion, out: Path, seed: int
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
        seed: of the noise.

    Raises:
        MediaError: the file cannot be read, no stream is left, or ffmpeg lacks an encoder.
        ToolMissingError: there is no ffmpeg.
    """
    probe = probe_file(path)
    source = _Source(path, start_seconds, seconds, probe.picture)
    streams: list[Any] = []
    settings: dict[str, Any] = {}
    given: bytes | None = None
    if probe.picture is not None and distortion.has_picture:
        stream, given = _distort_picture(source.picture(probe.picture), probe.picture, distortion)
        streams.append(stream)
        settings |= _encode_picture(distortion)
    if probe.sound is not None and distortion.has_sound:
        if distortion.noise_decibels is None:
            streams.append(_apply(source.sound(probe), distortion.sound))
        else:
            noisy = add_noise(source.samples(probe), distortion.noise_decibels, seed)
            streams.append(open_raw(f="f32le", ar=SAMPLE_RATE, ac=1))
            given = noisy.tobytes()
        settings |= _encode_sound(distortion)
    if not streams:
        raise MediaError("no_media", f"nothing is left of it with {distortion.name}")
    _run(_write(streams, out, settings), given)
    return out


def cut_frame(path: Path, at_seconds: float, distortion: Distortion, out: Path) -> Path:
    """Extract the first frame at or after a time, and distort it; as PNG or low-quality JPEG.

    Raises:
        ValueError: the distortion is not one of pictures.
        MediaError: the file cannot be read, or has no picture at this time.
        ToolMissingError: there is no ffmpeg.
    """
    if distortion.family not in (NONE, "picture"):
        raise ValueError(f"a picture cannot suffer from {distortion.name}")
    picture = probe_file(path).picture
    if picture is None:
        raise MediaError("no_media", "it has no picture")
    stream = _Source(path, at_seconds, RUN_UP_SECONDS, picture).picture(picture)
    stream, given = _distort_picture(stream, picture, distortion)
    codec = {"vcodec": "mjpeg", "q:v": 31} if distortion.is_low_bit_rate else {"vcodec": "png"}
    image = _run(stream.output("pipe:1", format="image2pipe", vframes=1, **codec), given)
    if not image:
        raise MediaError("decode_failed", f"it has no picture at {at_seconds:g} seconds")
    out.write_bytes(image)
    return out


def add_noise(samples: Matrix, decibels: float, seed: int) -> Matrix:
    """Add white Gaussian noise at a signal-to-noise ratio.

    Args:
        samples: (n,) float32.
        decibels: the signal-to-noise ratio.
        seed: of the noise.

    Returns:
        (n,) float32, scaled down if it would clip; silence stays silence.
    """
    noise = np.random.default_rng(seed).standard_normal(len(samples))
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    noisy = samples + noise * np.sqrt(power) * 10 ** (-decibels / 20)
    peak = float(np.abs(noisy).max(initial=0.0))
    return np.asarray(noisy / max(1.0, peak), np.float32)


class _Source:
    """A time range of a file as streams of an ffmpeg graph."""

    def __init__(
        self, path: Path, start_seconds: float, seconds: float, picture: PictureStream | None
    ) -> None:
        safe = start_seconds if picture is None else find_entry(path, picture, start_seconds)
        entry = max(0.0, min(safe, start_seconds - RUN_UP_SECONDS))
        seek = {"ss": entry, "noaccurate_seek": None} if entry else {}
        self._input = open_input(path, options=seek)
        self._start = start_seconds - entry
        self._end = self._start + seconds

    def picture(self, picture: PictureStream) -> Any:
        """The frames of the range from time zero, scaled by `fit_size`."""
        width, height = fit_size(picture.width, picture.height)
        colours = {"out_color_matrix": "bt601", "out_range": "tv"}
        return (
            self._input[str(picture.index)]
            .filter("settb", "AVTB")
            .filter("trim", start=self._start, end=self._end)
            .filter("setpts", f"PTS-{self._start:.6f}/TB")
            .filter("scale", width, height, **scale_options(picture), **colours)
            .filter("format", "yuv420p")
        )

    def sound(self, probe: Probe) -> Any:
        """The sound of the range from time zero, gaps filled with silence."""
        assert probe.sound is not None
        return (
            self._input[str(probe.sound.index)]
            .filter("atrim", start=self._start, end=self._end)
            .filter("asetpts", f"PTS-{self._start:.6f}/TB")
            .filter("aresample", SAMPLE_RATE, **{"async": 1, "first_pts": 0})
        )

    def samples(self, probe: Probe) -> Matrix:
        """The sound of the range as (n,) mono samples; channels are averaged."""
        mono = self.sound(probe).filter("aresample", rematrix_maxval=1, ochl="mono")
        raw = _run(mono.output("pipe:1", format="f32le", ac=1, ar=SAMPLE_RATE))
        return np.frombuffer(raw, np.float32)


def fit_size(width: int, height: int) -> tuple[int, int]:
    """An even size of the same shape, at most LONG_SIDE × SHORT_SIDE in either orientation."""
    long, short = max(width, height), min(width, height)
    factor = min(1.0, LONG_SIDE / long, SHORT_SIDE / short)
    return max(2, round(width * factor / 2) * 2), max(2, round(height * factor / 2) * 2)


def _distort_picture(
    stream: Any, picture: PictureStream, distortion: Distortion
) -> tuple[Any, bytes | None]:
    """The distorted picture, and the input of its graph on standard input."""
    stream = _apply(stream, distortion.picture)
    if not distortion.has_overlay:
        return stream, None
    width, height = fit_size(picture.width, picture.height)
    stamp = open_raw(f="rawvideo", pix_fmt="rgba", s=f"{width}x{height}")
    return stream.overlay(stamp), draw_overlay(width, height)


def _apply(stream: Any, filters: Sequence[Filter]) -> Any:
    for each in filters:
        stream = stream.filter(each.name, **each.settings)
    return stream


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


def _run(output: Any, given: bytes | None = None) -> bytes:
    done = run_program(compile_graph(output), CUT_TIMEOUT_SECONDS, given)
    if done.returncode != 0:
        reason = find_reason(done.stderr.decode(errors="replace"))
        raise reason or MediaError("decode_failed", "no clip can be cut from it")
    return done.stdout
