"""The engine over planted libraries: what comes first, where, and why."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart, Section
from mvsearch.store.errors import (
    EncoderMismatchError,
    MediaError,
    MvsearchError,
    QueryError,
    VideoNotFoundError,
)
from mvsearch.store.records import Embeddings, Segment, Space

IDS = [f"{at:x}" * 8 for at in range(1, 7)]


@pytest.fixture
def content(spaces: dict[str, Space], conftest_spans: Any) -> dict[str, Any]:
    """Six videos: five have frames and words, 1-4 lyrics, 1-5 sound; 6 has untimed lyrics alone."""
    rng = np.random.default_rng(11)
    held: dict[str, Any] = {}
    for at, video_id in enumerate(IDS):
        made: dict[Space, Any] = {}
        if at < 5:
            made[spaces["frames"]] = (rng.normal(size=(120, 16)), conftest_spans(120, 0.5))
            made[spaces["words"]] = (rng.normal(size=(120, 12)), conftest_spans(120, 0.5))
            made[spaces["audio"]] = (rng.normal(size=(24, 10)), conftest_spans(24, 2.5, 5.0))
        if at < 4:
            lines = [Segment(3.0 * i, 3.0 * i + 2, f"line {i} of {at}") for i in range(10)]
            made[spaces["lyrics"]] = (rng.normal(size=(10, 12)), lines)
        if at == 5:
            lines = [Segment(None, None, f"line {i} of {at}") for i in range(10)]
            made[spaces["lyrics"]] = (rng.normal(size=(10, 12)), lines)
        held[video_id] = made
    return held


@pytest.fixture
def engine(plant: Any, content: Any, planted_encoders: Any) -> Callable[..., Engine]:
    def build(table: dict[str, np.ndarray] | None = None, analyse: Any = None) -> Engine:
        return Engine(plant(content), planted_encoders(table), analyse)

    return build


def ask(kind: Any, value: str, section: Section | None = None) -> Query:
    return Query((QueryPart(kind, value, section),))


def stored(engine: Engine, video_id: str, space: Space) -> np.ndarray:
    found = engine.library.catalog.embeddings(video_id, space.key)
    assert found is not None
    return found.vectors


def test_a_lyric_line_finds_its_song_and_its_second(engine: Any, content: Any, spaces: Any) -> None:
    line = content[IDS[2]][spaces["lyrics"]][0][4]
    searcher = engine({"take me home": line})
    results = searcher.search(ask("lyric", "take me home"))
    assert results[0].video.id == IDS[2]
    moment = results[0].moments[0]
    assert (moment.start_seconds, moment.end_seconds) == (12, 14)
    assert moment.text == "line 4 of 2"
    assert moment.similarity == pytest.approx(1, abs=0.01)
    assert set(results[0].contributions) == {"lyrics"}
    assert results[0].contributions["lyrics"].weight == pytest.approx(1)
    assert set(searcher.encoders.used) == {"lyrics"}
    assert IDS[4] not in {r.video.id for r in results}


def test_lyrics_without_times_give_a_moment_without_times(
    engine: Any, content: Any, spaces: Any
) -> None:
    line = content[IDS[5]][spaces["lyrics"]][0][7]
    best = engine({"la": line}).search(ask("lyric", "la"))[0]
    assert best.video.id == IDS[5]
    assert best.moments[0].start_seconds is None
    assert best.moments[0].text == "line 7 of 5"


def test_words_are_compared_with_pictures_and_lyrics(
    engine: Any, content: Any, spaces: Any
) -> None:
    """The same vector stands for the text in both encoders: only their spaces part them."""
    words = content[IDS[1]][spaces["words"]][0][30]
    results = engine({"a beach": words}).search(
        ask("text", "a beach"),
        SearchOptions(weights={"frames": 0.6, "lyrics": 0.4}, fusion="weighted"),
    )
    by_id = {r.video.id: r for r in results}
    assert by_id[IDS[1]].contributions["frames"].similarity == pytest.approx(1, abs=0.01)
    assert "audio" not in by_id[IDS[1]].contributions  # its encoder reads no words
    assert by_id[IDS[4]].contributions["frames"].weight == pytest.approx(1)
    assert by_id[IDS[5]].contributions["lyrics"].weight == pytest.approx(1)
    frames = [m for m in by_id[IDS[1]].moments if m.modality == "frames"]
    assert frames[0].start_seconds == 15


def test_the_score_is_the_sum_of_what_is_shown(engine: Any, content: Any, spaces: Any) -> None:
    words = content[IDS[1]][spaces["words"]][0][30]
    options = SearchOptions(fusion="weighted")
    for result in engine({"x": words}).search(ask("text", "x"), options):
        total = sum(c.similarity * c.weight for c in result.contributions.values())
        assert result.score == pytest.approx(total)
        assert sum(c.weight for c in result.contributions.values()) == pytest.approx(1)


def clip_of(
    content: Any, spaces: Any, video_id: str, first: int, n: int, begin: float = 0.0
) -> Any:
    """Some seconds of a planted video, as the analysis gives them: at the times of the file."""

    def analyse(part: QueryPart, encoders: Any, modalities: Any) -> list[Embeddings]:
        found = []
        for modality, every, length in (("frames", 0.5, 0.5), ("audio", 2.5, 5.0)):
            if modality not in modalities:
                continue
            rows = content[video_id][spaces[modality]][0]
            start = round(first * 0.5 / every)
            chosen = rows[start : start + max(1, round(n * 0.5 / every) - (modality == "audio"))]
            chosen = chosen / np.linalg.norm(chosen, axis=1, keepdims=True)
            segments = tuple(
                Segment(begin + i * every, begin + i * every + length) for i in range(len(chosen))
            )
            found.append(Embeddings(spaces[modality], segments, chosen.astype(np.float32)))
        return found

    return analyse


def test_the_picture_of_one_video_under_the_sound_of_another(
    engine: Any, content: Any, spaces: Any, tmp_path: Path
) -> None:
    (tmp_path / "mix.mp4").touch()

    def analyse(part: QueryPart, encoders: Any, modalities: Any) -> list[Embeddings]:
        seen = clip_of(content, spaces, IDS[3], 40, 10)(part, encoders, ("frames",))
        heard = clip_of(content, spaces, IDS[1], 20, 20)(part, encoders, ("audio",))
        return [*seen, *heard]

    searcher = engine(analyse=analyse)
    mix = ask("clip", str(tmp_path / "mix.mp4"))
    for fusion in ("calibrated", "weighted", "rrf"):
        results = searcher.search(mix, SearchOptions(fusion=fusion))
        told = {result.video.id: result.source_of for result in results}
        assert set(list(told)[:2]) == {IDS[3], IDS[1]}
        assert (told.pop(IDS[3]), told.pop(IDS[1])) == ("frames", "audio")
        assert set(told.values()) == {None}
    whole = engine(analyse=clip_of(content, spaces, IDS[3], 40, 20))
    assert {result.source_of for result in whole.search(mix)} == {None}
    words = Query((QueryPart("clip", str(tmp_path / "mix.mp4")), QueryPart("text", "a beach")))
    assert {result.source_of for result in searcher.search(words)} == {None}


@pytest.mark.parametrize("kind", ["clip", "audio"])
def test_a_clip_finds_its_video_and_its_place(
    engine: Any, content: Any, spaces: Any, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "clip.mp4").touch()
    searcher = engine(analyse=clip_of(content, spaces, IDS[3], 40, 10))
    options = SearchOptions(fusion="weighted")
    best = searcher.search(ask(kind, str(tmp_path / "clip.mp4")), options)[0]
    assert best.video.id == IDS[3]
    # One window alone tells less than frames do: its neighbours lie 2.5 s away.
    near = 0.3 if kind == "clip" else 0.6
    assert best.moments[0].start_seconds == pytest.approx(20, abs=near)
    assert best.moments[0].end_seconds == pytest.approx(25, abs=near)
    expected = {"frames", "audio"} if kind == "clip" else {"audio"}
    assert set(best.contributions) == expected
    assert best.score == pytest.approx(1, abs=0.02)


def test_a_section_of_a_file_is_placed_by_its_own_beginning(
    engine: Any, content: Any, spaces: Any, tmp_path: Path
) -> None:
    (tmp_path / "film.mp4").touch()
    searcher = engine(analyse=clip_of(content, spaces, IDS[3], 40, 10, begin=300.0))
    query = ask("clip", str(tmp_path / "film.mp4"), Section(300, 305))
    moment = searcher.search(query)[0].moments[0]
    assert moment.start_seconds == pytest.approx(20, abs=0.3)
    assert moment.end_seconds == pytest.approx(25, abs=0.3)


def test_parts_are_fused_into_one_answer(
    engine: Any, content: Any, spaces: Any, tmp_path: Path
) -> None:
    """The picture is of video 1 and the line of video 2; the weights decide."""
    (tmp_path / "a.jpg").touch()
    picture = content[IDS[0]][spaces["frames"]][0][[5]]
    picture = (picture / np.linalg.norm(picture)).astype(np.float32)

    def analyse(part: QueryPart, encoders: Any, modalities: Any) -> list[Embeddings]:
        return [Embeddings(spaces["frames"], (Segment(0, 0),), picture)]

    searcher = engine({"home": content[IDS[1]][spaces["lyrics"]][0][3]}, analyse)
    query = Query((QueryPart("image", str(tmp_path / "a.jpg")), QueryPart("lyric", "home")))
    for share, first in ((0.9, 0), (0.1, 1)):
        weights = {"frames": share, "lyrics": 1 - share}
        best = searcher.search(query, SearchOptions(weights=weights))[0]
        assert best.video.id == IDS[first]
        assert best.contributions["frames"].weight == pytest.approx(weights["frames"])


def test_like_leaves_the_video_itself_out_and_needs_no_encoder(
    engine: Any, content: Any, spaces: Any
) -> None:
    frames = content[IDS[0]][spaces["frames"]][0]
    content[IDS[1]][spaces["frames"]][0][20:40] = frames[:20]
    searcher = engine()
    mostly_seen = SearchOptions(weights={"frames": 0.6, "lyrics": 0.2, "audio": 0.2})
    results = searcher.search(ask("like", IDS[0], Section(0, 10)), mostly_seen)
    assert results[0].video.id == IDS[1]
    assert IDS[0] not in {r.video.id for r in results}
    assert results[0].contributions["frames"].similarity == pytest.approx(1, abs=0.01)
    frames_moment = next(m for m in results[0].moments if m.modality == "frames")
    assert (frames_moment.start_seconds, frames_moment.end_seconds) == (10, 20)
    assert searcher.encoders.used == []
    with pytest.raises(QueryError, match="nothing at that time"):
        searcher.search(ask("like", IDS[0], Section(900, 910)))
    with pytest.raises(VideoNotFoundError):
        searcher.search(ask("like", "no such song"))


def test_similar_is_symmetric_brute_force(engine: Any, spaces: Any) -> None:
    searcher = engine()
    options = SearchOptions({"frames": 0.5, "lyrics": 0.5}, "weighted", top=3)
    video = searcher.library.catalog.video(IDS[0])
    results = searcher.similar(video, options)

    def both(modality: str, a: str, b: str) -> float:
        index = searcher.library.index(spaces[modality])
        product = index.vectors(a) @ index.vectors(b).T
        return float(product.max(axis=1).mean() + product.max(axis=0).mean()) / 2

    truth = {v: 0.5 * both("frames", IDS[0], v) + 0.5 * both("lyrics", IDS[0], v) for v in IDS[1:4]}
    truth[IDS[4]] = both("frames", IDS[0], IDS[4])
    truth[IDS[5]] = both("lyrics", IDS[0], IDS[5])
    order = sorted(truth, key=lambda v: -truth[v])[:3]
    assert [r.video.id for r in results] == order
    assert [r.score for r in results] == pytest.approx([truth[v] for v in order], abs=1e-5)
    assert [r.rank for r in results] == [1, 2, 3]
    assert {m.modality for m in results[0].moments} <= {"frames", "lyrics", "audio"}


def test_the_report_over_all_is_the_report_over_each(engine: Any) -> None:
    searcher = engine()
    seen: list[tuple[int, int]] = []
    for fusion in ("calibrated", "weighted", "rrf"):
        options = SearchOptions(top=4, fusion=fusion)
        pairs = searcher.all_pairs(options)
        matrix = pairs.compute_matrix(lambda n, of: seen.append((n, of)))
        assert seen[-1] == (18, 18)
        for video, results in pairs.rank(matrix):
            alone = searcher.similar(video, options)
            assert [r.video.id for r in results] == [r.video.id for r in alone]
            assert [r.score for r in results] == pytest.approx([r.score for r in alone], abs=1e-5)
            assert [r.moments for r in results] == [r.moments for r in alone]
    assert np.isnan(matrix.scores.diagonal()).all()


def test_ranks_fuse_over_all_videos(engine: Any, content: Any, spaces: Any) -> None:
    words = content[IDS[1]][spaces["words"]][0][30]
    options = SearchOptions(fusion="rrf", weights={"frames": 1})
    results = engine({"x": words}).search(ask("text", "x"), options)
    assert [r.score for r in results] == pytest.approx([1 / (60 + n) for n in range(1, 6)])
    assert results[0].video.id == IDS[1]


def test_an_empty_library_says_what_to_do(plant: Any, planted_encoders: Any) -> None:
    empty = Engine(plant({}), planted_encoders())
    with pytest.raises(MvsearchError, match="mvsearch index"):
        empty.search(ask("text", "x"))
    with pytest.raises(MvsearchError, match="mvsearch index"):
        empty.all_pairs()


def test_other_encoders_are_refused_before_anything_is_encoded(engine: Any, spaces: Any) -> None:
    searcher = engine({})
    searcher.encoders.made["lyrics"].spaces = (Space("lyrics", "another", "2", 12),)
    with pytest.raises(EncoderMismatchError):
        searcher.search(ask("lyric", "not in the table"))


def test_a_query_that_reaches_nothing_says_so(engine: Any) -> None:
    with pytest.raises(QueryError, match="nothing to compare"):
        engine().search(ask("lyric", "x"), SearchOptions(weights={"frames": 1}))


def test_files_that_cannot_be_read_are_one_line(engine: Any, tmp_path: Path) -> None:
    def analyse(part: QueryPart, encoders: Any, modalities: Any) -> list[Embeddings]:
        if part.path.name == "mute.mp4":
            return []
        raise MediaError("no_media", "it holds no picture and no sound")

    searcher = engine(analyse=analyse)
    for name in ("broken.mp4", "mute.mp4"):
        (tmp_path / name).touch()
    with pytest.raises(QueryError, match=r"broken\.mp4.*no picture"):
        searcher.search(ask("clip", str(tmp_path / "broken.mp4")))
    with pytest.raises(QueryError, match=r"mute\.mp4.*holds no"):
        searcher.search(ask("clip", str(tmp_path / "mute.mp4")))
    with pytest.raises(QueryError, match="no file is called"):
        searcher.search(ask("image", str(tmp_path / "absent.jpg")))
    with pytest.raises(QueryError, match="no file is called"):
        searcher.search(ask("image", "x" * 5000))
    with pytest.raises(QueryError, match="is a folder"):
        searcher.search(ask("clip", str(tmp_path)))


@pytest.mark.parametrize("options", [{"top": 0}, {"fusion": "sum"}, {"weights": {"frames": 0.0}}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(QueryError):
        SearchOptions(**options)


def test_what_is_not_alike_is_no_moment(engine: Any, content: Any, spaces: Any) -> None:
    """A result stands for its lyrics; its frames, unlike the words, are not shown as a reason."""
    embeddings, texts = content[IDS[2]][spaces["lyrics"]][0], "home"
    searcher = engine({texts: embeddings[3]})
    found = searcher.search(ask("lyric", texts))
    assert found[0].video.id == IDS[2]
    for result in found:
        assert all(moment.similarity >= 0.1 for moment in result.moments)


def test_calibrated_results_say_what_they_add_up_to(engine: Any, content: Any, spaces: Any) -> None:
    """Three modalities are asked for; what a video lacks counts as an unrelated one's median."""
    options = SearchOptions({"frames": 0.5, "lyrics": 0.25, "audio": 0.25}, top=6)
    results = engine().search(Query((QueryPart("like", IDS[0]),)), options)
    assert any(len(result.contributions) < 3 for result in results)
    for result in results:
        given = sum(c.calibrated * c.weight for c in result.contributions.values())
        lacking = 1 - sum(c.weight for c in result.contributions.values())
        assert result.score == pytest.approx(given + lacking * math.log10(2))


def test_chance_finds_are_shown_as_weak(engine: Any, content: Any, spaces: Any) -> None:
    line = content[IDS[2]][spaces["lyrics"]][0][4]
    searcher = engine({"sung": line})
    sung = searcher.search(ask("lyric", "sung"))
    assert sung[0].video.id == IDS[2]
    assert not sung[0].is_weak
    # An unknown text is noise: chance calls 1 - (1 - 0.5 / 6) ** 5 = 0.35 of the best ones strong.
    best = [searcher.search(ask("lyric", f"noise {n}"))[0] for n in range(40)]
    assert np.mean([result.is_weak for result in best]) > 0.5
    assert all(
        result.is_weak == (result.contributions["lyrics"].calibrated < math.log10(2 * len(IDS)))
        for result in [*best, *sung]
    )


def test_similar_scores_are_the_same_both_ways(engine: Any) -> None:
    matrix = engine().all_pairs().compute_matrix()
    # Both ways are the same sums, in an order that the linear algebra chooses.
    np.testing.assert_allclose(matrix.scores, matrix.scores.T, rtol=1e-6)
