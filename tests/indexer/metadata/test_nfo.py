"""What Kodi's and Jellyfin's files say of music videos, and nothing out of others."""

from pathlib import Path
from typing import Any

import pytest

from mvsearch.indexer.metadata import nfo
from mvsearch.indexer.metadata.nfo import MAX_BYTES, read_nfo

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SONG = "<musicvideo><title>Jóga</title><artist>Björk</artist><year>1997</year></musicvideo>"
READ = {"title": ("Jóga",), "artist": ("Björk",), "year": ("1997",)}
ID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
OTHER = "8c538f11-c141-4588-8ecb-931083524186"
# As Kodi exports one, with what Jellyfin adds.
WHOLE = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>
<!-- made by hand -->
<musicvideo>
    <title>Bachelorette</title>
    <userrating>8</userrating>
    <ratings><rating name="a" max="5"><value>1</value></rating>
        <rating name="b" max="100" default="true"><value>85.5</value><votes>3</votes></rating>
    </ratings>
    <track>4</track><album>Homogenic</album>
    <plot>A woman finds a book.&#13;\n\n\n\nIt  writes itself.\x7f</plot>
    <runtime>5</runtime>
    <thumb aspect="poster">https://example.invalid/a.jpg</thumb><thumb>../../secret.jpg</thumb>
    <genre>Trip hop / Electronica</genre><genre>Art pop</genre>
    <tag>book</tag><tag>theatre</tag>
    <director>Michel Gondry</director><studio>One Little Indian</studio><studio>Elektra</studio>
    <premiered>1997-12-01</premiered>
    <artist>Björk</artist><artist>Howie B</artist>
    <musicbrainzartistid>{OTHER.upper()}</musicbrainzartistid>
    <uniqueid type="MusicBrainzTrackID" default="true">{ID}</uniqueid>
    <uniqueid type="youtube">JNJv-Ebi67I</uniqueid>
    <fileinfo><streamdetails><video><codec>h264</codec></video></streamdetails></fileinfo>
</musicvideo>
"""


def read(folder: Path, text: str | bytes) -> dict[str, Any]:
    place = folder / "clip.nfo"
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_nfo(place)


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == {
        "title": ("Bachelorette",),
        "artist": ("Björk", "Howie B"),
        "album": ("Homogenic",),
        "track": ("4",),
        "genre": ("Trip hop", "Electronica", "Art pop"),
        "director": ("Michel Gondry",),
        "studio": ("One Little Indian", "Elektra"),
        "year": ("1997",),
        "released": ("1997-12-01",),
        "rating": ("8.55",),
        "runtime": ("5",),
        "description": ("A woman finds a book.\n\nIt writes itself.",),
        "keyword": ("book", "theatre"),
        "musicbrainz_artist": (OTHER,),
        "musicbrainz_recording": (ID,),
        "source_id": ("JNJv-Ebi67I",),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + SONG, READ),
        (SONG + "\nhttps://www.imdb.com/title/tt0", READ),
        ("<musicvideo><title> A\n&amp; B </title><artist>X</artist><artist>Y</artist>"
         "<artist>X</artist></musicvideo>", {"title": ("A & B",), "artist": ("X", "Y")}),
        ("<musicvideo><year>0</year><track>-1</track><rating>nan</rating>"
         "<runtime>x</runtime><premiered>1997-13-01</premiered></musicvideo>", {"year": ("1997",)}),
        ("<musicvideo><uniqueid type='MusicBrainzTrackID'>../../x</uniqueid></musicvideo>", {}),
        ("<movie><title>no song</title></movie>", {}),
        ("<a><musicvideo><title>inside</title></musicvideo></a>", {}),
        ("▄▄▄ RELEASE NOTES ▄▄▄", {}),
        ("<musicvideo><title>cut", {}),
        ("<musicvideo><title>one</musicvideo>", {}),
        ('<!DOCTYPE musicvideo [<!ENTITY a "b">]>' + SONG, {}),
        ('<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/passwd">]><musicvideo><title>&a;</title>'
         "</musicvideo>", {}),
        ('<?xml version="1.0" encoding="nonsense"?>' + SONG, {}),
        (SONG + " " * MAX_BYTES, {}),
        ("<musicvideo>" + "<a>" * 50_000 + "</musicvideo>", {}),
        ("<musicvideo>" + "<a>" * 20_000 + "</a>" * 20_000 + "</musicvideo>", {}),
    ],
)  # fmt: skip
def test_what_a_file_says(tmp_path: Path, text: str, expected: dict[str, Any]) -> None:
    assert read(tmp_path, text) == expected


def test_a_file_is_read_in_one_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each beginning times the rest of so large a file would take hours."""
    monkeypatch.setattr(nfo, "MAX_BYTES", 2**24)
    for text in ("<musicvideo ", "</musicvideo "):
        assert read(tmp_path, text * 1_000_000) == {}


def test_links_and_folders_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "other").write_text(SONG, encoding="utf-8")
    (tmp_path / "a.nfo").symlink_to(tmp_path / "other")
    (tmp_path / "b.nfo").mkdir()
    assert [read_nfo(tmp_path / name) for name in ("a.nfo", "b.nfo", "c.nfo")] == [{}] * 3
