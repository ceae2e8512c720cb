"""Builds videos of which is known when each lyric line is sung and each picture is shown.

Each video is a row of five slots of ten seconds. A slot has a piece of a song with its lines, and a
piece of a film or a picture. Five videos have the same pieces, and each pair of a song and a
picture is at the same time in one of them (a Latin square), in random orders. A piece of a song is
in several such groups.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clips import read_duration, run_ffmpeg
from mvsearch.indexer.lyrics.files.lrc import parse_lrc
from mvsearch.indexer.lyrics.segments import has_words
from mvsearch.store.records import LyricLine

SLOT_SECONDS = 10.0
N_SLOTS = 5
# A line that is asked for lies so far from both ends of its slot.
MARGIN_SECONDS = 2.0
MIN_WORDS = 4
FAR_SECONDS = 25.0
PICTURES, FILMS = (".jpg", ".png"), (".mp4", ".mkv", ".webm", ".ogg")
SIZE = "320:180"
# The numbers of the pieces of songs and of films in each slot of a video.
Slots = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Sung:
    """A piece of a song.

    Attributes:
        start_seconds: in the song.
        lines: begin, end and words of each, from the begin of the piece.
        asked: the line that is asked for.
    """

    song: Path
    start_seconds: float
    lines: tuple[tuple[float, float, str], ...]
    asked: tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of a film, or a picture."""

    source: Path
    start_seconds: float


@dataclass(frozen=True, slots=True)
class TimedVideo:
    """A built video.

    Attributes:
        sung, shown: the number of the piece in each slot.
    """

    path: Path
    sung: tuple[int, ...]
    shown: tuple[int, ...]


def list_sung(songs: Path, n: int, choose: random.Random) -> list[Sung]:
    """Pieces of the songs of a folder that have `.lrc` files, each with another line."""
    found: dict[str, Sung] = {}
    for lyrics in sorted(songs.glob("*.lrc")):
        song = lyrics.with_suffix(".mp4")
        lines = [line for line in parse_lrc(lyrics.read_text("utf-8")).lines if _is_sung(line)]
        for line in lines:
            begin, end = line.start_seconds or 0.0, line.end_seconds or 0.0
            start = (begin + end - SLOT_SECONDS) / 2
            if start >= 0 and end - begin <= SLOT_SECONDS - 2 * MARGIN_SECONDS:
                inside = tuple(_cut_line(other, start) for other in lines if _fits(other, start))
                found[line.text.casefold()] = Sung(song, start, inside, _cut_line(line, start))
    pieces = [one for one in found.values() if len(one.asked[2].split()) >= MIN_WORDS]
    choose.shuffle(pieces)
    return _keep_apart(pieces, n)


def _keep_apart(pieces: Sequence[Sung], n: int) -> list[Sung]:
    """The first pieces that share no time with another of their song."""
    kept: list[Sung] = []
    for piece in pieces:
        near = (o for o in kept if o.song == piece.song)
        if all(abs(one.start_seconds - piece.start_seconds) >= SLOT_SECONDS for one in near):
            kept.append(piece)
    return kept[:n]


def _is_sung(line: LyricLine) -> bool:
    return line.start_seconds is not None and line.rejected is None and has_words(line)


def _fits(line: LyricLine, start: float) -> bool:
    begin, end = line.start_seconds or 0.0, line.end_seconds or 0.0
    return start <= begin and end <= start + SLOT_SECONDS


def _cut_line(line: LyricLine, start: float) -> tuple[float, float, str]:
    return (line.start_seconds or 0.0) - start, (line.end_seconds or 0.0) - start, line.text


def list_shown(media: Path, more: Path | None, n: int, choose: random.Random) -> list[Shown]:
    """Pieces of the films and pictures in a folder, of long films two far apart.

    Args:
        media: the test media.
        more: a folder of other pictures, for what lacks to `n`; None for none.
        n: maximum number.
        choose: draws them.
    """
    found = [Shown(one, 0.0) for one in sorted((media / "images").iterdir()) if _is_one(one)]
    for film in sorted((media / "videos").iterdir()):
        if not _is_one(film) or film.suffix not in FILMS:
            continue
        found.append(Shown(film, 0.0))
        last = read_duration(film) - SLOT_SECONDS - 1
        if last >= FAR_SECONDS:
            found.append(Shown(film, last))
    if more is not None:
        others = sorted(one for one in more.iterdir() if one.suffix in PICTURES)
        found += [Shown(one, 0.0) for one in choose.sample(others, max(0, n - len(found)))]
    choose.shuffle(found)
    return found[:n]


def _is_one(path: Path) -> bool:
    """Whether it is a picture or a film that no other file shows too."""
    copies = ("starry_night_", "elf.webm", "frog.webm", "monster.webm", "pig.webm", "rabbit.webm",
              "rabbit320.webm", "bunny_0_30", "sintel_5s")  # fmt: skip
    is_kind = path.suffix in (*PICTURES, *FILMS)
    return is_kind and not any(name in path.name for name in copies)


