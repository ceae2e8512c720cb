import random
from collections import Counter

import pytest

from mvsearch.indexer.pronunciation import write_sounds
from mvsearch.search.evaluation.queries.arguments import (
    parse_distortions,
    parse_kinds,
    parse_lengths,
)
from mvsearch.search.evaluation.queries.distortion.distortions import PICTURE_FAMILIES, names_of
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.sample import SampleOptions, sample_queries, share_out
from mvsearch.search.evaluation.queries.sample_times import SampleTimes
from mvsearch.search.query.words.sound_alignment import align_sounds, score_itself
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Location, LyricLine, Lyrics, Stage, Video

ALL = ("frames", "lyrics", "audio")
NOBODY = Groups({})


def sample(library, groups=NOBODY, **options):
    return sample_queries(library, ALL, groups, SampleOptions(**options))


def make_places(seconds, **known):
    video = Video("v", "v.mp4", "V", duration_seconds=seconds)
    return SampleTimes(video, frozenset({"frames", "audio"}), 0.5, **known)


def draw_many(times, seconds, n=300):
    draw = random.Random(3)
    starts = [times.draw(seconds, (0, 1), draw) for _ in range(n)]
    return [start for start in starts if start is not None]


def test_places_keep_off_the_frames_of_the_library_and_off_the_ends():
    starts = draw_many(make_places(20.0, sounding=((0.0, 20.0),)), 5.0)
    assert len(starts) == 300
    assert all(0.2 * 0.5 - 1e-9 <= start % 0.5 <= 0.8 * 0.5 + 1e-9 for start in starts)
    assert min(starts) >= 0.5
    assert max(starts) + 5 <= 19.5
    assert len({int(start) for start in starts}) == 15, "every second of the room is drawn"


def test_strata_spread_the_places():
    times, draw = make_places(30.0, sounding=((0.0, 30.0),)), random.Random(1)
    starts = [times.draw(5.0, (number, 4), draw) for number in range(4)]
    bounds = [0.5 + 24 / 4 * number for number in range(5)]
    for start, low, high in zip(starts, bounds[:-1], bounds[1:], strict=True):
        assert low - 0.5 <= start <= high + 0.5


def test_places_keep_out_of_one_colour_and_of_silence():
    black = tuple(at / 2 for at in range(20, 40))  # from 10 to 20 s
    starts = draw_many(make_places(30.0, uniform_seconds=black, sounding=((0.0, 30.0),)), 4.0)
    # Half of a clip of four seconds may be black.
    assert all(start <= 8.5 or start >= 17.5 for start in starts)
    assert any(start < 8 for start in starts)
    assert any(start > 18 for start in starts)
    starts = draw_many(make_places(30.0, sounding=((0.0, 6.0), (4.0, 12.0))), 4.0)
    assert starts
    assert max(starts) <= 10.0
    assert draw_many(make_places(30.0), 4.0, n=3) == []
    assert all(not 10 <= at < 20 for at in draw_many(make_places(30.0, uniform_seconds=black), 0.0))


def test_shares_are_equal_and_add_up():
    shares = share_out(11, list("abcd"), seed=1)
    assert sum(shares.values()) == 11
    assert sorted(shares.values()) == [2, 3, 3, 3]
    assert share_out(2, list("abcd"), seed=1) == share_out(2, list("dcba"), seed=1)
    assert len({tuple(share_out(2, list("abcd"), seed).items()) for seed in range(20)}) > 1
    assert share_out(5, [], seed=1) == {}


def test_clips_are_asked_at_the_same_places_under_every_distortion(library):
    clips = sample(library, n_clips=6, kinds=("clip",), lengths_seconds=(2.0,))
    by_name = {}
    for clip in clips:
        by_name.setdefault(clip.distortion, set()).add((clip.source.title, clip.start_seconds))
    assert len(by_name["none"]) == 6
    assert Counter(title for title, _ in by_name["none"]) == {
        "First Song": 2, "Second Song": 2, "Third Song": 2
    }  # fmt: skip
    for name in names_of("picture", "hard picture", "speed"):
        assert by_name[name] == by_name["none"]
    # The third has no sound: nothing to spoil, and nothing to leave out.
    with_sound = {known for known in by_name["none"] if known[0] != "Third Song"}
    for name in names_of("sound", "stream"):
        assert by_name[name] == with_sound
    modalities = {(c.distortion, c.source.title): c.modalities for c in clips}
    assert modalities["none", "First Song"] == ("frames", "audio")
    assert modalities["picture only", "First Song"] == ("frames",)
    assert modalities["sound only", "Second Song"] == ("audio",)
    assert modalities["none", "Third Song"] == ("frames",)


