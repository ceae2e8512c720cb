"""Measures search among transcribed lyrics: `python -m benchmarks.lyrics.transcribed_lines`.

Reads the transcripts that `benchmarks.lyrics.transcription_quality` has kept. A library is made
of these songs with their transcribed lyrics alone, of the other videos of the test media without
lyrics, and of `--distractors` songs whose lines are sentences of Python's documentation. Asked are
the lines that are really sung, by the notes of the songs: at least four words and 15 letters, each
in one song alone. Printed is how often the song is first, and among the first ten, by the engine's
own search.
"""

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path

from benchmarks.lyrics.lyric_lines import add_distractors, add_song
from benchmarks.lyrics.transcription_quality import SONGS, read_lyrics
from benchmarks.lyrics.word_alignment import normalise
from benchmarks.program import BenchOptions, find_media
from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.store.library import Library
from mvsearch.store.records import LyricLine, Lyrics

MIN_WORDS = 4
MIN_LETTERS = 15
N_BEST = 10


def read_transcript(transcript: Path) -> Lyrics:
    """The lyrics that a song was transcribed to; each line lasts until the next."""
    lines = json.loads(transcript.read_text("utf-8"))["lines"]
    starts = [start for start, _ in lines]
    ends = [*starts[1:], starts[-1] + 1]
    sung = [
        LyricLine(text, start, max(start, end))
        for (start, text), end in zip(lines, ends, strict=True)
    ]
    return Lyrics(tuple(sung), "whisper", "base", "en")


def list_queries(songs: list[Path]) -> list[tuple[str, str]]:
    """The lines to ask for, each with the name of its song."""
    owners: dict[str, set[str]] = defaultdict(set)
    written: dict[str, str] = {}
    for song in songs:
        for _, text in read_lyrics(song)[0]:
            key = normalise(text)
            owners[key].add(song.name)
            written.setdefault(key, text)
    return [
        (written[key], min(singers))
        for key, singers in owners.items()
        if len(singers) == 1 and len(key.split()) >= MIN_WORDS and len(key) >= MIN_LETTERS
    ]


def measure(library: Library, encoders: Encoders, queries: list[tuple[str, str]]) -> None:
    """Print the recall at 1 and 10, by song and of all lines."""
    engine = Engine(library, encoders)
    ranks: dict[str, list[int]] = defaultdict(list)
    for text, song in queries:
        results = engine.search(Query((QueryPart("lyric", text),)), SearchOptions(top=N_BEST))
        found = [result.video.id for result in results]
        rank = found.index(song) if song in found else N_BEST
        ranks[song].append(rank)
        if rank:
            print(f"  missed, rank {rank + 1}: {song}: {text}")
    every = [rank for one in ranks.values() for rank in one]
    for title, one in [*sorted(ranks.items()), ("all", every)]:
        first = sum(rank == 0 for rank in one) / len(one)
        ten = sum(rank < N_BEST for rank in one) / len(one)
        print(f"{title:<34} {len(one):4d} lines  recall@1 {first:.3f}  recall@{N_BEST} {ten:.3f}")


def main() -> None:
    """Make the library and ask for each line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lyrics.transcribed_lines")
    parser.add_argument("--cache", type=Path, default=BenchOptions().cache)
    parser.add_argument("--distractors", type=int, default=100)
    given = parser.parse_args()
    media = find_media()
    transcripts = given.cache / "transcription_quality"
    songs = [] if media is None else sorted((media / SONGS).iterdir())
    if media is None or not all(
        (transcripts / f"ours-{song.name}.json").is_file() for song in songs
    ):
        print("left out: needs test media, and benchmarks.lyrics.transcription_quality before it")
        return
    encoders = Encoders("embedded")
    with (
        tempfile.TemporaryDirectory() as folder,
        Library.open(Path(folder), create=True) as library,
    ):
        library.catalog.adopt_profile(encoders.name, encoders.spaces())
        with library.writing():
            for song in songs:
                lyrics = read_transcript(transcripts / f"ours-{song.name}.json")
                add_song(library, encoders, song.name, lyrics)
            for file in sorted((media / "videos").iterdir()):
                add_song(library, encoders, file.name, None)
        add_distractors(library, encoders, given.distractors)
        measure(library, encoders, list_queries(songs))


if __name__ == "__main__":
    main()
