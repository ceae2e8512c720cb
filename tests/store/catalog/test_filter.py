"""What passes a filter, against the same conditions in plain Python."""

import math
import random
import sqlite3
import string
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mvsearch.store.catalog.filter import MAX_TAGS, Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import (
    KEYS,
    MOOD_NAMES,
    IndexedVideo,
    Location,
    LyricLine,
    Lyrics,
    MoodTrack,
    Stage,
    Tag,
    TempoAndKey,
    Video,
)
from tests.store.examples import LINES, SPACES, make_track

N = 240
ARTISTS = (None, "Björk", "BJORK", "Sigur Rós", "100% Wolf", "a_b", "Straße")
TITLES = ("Jóga", "joga (live)", "Cœur—de pirate", "50% off_now", "Strasse")
FOLDERS = ("/music/a", "/music/a/live", "/music/ab", "/music/a%")
TAGS = ("seashore", "Drake, Mallard", "drake,  mallard")
SOURCES = ("sidecar", "subtitles", "tag", "plugin", "whisper")


@dataclass(frozen=True)
class Known:
    """A video as the test knows it."""

    video: Video
    folders: tuple[Path, ...]
    tags: frozenset[str]
    lyrics: Lyrics | None
    added_seconds: float | None
    moods: tuple[MoodTrack, ...] = ()
    tempo: TempoAndKey | None = None

    @property
    def bpm(self) -> float:
        """NaN, which is in no range, if it is unknown."""
        return (self.tempo and self.tempo.bpm) or math.nan

    @property
    def key(self) -> str | None:
        return self.tempo and self.tempo.key

    @property
    def mood(self) -> tuple[float, float]:
        """Valence and arousal of the whole; NaN, which is in no range, without any side."""
        if not self.moods:
            return math.nan, math.nan
        moved = {"picture": (-0.056, 0.056), "sound": (0.0, 0.0)}
        if len(self.moods) == 1:
            moved = dict.fromkeys(moved, (0.0, 0.0))
        sides = [(t.mood.valence, t.mood.arousal, moved[t.side]) for t in self.moods]
        valence, arousal = (sum(s[at] + s[2][at] for s in sides) / len(sides) for at in (0, 1))
        return valence, arousal


def make_known(chance: random.Random, at: int) -> Known:
    folders = tuple(Path(chance.choice(FOLDERS)) for _ in range(chance.choice((1, 1, 2))))
    name = f"{at:04x}"
    video = Video(
        name,
        folders[0] / f"{name}-0.mp4",
        chance.choice(TITLES),
        chance.choice(ARTISTS),
        chance.choice((0.0, 60.0, 119.5, 120.0, 300.0)),
        year=chance.choice((None, 1979, 1980, 1989, 1990)),
    )
    lines = chance.choice(((), (LyricLine("la la", rejected="no voice"),), (LyricLine("home"),)))
    lyrics = Lyrics(lines, chance.choice(SOURCES), "", chance.choice((None, "en", "is")))
    return Known(
        video,
        folders,
        frozenset(tag for tag in TAGS if chance.random() < 0.3),
        chance.choice((None, lyrics)),
        chance.choice((None, 1_700_000_000.0, 1_750_000_000.5)),
        tuple(
            make_track(side, chance.random(), chance.random(), 0.1 + 0.9 * chance.random())
            for side in ("picture", "sound")
            if chance.random() < 0.8
        ),
        chance.choice(
            (
                None,
                TempoAndKey("1"),
                TempoAndKey("1", chance.choice((90.0, 119.9, 120.0, 128.0, 174.5)), 0.9),
                TempoAndKey("1", 130.0, 0.9, chance.choice(KEYS), 0.8),
                TempoAndKey("1", None, 0.1, chance.choice(("A minor", "C major", "E minor")), 0.8),
            )
        ),
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, list[Known]]]:
    chance = random.Random(13)
    known = [make_known(chance, at) for at in range(N)]
    folder = tmp_path_factory.mktemp("filtered") / "library"
    with Library.open(folder, create=True) as library:
        library.catalog.adopt_profile("test", SPACES)
        library.catalog.add_indexed([make_indexed(one) for one in known])
        for one in known:
            for at, place in enumerate(one.folders[1:], start=1):
                path = place / f"{one.video.id}-{at}.mp4"
                library.catalog.add_video(one.video, Location(path, one.video.id, place, 1, 1))
    with closing(sqlite3.connect(folder / "catalog.sqlite3")) as database, database:
        rows = [(one.added_seconds, one.video.id) for one in known]
        database.executemany("UPDATE video SET added_seconds = ? WHERE id = ?", rows)
    with Library.open(folder) as library:
        yield library, known


def make_indexed(one: Known) -> IndexedVideo:
    video = one.video
    return IndexedVideo(
        video,
        Location(video.path, video.id, one.folders[0], 1, 1),
        (Stage(video.id, "lyrics", LINES.key, "absent"),),
        (),
        one.lyrics,
        tuple(Tag(tag, 0, 1, 0.5) for tag in sorted(one.tags)),
        moods=one.moods,
        tempo=one.tempo,
    )


