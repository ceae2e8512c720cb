"""The small good files that hostile ones are made of, each made by an ffmpeg command."""

import random
from dataclasses import dataclass
from pathlib import Path

from tests import media

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=2")
SOUND = ("-f", "lavfi", "-i", "sine=f=440:r=16000:d=2")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "5", "-pix_fmt", "yuv420p")
CONTAINERS: dict[str, tuple[str, ...]] = {
    ".mp4": (*PICTURE, *SOUND, *H264, "-c:a", "aac"),
    ".mov": (*PICTURE, *SOUND, "-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    ".mkv": (*PICTURE, *SOUND, *H264, "-c:a", "flac"),
    ".webm": (*PICTURE, *SOUND, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"),
    ".avi": (*PICTURE, *SOUND, "-c:v", "mpeg4", "-c:a", "mp3"),
    ".ts": (*PICTURE, *SOUND, *H264, "-c:a", "aac"),
    ".flv": (*PICTURE, *SOUND, "-c:v", "flv", "-c:a", "aac"),
    ".mpg": (*PICTURE, *SOUND, "-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2"),
    ".mp3": SOUND,
    ".flac": SOUND,
    ".ogg": (*SOUND, "-c:a", "libvorbis"),
    ".wav": SOUND,
    ".gif": PICTURE,
}
PICTURES = (".png", ".jpg", ".bmp", ".tiff", ".gif")


def run_ffmpeg(*arguments: str | Path) -> None:
    """Make a file that is the same at every call: without dates, versions and random marks."""
    *given, path = arguments
    media.run_ffmpeg(*given, "-fflags", "+bitexact", "-flags", "+bitexact", path)


@dataclass(frozen=True, slots=True)
class Bases:
    """Good files, by what hostile ones are made of them.

    Attributes:
        good: the one that is sure to be indexed, whatever its name.
        media: one of each container.
        pictures: one of each format.
    """

    good: Path
    media: tuple[Path, ...]
    pictures: tuple[Path, ...]


def make_bases(folder: Path) -> Bases:
    """Make all of them in a folder."""
    folder.mkdir(parents=True)
    containers = [folder / f"a{ending}" for ending in CONTAINERS]
    for path in containers:
        run_ffmpeg(*CONTAINERS[path.suffix], path)
    pictures = [folder / f"p{ending}" for ending in PICTURES]
    for path in pictures:
        run_ffmpeg(*PICTURE, "-frames:v", "1", "-update", "1", path)
    return Bases(folder / "a.mp4", tuple(containers), tuple(pictures))


def freshen(base: Path, rng: random.Random) -> bytes:
    """The content of a file; an MP4 is made another content by a box that every reader passes over.

    ISO/IEC 14496-12, 8.1.2: a box of the type `free` holds nothing of meaning.
    """
    content = base.read_bytes()
    if base.suffix in (".mp4", ".mov"):
        return content + (24).to_bytes(4) + b"free" + rng.randbytes(16)
    return content
