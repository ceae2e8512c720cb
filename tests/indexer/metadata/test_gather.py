"""Which source wins, and that files beside a video are found and their changes seen."""

import json
import os
from pathlib import Path

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.media.files import scan
from mvsearch.indexer.media.files.content import open_at_once
from mvsearch.indexer.metadata.beside import find_side_cars, mark_side_cars
from mvsearch.indexer.metadata.gather import gather_metadata
from mvsearch.indexer.pipeline import stages
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.indexer.progress import Silence
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.library import Library
from tests.media import run_ffmpeg

NFO = "<musicvideo><title>Jóga</title><genre>Art pop</genre></musicvideo>"


def write(folder: Path, *names: str, text: str = "") -> None:
    for name in names:
        (folder / name).write_text(text, encoding="utf-8")


def test_each_field_is_from_the_first_source_that_says_it(tmp_path: Path) -> None:
    media = tmp_path / "Someone - Joga [dQw4w9WgXcQ].mp4"
    tags = {"title": "tag", "artist": "Tag", "genre": "pop", "album": "Tag", "date": "1990"}
    write(tmp_path, media.name, f"{media.stem}.DESCRIPTION", text="words\nbeside")
    assert gather_metadata([media], {}).to_dict() == {
        "title": {"values": ["Joga"], "source": "name"},
        "artist": {"values": ["Someone"], "source": "name"},
        "description": {"values": ["words\nbeside"], "source": "info.json"},
    }
    info = {"track": "Info", "artist": "Info", "album": "Info", "description": "of the site"}
    write(tmp_path, f"{media.stem}.info.json", text=json.dumps(info))
    write(tmp_path, f"{media.stem}.nfo", text=NFO)
    found = gather_metadata([media], tags)
    said = {one.name: (one.values[0], one.source) for one in found.fields}
    assert said == {
        "title": ("Jóga", "nfo"),
        "artist": ("Info", "info.json"),
        "album": ("Info", "info.json"),
        "genre": ("Art pop", "nfo"),
        "year": ("1990", "tags"),
        "description": ("of the site", "info.json"),
    }
    assert [one.name for one in found.fields] == list(said)


@pytest.mark.parametrize(
    ("names", "has_picture", "expected"),
    [
        (["Song.jpg", "Song-poster.PNG", "Song-fanart.jpg", "folder.jpg"], True, "Song-poster.PNG"),
        (["Song.webp", "folder.jpg"], True, "Song.webp"),
        (["fanart.jpg", "Folder.JPG"], True, "Folder.JPG"),
        (["folder.jpg", "other.mp4"], True, None),
        (["folder.jpg", "other.mp4"], False, "folder.jpg"),
        (["Song2.jpg", "song.txt"], True, None),
    ],
)
def test_pictures(tmp_path: Path, names: list[str], has_picture: bool, expected: str) -> None:
    write(tmp_path, "Song.mp4", *names)
    found = find_side_cars(tmp_path / "Song.mp4", has_picture=has_picture)
    assert found.artwork == expected


def test_a_picture_is_named_where_its_name_can_be_stored(tmp_path: Path) -> None:
    media = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    write(tmp_path, media.name, f"{media.stem}.jpg")
    assert gather_metadata([media], {}).artwork is None
    write(tmp_path, "folder.jpg", "Song.mp4", "Song.jpg")
    assert gather_metadata([media, tmp_path / "Song.mp4"], {}).artwork == "Song.jpg"


def test_a_scan_opens_no_side_cars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "Song.mp4", "Song.nfo", "Song.info.json", "Song.JPG", "unknown", text="x")
    (tmp_path / "Live.nfo").mkdir()
    write(tmp_path / "Live.nfo", "Other.mp4")
    opened: list[str] = []

    def note(path: str, flags: int) -> int:
        opened.append(Path(path).name)
        return open_at_once(path, flags)

    monkeypatch.setattr(scan, "open_at_once", note)
    found = [file.path.name for file in scan.scan_places([tmp_path]).files]
    assert (sorted(found), opened) == (["Other.mp4", "Song.mp4"], ["unknown"])


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    """Those of a folder, of an artist and of an album are no music video's."""
    write(tmp_path, "Song.mp4", "movie.nfo", "artist.nfo", "album.nfo", "Song2.nfo", text=NFO)
    assert not list(find_side_cars(tmp_path / "Song.mp4").texts)
    (tmp_path / "gone").symlink_to("nowhere")
    assert mark_side_cars([tmp_path / "no" / "x.mp4"]).startswith("1:")


def test_an_index_run_reads_what_changed_without_decoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names follow the files beside a video also when they come later, change and go."""
    song = tmp_path / "music" / "Wrong - Name.ogg"
    song.parent.mkdir()
    gain = ("-metadata", "REPLAYGAIN_TRACK_GAIN=-4.5 dB", "-metadata", "date=2020")
    run_ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=2", *gain, song)
    notes: list[str] = []

    class Notes(Silence):
        def note(self, line: str) -> None:
            notes.append(line)

    with Library.open(tmp_path / "library", create=True) as library:

        def index() -> tuple[str, str | None, int | None]:
            index_paths(
                [song.parent],
                library,
                Encoders("toy"),
                IndexOptions(lyrics="off"),
                progress=Notes(),
            )
            [video] = library.catalog.videos()
            assert (video.gain_db, video.peak) == (-4.5, None)
            return video.title, video.artist, video.year

        assert index() == ("Name", "Wrong", 2020)
        monkeypatch.setattr(stages, "analyse_probed", lambda *_: pytest.fail("it was decoded"))
        probed = []
        probe = stages.probe_file
        monkeypatch.setattr(stages, "probe_file", lambda path: probed.append(path) or probe(path))
        assert index() == ("Name", "Wrong", 2020)
        assert (probed, notes[1:]) == ([], [])
        song.with_suffix(".nfo").write_text(NFO, encoding="utf-8")
        assert index() == ("Jóga", "Wrong", 2020)
        assert notes[-1] == "Files with names and pictures beside 1 video have changed"
        assert len(library.catalog.videos(Filter(genre="ART POP", about="joga"))) == 1
        assert index() == ("Jóga", "Wrong", 2020)
        song.with_suffix(".nfo").unlink()
        write(song.parent, "cover.jpg")
        assert index() == ("Name", "Wrong", 2020)
        assert library.catalog.videos()[0].artwork == "cover.jpg"
        assert library.catalog.facets()["genre"] == []