def lines_of(one: Known) -> list[LyricLine]:
    return [] if one.lyrics is None else [line for line in one.lyrics.lines if not line.rejected]


def is_below(one: Known, folder: str) -> bool:
    return any(place.is_relative_to(folder) for place in one.folders)


EXPECTED = {
    Filter(): lambda one: True,
    Filter(artist="BJÖRK"): lambda one: one.video.artist in ("Björk", "BJORK"),
    Filter(artist="bjo"): lambda one: one.video.artist in ("Björk", "BJORK"),
    Filter(artist="STRASSE"): lambda one: one.video.artist == "Straße",
    Filter(artist="%"): lambda one: one.video.artist == "100% Wolf",
    Filter(artist="_"): lambda one: one.video.artist == "a_b",
    Filter(artist="' OR 1=1 --"): lambda one: False,
    Filter(artist="\ud800"): lambda one: False,
    Filter(title="JOGA"): lambda one: one.video.title.startswith(("J", "j")),
    Filter(title="-de"): lambda one: "pirate" in one.video.title,
    Filter(title="f_n"): lambda one: "50%" in one.video.title,
    Filter(first_year=1980, last_year=1989): lambda one: one.video.year in (1980, 1989),
    Filter(first_year=1990): lambda one: one.video.year == 1990,
    Filter(last_year=1979): lambda one: one.video.year == 1979,
    Filter(min_duration_seconds=0): lambda one: one.video.duration_seconds > 0,
    Filter(max_duration_seconds=120): lambda one: 0 < one.video.duration_seconds <= 120,
    Filter(min_duration_seconds=119.5, max_duration_seconds=120): lambda one: (
        one.video.duration_seconds in (119.5, 120)
    ),
    Filter(folder=Path("/music/a")): lambda one: is_below(one, "/music/a"),
    Filter(folder=Path("/music/x/../a/")): lambda one: is_below(one, "/music/a"),
    Filter(folder=Path("/music/a%")): lambda one: is_below(one, "/music/a%"),
    Filter(folder=Path("/")): lambda one: True,
    Filter(folder=Path("/mus")): lambda one: False,
    Filter(has_lyrics=True): lambda one: bool(lines_of(one)),
    Filter(has_lyrics=False): lambda one: not lines_of(one),
    Filter(language="EN"): lambda one: bool(lines_of(one)) and one.lyrics.language == "en",
    Filter(lyrics_source="tag"): lambda one: bool(lines_of(one)) and one.lyrics.source == "tag",
    Filter(language="is", lyrics_source="whisper", has_lyrics=True): lambda one: (
        bool(lines_of(one)) and (one.lyrics.language, one.lyrics.source) == ("is", "whisper")
    ),
    Filter(tags=("seashore",)): lambda one: "seashore" in one.tags,
    Filter(tags=("DRAKE, mallard",)): lambda one: bool(one.tags & set(TAGS[1:])),
    Filter(tags=("seashore", "drake, mallard")): lambda one: (
        "seashore" in one.tags and bool(one.tags & set(TAGS[1:]))
    ),
    Filter(added_since=datetime(2025, 6, 15, 15, 6, 40, 500_000, UTC)): lambda one: (
        one.added_seconds == 1_750_000_000.5
    ),
    Filter(mood="calm"): lambda one: one.mood[0] >= 0.5 and one.mood[1] < 0.5,
    Filter(mood="happy"): lambda one: one.mood[0] >= 0.5 and one.mood[1] >= 0.5,
    Filter(mood="sad"): lambda one: one.mood[0] < 0.5 and one.mood[1] < 0.5,
    Filter(mood="tense"): lambda one: one.mood[0] < 0.5 and one.mood[1] >= 0.5,
    Filter(mood="energetic"): lambda one: one.mood[1] >= 0.6,
    Filter(min_valence=0.6): lambda one: one.mood[0] >= 0.6,
    Filter(min_valence=0.0): lambda one: bool(one.moods),
    Filter(min_arousal=0.25, max_arousal=0.5): lambda one: 0.25 <= one.mood[1] <= 0.5,
    Filter(min_bpm=120, max_bpm=128): lambda one: 120 <= one.bpm <= 128,
    Filter(max_bpm=119.9): lambda one: one.bpm <= 119.9,
    Filter(key="Am"): lambda one: one.key == "A minor",
    Filter(key="8b"): lambda one: one.key == "C major",
    Filter(harmonic="8A"): lambda one: one.key in ("A minor", "C major", "E minor", "D minor"),
    Filter(harmonic="C", key="Am"): lambda one: one.key == "A minor",
    Filter(added_since=date(2001, 1, 1)): lambda one: one.added_seconds is not None,
}


@pytest.mark.parametrize("asked", EXPECTED, ids=str)
def test_what_passes_is_what_plain_python_finds(filled, asked: Filter) -> None:
    library, known = filled
    expected = {one.video.id for one in known if EXPECTED[asked](one)}
    assert library.catalog.passing(asked) == expected
    assert {video.id for video in library.catalog.videos(asked)} == expected


