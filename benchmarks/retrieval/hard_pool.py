"""Mixes distractors from shots: `python -m benchmarks.retrieval.hard_pool MEDIA OUT`.

A library of the folder and these distractors is harder than the folder alone: no scene, no
instrument and no half line of lyrics is in its source only. A distractor is never a right answer to
a query that is cut from the folder:

- Of sources of 14 seconds or more, distractors take the first 40 %, and queries are cut from the
  rest (`is_given`). Of shorter sources they take all.
- Each shot is cropped to 55–75 % of either side, regraded, at another speed, and mirrored or
  turned: a query has at most one of these.
- The sound under the shots is of other sources: two pieces, each at a pitch 2 to 4 semitones away
  and at another speed, with a second, quieter source mixed in.
- Each fifth has lyrics: lines that begin as a line of one song and end as one of another.

The same folder, number and seed give the same distractors. What is there is not made again.
"""

import argparse
import random
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mvsearch.indexer.lyrics.files.sidecar import read_lyric_file
from mvsearch.indexer.media.probe import probe_file
from mvsearch.store.errors import MediaError

N_DISTRACTORS = 300
# Queries are cut from the rest of sources that are long enough for both.
GIVEN_SHARE, MIN_SHARED_SECONDS = 0.4, 14.0
MIN_SOURCE_SECONDS = 4.5
N_SHOTS, SHOT_SECONDS = 5, 4.0
N_SOUNDS, SOUND_SECONDS = 2, 10.0
WIDTH, HEIGHT, FRAMES_PER_SECOND = 240, 136, 12
SAMPLE_RATE = 22_050
LYRICS_EVERY, N_LINES, LINE_SECONDS = 5, 6, 3.0
N_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Source:
    """A file that distractors are mixed from.

    Attributes:
        picture, sound: small copies of the part that is given away; None without the stream.
    """

    name: str
    seconds: float
    picture: Path | None
    sound: Path | None


def is_shared(duration_seconds: float) -> bool:
    """Whether a source is long enough for distractors and queries of their own parts."""
    return duration_seconds >= MIN_SHARED_SECONDS


def find_given_seconds(duration_seconds: float) -> float:
    """How much of a source, from its beginning, distractors may take."""
    return duration_seconds * (GIVEN_SHARE if is_shared(duration_seconds) else 1.0)


def is_given(start_seconds: float, duration_seconds: float) -> bool:
    """Whether what begins at this time of a source is left to distractors, and not asked for."""
    return is_shared(duration_seconds) and start_seconds < find_given_seconds(duration_seconds)


def make_distractors(media: Path, out: Path, n: int = N_DISTRACTORS, seed: int = 1) -> list[Path]:
    """Make what is missing of n distractors.

    Args:
        media: the folder to take shots, sounds and lyric lines from.
        out: their folder; small copies of the sources lie beside it.
        n: how many.
        seed: of all that is drawn.

    Returns:
        Their paths.
    """
    out.mkdir(parents=True, exist_ok=True)
    small = out.with_name(f"{out.name}-sources")
    small.mkdir(exist_ok=True)
    with ThreadPoolExecutor(N_WORKERS) as pool:
        found = pool.map(partial(shrink, folder=small), list_files(media))
        sources = [source for source in found if source is not None]
        lines = read_lines(media)
        make = partial(make_one, out=out, sources=sources, lines=lines, seed=seed)
        return list(pool.map(make, range(n)))


def list_files(media: Path) -> list[Path]:
    """The files of a folder that may be sources: not those that are there to be broken."""
    files = (path for path in media.rglob("*") if path.is_file())
    return sorted(path for path in files if "nasty" not in path.relative_to(media).parts)


def shrink(path: Path, folder: Path) -> Source | None:
    """Copy the given part of a file, small; None of what is no source."""
    try:
        probe = probe_file(path)
    except MediaError:
        return None
    duration = probe.duration_seconds or 0.0
    if duration < MIN_SOURCE_SECONDS:
        return None
    seconds = find_given_seconds(duration)
    stem = f"{path.parent.name}-{path.stem}-{path.suffix[1:]}"
    cut = ["-t", f"{seconds:.3f}", "-i", f"file:{path}"]
    picture = sound = None
    if probe.picture is not None:
        picture = folder / f"{stem}.mkv"
        size = ["-vf", "scale=-2:270,fps=15", "-c:v", "libx264", "-preset", "ultrafast"]
        run_once([*cut, "-map", f"0:{probe.picture.index}", *size, "-crf", "20", "-an"], picture)
    if probe.sound is not None:
        sound = folder / f"{stem}.wav"
        form = ["-ac", "1", "-ar", str(SAMPLE_RATE), "-vn"]
        run_once([*cut, "-map", f"0:{probe.sound.index}", *form], sound)
    return Source(str(path), seconds, picture, sound)


def read_lines(media: Path) -> list[list[str]]:
    """The lyric lines of each song of a folder, four words or more."""
    found = []
    for path in sorted(media.rglob("song.txt")):
        try:
            lines = read_lyric_file(path).lines
        except MediaError:
            continue
        found.append([line.text for line in lines if len(line.text.split()) >= 4])
    return [lines for lines in found if lines]


