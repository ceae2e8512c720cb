from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.progress import Silence
from mvsearch.search.engine import Engine
from mvsearch.search.evaluation import benchmark, query_runner
from mvsearch.search.evaluation.benchmark import BenchmarkOptions, compare_profiles
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.known_query import KnownQuery
from mvsearch.search.evaluation.queries.sample import SampleOptions
from mvsearch.search.evaluation.query_runner import QueryRunner, find_moment_error
from mvsearch.search.evaluation.similar_songs import rank_similar
from mvsearch.search.evaluation.systems import System, list_systems
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.results import Moment, Result
from mvsearch.search.retrieval.matrix import SimilarityMatrix
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Video
from tests.search.evaluation.made_once import queries_made_once

NOBODY = Groups({})
NAMES = ("none", "picture only", "sound only", "two typing errors")


def run(library, groups=NOBODY, progress=None, **sample):
    """Evaluate; two workers, so that clips are done in another order than they are asked in."""
    given = {"n_clips": 3, "lengths_seconds": (2.0,), "distortions": NAMES} | sample
    options = BenchmarkOptions(SampleOptions(**given), workers=2)
    sides = [(library, Encoders("toy"))]
    (evaluation,) = compare_profiles(library, sides, groups, options, progress=progress)
    return evaluation


@pytest.fixture(scope="module")
def evaluation(library):
    with queries_made_once():
        return run(library)


def pick(evaluation, **wanted):
    return [
        outcome
        for outcome in evaluation.outcomes
        if all(getattr(outcome, name) == value for name, value in wanted.items())
    ]


def test_undistorted_queries_are_asked_again_without_their_answers(evaluation):
    for outcome in evaluation.outcomes:
        is_query = outcome.kind not in ("similar", "own-sound")
        assert (outcome.absent is not None) <= (is_query and outcome.distortion == "none")
        assert (outcome.first is not None) == (is_query and outcome.n_videos > 0)
    fusion = SearchOptions().fusion
    clips = pick(evaluation, kind="clip", distortion="none", system=fusion)
    assert all(clip.absent is not None for clip in clips)
    assert all(clip.first.surprisal > clip.absent.surprisal for clip in clips)


def test_undistorted_clips_find_their_video_and_their_moment(library, evaluation):
    fusion = SearchOptions().fusion
    found = pick(evaluation, kind="clip", distortion="none", system=fusion)
    assert {outcome.source for outcome in found} == {v.id for v in library.catalog.videos()}
    for outcome in found:
        assert (outcome.relevant_ranks, outcome.source_rank) == ((1,), 1)
        assert (outcome.n_videos, outcome.n_relevant, outcome.seconds) == (3, 1, 2.0)
        assert outcome.is_moment_asked
    errors = [o.moment_error_seconds for o in found if o.moment_error_seconds is not None]
    assert errors
    assert min(errors) < 0.3


def test_a_query_is_asked_only_by_what_it_and_its_source_have(library, evaluation):
    titles = {video.id: video.title for video in library.catalog.videos()}

    def asked(**wanted):
        return {(titles[outcome.source], outcome.system) for outcome in pick(evaluation, **wanted)}

    systems = {"audio", "frames", *evaluation.list_systems()} - {"lyrics", "mood"}
    sound, picture = systems - {"frames"}, systems - {"audio"}
    assert asked(kind="clip", distortion="sound only") == {
        (title, name) for title in ("First Song", "Second Song") for name in sound
    }
    assert ("Third Song", "audio") not in asked(kind="clip")
    assert asked(kind="clip", distortion="picture only") == {
        (title, name) for title in ("First Song", "Second Song") for name in picture
    }
    assert {name for _, name in asked(kind="lyric")} == systems - {"audio", "frames"} | {"lyrics"}
    sounding = [(title, "mood") for title in ("First Song", "Second Song")]
    assert asked(kind="own-sound") == asked(system="mood") == set(sounding)
    # Only two of the three sound, so that chance is one in two.
    assert {o.n_videos for o in pick(evaluation, system="audio", kind="clip")} == {2}


