"""Single words find the real pictures and clips that show them; skipped where these are absent.

`words_and_pictures.csv` was written by looking at the files, before anything was searched.
"""

import csv
import os
from math import comb
from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.analysis import AnalysisOptions, analyse_file, analyse_image
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.store.library import Library
from mvsearch.store.records import Location, Stage, Video

MEDIA = Path(os.environ.get("MVSEARCH_TEST_MEDIA", Path(__file__).parents[1] / "../shared/media"))
FOLDERS = ("emotion", "images", "videos")
TOP = 10
# A frame every five seconds: the judgements are of whole files, and time is short.
FRAME_RATE = 0.2

pytestmark = [
    pytest.mark.skipif(not MEDIA.is_dir(), reason=f"no real media in {MEDIA}"),
]


def read_judgements() -> dict[str, set[str]]:
    relevant: dict[str, set[str]] = {}
    with Path(__file__).with_name("words_and_pictures.csv").open() as rows:
        for row in csv.DictReader(rows):
            relevant.setdefault(row["word"], set()).add(row["path"])
    return relevant


def fill(library: Library, encoders: Encoders) -> int:
    """Put every picture and clip into a library; a picture is a video of one frame."""
    library.catalog.adopt_profile(encoders.name, encoders.spaces())
    paths = [p for folder in FOLDERS for p in (MEDIA / folder).iterdir() if p.suffix != ".csv"]
    for path in paths:
        if path.parent.name == "videos":
            options = AnalysisOptions(frames_per_second=FRAME_RATE)
            made = analyse_file(path, encoders, options, stages=("frames",)).embeddings
        else:
            made = analyse_image(path, encoders)
        name = str(path.relative_to(MEDIA))
        library.catalog.add_video(Video(name, path, name), Location(path, name, MEDIA, 1, 1))
        stage = Stage(name, "frames", encoders.frames.spaces[0].key, "done")
        library.catalog.store_stage(stage, made)
    return len(paths)


def expect_by_chance(n_relevant: int, n_files: int) -> float:
    """The mean of 1 / rank of the first of `n_relevant` in a random order of `n_files`."""
    ways = comb(n_files, n_relevant)
    firsts = range(1, n_files - n_relevant + 2)
    return sum(comb(n_files - first, n_relevant - 1) / ways / first for first in firsts)


def test_chance_is_what_shuffling_gives() -> None:
    rng = np.random.default_rng(1)
    firsts = [1 + rng.permutation(46)[:3].min() for _ in range(20_000)]
    assert expect_by_chance(3, 46) == pytest.approx(np.mean(1 / np.array(firsts)), abs=0.01)
    assert expect_by_chance(1, 2) == pytest.approx(0.75)


@pytest.mark.slow  # a minute of a processor, and about quality alone
def test_single_words_find_what_shows_them(tmp_path: Path) -> None:
    relevant, encoders = read_judgements(), Encoders("embedded")
    reciprocals, recalls = [], []
    options = SearchOptions(weights={"frames": 1.0}, top=TOP, n_moments=1)
    with Library.open(tmp_path / "library", create=True) as library:
        n_files = fill(library, encoders)
        engine = Engine(library, encoders)
        for word, files in relevant.items():
            results = engine.search(Query((QueryPart("text", word),)), options)
            ranks = [result.rank for result in results if result.video.id in files]
            reciprocals.append(1 / ranks[0] if ranks else 0.0)
            recalls.append(len(ranks) / len(files))
    chance = float(np.mean([expect_by_chance(len(files), n_files) for files in relevant.values()]))
    mrr, recall = float(np.mean(reciprocals)), float(np.mean(recalls))
    told = f"MRR {mrr:.3f} (chance {chance:.3f}), recall@{TOP} {recall:.3f} ({TOP / n_files:.3f})"
    assert chance < 0.15
    assert mrr >= 0.45, told
    assert recall >= 0.65, told
