"""Playlists hold artist, title and year, and hostile names stay text."""

from pathlib import Path
from xml.etree import ElementTree

from mvsearch.search.output.playlists import write_m3u8, write_xspf
from mvsearch.store.records import Video

SONGS = [
    Video("a", Path("/music/Björk – Jóga.mp4"), "Jóga", "Björk", 305.4, year=1997),
    Video("b", Path("/music/a\nb.mp4"), "<b>&\n#EXTM3U", None, 10.0),
]


def test_m3u8() -> None:
    assert write_m3u8("Night\n#x", SONGS).splitlines() == [
        "#EXTM3U",
        "#PLAYLIST:Night\ufffd#x",
        "#EXTINF:305,Björk - Jóga (1997)",
        "/music/Björk – Jóga.mp4",
        "#EXTINF:10,<b>&\ufffd#EXTM3U",
        "file:///music/a%0Ab.mp4",
    ]


def test_xspf() -> None:
    root = ElementTree.fromstring(write_xspf("<Night>", SONGS))
    space = "{http://xspf.org/ns/0/}"
    assert root.findtext(f"{space}title") == "<Night>"
    tracks = [
        {one.tag.removeprefix(space): one.text for one in track}
        for track in root.iter(space + "track")
    ]
    assert tracks == [
        {
            "location": "file:///music/Bj%C3%B6rk%20%E2%80%93%20J%C3%B3ga.mp4",
            "title": "Jóga",
            "creator": "Björk",
            "duration": "305400",
            "meta": "1997",
        },
        {"location": "file:///music/a%0Ab.mp4", "title": "<b>&\ufffd#EXTM3U", "duration": "10000"},
    ]
