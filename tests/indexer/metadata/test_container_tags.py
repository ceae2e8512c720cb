"""ReplayGain, MusicBrainz ids and names in the tags of files."""

import pytest

from mvsearch.indexer.metadata.container_tags import read_gains, read_tags
from mvsearch.store.records import METADATA_SOURCES, Metadata, MetadataField

ID = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"replaygain_track_gain": "-7.25 dB", "replaygain_track_peak": "0.98"},
         {"track_gain": ("-7.25",), "track_peak": ("0.980000",)}),
        ({"replaygain_album_gain": "+3,5dB"}, {"album_gain": ("3.50",)}),
        ({"replaygain_gain": "1 dB", "replaygain_peak": "1.01"},
         {"track_gain": ("1.00",), "track_peak": ("1.010000",)}),
        # RFC 7845: -573 is -2.24 dB to -23 LUFS, so +2.76 dB to -18 LUFS.
        ({"r128_track_gain": "-573", "replaygain_track_gain": "9 dB"}, {"track_gain": ("2.76",)}),
        ({"r128_track_gain": "-1280", "replaygain_track_gain": "9 dB"}, {"track_gain": ("0.00",)}),
        ({"r128_album_gain": "111", "r128_track_gain": "1e3"}, {"album_gain": ("5.43",)}),
        *(({"replaygain_track_gain": bad, "replaygain_track_peak": bad}, {})
          for bad in ("nan", "inf", "-99 dB", "", "loud", "1e999", "9" * 200, "--1")),
        ({"replaygain_track_gain": "0", "replaygain_track_peak": "0"}, {"track_gain": ("0.00",)}),
    ],
)  # fmt: skip
def test_gains(tags: dict[str, str], expected: dict[str, tuple[str, ...]]) -> None:
    assert read_gains(tags) == expected


def test_the_gain_of_the_album_stands_in_for_that_of_the_track() -> None:
    fields = [MetadataField("album_gain", ("-3.00",), "tags")]
    fields.append(MetadataField("album_peak", ("0.500000",), "tags"))
    assert (Metadata(tuple(fields)).gain_db, Metadata(tuple(fields)).peak) == (-3.0, 0.5)
    fields.append(MetadataField("track_gain", ("-6.00",), "tags"))
    assert (Metadata(tuple(fields)).gain_db, Metadata(tuple(fields)).peak) == (-6.0, None)


def test_names_and_ids() -> None:
    tags = {
        "title": "Salt", "album_artist": "The Band", "album": "Tides",
        "genre": "Synth pop; New wave",
        "date": "1984-05-01", "track": "3/12", "comment": "https://example.invalid/watch?v=1",
        "musicbrainz album id": f"{ID}/{ID}", "MUSICBRAINZ_TRACKID".lower(): f" {ID.upper()} ",
        "musicbrainz_artistid": "none", "label": "Red", "description": "About\nthe sea",
    }  # fmt: skip
    assert read_tags(tags) == {
        "title": ("Salt",),
        "artist": ("The Band",),
        "album_artist": ("The Band",),
        "album": ("Tides",),
        "genre": ("Synth pop", "New wave"),
        "studio": ("Red",),
        "year": ("1984",),
        "track": ("3",),
        "url": ("https://example.invalid/watch?v=1",),
        "description": ("About\nthe sea",),
        "musicbrainz_release": (ID,),
        "musicbrainz_recording": (ID,),
    }


def test_sources_are_in_the_documented_order() -> None:
    assert METADATA_SOURCES == ("nfo", "info.json", "tags", "name")