def test_short_videos_give_shorter_clips(library):
    clips = sample(library, n_clips=3, kinds=("clip",), distortions=("none",))
    lengths = {clip.source.title: (clip.nominal_seconds, clip.seconds) for clip in clips}
    assert lengths["Third Song"] == (5.0, pytest.approx(2.8, abs=0.1))
    for clip in clips:
        ((start, end),) = clip.spans
        assert (start, end) == (clip.start_seconds, clip.start_seconds + clip.seconds)
        assert end < clip.source.duration_seconds


def test_an_inset_lies_over_a_video_that_is_not_related(library):
    ids = {video.title: video.id for video in library.catalog.videos()}
    first, second, third = (ids[f"{name} Song"] for name in ("First", "Second", "Third"))
    groups = Groups({"picture:1": frozenset({first, second})})
    asked = {"distortions": ("picture-in-picture",), "lengths_seconds": (2.0,)}
    insets = sample(library, groups, n_clips=6, kinds=("clip", "image"), **asked)
    assert len(insets) == 12
    for inset in insets:
        is_third = inset.source.id == third
        assert inset.hidden == ({first, second} if is_third else {third})
        assert inset.backdrop.path.name.startswith("Mary") is not is_third
    assert insets == sample(library, groups, n_clips=6, kinds=("clip", "image"), **asked)
    all_related = Groups({"picture:1": frozenset(ids.values())})
    assert sample(library, all_related, n_clips=6, kinds=("image",), **asked) == []


def test_a_mix_has_the_sound_of_a_video_that_is_not_related(library):
    ids = {video.title: video.id for video in library.catalog.videos()}
    asked = {"n_clips": 6, "kinds": ("mix",), "lengths_seconds": (2.0,)}
    mixes = sample(library, **asked)
    assert len(mixes) == 6
    for mix in mixes:
        assert (mix.kind, mix.distortion, mix.modalities) == ("mix", "none", ("frames", "audio"))
        assert mix.heard.id in {ids["First Song"], ids["Second Song"]} - {mix.source.id}
        assert mix.videos == (mix.source, mix.heard)
        assert (mix.backdrop.path, mix.seconds) == (mix.heard.path, 2.0)
    # The third has no sound: it is seen, and not heard.
    assert ids["Third Song"] in {mix.source.id for mix in mixes}
    assert mixes == sample(library, **asked)
    related = Groups({"sound:1": frozenset((ids["First Song"], ids["Second Song"]))})
    assert {mix.source.id for mix in sample(library, related, **asked)} == {ids["Third Song"]}


def test_the_seed_decides(library):
    assert sample(library, n_clips=9) == sample(library, n_clips=9)
    labels = {tuple(q.label for q in sample(library, n_clips=9, seed=s)) for s in (1, 2)}
    assert len(labels) == 2


def test_pictures_suffer_in_the_picture_alone(library):
    pictures = sample(library, n_clips=4, kinds=("image",))
    assert {p.distortion for p in pictures} == set(names_of(*PICTURE_FAMILIES))
    for picture in pictures:
        assert picture.spans == ((picture.start_seconds, picture.start_seconds),)
        assert picture.modalities == ("frames",)


@pytest.fixture
def songs(tmp_path):
    """Three songs: the first two are one song in other words, the third shares a line."""
    lines = {
        "a": [
            ("Follow the river down to the sea", 1.0, None),
            ("Nobody knows the trouble I have seen", 5.0, None),
            ("follow the river, down to the SEA!", 9.0, None),
            ("Thanks for watching and subscribing friends", 12.0, "boiler-plate"),
            ("La la la la", 15.0, None),
            ("Every morning brings another song", 17.0, None),
        ],
        "b": [("Walk along the water to the ocean", None, None),
              ("Nobody knows the trouble I have seen", None, None)],
        "c": [("Every morning brings another song", 3.0, None)],
    }  # fmt: skip
    with Library.open(tmp_path / "library", create=True) as library:
        for video_id, sung in lines.items():
            path = tmp_path / f"{video_id}.mp4"
            video = Video(video_id, path, video_id, duration_seconds=60.0)
            library.catalog.add_video(video, Location(path, video_id, tmp_path, 1, 1))
            made = Lyrics(
                tuple(
                    LyricLine(text, at, None if at is None else at + 2, rejected=why)
                    for text, at, why in sung
                ),
                "sidecar",
            )
            library.catalog.store_stage(Stage(video_id, "lyrics", "x", "done"), [], lyrics=made)
        yield library


