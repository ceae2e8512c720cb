"""Written `.nfo` files: read by us and by a reference parser, and nothing of others lost."""

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mvsearch.indexer.metadata.nfo import read_nfo
from mvsearch.search.metadata.export_nfo import NfoTarget, export_nfo
from mvsearch.store.records import Metadata, MetadataField, Video

ID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
HOSTILE = ']]></title><title>&lol; "<!-- \x00\x1b \ufffe 𝄞 é'
OLD = f"""<musicvideo><title>Old</title><playcount>3</playcount><genre>Jazz</genre>
<actor><name>A &amp; B</name></actor><!-- mine --><thumb>https://example.invalid/a.jpg</thumb>
<uniqueid type="MusicBrainzTrackID">{ID.replace("b", "c")}</uniqueid></musicvideo>
https://example.invalid/title"""


def make(folder: Path, title: str = "Salt", name: str = "Song.mp4") -> tuple[Video, Metadata]:
    path = folder / name
    path.write_bytes(b"media")
    fields = (
        MetadataField("title", (title,), "tags"),
        MetadataField("artist", ("One", "Two & Three"), "info.json"),
        MetadataField("album", ("Tides",), "tags"),
        MetadataField("track", ("3",), "tags"),
        MetadataField("genre", ("Synth pop", "New wave"), "tags"),
        MetadataField("director", ("Someone",), "info.json"),
        MetadataField("studio", ("Red",), "tags"),
        MetadataField("year", ("1984",), "tags"),
        MetadataField("released", ("1984-05-01",), "info.json"),
        MetadataField("rating", ("8.5",), "info.json"),
        MetadataField("runtime", ("4",), "info.json"),
        MetadataField("description", ("About\nthe <sea>",), "info.json"),
        MetadataField("keyword", ("a", "b"), "info.json"),
        MetadataField("musicbrainz_recording", (ID,), "tags"),
        MetadataField("musicbrainz_artist", (ID, ID.replace("a", "b")), "tags"),
    )
    return Video(f"id{name}", path, title, "One", 200.0, year=1984), Metadata(fields)


@pytest.mark.parametrize("title", ["Salt", HOSTILE, "/../../etc", "\ud800"])
def test_both_read_what_was_written(tmp_path: Path, title: str) -> None:
    video, metadata = make(tmp_path, title)
    done = export_nfo([(video, metadata)], NfoTarget())
    assert done.written == (tmp_path / "Song.nfo",)
    root = ElementTree.fromstring((tmp_path / "Song.nfo").read_bytes())
    assert root.tag == "musicvideo"
    assert [one.text for one in root.findall("artist")] == ["One", "Two & Three"]
    assert root.findtext("plot") == "About\nthe <sea>"
    assert [one.get("type") for one in root.findall("uniqueid")] == [
        "MusicBrainzTrackID", "MusicBrainzArtistID", "MusicBrainzArtistID",
    ]  # fmt: skip
    read = read_nfo(tmp_path / "Song.nfo")
    own = {one.name: one.values for one in metadata.fields}
    assert {name: value for name, value in read.items() if name != "title"} == {
        name: value for name, value in own.items() if name != "title"
    }
    assert len(root.findall("title")) == 1
    assert "\0" not in (root.findtext("title") or "")
    assert title != "Salt" or read["title"] == ("Salt",)
    # A second time nothing changes, and no backup piles up.
    again = export_nfo([(video, metadata)], NfoTarget(has_overwrite=True))
    assert (again.written, again.kept) == ((), (tmp_path / "Song.nfo",))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["Song.mp4", "Song.nfo"]


def test_what_is_there_is_kept_and_replaced_on_request_only(tmp_path: Path) -> None:
    video, metadata = make(tmp_path)
    old = tmp_path / "song.NFO"
    old.write_text(OLD)
    assert export_nfo([(video, metadata)], NfoTarget()).kept == (old,)
    assert old.read_text() == OLD
    assert export_nfo([(video, metadata)], NfoTarget(has_overwrite=True)).written == (old,)
    assert (tmp_path / "song.NFO.bak").read_text() == OLD
    document, _, rest = old.read_text().partition("</musicvideo>")
    root = ElementTree.fromstring(document + "</musicvideo>")
    assert rest.strip() == "https://example.invalid/title"
    assert "<!-- mine -->" in document
    found = [root.findtext(name) for name in ("title", "playcount", "actor/name", "thumb")]
    assert found == ["Salt", "3", "A & B", "https://example.invalid/a.jpg"]
    assert [one.text for one in root.findall("genre")] == ["Synth pop", "New wave"]
    assert next(one.text for one in root.findall("uniqueid")) == ID
    old.write_text(OLD.replace("Jazz", "Blues"))
    export_nfo([(video, metadata)], NfoTarget(has_overwrite=True))
    assert "Blues" in (tmp_path / "song.NFO.bak2").read_text()


def test_a_file_that_is_too_deep_is_kept_as_backup(tmp_path: Path) -> None:
    video, metadata = make(tmp_path)
    deep = "<musicvideo>" + "<a>" * 5000 + "</a>" * 5000 + "</musicvideo>"
    (tmp_path / "Song.nfo").write_text(deep)
    assert export_nfo([(video, metadata)], NfoTarget(has_overwrite=True)).problems == ()
    assert read_nfo(tmp_path / "Song.nfo")["title"] == ("Salt",)
    assert (tmp_path / "Song.nfo.bak").read_text() == deep


def test_what_is_known_from_the_file_itself_stays_as_it_is(tmp_path: Path) -> None:
    video, _ = make(tmp_path)
    (tmp_path / "Song.nfo").write_text(OLD)
    known = Metadata(
        (MetadataField("title", ("Old",), "nfo"), MetadataField("genre", ("J",), "nfo"))
    )
    export_nfo([(video, known)], NfoTarget(has_overwrite=True))
    root = ElementTree.fromstring((tmp_path / "Song.nfo").read_bytes().partition(b"\nhttps")[0])
    assert [root.findtext(name) for name in ("title", "genre", "year")] == ["Old", "Jazz", "1984"]


def test_a_folder_of_all(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    videos = [make(tmp_path / "a"), make(tmp_path / "b", "Pepper")]
    videos = [
        (Video(f"{n}" * 12, one.path, one.title), more) for n, (one, more) in enumerate(videos)
    ]
    done = export_nfo(videos, NfoTarget(tmp_path / "out" / "deep"))
    assert [path.name for path in done.written] == ["Song.nfo", "Song [11111111].nfo"]


def test_problems_are_one_line_each(tmp_path: Path) -> None:
    linked, there = make(tmp_path, name="a.mp4"), make(tmp_path, name="b.mp4")
    other, gone = make(tmp_path, name="b.mkv"), make(tmp_path, name="c.mp4")
    (tmp_path / "a.nfo").symlink_to(tmp_path / "nowhere")
    gone[0].path.unlink()
    done = export_nfo([linked, there, other, gone], NfoTarget(has_overwrite=True))
    assert done.written == (tmp_path / "b.nfo",)
    for line, wanted in zip(done.problems, ("is a link", "is that of", "is missing"), strict=True):
        assert wanted in line
        assert "\n" not in line
    assert not (tmp_path / "nowhere").exists()
    if os.geteuid():
        tmp_path.chmod(0o500)
        [line] = export_nfo([there], NfoTarget(tmp_path / "no")).problems
        tmp_path.chmod(0o700)
        assert "cannot write to" in line
