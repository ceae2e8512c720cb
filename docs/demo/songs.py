"""The eight songs of the demo: pictures, scores and lyrics."""

from dataclasses import dataclass, replace
from typing import Literal

from docs.demo.music import Part, Score
from docs.demo.scenes import Shot

LyricsForm = Literal["lrc", "srt", "subtitles", "tag", "voice"]


@dataclass(frozen=True, slots=True)
class Song:
    """A music video to make.

    Attributes:
        shots: of equal length, one after the other.
        lyrics: lines, each with the bar, counted from 0, that it is sung in.
        form: how the lyrics come: `.lrc` or `.srt` beside the file, a subtitle stream, a tag, or
            only spoken over the music.
        late_seconds: of the times in the `.lrc`, as of a recording with an intro that the video
            lacks; the lines are spoken then, too.
    """

    title: str
    artist: str
    score: Score
    shots: tuple[Shot, ...]
    lyrics: tuple[tuple[int, str], ...] = ()
    form: LyricsForm = "lrc"
    late_seconds: float = 0.0
    seed: int = 0

    @property
    def stem(self) -> str:
        """The name of its file, without the ending."""
        return f"{self.artist} - {self.title}"

    def timed_lines(self) -> list[tuple[float, float, str]]:
        """The lyrics as (start, end, text) in seconds; a line lasts one bar at most."""
        bar = self.score.bar_seconds
        return [(n * bar + 0.1, (n + 1) * bar - 0.05, text) for n, text in self.lyrics]


_PAPER_MOON = Song(
    title="Paper Moon",
    artist="Luna Harrow",
    score=Score(
        beats_per_minute=112,
        tonic=69,
        scale="minor",
        parts=(
            Part((1,), ("........",)),
            Part((1, 6, 3, 7), ("1-3-5-3-", "6-5-3---", "5-6-5-3-", "2-4-2---")),
            Part((6, 7, 1, 1), ("8-7-6-5-", "7-6-5-4-", "5-3-1-3-", "1-------")),
        ),
        backing="bell",
        groove="half",
    ),
    shots=(Shot("night", 11), Shot("night", 12, zoom=1.6, zoom_end=1.9), Shot("night", 13)),
    lyrics=(
        (1, "I cut a moon from paper"),
        (2, "and hung it on a thread"),
        (3, "a thousand stars to hold it"),
        (4, "above your sleeping head"),
        (5, "Oh paper moon, keep shining"),
        (6, "till the night is through"),
        (7, "every light I ever borrowed"),
        (8, "I am giving back to you"),
    ),
    seed=1,
)

_SALT = Song(
    title="Salt and Sunlight",
    artist="The Tideline",
    score=Score(
        beats_per_minute=128,
        tonic=67,
        scale="major",
        parts=(
            Part((1, 5, 6, 4), ("5-5-6-5-", "7-6-5---", "8-8-7-6-", "5---3---")),
            Part((4, 5, 1, 6), ("8-9-8-6-", "7---5-7-", "8-5-3-5-", "6-------")),
            Part((4, 5, 1), ("8-9-8-6-", "7---9---", "8-------")),
        ),
        lead="flute",
        backing="pluck",
        groove="four",
    ),
    shots=(Shot("sea", 21), Shot("sea", 22, zoom=1.5, zoom_end=1.3), Shot("sea", 23)),
    lyrics=(
        (0, "Sand in my shoes and nowhere to be"),
        (1, "the harbour is waking"),
        (2, "a white sail is leaning into the sea"),
        (3, "and the morning is breaking"),
        (4, "Salt and sunlight on my skin"),
        (5, "let the long blue water in"),
        (6, "wave after wave will carry me home"),
        (8, "Salt and sunlight on my skin"),
        (9, "let the long blue water in"),
    ),
    seed=2,
)

_WINDOWS = Song(
    title="Ten Thousand Windows",
    artist="Nora Vale",
    score=Score(
        beats_per_minute=96,
        tonic=64,
        scale="minor",
        parts=(
            Part((1, 4, 1, 5), ("1.1.3.4.", "4.3.1...", "5.5.4.3.", "2.2.5...")),
            Part((6, 3, 7, 1), ("8---6---", "7---5---", "6-5-4-2-", "1-------")),
        ),
        lead="reed",
        backing="organ",
        groove="straight",
    ),
    shots=(Shot("city", 31), Shot("city", 32, zoom=1.7, zoom_end=2.0), Shot("city", 33)),
    lyrics=(
        (0, "The last train hums below the street"),
        (1, "the towers stay awake"),
        (2, "ten thousand windows burning gold"),
        (3, "and every one a life to take"),
        (4, "Somebody is dancing"),
        (5, "somebody is writing home"),
        (6, "in a city this enormous"),
        (7, "nobody is alone"),
    ),
    form="srt",
    seed=3,
)

