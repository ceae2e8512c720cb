"""What a run holds while it goes over many files, counted object by object."""

import gc

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.indexer.progress import Silence
from mvsearch.store.library import Library
from mvsearch.store.records import Embeddings, Lyrics, Segment
from tests.listener import Listener
from tests.media import make_pattern

N_FILES = 4
# Features of a video that is decoded, of one that waits for the writer, and of two ahead of them.
MAX_VIDEOS_HELD = 4
N_SPACES = 3


def count_alive(kind):
    """How many objects of a class the interpreter holds."""
    gc.collect()
    # By type: `isinstance` asks torch's deprecated names for their class, and they warn.
    return sum(type(thing) is kind for thing in gc.get_objects())


class Watch(Silence):
    """Counts what is alive whenever a file is done, and when the run says its last word."""

    def __init__(self):
        self.before = count_alive(Embeddings), count_alive(Segment)
        self.meanwhile = []
        self.at_end = None

    def advance(self, stage):
        if stage == "analyse":
            self.meanwhile.append(count_alive(Embeddings) - self.before[0])

    def note(self, message):
        self.at_end = self._count()

    def _count(self):
        return (
            count_alive(Embeddings) - self.before[0],
            count_alive(Segment) - self.before[1],
        )


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Videos with sound and without lyrics."""
    folder = tmp_path_factory.mktemp("videos")
    for number in range(N_FILES):
        make_pattern(folder / f"{number}.mp4", 1, size=(32, 32), tone_hertz=200 + 40 * number)
    return folder


@pytest.fixture(autouse=True)
def _look_at_new_objects_alone():
    """Leave out what other tests have left: to go over it for each count takes seconds."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def run_watched(videos, home):
    watch = Watch()
    with Library.open(home, create=True) as library:
        options = IndexOptions(workers=1)
        summary = index_paths([videos], library, Encoders("toy"), options, progress=watch)
    assert (summary.indexed, summary.failed) == (N_FILES, 0)
    return watch


def test_vectors_leave_memory_when_they_are_stored(videos, tmp_path, monkeypatch):
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.has_weights", lambda model: False)
    watch = run_watched(videos, tmp_path / "library")
    assert len(watch.meanwhile) == N_FILES
    assert 1 <= max(watch.meanwhile) <= MAX_VIDEOS_HELD * N_SPACES
    assert watch.at_end == (0, 0)


def test_nothing_of_the_others_is_held_while_whisper_hears_one(videos, tmp_path, monkeypatch):
    alive = []

    class Counter(Listener):
        def transcribe(self, samples, stop=None):
            alive.append(count_alive(Embeddings))
            return Lyrics((), "whisper", "tiny")

    monkeypatch.setattr("mvsearch.indexer.pipeline.run.has_weights", lambda model: True)
    monkeypatch.setattr("mvsearch.indexer.pipeline.run.Transcriber", Counter)
    watch = run_watched(videos, tmp_path / "library")
    assert alive == [watch.before[0]] * N_FILES
