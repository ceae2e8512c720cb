"""Generates test videos with ffmpeg."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Clip:
    """What a painted video is like.

    Attributes:
        codec: of the picture, as ffmpeg names its encoder; "flv" is decoded by one thread.
        number: another one paints another picture and plays another tone.
        rate: frames a second.
    """

    seconds: float = 60.0
    width: int = 640
    height: int = 360
    codec: str = "libx264"
    number: int = 0
    rate: int = 25

    @property
    def ending(self) -> str:
        """Of its file name."""
        return ".flv" if self.codec == "flv" else ".mp4"


def keep_clip(folder: Path, clip: Clip) -> Path:
    """Make a clip, or take the one that is there."""
    name = f"{clip.codec}-{clip.height}-{clip.rate}-{clip.seconds:g}-{clip.number}{clip.ending}"
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"unfinished-{name}")
        paint_clip(unfinished, clip)
        unfinished.replace(path)
    return path


def paint_clip(path: Path, clip: Clip) -> None:
    """Paint a test card whose colours turn, over a tone that swells."""
    size = f"{clip.width}x{clip.height}"
    picture = f"testsrc2=s={size}:r={clip.rate},hue=h=40*t+{50 * clip.number},noise=alls=8:allf=t"
    sound = f"sine=f={220 + 30 * clip.number}:r=44100,tremolo=f=2:d=0.7"
    words = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", str(clip.seconds)]
    words += ["-c:v", clip.codec, "-b:v", "1500k", "-g", "50", "-pix_fmt", "yuv420p"]
    words += ["-preset", "veryfast"] if clip.codec == "libx264" else []
    words += ["-c:a", "aac", "-b:a", "96k"]
    run_ffmpeg([*words, str(path)])


def loop_clip(source: Path, path: Path, seconds: float) -> Path:
    """A clip over and over until it is as long as asked; not encoded anew."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        words = ["-stream_loop", "-1", "-i", str(source), "-t", str(seconds), "-c", "copy"]
        run_ffmpeg([*words, str(path)])
    return path


def retitle_clip(source: Path, path: Path) -> Path:
    """The same clip under another title, so that it is another video by its content."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        words = ["-i", str(source), "-c", "copy", "-metadata", f"title={path.stem}"]
        run_ffmpeg([*words, "-movflags", "+faststart", str(path)])
    return path


def paint_still(path: Path) -> Path:
    """A picture to ask with."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        card = ["-f", "lavfi", "-i", "testsrc2=s=640x360", "-frames:v", "1"]
        run_ffmpeg([*card, "-update", "1", str(path)])
    return path


def read_duration(path: Path) -> float:
    """Seconds, by the container."""
    words = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"]
    said = subprocess.run([*words, str(path)], capture_output=True, text=True, check=True)
    return float(said.stdout)


def run_ffmpeg(words: Sequence[str]) -> None:
    """Run ffmpeg to its end, quietly."""
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *words], check=True)
