import shutil
from dataclasses import replace

import pytest

from mvsearch.indexer.encoders import PROFILES
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.profile_libraries import open_profile_libraries, open_profile_library
from mvsearch.indexer.progress import Silence
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.library import Library
from tests import toy_library


@pytest.fixture
def folder(tmp_path, monkeypatch):
    few = replace(PROFILES["toy"], audio=None, frames_a_video=3, is_lyrics_whole=True)
    monkeypatch.setitem(PROFILES, "toy-few", few)
    # No model has this name's weights here, whatever the machine holds.
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "videos"


@pytest.fixture
def library(folder, tmp_path):
    with Library.open(toy_library.make_indexed(folder, tmp_path / "library")) as opened:
        yield opened


def places(library):
    """Which videos a library holds, and where."""
    return [(video.id, video.path) for video in library.catalog.videos()]


def opened(library):
    return open_profile_library(library, "toy-few", IndexOptions(workers=1))


def test_a_side_holds_the_same_videos_as_its_profile_has_them(library):
    with opened(library) as side:
        assert side.library.folder == library.folder / "profiles" / "toy-few"
        assert places(side.library) == places(library)
        assert side.library.catalog.profile() == "toy-few"
        frames, _, lyrics = side.library.catalog.spaces()
        n_frames = [
            len(made.segments) for _, made in side.library.catalog.iter_embeddings(frames.key)
        ]
        assert n_frames == [3, 3, 3]
        n_texts = [
            len(made.segments) for _, made in side.library.catalog.iter_embeddings(lyrics.key)
        ]
        assert n_texts == [1, 1]
        (note,) = side.notes
        assert note.startswith("toy-few: lyrics of 2 of 3 videos (2 from sidecar); Whisper (tiny)")
        assert "put tiny.pt into" in note
    # The library itself is as it was.
    assert library.catalog.profile() == "toy"


def test_a_side_is_kept_and_follows_the_library(library, folder):
    with opened(library) as side:
        assert (side.summary.indexed, side.summary.unchanged) == (3, 0)
    with opened(library) as side:
        assert (side.summary.indexed, side.summary.unchanged) == (0, 3)
        frames = side.library.catalog.spaces()[0]
        before = side.library.catalog.generation(frames.key)
    # One video moves, and nothing of it is decoded again.
    (folder / "elsewhere").mkdir()
    name = "Ada Lovelace - First Song.mp4"
    (folder / name).rename(folder / "elsewhere" / name)
    toy_library.index(folder, library.folder, lyrics="sidecar")
    with opened(library) as side:
        assert side.library.catalog.generation(frames.key) == before
        assert places(side.library) == places(library)
    # Another leaves the library.
    gone = library.catalog.find_video("Second Song")
    library.catalog.drop_locations([gone.path])
    with opened(library) as side:
        assert {video.title for video in side.library.catalog.videos()} == {
            "First Song",
            "Third Song",
        }


def test_a_file_that_is_not_what_was_indexed_is_told(library, folder):
    path = folder / "Mary Somerville - Third Song.mp4"
    toy_library.make_clip(path, "testsrc=s=96x64:r=10", None, 2)
    with opened(library) as side:
        (failure,) = side.summary.failures
        assert failure.path == path
        assert "changed since it was indexed" in failure.message
        assert side.notes[0] == "toy-few: not indexed, so never found: 1 of them: Third Song"
    # Once the library has it anew, so has the side.
    toy_library.index(folder, library.folder, lyrics="sidecar")
    with opened(library) as side:
        assert side.summary.failures == []
        assert places(side.library) == places(library)
        assert side.library.catalog.failures() == []


def test_one_of_several_places_is_enough(library, folder):
    copy = folder / "a copy.mp4"
    shutil.copy(folder / "Mary Somerville - Third Song.mp4", copy)
    toy_library.index(folder, library.folder, lyrics="sidecar")
    copy.unlink()
    with opened(library) as side:
        assert side.summary.failures == []
        assert side.summary.indexed == 3


def test_the_profile_of_the_library_needs_no_side(library):
    with open_profile_library(library, "toy") as side:
        assert side.library is library
        assert side.summary is None
    assert not (library.folder / "profiles").exists()


def test_missing_weights_leave_nothing_behind(library):
    with (
        pytest.raises(WeightsMissingError, match="models fetch resnet50"),
        open_profile_library(library, "paper"),
    ):
        pass
    assert not (library.folder / "profiles").exists()


def test_of_several_profiles_each_is_a_side(library):
    with open_profile_libraries(library, ["toy", "toy-few"], IndexOptions(workers=1)) as sides:
        assert [side.encoders.name for side in sides] == ["toy", "toy-few"]
        assert places(sides[1].library) == places(library)


def test_weights_that_are_missing_are_told_before_any_profile_is_indexed(library):
    with (
        pytest.raises(WeightsMissingError) as raised,
        open_profile_libraries(library, ["toy-few", "paper"], IndexOptions(workers=1)),
    ):
        pass
    for name in ("resnet50", "bert"):
        assert f"mvsearch models fetch {name}" in str(raised.value)
    assert not (library.folder / "profiles").exists()


@pytest.mark.robustness
def test_an_interrupted_side_is_not_measured_and_goes_on_the_next_time(library):
    class Impatient(Silence):
        def advance(self, stage):
            if stage == "analyse":
                raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        open_profile_library(library, "toy-few", IndexOptions(workers=1), Impatient()),
    ):
        pytest.fail("it is not whole")
    with opened(library) as side:
        assert side.summary.unchanged + side.summary.indexed == 3
        assert side.summary.unchanged >= 1
        assert places(side.library) == places(library)