def draw_slots(n_sung: int, n_shown: int, choose: random.Random) -> list[Slots]:
    """The pieces of five videos for every five pictures."""
    slots: list[Slots] = []
    for first in range(0, n_shown - N_SLOTS + 1, N_SLOTS):
        sung = choose.sample(range(n_sung), N_SLOTS)
        shown = choose.sample(range(first, first + N_SLOTS), N_SLOTS)
        for turn in range(N_SLOTS):
            order = choose.sample(range(N_SLOTS), N_SLOTS)
            pairs = [(sung[at], shown[(at + turn) % N_SLOTS]) for at in order]
            slots.append((tuple(one for one, _ in pairs), tuple(one for _, one in pairs)))
    return slots


def build_videos(
    folder: Path,
    slots: Sequence[Slots],
    sung: Sequence[Sung],
    shown: Sequence[Shown],
) -> list[TimedVideo]:
    """Build the videos with their `.lrc` files; those that are there are kept."""
    pieces = folder / "pieces"
    pieces.mkdir(parents=True, exist_ok=True)
    sounds = [_cut_sound(one, pieces / f"sound{at:03}.wav") for at, one in enumerate(sung)]
    pictures = [_cut_picture(one, pieces / f"picture{at:03}.mp4") for at, one in enumerate(shown)]
    videos = []
    (folder / "videos").mkdir(exist_ok=True)
    for number, (heard, seen) in enumerate(slots):
        path = folder / "videos" / f"video{number:03}.mp4"
        videos.append(TimedVideo(path, heard, seen))
        if not path.exists():
            _join([sounds[at] for at in heard], [pictures[at] for at in seen], path)
            path.with_suffix(".lrc").write_text(_write_lrc([sung[at] for at in heard]), "utf-8")
    return videos


def _cut_sound(piece: Sung, path: Path) -> Path:
    if not path.exists():
        where = ["-ss", f"{piece.start_seconds}", "-i", str(piece.song)]
        how = ["-vn", "-ac", "2", "-ar", "44100", "-af", "apad"]
        run_ffmpeg([*where, *how, "-t", str(SLOT_SECONDS), str(path)])
    return path


def _cut_picture(piece: Shown, path: Path) -> Path:
    if not path.exists():
        is_still = piece.source.suffix in PICTURES
        loop = ["-loop", "1"] if is_still else ["-stream_loop", "-1"]
        where = [] if is_still else ["-ss", f"{piece.start_seconds}"]
        fit = f"scale={SIZE}:force_original_aspect_ratio=increase,crop={SIZE},setsar=1"
        how = [
            "-an",
            "-vf",
            f"{fit},fps=25,format=yuv420p",
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-g",
            "25",
            "-bf",
            "0",
        ]
        where += ["-i", str(piece.source), "-map", "0:v:0"]
        run_ffmpeg([*loop, *where, *how, "-t", str(SLOT_SECONDS), str(path)])
    return path


def _join(sounds: Sequence[Path], pictures: Sequence[Path], path: Path) -> None:
    # Decoded one by one: their streams have different headers.
    words: list[str] = []
    for one in (*pictures, *sounds):
        words += ["-i", str(one)]
    n = len(sounds)
    pads = "".join(f"[{at}:v][{n + at}:a]" for at in range(n))
    words += ["-filter_complex", f"{pads}concat=n={n}:v=1:a=1"]
    how = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-c:a", "aac", "-b:a", "96k"]
    unfinished = path.with_name(f"unfinished-{path.name}")
    run_ffmpeg([*words, *how, str(unfinished)])
    unfinished.replace(path)


def _write_lrc(pieces: Sequence[Sung]) -> str:
    rows = []
    for slot, piece in enumerate(pieces):
        for begin, end, words in piece.lines:
            at = slot * SLOT_SECONDS
            rows += [_stamp(at + begin) + words, _stamp(at + end)]
    return "\n".join(rows) + "\n"


def _stamp(seconds: float) -> str:
    return f"[{int(seconds // 60):02}:{seconds % 60:05.2f}]"


def cut_still(piece: Shown, seconds: float, path: Path) -> Path:
    """A small, lossy still of a piece, to ask with."""
    where = [] if piece.source.suffix in PICTURES else ["-ss", f"{piece.start_seconds + seconds}"]
    how = ["-frames:v", "1", "-vf", "scale=240:-2", "-q:v", "8", "-update", "1"]
    run_ffmpeg([*where, "-i", str(piece.source), "-map", "0:v:0", *how, str(path)])
    return path


def cut_heard(piece: Sung, seconds: float, length: float, path: Path) -> Path:
    """A short, lossy piece of sound, to ask with."""
    where = ["-ss", f"{piece.start_seconds + seconds}", "-i", str(piece.song), "-t", str(length)]
    run_ffmpeg([*where, "-vn", "-ac", "1", "-b:a", "48k", str(path)])
    return path
