"""Generates a small library of music videos, always the same bytes: `python -m … OUT`."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from docs.demo.canvas import HEIGHT, WIDTH
from docs.demo.music import SAMPLE_RATE, Wave, play
from docs.demo.scenes import Shot, open_shot
from docs.demo.songs import SONGS, Song
from docs.demo.speech import can_speak, speak
from mvsearch.search.evaluation.queries.clip_extraction import cut_clip as extract_clip
from mvsearch.search.evaluation.queries.distortion.distortions import DISTORTIONS, FILMED, PHONE

FRAMES_PER_SECOND = 10
# What makes ffmpeg write no date, no version and no thread-dependent choice.
REPRODUCIBLE = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")
N_WORKERS = 2
# Draws the camera that films a clip.
CAMERA = 1


def make_library(folder: Path) -> Path:
    """Make the videos, in `folder/videos`, and files to ask with, in `folder/queries`."""
    videos, queries = folder / "videos", folder / "queries"
    videos.mkdir(parents=True, exist_ok=True)
    queries.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(N_WORKERS, get_context("spawn")) as pool:
        made = list(pool.map(partial(make_video, folder=videos), SONGS))
    cut_still(made[1], queries / "still.jpg", at_seconds=9.0)
    paint_picture(Shot("meadow", 90), queries / "meadow.jpg")
    cut_clip(made[2], queries / "clip.mp4", start_seconds=9.0, seconds=4.0)
    film_clip(made[5], queries / "filmed.mkv", start_seconds=11.0, seconds=4.0)
    return folder


def make_video(song: Song, folder: Path) -> Path:
    """Make one video and what lies beside it; the path of the video."""
    path = folder / f"{song.stem}.mp4"
    with tempfile.TemporaryDirectory() as scratch:
        sound, subtitles = Path(scratch, "sound.pcm"), Path(scratch, "lines.srt")
        sound.write_bytes(play(song.score, song.seed, say_lyrics(song)).tobytes())
        subtitles.write_text(format_srt(song), encoding="utf-8")
        _encode(song, sound, subtitles, path)
    if song.form == "lrc":
        path.with_suffix(".lrc").write_text(format_lrc(song), encoding="utf-8")
    elif song.form == "srt":
        path.with_suffix(".srt").write_text(format_srt(song), encoding="utf-8")
    return path


def say_lyrics(song: Song) -> list[tuple[float, Wave]]:
    """The lines of a spoken song with their starts; none where ffmpeg cannot speak."""
    if not (song.form == "voice" or song.late_seconds) or not can_speak():
        return []
    lines = ((start, end, text.replace(",", "")) for start, end, text in song.timed_lines())
    return [(start, speak(text, end - start)) for start, end, text in lines]


def format_lrc(song: Song) -> str:
    """The lyrics as an LRC file, of a recording that begins later if the song says so."""
    late = song.late_seconds
    stamps = ((divmod(start + late, 60), text) for start, _, text in song.timed_lines())
    head = f"[ti:{song.title}]\n[ar:{song.artist}]\n"
    return head + "".join(f"[{int(m):02d}:{s:05.2f}]{text}\n" for (m, s), text in stamps)


def format_srt(song: Song) -> str:
    """The lyrics as a SubRip file."""
    blocks = (
        f"{n}\n{_clock(start)} --> {_clock(end)}\n{text}\n"
        for n, (start, end, text) in enumerate(song.timed_lines(), start=1)
    )
    return "\n".join(blocks)


def _clock(seconds: float) -> str:
    """A time as SubRip writes it."""
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    return f"00:{minutes:02d}:{milliseconds // 1000:02d},{milliseconds % 1000:03d}"


def cut_still(video: Path, path: Path, at_seconds: float) -> None:
    """Cut one frame out of a video."""
    _run(["-ss", str(at_seconds), "-i", f"file:{video}", "-frames:v", "1", "-q:v", "4"], path)


def paint_picture(shot: Shot, path: Path) -> None:
    """Paint a picture that is in none of the videos."""
    Image.fromarray(open_shot(shot, 1.0)(0.5)).save(path, quality=90)


def cut_clip(video: Path, path: Path, start_seconds: float, seconds: float) -> None:
    """Cut a piece out of a video and encode it anew: half as large, and badly."""
    picture = ["-vf", "scale=iw/2:-2", "-c:v", "libx264", "-crf", "38", "-threads", "1"]
    sound = ["-c:a", "aac", "-b:a", "32k", "-sn", *REPRODUCIBLE]
    span = ["-ss", str(start_seconds), "-t", str(seconds)]
    _run([*span, "-i", f"file:{video}", *picture, *sound], path)


def film_clip(video: Path, path: Path, start_seconds: float, seconds: float) -> None:
    """Film a piece of a video from a screen by a telephone, as `mvsearch evaluate` does."""
    with tempfile.TemporaryDirectory() as scratch:
        heard = Path(scratch, "heard.mkv")
        extract_clip(video, start_seconds, seconds, DISTORTIONS[PHONE], heard, CAMERA)
        extract_clip(heard, 0.0, seconds, DISTORTIONS[FILMED], path, CAMERA)


def _run(words: list[str], path: Path) -> None:
    """Run ffmpeg to its end."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *words, f"file:{path}"]
    subprocess.run(command, check=True)


def _encode(song: Song, sound: Path, subtitles: Path, path: Path) -> None:
    """Paint the pictures into ffmpeg, which puts everything into one file."""
    size = ["-s", f"{WIDTH}x{HEIGHT}", "-r", str(FRAMES_PER_SECOND)]
    words = ["-f", "rawvideo", "-pix_fmt", "rgb24", *size, "-i", "pipe:0"]
    words += ["-f", "s16le", "-ar", str(SAMPLE_RATE), "-ac", "1", "-i", str(sound)]
    if song.form == "subtitles":
        words += ["-i", str(subtitles), "-map", "2:s", "-c:s", "mov_text"]
        words += ["-metadata:s:s:0", "language=eng"]
    words += ["-map", "0:v", "-c:v", "libx264", "-preset", "veryfast", "-crf", "24", "-g", "20"]
    words += ["-pix_fmt", "yuv420p", "-threads", "1", "-map", "1:a", "-c:a", "aac", "-b:a", "96k"]
    words += ["-metadata", f"title={song.title}", "-metadata", f"artist={song.artist}"]
    if song.form == "tag":
        words += ["-metadata", "lyrics=" + "\n".join(text for _, text in song.lyrics)]
    command = ["ffmpeg", "-v", "error", "-y", *words, *REPRODUCIBLE, f"file:{path}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        for frame in paint_frames(song):
            process.stdin.write(frame.tobytes())  # type: ignore[union-attr]  # it is a pipe
        process.stdin.close()  # type: ignore[union-attr]
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def paint_frames(song: Song) -> Iterator[npt.NDArray[np.uint8]]:
    """Paint the frames of a song's shots, one after the other; (HEIGHT, WIDTH, 3) RGB each."""
    n_frames = round(song.score.duration_seconds * FRAMES_PER_SECOND)
    bounds = np.linspace(0, n_frames, len(song.shots) + 1).astype(int).tolist()
    for shot, (first, end) in zip(song.shots, pairwise(bounds), strict=True):
        shoot = open_shot(shot, (end - first) / FRAMES_PER_SECOND)
        for n in range(end - first):
            yield shoot(n / FRAMES_PER_SECOND)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("python -m docs.demo.library OUT")
    print(make_library(Path(sys.argv[1])))
