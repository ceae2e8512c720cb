"""Tempo and key of music, and which keys sound well one after the other.

Keys are numbered as DJs do it, on Camelot's wheel: its hours are the circle of fifths, "8B" is C
major and "8A" its relative, A minor. Keys of the same hour or of hours side by side share all notes
but one at most.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mvsearch.store.unicode import printable

# Slower or faster than any that is found, and than any that is asked for.
MAX_BPM = 1000.0
# Of what is stored and told.
BPM_DIGITS = 1
CONFIDENCE_DIGITS = 3

_MAJOR = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
# By pitch class from C: the major keys, then the minor ones, in their usual spelling.
KEYS: tuple[str, ...] = (
    *(f"{tonic} major" for tonic in _MAJOR),
    *(f"{tonic} minor" for tonic in _MINOR),
)
N_CLASSES = 12
_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_WRITTEN = re.compile(r"([a-g])(#|b|♯|♭|s|is|es)?[\s_-]*(major|minor|maj|min|dur|moll|m)?", re.I)
_CODE = re.compile(r"(0?[1-9]|1[0-2])\s*([ab])", re.I)


def _find_hour(key: str) -> int:
    """The hour of a key on Camelot's wheel, from 1 to 12."""
    at = KEYS.index(key)
    tonic = at if at < N_CLASSES else at + 3
    # Seven semitones up are a fifth, an hour on; C major has 8.
    return (7 * (tonic % N_CLASSES) + 7) % N_CLASSES + 1


CAMELOT: Mapping[str, str] = {
    key: f"{_find_hour(key)}{'B' if key.endswith('major') else 'A'}" for key in KEYS
}
_BY_CODE = {code: key for key, code in CAMELOT.items()}


def parse_key(text: str) -> str | None:
    """The key that a text names: "A minor", "Am", "a-moll", "8A"; None if it names none.

    A note alone is a major key, as in names of chords.
    """
    words = text.strip()
    code = _CODE.fullmatch(words)
    if code is not None:
        return _BY_CODE[f"{int(code[1])}{code[2].upper()}"]
    written = _WRITTEN.fullmatch(words)
    if written is None:
        return None
    note, sign, mode = written.groups()
    shift = {"#": 1, "♯": 1, "is": 1, None: 0}.get(sign and sign.lower(), -1)
    tonic = (_CLASSES[note.upper()] + shift) % N_CLASSES
    is_minor = mode is not None and (mode == "m" or mode.lower() in ("minor", "min", "moll"))
    return KEYS[tonic + N_CLASSES * is_minor]


def list_harmonic(key: str) -> tuple[str, ...]:
    """The keys that sound well after one: itself, the hours beside it, and its relative."""
    code = CAMELOT[key]
    hour, side = int(code[:-1]), code[-1]
    beside = [f"{(hour - 1 + step) % N_CLASSES + 1}{side}" for step in (-1, 1)]
    relative = f"{hour}{'A' if side == 'B' else 'B'}"
    return (key, *(_BY_CODE[one] for one in (*beside, relative)))


@dataclass(frozen=True, slots=True)
class TempoAndKey:
    """The tempo and the key of the sound of a video.

    Attributes:
        revision: of what measured them.
        bpm: beats a minute; None if there is no clear beat.
        bpm_confidence: about the probability that it, its half or its double is right.
        key: one of `KEYS`; None if there is no clear key.
        key_confidence: about the probability that it is right.
    """

    revision: str
    bpm: float | None = None
    bpm_confidence: float = 0.0
    key: str | None = None
    key_confidence: float = 0.0

    def __post_init__(self) -> None:
        """Check the range; NaN is in none."""
        if not 0 < len(self.revision) <= 80:
            raise ValueError("tempo and key have a revision")
        check_bpm(self.bpm)
        check_key(self.key)
        for value in (self.bpm_confidence, self.key_confidence):
            if not 0 <= value <= 1:
                raise ValueError(f"a confidence is from 0 to 1: {value}")

    def to_dict(self) -> dict[str, Any]:
        """Tempo and key in the form of the JSON output."""
        return {
            "bpm": self.bpm,
            "bpm_confidence": round(self.bpm_confidence, CONFIDENCE_DIGITS),
            "key": self.key,
            "camelot": None if self.key is None else CAMELOT[self.key],
            "key_confidence": round(self.key_confidence, CONFIDENCE_DIGITS),
        }


def check_bpm(bpm: float | None) -> None:
    """Raise ValueError if a tempo is out of range."""
    if bpm is not None and not 0 < bpm <= MAX_BPM:
        raise ValueError(f"a tempo is above 0 and up to {MAX_BPM:g} beats a minute: {bpm}")


def check_key(key: str | None) -> None:
    """Raise ValueError if there is no such key."""
    if key is not None and key not in CAMELOT:
        raise ValueError(f"no key is called {printable(key)[:40]}")
