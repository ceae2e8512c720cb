"""Text in the picture is taken for lyrics where it follows the voice, and not otherwise."""

import pytest

from mvsearch.indexer.lyrics.shown import find_sung, follows_voice, make_lyrics
from mvsearch.indexer.lyrics.whisper.voice import VoiceActivity
from mvsearch.store.records import ShownLine

SONG_SECONDS = 120.0
WORDS = [
    "take me home along the river", "where the willow trees are green",
    "we were young and we were dreaming", "of the places we had seen",
    "and the water carried slowly", "all the words we left behind",
    "now the bridges all are fallen", "and the road is hard to find",
    "so I sing it to the morning", "so I sing it to the sea",
    "take me home along the river", "where you waited once for me",
]  # fmt: skip
NAMES = [
    "Written by Ada Lovelace", "Produced by Grace Hopper", "Camera Mary Somerville",
    "Sound Emmy Noether", "Light Sofia Kovalevskaya", "Editing Hedy Lamarr",
    "Costumes Rosalind Franklin", "Thanks to Lise Meitner", "Colour Maria Mayer",
    "Choreography Chien-Shiung Wu", "Make-up Dorothy Hodgkin", "Driver Barbara McClintock",
]  # fmt: skip


def show(
    texts: list[str], first: float = 5.0, step: float = 9.0, lasts: float = 4.0, **more: bool
) -> list[ShownLine]:
    return [
        ShownLine(text, first + step * at, first + step * at + lasts, 0.99, **more)
        for at, text in enumerate(texts)
    ]


def sing(lines: list[ShownLine], late: float = 0.3) -> VoiceActivity:
    """A voice that begins a little after each line."""
    spans = tuple((line.start_seconds + late, line.end_seconds) for line in lines)
    return VoiceActivity(spans, SONG_SECONDS)


def test_lines_of_a_song_are_lyrics_with_their_times_and_source() -> None:
    lines = show(WORDS)
    sung = find_sung(lines, SONG_SECONDS)
    assert list(sung) == lines
    assert follows_voice(sung, sing(lines))
    lyrics = make_lyrics(sung, "toy@1")
    assert (lyrics.source, lyrics.origin) == ("ocr", "toy@1")
    assert [(x.text, x.start_seconds, x.end_seconds) for x in lyrics.lines] == [
        (x.text, x.start_seconds, x.end_seconds) for x in lines
    ]


def test_a_logo_beside_them_is_left_out() -> None:
    logo = ShownLine("MUSIC CHANNEL", 0.0, SONG_SECONDS, 0.99)
    flickering = [ShownLine("hits tv", 10.0 * n, 10.0 * n + 8, 0.9) for n in range(11)]
    mixed = sorted([logo, *show(WORDS), *flickering], key=lambda line: line.start_seconds)
    assert [line.text for line in find_sung(mixed, SONG_SECONDS)] == WORDS


def test_capitals_alone_are_no_names() -> None:
    assert find_sung(show([text.upper() for text in WORDS]), SONG_SECONDS)
    assert find_sung(show([text.capitalize() for text in WORDS]), SONG_SECONDS)


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        ("a logo", [ShownLine("MUSIC CHANNEL", 0.0, SONG_SECONDS, 0.99)]),
        ("a logo that flickers", show(["music channel"] * 12)),
        ("a few titles", show(WORDS[:4])),
        ("a ticker", show(WORDS, is_moving=True)),
        ("credits that roll", show(NAMES, step=2.0, is_moving=True)),
        ("a list of names over the song", show(NAMES)),
        ("names at the end", show([text.lower() for text in NAMES], first=95.0, step=2.0)),
        ("headlines", show(WORDS, step=9.5, lasts=9.5)),
        ("a page of text", show(WORDS * 2, first=1.0, step=0.1, lasts=11.0) + show(WORDS[:1], 90)),
        ("lines beside a ticker", [*show(WORDS), *show(WORDS * 2, step=4, is_moving=True)]),
    ],
)
def test_other_text_is_not(what: str, lines: list[ShownLine]) -> None:
    assert find_sung(lines, SONG_SECONDS) == (), what


def test_text_without_a_voice_is_not() -> None:
    lines = show(WORDS)
    assert not follows_voice(lines, VoiceActivity((), SONG_SECONDS))
    elsewhere = tuple((line.end_seconds, line.end_seconds + 4.5) for line in lines)
    assert not follows_voice(lines, VoiceActivity(elsewhere, SONG_SECONDS))
    # One sings all the time, and text is there for a part of it.
    few = show(WORDS, step=9.0, lasts=1.5)
    assert not follows_voice(few, VoiceActivity(((0.0, SONG_SECONDS),), SONG_SECONDS))


def test_nothing_is_asked_of_a_video_without_a_duration() -> None:
    assert find_sung(show(WORDS), 0.0) == ()
