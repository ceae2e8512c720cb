"""Small media files with known content, each made by an ffmpeg command."""

import hashlib
import os
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

# Colours that survive 4:2:0 and limited range within a few levels, and their RGB values.
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (255, 0, 0),
    "lime": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "gray": (128, 128, 128),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
}
# Exact enough to recognise colours, quick enough for a test.
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-pix_fmt", "yuv420p")


# The folder of what was made in this run of the tests, for all workers.
MADE_VARIABLE = "MVSEARCH_TEST_MADE"
# Formats without dates and random numbers: the same command writes the same bytes.
REPRODUCIBLE = frozenset({".flac", ".jpg", ".m4a", ".mp4", ".png", ".wav"})


def run_ffmpeg(*arguments: object, given: bytes = b"") -> bytes:
    """Run ffmpeg, which overwrites its output; its log is shown where it fails.

    What it makes of generated sources alone is copied the next time.
    """
    *settings, output = map(str, arguments)
    inputs = [at for at, word in enumerate(settings) if word == "-i"]
    is_generated = all(settings[max(at - 2, 0) : at] == ["-f", "lavfi"] for at in inputs)
    made = os.environ.get(MADE_VARIABLE)
    if made is None or not is_generated or Path(output).suffix not in REPRODUCIBLE:
        return _run_ffmpeg(settings, output, given)
    name = hashlib.sha256("\0".join(settings).encode()).hexdigest()
    kept = Path(made) / f"{name}{Path(output).suffix}"
    if not kept.exists():
        new = kept.with_name(f"{os.getpid()}-{kept.name}")
        _run_ffmpeg(settings, str(new), given)
        new.replace(kept)
    shutil.copyfile(kept, output)
    return b""


