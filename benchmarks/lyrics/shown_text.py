"""Measures reading of text in pictures: `python -m benchmarks.lyrics.shown_text tune|report|plain`.

`tune` and `report` burn the lyrics of songs into real videos by ffmpeg's drawtext, in three fonts
and three sizes, and read them again; songs and videos of one are not in the other. Printed are, by
font and size, the share of the drawn rows that were read (nine letters in ten right), of these the
share whose start and end are right within half a second, and what was read that was not drawn.

`plain` reads the videos as they are, and prints what was read and the processor time a second of
video: of the reader, of the decoder it needs, and of the whole for one plain decode.
"""

import argparse
import re
import resource
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.fuzz import ratio

from benchmarks.media.indexing import plain_decode
from benchmarks.program import MEDIA, BenchOptions
from benchmarks.timing import run_command
from mvsearch.indexer.lyrics.files.sidecar import read_lyric_file
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.ocr.rapid_reader import RapidReader
from mvsearch.indexer.ocr.read_video import ReadingCounts, read_video_text
from mvsearch.store.records import ShownLine

FONTS = (
    "liberation/LiberationSans-Bold.ttf",
    "dejavu/DejaVuSerif.ttf",
    "liberation/LiberationSansNarrow-Italic.ttf",
)
FONT_FOLDER = Path("/usr/share/fonts/truetype")
# Letters of a share of the height of the picture.
SIZES = (0.05, 0.075, 0.11)
STYLES = (
    "fontcolor=white:borderw=3:bordercolor=black",
    "fontcolor=yellow:shadowx=2:shadowy=2",
    "fontcolor=white:box=1:boxcolor=black@0.5:boxborderw=8",
)
PLACES = ("h*0.8", "h*0.45", "h*0.1")
WIDTH, HEIGHT = 1280, 720
CLIP_SECONDS = 40.0
# Real lines stay a moment longer than they are sung.
LINGER_SECONDS = 0.8
NEAR_SECONDS, ALIKE = 0.5, 90.0
SONGS = {
    "tune": ("I", "Code Monkey", "Monkey Shines", "Mr. Fancy Pants"),
    "report": ("On the run", "Space Invaders", "Northern Star"),
}
VIDEOS = {
    "tune": ("gradio__world", "moviepy__1", "mdnlearn__elf.mp4", "imageio-binaries__cockatoo",
             "popcorn-js__dutch"),
    "report": ("moviepy__big_buck", "ultrastarplay__lights", "mdnlearn__crystal",
               "decord__flipping", "torchcodec__nasa"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """A row of text in a made clip."""

    text: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class Made:
    """A made clip with what is drawn into it."""

    path: Path
    font: str
    size: float
    rows: tuple[DrawnRow, ...]


@dataclass(slots=True)
class Score:
    """Counts over clips."""

    n_drawn: int = 0
    n_found: int = 0
    n_start: int = 0
    n_end: int = 0
    n_other: int = 0

    def add(self, other: "Score") -> None:
        """Add the counts of another."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def show(self, name: str) -> None:
        """Print a row."""
        found = max(1, self.n_found)
        print(
            f"{name:34} rows {self.n_drawn:4}  read {self.n_found / max(1, self.n_drawn):.3f}"
            f"  start {self.n_start / found:.3f}  end {self.n_end / found:.3f}"
            f"  not drawn {self.n_other}",
            flush=True,
        )


def find_one(folder: Path, part: str) -> Path:
    """The file or folder whose name has a part."""
    return next(path for path in sorted(folder.iterdir()) if part in path.name)


def find_sound(song: Path) -> Path:
    """The sound file of a song's folder."""
    return next(path for path in sorted(song.iterdir()) if path.suffix in (".ogg", ".mp3", ".m4a"))


def read_rows(song: Path, size: float) -> tuple[float, tuple[DrawnRow, ...]]:
    """The start of the busiest section of a song, and its rows, which fit into the picture."""
    lines = [line for line in read_lyric_file(song / "song.txt").lines if line.start_seconds]
    begins = [line.start_seconds or 0.0 for line in lines]
    start = max(begins, key=lambda begin: sum(begin <= b < begin + CLIP_SECONDS for b in begins))
    start = max(0.0, start - 1.0)
    rows: list[DrawnRow] = []
    for at, line in enumerate(lines):
        begin = (line.start_seconds or 0.0) - start
        end = (line.end_seconds or 0.0) - start + LINGER_SECONDS
        end = min(end, begins[at + 1] - start) if at + 1 < len(begins) else end
        if begin >= 0 and end < CLIP_SECONDS - 1 and end - begin >= 0.8:
            rows += (DrawnRow(text, begin, end) for text in _wrap(line.text, size))
    return start, tuple(rows)


def _wrap(text: str, size: float) -> list[str]:
    """Rows that are short enough for the width of the picture."""
    longest = int(0.9 * WIDTH / (0.62 * size * HEIGHT))
    rows = [""]
    for word in text.split():
        if len(f"{rows[-1]} {word}".strip()) > longest and rows[-1]:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return rows


def make_clip(folder: Path, song: Path, video: Path, number: int, font: str, size: float) -> Made:
    """Burn the lines of a song into a video, with the sound of the song."""
    start, rows = read_rows(song, size)
    place, style = PLACES[number % len(PLACES)], STYLES[number % len(STYLES)]
    filters = [
        f"scale={WIDTH}:{HEIGHT}:force_original_aspect_ratio=increase",
        f"crop={WIDTH}:{HEIGHT}", "fps=25", "setsar=1",
    ]  # fmt: skip
    before: DrawnRow | None = None
    n_below = 0
    for at, row in enumerate(rows):
        is_same = before is not None and before.start_seconds == row.start_seconds
        n_below = n_below + 1 if is_same else 0
        before = row
        (folder / f"{number}-{at}.txt").write_text(row.text)
        spans = f"between(t,{row.start_seconds:.3f},{row.end_seconds:.3f})"
        filters.append(
            f"drawtext=fontfile={FONT_FOLDER / font}:textfile={folder / f'{number}-{at}.txt'}"
            f":fontsize={round(size * HEIGHT)}:{style}:x=(w-text_w)/2"
            f":y={place}+{n_below * round(1.25 * size * HEIGHT)}:enable='{spans}':expansion=none"
        )
    path = folder / f"{number}.mp4"
    if path.exists():
        return Made(path, font, size, rows)
    command = ["ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", str(video)]
    command += ["-ss", f"{start:.3f}", "-i", str(find_sound(song))]
    command += ["-map", "0:v:0", "-map", "1:a:0", "-t", str(CLIP_SECONDS), "-threads", "2"]
    command += ["-vf", ",".join(filters), "-c:v", "libx264", "-preset", "veryfast", "-crf", "26"]
    subprocess.run([*command, "-c:a", "aac", str(path)], check=True)
    return Made(path, font, size, rows)


def make_clips(folder: Path, half: str) -> list[Made]:
    """All clips of a half: each font in each size."""
    songs, videos, made = SONGS[half], VIDEOS[half], []
    for number, (font, size) in enumerate((f, s) for f in FONTS for s in SIZES):
        song = find_one(MEDIA / "audio/ultrastar", f"- {songs[number % len(songs)]}")
        video = find_one(MEDIA / "videos", videos[number % len(videos)])
        made.append(make_clip(folder, song, video, number, font, size))
    return made


def score(rows: Sequence[DrawnRow], lines: Sequence[ShownLine]) -> Score:
    """Compare what was read with what was drawn."""
    result, used = Score(n_drawn=len(rows)), set()
    for row in rows:
        near = [
            (ratio(_fold(line.text), _fold(row.text)), at)
            for at, line in enumerate(lines)
            if line.start_seconds < row.end_seconds and line.end_seconds > row.start_seconds
        ]
        alike, at = max(near, default=(0.0, -1))
        if alike >= ALIKE:
            used.add(at)
            result.n_found += 1
            result.n_start += abs(lines[at].start_seconds - row.start_seconds) <= NEAR_SECONDS
            result.n_end += abs(lines[at].end_seconds - row.end_seconds) <= NEAR_SECONDS
    result.n_other = len(lines) - len(used)
    return result


def _fold(text: str) -> str:
    return re.sub(r"[^\w]", "", text).casefold()


def measure_half(half: str) -> None:
    """Print the figures of a half."""
    total, by_size = Score(), {size: Score() for size in SIZES}
    reader = RapidReader()
    folder = BenchOptions().cache / "shown_text" / half
    folder.mkdir(parents=True, exist_ok=True)
    for made in make_clips(folder, half):
        before = spent()
        lines = read_video_text(made.path, probe_file(made.path), reader)
        one = score(made.rows, lines)
        name = f"{Path(made.font).stem} {made.size}"
        one.show(f"{name} {(spent()[0] - before[0]) / CLIP_SECONDS:.3f} s/s")
        total.add(one)
        by_size[made.size].add(one)
    for size, counted in by_size.items():
        counted.show(f"size {size}")
    total.show(half)


def spent() -> tuple[float, float]:
    """Processor time of this process, and of its children that have ended, in seconds."""
    own, children = (
        resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime


def measure_plain() -> None:
    """Read all videos as they are."""
    reader, sums = RapidReader(), [0.0] * 4
    for path in sorted((MEDIA / "videos").iterdir()):
        probe, counts, begin = probe_file(path), ReadingCounts(), spent()
        lines = read_video_text(path, probe, reader, counts=counts)
        end, seconds = spent(), probe.duration_seconds or 1.0
        plain_seconds = run_command(plain_decode(path)).cpu_seconds
        costs = (end[0] - begin[0], end[1] - begin[1], plain_seconds, seconds)
        sums = [one + other for one, other in zip(sums, costs, strict=True)]
        print(
            f"{path.name:42} {seconds:5.1f} s  reader {costs[0] / seconds:.3f}  its decoder"
            f" {costs[1] / seconds:.3f}  plain {costs[2] / seconds:.3f}  frames {counts.n_frames}"
            f" glances {counts.n_glances} read {counts.n_read}"
        )
        for line in lines:
            print(f"    {line.start_seconds:6.2f} {line.probability:.2f} {line.text}")
    shares = [one / sums[3] for one in sums[:3]]
    print("a second: reader {:.3f}, its decoder {:.3f}, plain decode {:.3f}".format(*shares))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("tune", "report", "plain"))
    asked = parser.parse_args()
    measure_plain() if asked.what == "plain" else measure_half(asked.what)
