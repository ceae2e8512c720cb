"""Measures retrieval of lyric lines: `python -m benchmarks.lyrics.lyric_lines LIBRARY [--seeds N]`.

The library is copied, and sentences of Python's own documentation are put beside its lyrics as
`--distractors` songs more that are never right. Lines drawn from the library's songs are asked for
as they are, with two typing errors, with three words in ten left out, and by one word that no other
line has; `--paraphrases` names a CSV file of `text` and `title`. Printed is the recall
at 1 by meaning alone in the profile's own space, by meaning and words there, and of a search.
"""

import argparse
import ast
import csv
import random
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import lyrics_result
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.query.spaces import own_spaces
from mvsearch.search.query.words.lexical import find_evidence
from mvsearch.search.retrieval.retrieve import IndexQuery, score_videos
from mvsearch.store.catalog.reading.line_index import split_words
from mvsearch.store.library import Library
from mvsearch.store.records import Location, LyricLine, Lyrics, Video

N_LINES = 30
N_WORDS = 9
SONG_SECONDS = 600.0
KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEXT = {a: b for row in KEYS for a, b in zip(row, row[1:] + row[-2], strict=True)}

Asked = tuple[str, str, set[str]]


def read_sentences() -> list[str]:
    """The beginnings of sentences in the documentation of Python's library."""
    found: dict[str, None] = {}
    for path in sorted(Path(ast.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)):
                for sentence in re.split(r"(?<=[.!?])\s+", ast.get_docstring(node) or ""):
                    words = sentence.split()
                    if len(words) >= 3 and not re.search(r"[=<>()\[\]{}_|\\#*]", sentence):
                        found[" ".join(words[:N_WORDS])] = None
    return list(found)


def write_lyrics(lines: Sequence[str]) -> Lyrics:
    """Lyrics of a file, a line each three seconds."""
    sung = (LyricLine(line, 3.0 * at, 3.0 * at + 3.0) for at, line in enumerate(lines))
    return Lyrics(tuple(sung), "sidecar")


def add_song(library: Library, encoders: Encoders, name: str, lyrics: Lyrics | None) -> None:
    """Put a song of this id and title into the library that has nothing but its lyrics.

    The caller is writing to the library.
    """
    path = library.folder / name
    video = Video(name, path, name, None, SONG_SECONDS)
    library.catalog.add_video(video, Location(path, name, path.parent, 1, 1))
    if lyrics is not None:
        made = lyrics_result(name, lyrics, encoders, "")
        library.catalog.store_stage(made.stage, made.embeddings, made.lyrics)


def add_distractors(library: Library, encoders: Encoders, n_songs: int) -> None:
    """Put songs into the library that hold sentences."""
    sentences = read_sentences()
    random.Random(100).shuffle(sentences)
    with library.writing():
        for number in range(n_songs):
            lines = sentences[number * N_LINES : (number + 1) * N_LINES]
            add_song(library, encoders, f"distractor{number:04d}", write_lyrics(lines))


def make_error(line: str, rng: random.Random) -> str:
    """One typing error: a letter too many, one too few, its neighbour, or a swap with the next."""
    at = rng.choice([at for at, letter in enumerate(line) if letter.lower() in NEXT])
    before, letter, after = line[:at], line[at], line[at + 1 :]
    near = NEXT[letter.lower()]
    swapped = after[:1] + letter + after[1:]
    return before + rng.choice([letter + near + after, after, near + after, swapped])


def leave_out(line: str, rng: random.Random) -> str:
    """Three words in ten go, at least one."""
    words = line.split()
    gone = set(rng.sample(range(len(words)), max(1, round(0.3 * len(words)))))
    return " ".join(word for at, word in enumerate(words) if at not in gone)


def draw(library: Library, seeds: list[int], n_lines: int) -> Iterator[Asked]:
    """What is asked, of which kind, and the ids of the videos that are right."""
    singers: dict[str, set[str]] = defaultdict(set)
    written: dict[str, str] = {}
    for video in library.catalog.videos():
        lyrics = library.catalog.lyrics(video.id)
        lines = () if lyrics is None or video.id.startswith("distractor") else lyrics.lines
        for sung in lines:
            key = " ".join(split_words(sung.text))
            singers[key].add(video.id)
            written[key] = sung.text
    n_held = library.catalog.count_lyric_lines({word for key in singers for word in key.split()})
    for seed in seeds:
        rng = random.Random(seed)
        for key in rng.sample(sorted(k for k in singers if len(k.split()) > 1), n_lines):
            line, right = written[key], singers[key]
            yield "exact", line, right
            yield "two errors", make_error(make_error(line, rng), rng), right
            if len(key.split()) > 2:
                yield "words left out", leave_out(line, rng), right
        rare = sorted(w for w in n_held if n_held[w] == 1 and len(w) > 3)
        for word in rng.sample(rare, min(len(rare), n_lines // 2)):
            yield (
                "rare word",
                word,
                {i for key in singers if word in key.split() for i in singers[key]},
            )


def measure(library: Library, encoders: Encoders, asked: list[Asked]) -> None:
    """Print the recall at 1 of each kind, and how many right answers of a search are weak.

    A tie counts as missed.
    """
    engine = Engine(library, encoders)
    space = own_spaces(library)["lyrics"]
    index = library.index(space)
    ids = np.array(index.video_ids)
    hits: dict[str, list[tuple[bool, bool, bool, bool]]] = defaultdict(list)
    for kind, text, right in asked:
        vectors = index.place(encoders.lyrics.encode([text])[0])
        evidence = find_evidence(library.catalog, space, (text,))
        is_right = np.isin(ids, list(right))
        both = []
        for ask in (IndexQuery(index, vectors), IndexQuery(index, vectors, evidence)):
            scores = score_videos(ask, index.video_ids)
            both.append(bool(scores[is_right].max() > scores[~is_right].max()))
        best, *others = engine.search(
            Query((QueryPart("lyric", text),)), SearchOptions(top=5, n_moments=0)
        )
        wrong = [result.score for result in others if result.video.id not in right]
        is_first = best.video.id in right and best.score > max(wrong, default=-1.0)
        hits[kind].append((both[0], both[1], is_first, is_first and best.is_weak))
        if not is_first:
            print(f"  missed: {kind}: {text}")
    for kind, found in hits.items():
        meaning, words, searched, weak = np.mean(found, axis=0)
        print(
            f"{kind:<16}{len(found):>5}  meaning {meaning:.3f}  meaning and words {words:.3f}"
            f"  search {searched:.3f}, marked as weak {weak:.3f}"
        )


def main() -> None:
    """Copy, fill, draw and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--lines", type=int, default=50)
    parser.add_argument("--distractors", type=int, default=100)
    parser.add_argument("--paraphrases", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(options.library, folder, dirs_exist_ok=True)
        with Library.open(Path(folder)) as library:
            encoders = Encoders(library.catalog.profile() or "embedded")
            add_distractors(library, encoders, options.distractors)
            asked = list(draw(library, [int(s) for s in options.seeds.split(",")], options.lines))
            if options.paraphrases:
                by_title = {video.title: video.id for video in library.catalog.videos()}
                with options.paraphrases.open(encoding="utf-8", newline="") as file:
                    for row in csv.DictReader(file):
                        asked.append(("paraphrase", row["text"], {by_title[row["title"]]}))
            measure(library, encoders, asked)


if __name__ == "__main__":
    main()
