"""Names of keys, their hours on Camelot's wheel, and which go together."""

from pathlib import Path

import pytest

from mvsearch.store.records import KEYS, TempoAndKey, Video
from mvsearch.store.records.tempo_and_key import CAMELOT, list_harmonic, parse_key

# As printed on the wheel.
WHEEL = {
    "8B": "C major",
    "9B": "G major",
    "12B": "E major",
    "1B": "B major",
    "2B": "F# major",
    "3B": "Db major",
    "7B": "F major",
    "8A": "A minor",
    "5A": "C minor",
    "11A": "F# minor",
    "1A": "G# minor",
    "2A": "Eb minor",
    "4A": "F minor",
}


def test_each_key_has_its_own_hour() -> None:
    assert {code: key for key, code in CAMELOT.items()}.items() >= WHEEL.items()
    assert len(set(CAMELOT.values())) == len(KEYS) == 24


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Am", "A minor"),
        ("a-moll", "A minor"),
        ("A MINOR", "A minor"),
        ("8a", "A minor"),
        ("08A", "A minor"),
        ("C", "C major"),
        ("c# min", "C# minor"),
        ("Dbm", "C# minor"),
        ("D♭ major", "Db major"),
        ("Es-Dur", "Eb major"),
        ("fis moll", "F# minor"),
        ("Cb", "B major"),
        (" 12B ", "E major"),
        ("AM", "A major"),
        *(
            (text, None)
            for text in ("", "H", "13A", "0B", "8C", "A minor 7", "major", "8", "A" * 99)
        ),
    ],
)
def test_keys_are_read_as_people_write_them(text: str, key: str | None) -> None:
    assert parse_key(text) == key


def test_what_goes_with_a_key_shares_its_notes() -> None:
    scale = {0, 2, 4, 5, 7, 9, 11}

    def list_notes(key: str) -> set[int]:
        at = KEYS.index(key)
        # The notes of a minor key are those of its relative major, three semitones up.
        return {(note + at + 3 * (at >= 12)) % 12 for note in scale}

    for key in KEYS:
        near = {other for other in KEYS if len(list_notes(key) & list_notes(other)) >= 6}
        listed = list_harmonic(key)
        assert listed[0] == key
        assert len(set(listed)) == 4
        # Six common notes: the hours beside it on both sides of the wheel; the relative has all.
        assert set(listed) <= near
        same_mode = {other for other in near if other.split()[1] == key.split()[1]}
        assert same_mode <= set(listed)
        relative = next(other for other in listed if other.split()[1] != key.split()[1])
        assert list_notes(relative) == list_notes(key)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bpm": 0.0},
        {"bpm": float("nan")},
        {"bpm": 1e9},
        {"key": "H major"},
        {"key_confidence": 1.5},
        {"revision": ""},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"tempo|key|confidence|revision"):
        TempoAndKey(**{"revision": "1", **wrong})  # type: ignore[arg-type]


def test_a_video_tells_its_key_as_djs_do() -> None:
    video = Video("ab", Path("a.mp4"), "a", bpm=124.0, bpm_confidence=0.9, key="A minor")
    assert video.camelot == "8A"
    assert video.to_dict()["camelot"] == "8A"
    assert TempoAndKey("1", 124.0, 0.9, "A minor", 0.8).to_dict() == {
        "bpm": 124.0,
        "bpm_confidence": 0.9,
        "key": "A minor",
        "camelot": "8A",
        "key_confidence": 0.8,
    }
