"""Metadata in the API, over HTTP, for `connect`, in commands and on the page of a video."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from xml.etree import ElementTree

import pytest
from PIL import Image

import mvsearch
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.metadata.artwork import is_artwork
from mvsearch.store.errors import MediaError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import Location, MetadataField, Video
from tests.serving import AnyLibrary, serving
from tests.store.examples import METADATA

Run = Callable[..., tuple[int, str, str]]
RECORDING = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A library of one video that has everything, and a picture beside it."""
    path = tmp_path / "videos" / "Song.mp4"
    path.parent.mkdir()
    path.write_bytes(b"media")
    Image.linear_gradient("L").resize((700, 900)).save(path.with_name("Song-poster.jpg"))
    gains = MetadataField("track_gain", ("-7.50",), "tags")
    chapters = MetadataField("chapter", ("61.500 Chorus",), "info.json")
    known = replace(METADATA, fields=(*METADATA.fields, chapters, gains))
    video = Video(
        "ab12", path, "Song", "<b>Artist</b>", 61.5, gain_db=-7.5, artwork="Song-poster.jpg"
    )
    with Library.open(tmp_path / "library", create=True) as library:
        library.catalog.adopt_profile("toy", Encoders("toy").spaces())
        library.catalog.add_video(video, Location(path, "ab12", path.parent, 5, 1), known)
    return tmp_path / "library"


@pytest.fixture(params=["here", "there"])
def library(place: Path, request: pytest.FixtureRequest) -> Iterator[AnyLibrary]:
    with mvsearch.open(place) as opened:
        if request.param == "here":
            yield opened
        else:
            with serving(opened) as address, mvsearch.connect(address) as connected:
                yield connected


def test_what_is_known_is_told_with_its_source(library: AnyLibrary) -> None:
    entry = library.show(RECORDING)
    assert entry.metadata.fields[: len(METADATA.fields) - 1] == METADATA.fields[:-1]
    assert (entry.video.gain_db, entry.video.peak) == (-7.5, None)
    told = entry.to_dict()["metadata"]
    assert told["genre"] == {"values": ["Rock", "Indie rock"], "source": "tags"}
    assert told["chapter"] == {"values": ["61.500 Chorus"], "source": "info.json"}
    assert library.facets()["genre"] == [("Indie rock", 1), ("Rock", 1)]
    found = library.videos(mvsearch.Filter(album="tides", about="shore", musicbrainz=RECORDING))
    assert [one.id for one in found] == ["ab12"]
    assert library.videos(mvsearch.Filter(studio="none")) == []


def test_the_picture_beside_a_video_is_made_small(library: AnyLibrary) -> None:
    image = library.picture("ab12", max_side=100)
    assert image is not None
    assert is_artwork(image)
    with Image.open(io.BytesIO(image)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (78, 100))
    with pytest.raises(MvsearchError):
        library.picture("zz")


def test_pictures_are_found_beside_a_video_only(place: Path) -> None:
    outside = place.parent / "secret.jpg"
    Image.new("RGB", (9, 9)).save(outside)
    beside = place.parent / "videos"
    (beside / "link.jpg").symlink_to(outside)
    (beside / "text.jpg").write_text("no picture")
    (beside / "cut.jpg").write_bytes((beside / "Song-poster.jpg").read_bytes()[:99])
    (beside / "huge.gif").write_bytes(b"GIF89a" + b"\xff\xff\xff\xff" + b"\0" * 20)
    with Library.open(place) as library, mvsearch.open(place) as opened:
        video = library.catalog.video("ab12")
        spot = library.catalog.locations(video_id="ab12")[0]
        for name in ("../secret.jpg", str(outside), "link.jpg", "text.jpg", "none.jpg", "..", ""):
            library.catalog.add_video(replace(video, artwork=name), spot)
            assert opened.picture("ab12") is None, name
        for name in ("cut.jpg", "huge.gif"):
            library.catalog.add_video(replace(video, artwork=name), spot)
            with pytest.raises(MediaError):
                opened.picture("ab12")


def test_files_are_written_on_request(library: AnyLibrary, place: Path) -> None:
    document = ElementTree.fromstring(library.nfo("ab12"))
    assert document.findtext("artist") == "<b>Artist</b>"
    beside = place.parent / "videos" / "Song.nfo"
    done = library.export_nfo()
    assert (done.written, done.problems) == ((beside,), ())
    assert beside.read_bytes() == library.nfo("ab12")
    assert library.export_nfo("Song", overwrite=True).kept == (beside,)
    out = place.parent / "out"
    assert library.export_nfo("ab12", out=out).written == (out / "Song.nfo",)
    assert (out / "Song.nfo").read_bytes() == beside.read_bytes()
    with pytest.raises(MvsearchError):
        library.export_nfo("nothing")


def test_a_server_that_only_reads_writes_nothing(place: Path) -> None:
    with mvsearch.open(place) as opened, serving(opened, is_read_only=True) as address:
        with mvsearch.connect(address) as connected, pytest.raises(MvsearchError):
            connected.export_nfo()
        page = urlopen(f"{address}/video/ab12").read().decode()
        for wanted in ("album=Tides", "1:01 Chorus", 'data-gain="-7.5"', "About the sea<br>"):
            assert wanted in page, wanted
        assert "<b>Artist" not in page
        picture = urlopen(f"{address}/api/v1/videos/ab12/picture?size=32")
        assert picture.headers["content-type"] == "image/webp"
    assert not (place.parent / "videos" / "Song.nfo").exists()


def test_commands(place: Path, shell: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVSEARCH_LIBRARY", str(place))

    def run(*words: Any) -> tuple[int, str, str]:
        return shell(*words)

    code, said, _ = run("show", "song")
    assert code == 0
    for line in ("genre     Rock, Indie rock (tags)", "chapter   1:01 Chorus (info.json)",
                 "track gain -7.50 dB (tags)"):  # fmt: skip
        assert line in said
    assert len(json.loads(run("list", "--genre", "ROCK", "--about", "sea", "--json")[1])) == 1
    assert json.loads(run("list", "--director", "rock", "--json")[1]) == []
    beside = place.parent / "videos" / "Song.nfo"
    assert run("export", "nfo", "--all") == (0, "1 file written\n", "")
    assert run("export", "nfo", "--all") == (0, "0 files written, 1 kept as they were\n", "")
    code, said, err = run("export", "nfo", "song")
    assert (code, said, err.count("\n")) == (2, "", 1)
    assert "--overwrite replaces it" in err
    beside.write_text("text art")
    assert run("export", "nfo", "song", "--overwrite", "--json")[0] == 0
    assert beside.with_name("Song.nfo.bak").read_text() == "text art"
    for words in (["export", "nfo"], ["export", "nfo", "a", "--all"], ["export", "nfo", "zz"],
                  ["list", "--musicbrainz", "x"], ["list", "--about", ""]):  # fmt: skip
        code, said, err = run(*words)
        assert (code, said, err.count("\n")) == (2, "", 1), words