def test_lines_tell_their_song(songs):
    alone = sample(songs, kinds=("lyric",), distortions=("none",))
    assert {(q.source.id, q.text) for q in alone} == {
        ("a", "Follow the river down to the sea"),
        ("b", "Walk along the water to the ocean"),
    }
    grouped = sample(songs, Groups({"song:1": frozenset("ab")}), kinds=("lyric",))
    asked = {(q.source.id, q.text) for q in grouped if q.distortion == "none"}
    assert asked == {
        ("a", "Follow the river down to the sea"),
        ("a", "Nobody knows the trouble I have seen"),
        ("b", "Nobody knows the trouble I have seen"),
        ("b", "Walk along the water to the ocean"),
    }
    first = next(q for q in alone if q.source.id == "a")
    assert first.spans == ((1.0, 3.0), (9.0, 11.0))
    assert next(q for q in alone if q.source.id == "b").spans == ()


def test_a_paraphrase_asks_for_the_twin_in_words_that_the_twin_does_not_sing(songs):
    assert sample(songs, kinds=("lyric",), distortions=("paraphrase",)) == []
    artist = Groups({"artist:1": frozenset("ab"), "sound:2": frozenset("ab")})
    assert sample(songs, artist, kinds=("lyric",), distortions=("paraphrase",)) == []
    found = sample(
        songs, Groups({"song:1": frozenset("ab")}), kinds=("lyric",), distortions=("paraphrase",)
    )
    assert {(q.source.id, q.text, q.is_source_right) for q in found} == {
        ("a", "Follow the river down to the sea", False),
        ("b", "Walk along the water to the ocean", False),
    }


def test_spoilt_lines_are_of_the_lines_that_are_asked_unspoilt(songs):
    queries = sample(songs, kinds=("lyric",))
    labels = {name: {q.label for q in queries if q.distortion == name} for name in (
        "none", "two typing errors", "dropped words", "misheard")}  # fmt: skip
    assert all(some == labels["none"] for some in labels.values())
    clean = {q.label: q.text for q in queries if q.distortion == "none"}
    for query in queries:
        if query.distortion == "dropped words":
            assert set(query.text.split()) < set(clean[query.label].split())
        if query.distortion == "misheard":
            assert query.text != clean[query.label]
            alike = align_sounds(
                write_sounds(query.text, "en"), [write_sounds(clean[query.label], "en")]
            )
            assert alike[0].nats > score_itself(write_sounds(clean[query.label], "en")) / 2
        if query.distortion == "two typing errors":
            pairs = zip(query.text.split(), clean[query.label].split(), strict=True)
            assert sum(one != other for one, other in pairs) == 2


def test_words_of_the_command_line():
    assert parse_lengths("3, 5,10,3") == (3.0, 5.0, 10.0)
    assert parse_distortions("1.1x speed,NONE, Crop70,noise 0") == (
        "none", "crop 70 %", "1.1× speed", "noise 0 dB"
    )  # fmt: skip
    assert len(parse_distortions("all")) == 34
    assert parse_kinds("in-time,lyric,clip") == ("clip", "lyric", "in-time")
    for parse, text in [
        (parse_lengths, "5;6"), (parse_lengths, "nan"), (parse_distortions, "sepia"),
        (parse_distortions, "noise"), (parse_distortions, ","), (parse_kinds, "clips"),
    ]:  # fmt: skip
        with pytest.raises(QueryError):
            parse(text)
    for wrong in ({"n_clips": 0}, {"lengths_seconds": (0.5,)}, {"lengths_seconds": ()}):
        with pytest.raises(QueryError):
            SampleOptions(**wrong)