_CATHEDRAL = Song(
    title="Green Cathedral",
    artist="Moss and Fern",
    score=Score(
        beats_per_minute=84,
        tonic=62,
        scale="major",
        parts=(
            Part((1, 4, 2, 5), ("1---5---", "6---4---", "2---6---", "5-------")),
            Part((6, 4, 1), ("3-5-8---", "6---4---", "1-------")),
        ),
        lead="flute",
        backing="strings",
        groove="none",
    ),
    shots=(Shot("forest", 41), Shot("meadow", 42), Shot("forest", 43, zoom=1.4, zoom_end=1.6)),
    lyrics=(
        (0, "Follow me into the forest"),
        (1, "where the tall trees hold the light"),
        (2, "listen to the river singing"),
        (3, "all the birds are taking flight"),
        (4, "This is my green cathedral"),
        (5, "the roof is made of leaves"),
    ),
    form="voice",
    seed=4,
)

_FIRST_SNOW = Song(
    title="The First Snow",
    artist="Nora Vale",
    score=Score(
        beats_per_minute=90,
        tonic=65,
        scale="major",
        parts=(
            Part((1, 3, 4, 1), ("3-----5-", "7---5---", "6-----4-", "3-------")),
            Part((4, 1, 5, 1), ("6-6-8-6-", "5---3---", "2-3-4-2-", "1-------")),
        ),
        lead="bell",
        backing="organ",
        groove="brushes",
        swing_seconds=0.04,
    ),
    shots=(Shot("snow", 51), Shot("snow", 52, zoom=1.8, zoom_end=1.5), Shot("snow", 53)),
    lyrics=(
        (0, "Quiet came the first snow"),
        (1, "over hill and fence and stone"),
        (2, "all the fir trees wearing white"),
        (3, "and the road to town is gone"),
        (4, "Put another kettle on"),
        (5, "winter is in no hurry"),
        (6, "we have stories until dawn"),
        (7, "and not a thing to worry"),
    ),
    form="subtitles",
    seed=5,
)

_UMBRELLAS = Song(
    title="Umbrella Street",
    artist="Grey Parade",
    score=Score(
        beats_per_minute=120,
        tonic=61,
        scale="minor",
        parts=(
            Part((1, 7, 6, 5), ("5.5.5.3.", "4.4.4.2.", "3.3.3.1.", "2---....")),
            Part((1, 7, 6, 5), ("8-7-5-3-", "4-5-7---", "6-5-3-1-", "2-------")),
            Part((1,), ("1-------",)),
        ),
        lead="pluck",
        backing="reed",
        groove="shuffle",
        swing_seconds=0.05,
    ),
    shots=(Shot("rain", 61), Shot("rain", 62, zoom=1.5, zoom_end=1.8), Shot("rain", 63)),
    lyrics=(
        (0, "Rain is drumming on the awnings"),
        (1, "puddles full of lamps"),
        (2, "strangers under red umbrellas"),
        (3, "hurry through the damp"),
        (4, "Walk with me on Umbrella Street"),
        (5, "never mind the weather"),
        (6, "one of us forgot the way"),
        (7, "so we are lost together"),
    ),
    form="tag",
    seed=6,
)

_EMBERS = Song(
    title="Embers",
    artist="Old Timber Road",
    score=Score(
        beats_per_minute=104,
        tonic=57,
        scale="major",
        parts=(
            Part((1, 1, 4, 1), ("1-2-3-5-", "5-3-2---", "6-5-4-6-", "5-------")),
            Part((4, 1, 5, 1), ("6-8-6-4-", "5-3-1---", "2-3-5-4-", "3-2-1---")),
        ),
        backing="pluck",
        groove="half",
    ),
    shots=(Shot("fire", 71), Shot("fire", 72, zoom=1.6, zoom_end=1.9), Shot("night", 73)),
    lyrics=(
        (0, "Throw another log on the fire"),
        (1, "and let the sparks fly high"),
        (2, "somebody tune an old guitar"),
        (3, "and nobody say goodbye"),
        (4, "Embers, embers, glowing low"),
        (5, "warm my hands before I go"),
        (6, "all the songs we ever knew"),
        (7, "burn a little brighter with you"),
    ),
    late_seconds=3.0,
    seed=7,
)

# The same song once more: other pictures, other instruments, a tone higher and a little slower.
_PAPER_MOON_AGAIN = replace(
    _PAPER_MOON,
    title="Paper Moon (Desert Session)",
    score=replace(
        _PAPER_MOON.score, beats_per_minute=108, tonic=71, backing="strings", groove="brushes"
    ),
    shots=(Shot("desert", 81), Shot("desert", 82, zoom=1.5, zoom_end=1.7), Shot("desert", 83)),
    seed=8,
)

SONGS = (
    _PAPER_MOON,
    _SALT,
    _WINDOWS,
    _CATHEDRAL,
    _FIRST_SNOW,
    _UMBRELLAS,
    _EMBERS,
    _PAPER_MOON_AGAIN,
)
