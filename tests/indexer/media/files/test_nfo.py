"""Title, artist and year out of Kodi's files, and nothing out of others."""

from pathlib import Path

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.media.files import nfo
from mvsearch.indexer.media.files.nfo import MAX_BYTES, Nfo, read_nfo
from mvsearch.indexer.pipeline.planning import plan
from mvsearch.indexer.pipeline.run import IndexOptions, index_paths
from mvsearch.store.library import Library
from tests.media import run_ffmpeg

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SONG = "<musicvideo><title>Jóga</title><artist>Björk</artist><year>1997</year></musicvideo>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + SONG, Nfo("Jóga", "Björk", 1997)),
        (SONG + "\nhttps://www.imdb.com/title/tt0", Nfo("Jóga", "Björk", 1997)),
        (
            "<musicvideo><title> A\n&amp; B </title><artist>X</artist><artist>Y</artist>"
            "<artist>X</artist><premiered>2001-02-03</premiered></musicvideo>",
            Nfo("A & B", "X, Y", 2001),
        ),
        ("<musicvideo><year>0</year></musicvideo>", Nfo()),
        ("<movie><title>no song</title></movie>", Nfo()),
        ("▄▄▄ RELEASE NOTES ▄▄▄", Nfo()),
        ("<musicvideo><title>cut", Nfo()),
        ("<musicvideo><title>one</musicvideo>", Nfo()),
        ('<!DOCTYPE musicvideo [<!ENTITY a "b">]>' + SONG, Nfo()),
        ('<?xml version="1.0" encoding="nonsense"?>' + SONG, Nfo()),
        (SONG + " " * MAX_BYTES, Nfo()),
        ("<musicvideo>" + "<a>" * 50_000 + "</musicvideo>", Nfo()),
    ],
)
def test_what_a_file_says(tmp_path: Path, text: str, expected: Nfo) -> None:
    (tmp_path / "clip.nfo").write_text(text, encoding="utf-8")
    assert read_nfo(tmp_path / "clip.mp4") == expected


def test_a_file_is_read_in_one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each beginning times the rest of so large a file would take hours."""
    monkeypatch.setattr(nfo, "MAX_BYTES", 2**24)
    for text in ("<musicvideo ", "</musicvideo "):
        (tmp_path / "clip.nfo").write_text(text * 1_000_000)
        assert read_nfo(tmp_path / "clip.mp4") == Nfo()


def test_links_and_folders_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "other").write_text(SONG, encoding="utf-8")
    (tmp_path / "a.nfo").symlink_to(tmp_path / "other")
    (tmp_path / "b.nfo").mkdir()
    assert [read_nfo(tmp_path / name) for name in ("a.mp4", "b.mp4", "c.mp4")] == [Nfo()] * 3


def test_names_follow_the_file_also_when_it_comes_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[Path] = []

    def note(path: Path) -> Nfo:
        compared.append(path)
        return read_nfo(path)

    monkeypatch.setattr(plan, "read_nfo", note)
    song = tmp_path / "music" / "Wrong - Name.ogg"
    song.parent.mkdir()
    run_ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=2", "-metadata", "date=2020", song)
    options = IndexOptions(lyrics="off")
    with Library.open(tmp_path / "library", create=True) as library:

        def index() -> tuple[str, str | None, int | None]:
            index_paths([song.parent], library, Encoders("toy"), options)
            [video] = library.catalog.videos()
            return video.title, video.artist, video.year

        assert index() == ("Name", "Wrong", 2020)
        assert compared == []  # it is read with the tags of a new file
        song.with_suffix(".nfo").write_text(SONG, encoding="utf-8")
        assert index() == ("Jóga", "Björk", 1997)
        assert compared == [song]
        done = index_paths([song.parent], library, Encoders("toy"), options)
        assert (done.indexed, done.unchanged) == (0, 1)
