"""What yt-dlp writes beside downloads, and nothing out of hostile files."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from mvsearch.indexer.metadata.info_json import MAX_BYTES, MAX_DEPTH, read_info_json

WHOLE = {
    "id": "dQw4w9WgXcQ",
    "title": "The Band - Salt (Official Video)",
    "track": "Salt",
    "artists": ["The Band", "A Guest"],
    "album": "Tides",
    "release_year": 1984,
    "upload_date": "20091025",
    "uploader": "bandvevo",
    "channel": "The Band",
    "tags": ["synth", "sea", "synth"],
    "categories": ["Music"],
    "description": "A song\r\nof the sea \x1b[31m",
    "webpage_url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "chapters": [
        {"start_time": 61.5, "title": "Chorus"},
        {"start_time": 0, "title": "Intro"},
        {"start_time": "x", "title": "no"},
        {"start_time": 9},
    ],
    "formats": [{"url": "https://example.invalid"}] * 3,
}


def read(folder: Path, given: Any) -> dict[str, Any]:
    place = folder / "a.info.json"
    data = given if isinstance(given, bytes) else json.dumps(given).encode()
    place.write_bytes(data)
    return read_info_json(place)


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == {
        "title": ("Salt",),
        "artist": ("The Band", "A Guest"),
        "album": ("Tides",),
        "year": ("1984",),
        "uploaded": ("2009-10-25",),
        "description": ("A song\nof the sea [31m",),
        "keyword": ("synth", "sea", "Music"),
        "channel": ("The Band",),
        "url": ("https://www.youtube.com/watch?v=dQw4w9WgXcQ",),
        "source_id": ("dQw4w9WgXcQ",),
        "chapter": ("0.000 Intro", "61.500 Chorus"),
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"title": "Björk - Jóga (Official Video)", "uploader": "u"},
         {"title": ("Jóga",), "artist": ("Björk",), "channel": ("u",)}),
        ({"title": 7, "artist": ["x", 3, None], "tags": "one", "track": {}},
         {"artist": ("x",), "keyword": ("one",)}),
        ({"_type": "playlist", "title": "all"}, {}),
        ({"webpage_url": "javascript:alert(1)", "upload_date": "20091399", "id": 4}, {}),
        (b'{"title": "a", "title": "b"}', {"title": ("b",)}),
        (b'{"album": NaN, "title": "b", "chapters": [{"start_time": NaN, "title": "x"}]}',
         {"title": ("b",)}),
        (b'{"release_year": ' + b"9" * 5000 + b"}", {}),
        ({"title": "b", "chapters": [{"start_time": 10**400, "title": "x"}]}, {"title": ("b",)}),
        (b'{"title": "\\ud800x"}', {"title": ("\ufffdx",)}),
        (b"[1]", {}), (b"{", {}), (b"", {}), (b"\xff\xfe{", {}),
        (b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", {}),
        (b'{"title": "[[[[[\\"' + b"[" * 99 + b'"}', {"title": ('[[[[["' + "[" * 99,)}),
        (b'{"title": "x"' + b" " * MAX_BYTES + b"}", {}),
        ({"title": "x", "tags": ["t"] * 5000 + [f"t{n}" for n in range(5000)]},
         {"title": ("x",), "keyword": ("t",)}),
    ],
)  # fmt: skip
def test_what_a_file_says(tmp_path: Path, given: Any, expected: dict[str, Any]) -> None:
    assert read(tmp_path, given) == expected


def test_brackets_are_counted_before_parsing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = b'{"title": "x", "a": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"
    monkeypatch.setattr(json, "loads", lambda *_: pytest.fail("it was parsed"))
    assert read(tmp_path, deep) == {}


@pytest.mark.robustness
def test_many_keys_are_read_in_seconds(tmp_path: Path) -> None:
    for n_keys, expected in ((600_000, {"title": ("x",)}), (1_000_000, {})):
        data = b"{" + b",".join(b'"%d":1' % n for n in range(n_keys)) + b', "title": "x"}'
        begun = time.process_time()
        assert read(tmp_path, data) == expected
        assert time.process_time() - begun < 10