def test_conditions_are_met_all_at_once(filled) -> None:
    library, known = filled
    chance = random.Random(7)
    asked = [one for one in EXPECTED if one and one.folder != Path("/mus")]
    for first, second in (chance.sample(asked, 2) for _ in range(40)):
        try:
            both = replace(
                first,
                **{
                    name: value
                    for name in Filter.__dataclass_fields__
                    if (value := getattr(second, name)) != getattr(Filter(), name)
                },
            )
        except QueryError:  # contrary
            continue
        kept = [name for name in both.__slots__ if getattr(both, name) != getattr(first, name)]
        if any(getattr(first, name) != getattr(Filter(), name) for name in kept):
            continue  # one condition took the place of another
        expected = {o.video.id for o in known if EXPECTED[first](o) and EXPECTED[second](o)}
        assert library.catalog.passing(both) == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"title": " "}, "title to filter by is empty"),
        ({"artist": "\u0301"}, "artist to filter by is empty"),
        ({"tags": ("a", "")}, "tag to filter by is empty"),
        ({"tags": tuple(string.ascii_letters) * 3}, f"at most {MAX_TAGS} tags"),
        ({"title": "a" * 501}, "at most 500"),
        ({"first_year": 1990, "last_year": 1980}, "1990-1980"),
        ({"first_year": 10**400}, "from 0 to 9999"),
        ({"min_duration_seconds": float("nan")}, "from 0 to"),
        ({"max_duration_seconds": -1}, "from 0 to"),
        ({"has_lyrics": False, "language": "en"}, "without lyrics"),
        ({"mood": "angry"}, "no mood is called 'angry'; there are calm, energetic, happy"),
        ({"min_valence": 1.5}, "a valence to filter by is from 0 to 1"),
        ({"max_arousal": float("nan")}, "an arousal to filter by is from 0 to 1"),
        ({"min_arousal": 0.75, "max_arousal": 0.25}, r"0\.75-0\.25"),
        ({"min_bpm": 128, "max_bpm": 120}, "128-120"),
        ({"max_bpm": -1}, "a tempo to filter by is from 0 to 1000"),
        ({"min_bpm": float("inf")}, "a tempo to filter by is from 0 to 1000"),
        ({"key": "H minor"}, "a key is written A minor, Am, F# or 8A"),
        ({"harmonic": ""}, "a key is written"),
        ({"key": "Am", "harmonic": "F#"}, "Am is not harmonic with F#"),
        ({"folder": Path("a\0b")}, "zero byte"),
        ({"added_since": date(1, 1, 1)}, "as early or late"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(given, said) -> None:
    with pytest.raises(QueryError, match=said):
        Filter(**given)


def test_a_filter_says_what_it_asks() -> None:
    asked = Filter(
        ("seashore",), None, "Luna", 1980, None, Path("/m"), max_duration_seconds=120.5,
        has_lyrics=True, added_since=date(2026, 1, 1),
    )  # fmt: skip
    assert str(asked) == (
        "tag 'seashore', artist 'Luna', year 1980-, seconds -120.5, folder '/m', with lyrics,"
        " added since 2026-01-01"
    )
    assert asked.to_dict() == {
        "tags": ["seashore"],
        "artist": "Luna",
        "first_year": 1980,
        "folder": "/m",
        "max_duration_seconds": 120.5,
        "has_lyrics": True,
        "added_since": "2026-01-01",
    }
    moody = Filter(mood="calm", min_valence=0.6, max_arousal=0.5)
    assert str(moody) == "mood calm, valence 0.6-, arousal -0.5"
    assert moody.to_dict() == {"mood": "calm", "min_valence": 0.6, "max_arousal": 0.5}
    timed = Filter(min_bpm=120, max_bpm=128, key="8A", harmonic="Am")
    assert str(timed) == "bpm 120-128, key A minor, harmonic with A minor"
    assert asked
    assert not Filter()
    assert Filter().to_dict() == {}


def is_of_mood(one: Known, name: str) -> bool:
    return EXPECTED[Filter(mood=name)](one)


@pytest.mark.parametrize(
    "asked", [Filter(), Filter(artist="BJÖRK", first_year=1980), Filter(has_lyrics=True)]
)
def test_facets_count_the_videos_of_each_value(
    filled: tuple[Library, list[Known]], asked: Filter
) -> None:
    library, known = filled
    passing = library.catalog.passing(asked)
    held = [one for one in known if one.video.id in passing]
    assert held
    values = {
        "artist": [one.video.artist for one in held],
        "year": [one.video.year for one in held],
        "language": [one.lyrics.language for one in held if one.lyrics],
        "lyrics_source": [one.lyrics.source for one in held if one.lyrics],
        "tag": [tag for one in held for tag in one.tags],
        "mood": [name for one in held for name in MOOD_NAMES if is_of_mood(one, name)],
    }
    found = library.catalog.facets(asked)
    for name, each in values.items():
        expected = Counter(value for value in each if value is not None)
        assert dict(found[name]) == expected
        assert [n for _, n in found[name]] == sorted(expected.values(), reverse=True)