def make_one(
    number: int, *, out: Path, sources: Sequence[Source], lines: Sequence[Sequence[str]], seed: int
) -> Path:
    """Make one distractor, and its lyrics if it has any."""
    path = out / f"distractor-{number:03d}.mkv"
    draw = random.Random(f"{seed}/{number}")
    shown = draw.sample([s for s in sources if s.picture is not None], N_SHOTS)
    heard = draw.sample([s for s in sources if s.sound and s not in shown], 2 * N_SOUNDS)
    words: list[str] = []
    graph: list[str] = []
    for at, source in enumerate(shown):
        words += cut(source.picture, source.seconds, SHOT_SECONDS * 1.4, draw)
        graph.append(f"[{at}:v]{draw_look(draw)}[v{at}]")
    for at, source in enumerate(heard, start=N_SHOTS):
        words += cut(source.sound, source.seconds, SOUND_SECONDS * 1.4, draw)
        graph.append(f"[{at}:a]{draw_voice(draw)}[a{at}]")
    graph += join_streams()
    words += ["-filter_complex", ";".join(graph), "-map", "[v]", "-map", "[a]"]
    words += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-c:a", "aac", "-b:a", "64k"]
    run_once([*words, "-metadata", f"title=Distractor {number}"], path)
    if lines and number % LYRICS_EVERY == 0:
        path.with_suffix(".lrc").write_text("\n".join(mix_lines(lines, draw)), "utf-8")
    return path


def cut(path: Path | None, given: float, seconds: float, draw: random.Random) -> list[str]:
    """Arguments of ffmpeg for a random piece of a file; a short one is repeated."""
    start = draw.uniform(0.0, max(0.0, given - seconds))
    return ["-stream_loop", "-1", "-ss", f"{start:.2f}", "-t", f"{seconds:.2f}", "-i", str(path)]


def draw_look(draw: random.Random) -> str:
    """Filters that make another picture of a shot: cropped, turned or mirrored, regraded."""
    wide, high = draw.uniform(0.55, 0.75), draw.uniform(0.55, 0.75)
    x, y = draw.uniform(0, 1 - wide), draw.uniform(0, 1 - high)
    turned = draw.choice(["hflip", f"rotate={draw.choice([-1, 1]) * draw.uniform(0.1, 0.2):.3f}"])
    hue = draw.choice([-1, 1]) * draw.uniform(40, 140)
    grade = f"hue=h={hue:.0f}:s={draw.uniform(0.5, 1.5):.2f}"
    grade += f",eq=contrast={draw.uniform(0.7, 1.4):.2f}:brightness={draw.uniform(-0.12, 0.12):.3f}"
    speed = draw.choice([draw.uniform(0.72, 0.85), draw.uniform(1.18, 1.35)])
    frame = f"crop=iw*{wide:.3f}:ih*{high:.3f}:iw*{x:.3f}:ih*{y:.3f},{turned}"
    shape = f"scale={WIDTH}:{HEIGHT},setsar=1,format=yuv420p"
    times = f"setpts=PTS/{speed:.3f},fps={FRAMES_PER_SECOND},trim=duration={SHOT_SECONDS}"
    return f"{frame},{grade},{shape},{times},setpts=PTS-STARTPTS"


def draw_voice(draw: random.Random) -> str:
    """Filters that make another sound: pitch 2 to 4 semitones away, another speed."""
    pitch = 2 ** (draw.choice([-1, 1]) * draw.uniform(2, 4) / 12)
    speed = draw.choice([draw.uniform(0.72, 0.85), draw.uniform(1.18, 1.35)])
    pitched = f"asetrate={round(SAMPLE_RATE * pitch)},aresample={SAMPLE_RATE}"
    return f"{pitched},atempo={speed / pitch:.3f},apad,atrim=duration={SOUND_SECONDS}"


def join_streams() -> list[str]:
    """Parts of a graph that join shots, mix pairs of sounds, and join these."""
    shots = "".join(f"[v{at}]" for at in range(N_SHOTS))
    parts = [f"{shots}concat=n={N_SHOTS}[v]"]
    for at in range(N_SOUNDS):
        first = N_SHOTS + 2 * at
        parts.append(f"[a{first}][a{first + 1}]amix=inputs=2:weights=1 0.4:normalize=0[m{at}]")
    sounds = "".join(f"[m{at}]" for at in range(N_SOUNDS))
    return [*parts, f"{sounds}concat=n={N_SOUNDS}:v=0:a=1[a]"]


def mix_lines(lines: Sequence[Sequence[str]], draw: random.Random) -> Iterator[str]:
    """LRC lines: the first half of a line of one song, the second half of one of another."""
    for at in range(N_LINES):
        songs = draw.sample(lines, 2) if len(lines) > 1 else [*lines, *lines]
        first, last = (draw.choice(song).split() for song in songs)
        text = " ".join([*first[: len(first) // 2], *last[len(last) // 2 :]])
        yield f"[00:{at * LINE_SECONDS:05.2f}]{text}"


def run_once(words: Sequence[str], path: Path) -> None:
    """Run ffmpeg unless its result is there."""
    if path.exists():
        return
    unfinished = path.with_name(f"unfinished-{path.name}")
    same = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *words, "-threads", "1", *same]
    subprocess.run([*command, f"file:{unfinished}"], check=True)
    unfinished.replace(path)


def main() -> None:
    """Make the distractors."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.retrieval.hard_pool", description=__doc__
    )
    parser.add_argument("media", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--distractors", type=int, default=N_DISTRACTORS)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    made = make_distractors(given.media, given.out, given.distractors, given.seed)
    print(f"{len(made)} distractors in {given.out}")


if __name__ == "__main__":
    main()
