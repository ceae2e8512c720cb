"""Bare arguments, as people type them."""

from pathlib import Path

import pytest

from mvsearch.search.query.guess import guess_parts
from mvsearch.search.query.query import Section
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Video
from mvsearch.store.unicode import fold_name
from tests import media

VIDEO = Video("0123456789abcdef", Path("/videos/Ada - Rain.mp4"), "Rain", "Ada", 60.0)
# Two of one title, one of which a longer name tells; and one whose title has a dash of its own.
OTHERS = [
    Video("1", Path("/1"), "Halo", "Ada"),
    Video("2", Path("/2"), "Halo", "Grace"),
    Video("3", Path("/3"), "Snow – Live", "Grace"),
]


class Shelf:
    """A library whose filter lets every part of a name pass."""

    def videos(self, filter: Filter) -> list[Video]:
        return [
            video
            for video in (VIDEO, *OTHERS)
            if fold_name(filter.title or "") in fold_name(video.title)
            and fold_name(filter.artist or "") in fold_name(video.artist or "")
        ]

    def holds_file(self, path: Path) -> bool:
        return path == VIDEO.path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("queries")
    media.make_picture(folder / "q.png")
    media.make_tone(folder / "q.ogg", 440, 1)
    media.make_pattern(folder / "q.mp4", 1)
    (folder / "photo.of.mp3").write_bytes((folder / "q.png").read_bytes())
    (folder / "q").write_bytes((folder / "q.mp4").read_bytes())
    (folder / "notes.txt").write_text("no medium")
    (folder / "rain").mkdir()
    return folder


@pytest.mark.parametrize(
    ("argument", "kind", "value", "section"),
    [
        ("q.png", "image", "q.png", None),
        ("photo.of.mp3", "image", "photo.of.mp3", None),
        ("q.ogg@0:01-", "audio", "q.ogg", Section(1)),
        ("q.mp4@-2", "clip", "q.mp4", Section(None, 2)),
        ("q", "clip", "q", None),
        ("/videos/Ada - Rain.mp4", "like", "/videos/Ada - Rain.mp4", None),
        ("RAIN", "like", "RAIN", None),
        ("ada - rain@1-2", "like", "ada - rain", Section(1, 2)),
        ("snow - live", "like", "snow - live", None),
        ("Grace - Snow - Live", "like", "Grace - Snow - Live", None),
        ("Halo", "text", "Halo", None),
        ("Grace – Halo", "like", "Grace – Halo", None),
        ("ada", "text", "ada", None),
        ("rai", "text", "rai", None),
        ("Grace - Rain", "text", "Grace - Rain", None),
        (" - ", "text", " - ", None),
        ("AC/DC", "text", "AC/DC", None),
        ("meet me @ 5-6", "text", "meet me @ 5-6", None),
        ("...baby one more time", "text", "...baby one more time", None),
        ("a\0b", "text", "a\0b", None),
        ("x" * 5000, "text", "x" * 5000, None),
    ],
)
def test_an_argument_is_one_part(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    argument: str,
    kind: str,
    value: str,
    section: Section | None,
) -> None:
    monkeypatch.chdir(folder)
    (guess,) = guess_parts([argument], Shelf())
    assert (guess.part.kind, guess.part.value, guess.part.section) == (kind, value, section)


@pytest.mark.parametrize(
    ("argument", "complaint"),
    [
        ("nope.jpg", "no file is called 'nope.jpg'"),
        ("./nope", "no file is called './nope'"),
        ("/nowhere/party", "no file is called '/nowhere/party'"),
        ("rain/", "'rain/' is a folder"),
        ("notes.txt", "'notes.txt' is not a picture, sound or video"),
        ("q.png@1-2", "--image has no section"),
        ("", "empty"),
    ],
)
def test_a_path_gone_wrong_is_no_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch, argument: str, complaint: str
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(QueryError, match=complaint):
        guess_parts([argument], Shelf())


def test_words_without_quotation_marks_are_joined(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    guesses = guess_parts(["take", "q.png", "me", "home"], Shelf())
    assert list(map(str, guesses)) == ["the picture 'q.png'", "the words 'take me home'"]