def _run_ffmpeg(settings: Sequence[str], output: str, given: bytes) -> bytes:
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]
    done = subprocess.run(
        [*command, *settings, output], input=given, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def probe_times(path: Path, stream: str = "v:0") -> list[float]:
    """The presentation times of all frames, as ffprobe gives them, from the file's start."""
    entries = "frame=best_effort_timestamp_time:format=start_time"
    lines = _ask(path, "-select_streams", stream, "-show_entries", entries).split()
    *times, start = [float(line.rstrip(",")) for line in lines]
    return [time - start for time in times]


def probe_duration(path: Path) -> float:
    """The duration in the header."""
    return float(_ask(path, "-show_entries", "format=duration"))


def make_colours(
    path: Path,
    colours: Sequence[tuple[str, float]],
    *,
    size: tuple[int, int] = (96, 64),
    frame_rate: str = "25",
    tone_hertz: float | None = None,
    options: Sequence[str] = H264,
) -> Path:
    """A video of one-colour pictures, each (colour, seconds), with a tone where one is given.

    The container follows the ending. The pictures change at the sums of the seconds.
    """
    pictures = [
        f"color={colour}:s={size[0]}x{size[1]}:r={frame_rate}:d={seconds}[p{number}]"
        for number, (colour, seconds) in enumerate(colours)
    ]
    labels = "".join(f"[p{number}]" for number in range(len(colours)))
    graph = ";".join([*pictures, f"{labels}concat=n={len(colours)}[v]"])
    sound: tuple[str, ...] = ()
    if tone_hertz is not None:
        seconds = sum(seconds for _, seconds in colours)
        graph += f";sine=f={tone_hertz}:r=44100:d={seconds}[a]"
        sound = ("-map", "[a]")
    run_ffmpeg("-filter_complex", graph, "-map", "[v]", *sound, *options, path)
    return path


def make_slides(
    path: Path,
    slides: Sequence[tuple[str, float]],
    *,
    size: tuple[int, int] = (96, 64),
    sound_seconds: float = 0.0,
) -> Path:
    """A slide show: each slide (colour, start in seconds) is a single frame."""
    pictures = [
        f"color={colour}:s={size[0]}x{size[1]}:r=1:d=1[p{number}]"
        for number, (colour, _) in enumerate(slides)
    ]
    labels = "".join(f"[p{number}]" for number in range(len(slides)))
    times = "+".join(f"eq(N,{number})*{start}" for number, (_, start) in enumerate(slides))
    timing = f"settb=1/1000,setpts='({times})/TB'"
    graph = ";".join([*pictures, f"{labels}concat=n={len(slides)},{timing}[v]"])
    sound: tuple[str, ...] = ()
    if sound_seconds:
        graph += f";sine=f=440:r=44100:d={sound_seconds}[a]"
        sound = ("-map", "[a]", "-c:a", "flac")
    passing = ("-vsync", "passthrough", "-enc_time_base:v", "1:1000")
    run_ffmpeg("-filter_complex", graph, "-map", "[v]", *sound, *passing, *H264, path)
    return path


def make_pattern(
    path: Path,
    seconds: float,
    *,
    size: tuple[int, int] = (160, 120),
    frame_rate: str = "25",
    tone_hertz: float | None = None,
    options: Sequence[str] = H264,
) -> Path:
    """A moving test pattern, whose pictures are never uniform."""
    inputs = ["-f", "lavfi", "-i", f"testsrc2=s={size[0]}x{size[1]}:r={frame_rate}:d={seconds}"]
    if tone_hertz is not None:
        inputs += ["-f", "lavfi", "-i", f"sine=f={tone_hertz}:r=44100:d={seconds}"]
    run_ffmpeg(*inputs, *options, path)
    return path


def make_uneven(path: Path, seconds: float) -> Path:
    """A test pattern that keeps three frames in ten, unevenly: the rate varies all the time."""
    kept = "select='eq(mod(n,10),0)+eq(mod(n,10),1)+eq(mod(n,10),6)'"
    source = f"testsrc2=s=160x120:r=25:d={seconds},{kept}"
    run_ffmpeg("-f", "lavfi", "-i", source, "-vsync", "passthrough", *H264, path)
    return path


def make_tone(
    path: Path, hertz: float, seconds: float, *, volume: float = 1.0, options: Sequence[str] = ()
) -> Path:
    """Sound alone: a sine wave, 1/8 of full scale times the volume."""
    source = f"sine=f={hertz}:r=44100:d={seconds},volume={volume}"
    run_ffmpeg("-f", "lavfi", "-i", source, *options, path)
    return path


def make_silence(path: Path, seconds: float) -> Path:
    """Sound alone: digital silence."""
    run_ffmpeg("-f", "lavfi", "-i", f"anullsrc=r=44100:cl=stereo:d={seconds}", path)
    return path


def make_picture(path: Path, source: str = "testsrc2", size: tuple[int, int] = (96, 64)) -> Path:
    """A picture file of an ffmpeg source, such as `color=red`."""
    mark = ":" if "=" in source else "="
    graph = f"{source}{mark}s={size[0]}x{size[1]}:d=1"
    run_ffmpeg("-f", "lavfi", "-i", graph, "-frames:v", "1", "-update", "1", path)
    return path


def add_cover(path: Path, sound: Path, picture: Path) -> Path:
    """Sound with cover art, which containers keep as a video stream of one frame."""
    maps = ("-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic")
    run_ffmpeg("-i", sound, "-i", picture, *maps, path)
    return path


def cut_off(path: Path, source: Path, share: float) -> Path:
    """The first part of a file, as an interrupted download leaves it."""
    content = source.read_bytes()
    path.write_bytes(content[: round(len(content) * share)])
    return path


def turn_quarter(path: Path, source: Path) -> Path:
    """An MP4 whose player turns the picture 90° clockwise: the matrix in `tkhd` says so.

    ISO/IEC 14496-12, 8.3.2: the matrix follows 36 bytes of fixed fields (version 0).
    """
    content = bytearray(source.read_bytes())
    at = content.index(b"tkhd") + 4
    assert content[at] == 0, "a box of version 0"
    one, unit = 1 << 16, 1 << 30
    matrix = (0, one, 0, -one, 0, 0, 0, 0, unit)
    content[at + 40 : at + 76] = struct.pack(">9i", *matrix)
    path.write_bytes(content)
    return path


def _ask(path: Path, *arguments: str) -> str:
    """What ffprobe says, as bare values."""
    command = ["ffprobe", "-loglevel", "error", "-of", "csv=p=0", *arguments, f"file:{path}"]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=True, text=True
    ).stdout.strip()
