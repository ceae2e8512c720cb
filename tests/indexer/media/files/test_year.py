"""The year of a file, by what ffmpeg wrote into its tags."""

from pathlib import Path

import pytest

from mvsearch.indexer.media.files.year import read_year
from mvsearch.indexer.media.probe import probe_file
from tests.media import run_ffmpeg


@pytest.mark.parametrize(
    ("tags", "year"),
    [
        ({"date": "1984"}, 1984),
        ({"date": "1984-05-01"}, 1984),
        ({"date": "1984-05-01T12:00:00Z"}, 1984),
        ({"date": "01.05.1984"}, 1984),
        ({"date": "19840501"}, 1984),
        ({"date": "2009", "originaldate": "1984-01-01"}, 1984),
        ({"date": "", "year": "1984"}, 1984),
        ({"date": "0000", "tyer": "1984"}, 1984),
        ({"date": "about ١٩٨٤"}, None),
        ({"date": "the eighties"}, None),
        ({"date": "1234567"}, None),
        ({"date": " " * 1000 + "1984"}, None),
        ({"creation_time": "1984-05-01"}, None),
        ({}, None),
    ],
)
def test_the_year_is_that_of_the_recording(tags, year) -> None:
    assert read_year(tags) == year


@pytest.mark.parametrize("ending", ["mp4", "ogg"])
def test_every_container_tells_its_year(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"song.{ending}"
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=0.2", "-metadata", "date=1984-05-01", path)
    assert probe_file(path).year == 1984
    assert probe_file(path).tags["date"] == "1984-05-01"