@pytest.mark.usefixtures("made_once")
def test_a_mix_asks_for_both_videos(library, monkeypatch):
    mixes = pick(run(library, kinds=("mix",)), system=SearchOptions().fusion)
    assert len(mixes) == 3
    for mix in mixes:
        assert (mix.n_relevant, mix.is_both_first) == (2, True)
        assert mix.relevant_ranks == (1, 2)
        assert mix.absent is None or mix.absent.surprisal < mix.first.surprisal

    assert any(mix.is_told_two for mix in mixes)
    monkeypatch.setattr("mvsearch.search.ranking.find_two_sources", lambda *_: {"frames": 0})
    clips = run(library, kinds=("clip",), distortions=("none", "picture only"))
    for clip in clips.outcomes:
        is_asked = clip.system not in ("frames", "audio") and clip.distortion == "none"
        is_asked &= clip.n_videos > 0 and library.catalog.video(clip.source).title != "Third Song"
        assert clip.is_told_two == (True if is_asked else None)


def test_two_runs_are_the_same(library):
    few = {"distortions": ("noise 0 dB",), "kinds": ("clip", "lyric", "similar"), "n_clips": 2}
    first = run(library, **few)
    assert run(library, **few) == first
    other = run(library, seed=2, distortions=("none",), kinds=("clip",), n_clips=2)
    assert not {o.query for o in other.outcomes} & {o.query for o in first.outcomes}


@pytest.mark.usefixtures("made_once")
def test_groups_make_other_videos_right_where_they_should(library):
    ids = [video.id for video in library.catalog.videos()]
    groups = Groups({"picture:p": frozenset(ids), "sound:s": frozenset(ids[:2])})
    found = run(library, groups, kinds=("clip", "similar"), distortions=("none", "picture only"))
    fusion = SearchOptions().fusion
    n_right = {(o.kind, o.distortion, o.system, o.source): o.n_relevant for o in found.outcomes}
    assert n_right["clip", "none", "frames", ids[0]] == 1
    assert n_right["clip", "none", "audio", ids[0]] == 1
    assert n_right["clip", "none", fusion, ids[0]] == 1
    assert n_right["clip", "picture only", "frames", ids[0]] == 3
    assert n_right["clip", "picture only", fusion, ids[0]] == 3
    assert n_right["similar", "none", "frames", ids[2]] == 2
    assert n_right["similar", "none", fusion, ids[2]] == 2
    every = pick(found, kind="clip", distortion="picture only", system="frames")
    assert {outcome.relevant_ranks for outcome in every} == {(1, 2, 3)}


def test_a_paraphrase_leaves_its_source_out(library):
    first, second = (v for v in library.catalog.videos() if v.title != "Third Song")
    groups = Groups({"song:s": frozenset({first.id, second.id})})
    found = run(library, groups, kinds=("lyric",), distortions=("paraphrase",))
    assert found.outcomes
    for outcome in found.outcomes:
        assert (outcome.n_videos, outcome.n_relevant, outcome.source_rank) == (1, 1, None)
        assert outcome.relevant_ranks == (1,)
        assert not outcome.is_moment_asked


@pytest.mark.usefixtures("made_once")
def test_what_cannot_be_cut_is_told_and_what_cannot_be_analysed_is_a_miss(library, monkeypatch):
    def refuse(*_):
        raise MediaError("decode_failed", "no such luck")

    with monkeypatch.context() as patch:
        patch.setattr(benchmark, "cut_clip", refuse)
        lost = run(library, kinds=("clip",), distortions=("none",))
    assert lost.outcomes == ()
    assert lost.notes == ("3 queries could not be made; one reason: no such luck",)
    monkeypatch.setattr(query_runner, "analyse_part", refuse)
    missed = run(library, kinds=("clip",), distortions=("none",))
    assert missed.outcomes
    assert {(o.relevant_ranks, o.n_relevant) for o in missed.outcomes} == {((), 1)}


@pytest.mark.robustness
def test_no_file_is_left_even_where_it_is_interrupted(library, tmp_path, monkeypatch):
    monkeypatch.setattr(benchmark.tempfile, "tempdir", str(tmp_path))
    n_files = []

    class Impatient(Silence):
        def advance(self, stage):
            n_files.append(len(list(tmp_path.rglob("*.mkv"))))
            if len(n_files) == 4:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(library, progress=Impatient(), kinds=("clip",), n_clips=6)
    assert max(n_files) <= 2
    assert list(tmp_path.iterdir()) == []


def test_ranks_beyond_the_first_page_are_known(library):
    engine = Engine(library, Encoders("toy"))
    ids = [video.id for video in library.catalog.videos()]
    groups = Groups({"picture:p": frozenset(ids)})
    runner = QueryRunner(library, Encoders("toy"), groups)
    query = Query((QueryPart("like", ids[0]),))
    short = SearchOptions(top=1)
    whole = engine.search(query, SearchOptions(top=2))
    found = runner._search(query, short, ids[1:], frozenset())
    assert [result.video.id for result in found] == [result.video.id for result in whole]
    assert len(runner._search(query, short, {whole[0].video.id}, frozenset())) == 1


