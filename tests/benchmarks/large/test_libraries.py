"""A made library against what was asked for, and against what indexing and searching make of it."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.large.libraries import LibraryOptions, keep_library
from benchmarks.large.words import Words
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.search.engine import Engine
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.scoring.null_distribution import measure_distributions
from mvsearch.store.library import Library

SMALL = LibraryOptions(9, n_frames=7, n_windows=5, n_lines=4, profile="toy", seed=3)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return keep_library(tmp_path_factory.mktemp("made"), SMALL)


@pytest.fixture
def library(made):
    with Library.open(made.folder) as opened:
        yield opened


def test_every_space_holds_the_vectors_asked_for(library):
    counts = {"frames": 7, "lyrics": 4, "audio": 5}
    spaces = library.catalog.spaces()
    assert {space.modality for space in spaces} == set(counts)
    for space in spaces:
        held = dict(library.catalog.iter_embeddings(space.key))
        assert len(held) == 9
        for embeddings in held.values():
            assert embeddings.vectors.shape == (counts[space.modality], space.dim)
            assert embeddings.segments[0].start_seconds == 0
            assert embeddings.segments[-1].end_seconds == 200


def test_indexing_its_folder_finds_nothing_to_do(made, library):
    summary = index_paths([made.videos], library, Encoders("toy"))
    assert (summary.unchanged, summary.indexed, summary.failed) == (9, 0, 0)


def test_a_line_finds_its_video(library):
    song = Words(SMALL.seed).write_song(5, SMALL.n_lines)
    results = Engine(library, Encoders("toy")).search(Query((QueryPart("lyric", song.lines[2]),)))
    assert results[0].video.id == song.id
    assert results[0].video.title == song.title


def test_a_vector_finds_its_row(library):
    space = library.catalog.spaces()[0]
    index = library.index(space)
    video_id = Words(SMALL.seed).write_song(6, SMALL.n_lines).id
    found = index.search(index.vectors(video_id)[2:3], 1)
    assert (index.video_ids[found.videos[0, 0]], found.segments[0, 0]) == (video_id, 2)
    assert found.similarities[0, 0] == pytest.approx(1, abs=2e-3)


def test_a_library_that_grows_is_the_one_that_is_made_at_once(made, library, tmp_path):
    few = keep_library(tmp_path, replace(SMALL, n_videos=4))
    with Library.open(few.folder) as opened:
        measure_distributions(opened, Encoders("toy"))
    grown = keep_library(tmp_path, SMALL, few)
    assert grown.folder.parent.name == made.folder.parent.name
    with Library.open(grown.folder) as opened:
        assert opened.catalog.video_ids() == library.catalog.video_ids()
        for space in library.catalog.spaces():
            ours = dict(opened.catalog.iter_embeddings(space.key))
            for video_id, theirs in library.catalog.iter_embeddings(space.key):
                np.testing.assert_array_equal(ours[video_id].vectors, theirs.vectors)
    with Library.open(few.folder) as opened:
        assert opened.catalog.n_videos() == 4


def test_a_library_is_made_once_and_another_one_apart(made):
    marker = made.folder.parent / "made.json"
    before = marker.stat().st_mtime_ns
    assert keep_library(marker.parents[1], SMALL) == made
    assert marker.stat().st_mtime_ns == before
    other = keep_library(marker.parents[1], LibraryOptions(1, 2, 2, 2, profile="toy"))
    assert other.folder != made.folder
    assert other.videos.is_dir()
