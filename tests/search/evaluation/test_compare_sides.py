"""The same queries asked of one library under two profiles."""

from dataclasses import replace

import pytest

from mvsearch.indexer.encoders import PROFILES, Encoders
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.profile_libraries import open_profile_libraries
from mvsearch.search.evaluation import benchmark
from mvsearch.search.evaluation.benchmark import BenchmarkOptions, compare_profiles
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.sample import SampleOptions
from mvsearch.store.library import Library
from tests import toy_library

OPTIONS = BenchmarkOptions(
    SampleOptions(
        n_clips=3, lengths_seconds=(2.0,), distortions=("none", "sound only", "dropped words")
    ),
    workers=1,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sides")
    toy_library.make_indexed(folder / "videos", folder / "library")
    return folder


@pytest.fixture
def library(made, monkeypatch):
    few = replace(PROFILES["toy"], audio=None, frames_a_video=3, is_lyrics_whole=True, fusion="rrf")
    monkeypatch.setitem(PROFILES, "toy-few", few)
    with Library.open(made / "library") as opened:
        yield opened


def by_system(evaluation, name):
    return [outcome for outcome in evaluation.outcomes if outcome.system == name]


def asked(outcomes):
    return {(o.kind, o.query, o.distortion) for o in outcomes if o.kind != "similar"}


@pytest.mark.usefixtures("made_once")
def test_every_cut_is_made_once_and_asked_of_both(library, monkeypatch):
    cuts = []
    cut_clip = benchmark.cut_clip

    def count(path, start_seconds, seconds, distortion, out, seed, backdrop):
        cuts.append((path, start_seconds, distortion.name))
        cut_clip(path, start_seconds, seconds, distortion, out, seed, backdrop)

    monkeypatch.setattr(benchmark, "cut_clip", count)
    with open_profile_libraries(library, ["toy", "toy-few"], IndexOptions(workers=1)) as sides:
        pairs = [(side.library, side.encoders) for side in sides]
        whole, few = compare_profiles(library, pairs, Groups({}), OPTIONS)
    # Three videos, of which one has no sound to hear alone.
    assert len(cuts) == len(set(cuts)) == 5
    assert (whole.profile, few.profile) == ("toy", "toy-few")
    assert whole.library == few.library == library.folder.name
    assert whole.n_videos == few.n_videos == 3
    # What both can compare, both were asked, by the same name; sound reaches only the one.
    assert asked(by_system(whole, "frames")) == asked(by_system(few, "frames")) != set()
    assert asked(by_system(whole, "lyrics")) == asked(by_system(few, "lyrics"))
    assert {o.distortion for o in by_system(whole, "audio")} == {"none", "sound only"}
    assert by_system(few, "audio") == []
    assert {o.distortion for o in few.outcomes if o.kind == "clip"} == {"none"}
    assert few.name_fusion() == "rrf"


@pytest.mark.usefixtures("made_once")
def test_beside_another_profile_a_library_answers_as_it_does_alone(library):
    options = replace(OPTIONS, sample=replace(OPTIONS.sample, kinds=("image", "lyric", "similar")))
    (alone,) = compare_profiles(library, [(library, Encoders("toy"))], Groups({}), options)
    with open_profile_libraries(library, ["toy-few", "toy"], IndexOptions(workers=1)) as sides:
        pairs = [(side.library, side.encoders) for side in sides]
        _, beside = compare_profiles(library, pairs, Groups({}), options)
    assert beside.outcomes == alone.outcomes
    assert beside.outcomes


@pytest.mark.usefixtures("made_once")
def test_what_cannot_be_heard_makes_no_more_answers_right(library):
    """Two videos of one picture: to a clip with sound only the one is right, whoever is asked."""
    first, second, _ = library.catalog.videos()
    groups = Groups({"picture:both": frozenset({first.id, second.id})})
    options = BenchmarkOptions(
        SampleOptions(n_clips=3, lengths_seconds=(2.0,), distortions=("none",), kinds=("clip",)),
        workers=1,
    )
    with open_profile_libraries(library, ["toy", "toy-few"], IndexOptions(workers=1)) as sides:
        pairs = [(side.library, side.encoders) for side in sides]
        found = compare_profiles(library, pairs, groups, options)
    for evaluation in found:
        sounding = {first.id, second.id}
        for system in ("rrf", "frames"):
            asked = [o for o in by_system(evaluation, system) if o.source in sounding]
            assert {o.n_relevant for o in asked} == {1}