def result(video_id, *spans):
    moments = tuple(Moment(video_id, "frames", start, end, 0.9) for start, end in spans)
    return Result(1, 0.9, Video(video_id, Path("x"), "X"), {}, moments)


def test_the_error_of_a_moment_is_that_of_its_worse_end():
    source = Video("s", Path("s"), "S")
    query = KnownQuery("clip", source, "q", "none", ("frames",), spans=((10.0, 15.0),))
    assert find_moment_error(query, [result("s", (10.5, 15.2))]) == pytest.approx(0.5)
    assert find_moment_error(query, [result("s", (10.1, 14.0))]) == pytest.approx(1.0)
    assert find_moment_error(query, [result("s", (None, None), (10.0, 15.25))]) == 0.25
    assert find_moment_error(query, [result("o", (10.0, 15.0)), result("s", (40, 45))]) == 30.0
    assert find_moment_error(query, [result("s", (None, None))]) is None
    assert find_moment_error(query, [result("o", (10.0, 15.0))]) is None
    twice = replace(query, spans=((10.0, 15.0), (40.0, 45.0)))
    assert find_moment_error(twice, [result("s", (41.0, 45.0))]) == 1.0
    assert find_moment_error(replace(query, spans=()), [result("s", (1.0, 2.0))]) is None


class PlantedEngine:
    """Gives one matrix, whatever is asked."""

    def __init__(self, matrix):
        self.matrix = matrix

    def all_pairs(self, options):
        return self

    def compute_matrix(self):
        return self.matrix


def test_similar_songs_are_ranked_and_hubs_are_counted():
    rng = np.random.default_rng(5)
    n = 14
    videos = tuple(Video(f"v{at:02}", Path("x"), f"T{at}", None) for at in range(n))
    frames = rng.uniform(-1, 1, (n, n))
    frames[:, 3] += 4  # a hub
    frames[3, 7] = np.nan
    np.fill_diagonal(frames, np.nan)
    matrix = SimilarityMatrix(videos, -frames, {"frames": frames}, {"frames": frames})
    options = SearchOptions()
    systems = [
        System("frames", options, frozenset({"frames"})),
        System("weighted", options, frozenset({"frames", "audio"})),
    ]
    groups = Groups({"artist:a": frozenset({"v03", "v05"}), "picture:p": frozenset({"v03", "v07"})})
    outcomes, hubness = rank_similar(PlantedEngine(matrix), systems, groups, "weighted", Silence())
    got = {(o.source, o.system): (o.relevant_ranks, o.n_relevant, o.n_videos) for o in outcomes}
    order = [f"v{at:02}" for at in np.argsort(-frames[5]) if at != 5]
    assert got["v05", "frames"] == ((order.index("v03") + 1,), 1, 13)
    assert got["v05", "weighted"] == ((13 - order.index("v03"),), 1, 13)
    # The seventh cannot be compared with the third: it is no answer, and not among those ranked.
    assert got["v03", "frames"][1:] == (1, 12)
    assert got["v03", "weighted"][1:] == (1, 12)
    assert got["v07", "frames"] == ((1,), 1, 13)
    assert got["v07", "weighted"] == ((13,), 1, 13)
    assert hubness.k == 10
    ranks = stats.rankdata(np.where(np.isnan(-frames), -np.inf, -frames), axis=1)
    assert hubness.counts[0] == int((n + 1 - ranks[:, 0] <= 10).sum() - (n + 1 - ranks[0, 0] <= 10))
    assert hubness.counts[3] == min(hubness.counts)
    assert sum(hubness.counts) == 10 * n
    assert hubness.names[3] == "T3"


def test_every_modality_and_every_fusion_is_a_means(library):
    engine = Engine(library, Encoders("toy"))
    systems = list_systems(engine, ["frames", "lyrics", "audio"])
    names = [each.name for each in systems]
    assert names[:3] == ["frames", "lyrics", "audio"]
    assert {"weighted", "rrf"} <= set(names)
    assert [each.options.fusion for each in systems][3:] == names[3:]
    assert systems[1].options.weights == {"lyrics": 1.0}
    assert systems[-1].modalities == {"frames", "lyrics", "audio"}
