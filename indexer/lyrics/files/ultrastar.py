"""Reads UltraStar songs: notes with syllables, timed in quarter beats."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from mvsearch.indexer.lyrics.files.cleaning import MAX_LINE_LETTERS, clean_line
from mvsearch.indexer.lyrics.files.languages import find_language
from mvsearch.indexer.lyrics.files.timing import Cue, Parsed, clip_seconds, close_cues
from mvsearch.store.records import Word
from mvsearch.store.unicode import truncate

QUARTERS_PER_BEAT = 4
_HEADER = re.compile(r"#\s?([A-Za-z0-9]{1,30})\s?:(.*)")
_NOTE = re.compile(r"[:*FRG]\s?(-?\d{1,7})\s(\d{1,7})\s(-?\d{1,7})(?:\s(.*))?")
_BREAK = re.compile(r"-\s?(-?\d{1,7})(?:\s(-?\d{1,7}))?\s?")
_TEMPO = re.compile(r"B\s?(-?\d{1,7})\s(\d{1,6}(?:[.,]\d{1,6})?)\s?")
_PLAYER = re.compile(r"P\s?[1-9]\s?")
_NUMBER = re.compile(r"-?\d{1,9}(?:[.,]\d{1,9})?")
_MEDIA_HEADERS = ("MP3", "AUDIO", "VIDEO")


@dataclass(frozen=True, slots=True)
class _Syllable:
    """A note: its text with the spaces around it, its quarter beats."""

    text: str
    start: int
    end: int


@dataclass(slots=True)
class _Word:
    """A word whose syllables are being read."""

    parts: list[str]
    start_seconds: float
    end_seconds: float

    def join(self) -> Word:
        """The word as a whole."""
        text = truncate("".join(self.parts), MAX_LINE_LETTERS)
        return Word(text, self.start_seconds, self.end_seconds)


@dataclass(slots=True)
class _Clock:
    """Seconds of a quarter beat, through changes of tempo."""

    starts: list[int]
    seconds: list[float]
    tempos: list[float]

    def read(self, beat: int) -> float:
        """Seconds of a quarter beat."""
        at = max(bisect_right(self.starts, beat) - 1, 0)
        rate = 60 / (self.tempos[at] * QUARTERS_PER_BEAT)
        return self.seconds[at] + (beat - self.starts[at]) * rate

    def change(self, beat: int, tempo: float) -> None:
        """Go on with another tempo (beats a minute) from a quarter beat on."""
        if tempo > 0 and beat >= self.starts[-1]:
            seconds = self.read(beat)
            self.starts.append(beat)
            self.seconds.append(seconds)
            self.tempos.append(tempo)


@dataclass(slots=True)
class _Score:
    """What has been read of the notes so far."""

    clock: _Clock
    is_relative: bool
    origin: int = 0
    open_line: list[_Syllable] = field(default_factory=list)
    lines: list[list[_Syllable]] = field(default_factory=list)

    def end_line(self) -> None:
        """Begin a new line."""
        if self.open_line:
            self.lines.append(self.open_line)
        self.open_line = []

    def take(self, row: str) -> None:
        """Read a row below the headers; what is no row of the format is passed over."""
        if note := _NOTE.fullmatch(row):
            start = self.origin + int(note[1])
            self.open_line.append(_Syllable(note[4] or "", start, start + int(note[2])))
        elif line_break := _BREAK.fullmatch(row):
            self.end_line()
            if self.is_relative:
                self.origin += int(line_break[2] or line_break[1])
        elif tempo := _TEMPO.fullmatch(row):
            self.clock.change(self.origin + int(tempo[1]), float(tempo[2].replace(",", ".")))
        elif _PLAYER.fullmatch(row):
            self.end_line()
            self.origin = 0


def is_ultrastar(text: str) -> bool:
    """Whether text has UltraStar's headers and a note."""
    headers = read_headers(text)
    return "BPM" in headers and any(_NOTE.fullmatch(row) for row in text.splitlines())


def read_headers(text: str) -> dict[str, str]:
    """The headers `#NAME:value`, names in capitals; the first of a name counts."""
    headers: dict[str, str] = {}
    for row in text.splitlines():
        if header := _HEADER.match(row.strip()):
            headers.setdefault(header[1].upper(), header[2].strip())
    return headers


def read_media_names(text: str) -> frozenset[str]:
    """The names of the sound and video files that the song is for."""
    headers = read_headers(text)
    return frozenset(headers[key] for key in _MEDIA_HEADERS if headers.get(key))


def parse_ultrastar(text: str) -> Parsed:
    """Read the sung lines and words with their times.

    Beats are quarters of the beats that `#BPM` counts, from `#GAP` milliseconds on; both voices of
    a duet are read, and a line that both sing is given once. Format: usdx.eu/format.

    Raises:
        MediaError: "bad_lyrics": more lines than any song has.
    """
    headers = read_headers(text)
    gap_seconds = _read_number(headers.get("GAP", "")) / 1000
    tempo = _read_number(headers.get("BPM", ""))
    if tempo <= 0:
        return Parsed(())
    clock = _Clock([0], [gap_seconds], [tempo])
    score = _Score(clock, headers.get("RELATIVE", "").casefold() == "yes")
    for row in text.splitlines():
        if row.strip() == "E":
            break
        score.take(row.lstrip())
    score.end_line()
    cues = dict.fromkeys(cue for line in score.lines if (cue := _make_cue(line, clock)).text)
    return Parsed(close_cues(list(cues)), find_language(headers.get("LANGUAGE")))


def _read_number(value: str) -> float:
    """A number with point or comma; 0 where there is none."""
    return float(value.replace(",", ".")) if _NUMBER.fullmatch(value) else 0.0


def _make_cue(line: Sequence[_Syllable], clock: _Clock) -> Cue:
    """Join the syllables of a line to words."""
    words: list[_Word] = []
    is_open = False
    for syllable in line:
        text = clean_line(sung := syllable.text.replace("~", ""))
        start = clip_seconds(clock.read(syllable.start))
        end = max(start, clip_seconds(clock.read(syllable.end)))
        if is_open and words and not sung[:1].isspace():
            words[-1].parts.append(text)
            words[-1].end_seconds = end
        elif text:
            words.append(_Word([text], start, end))
        # A held note without text belongs to the word before it, whatever stands around it.
        is_open = not sung[-1:].isspace() if text else is_open and not sung
    start = min(clock.read(syllable.start) for syllable in line)
    end = max(clock.read(syllable.end) for syllable in line)
    sung_words = tuple(word.join() for word in words)
    return Cue(start, " ".join(word.text for word in sung_words), end, sung_words)
