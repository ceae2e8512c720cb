"""Synthesises songs from plain-text scores: a sung tune, chords, bass and drums."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float64]

SAMPLE_RATE = 32_000
BEATS_PER_BAR = 4
# The peak of speech as a multiple of that of the music under it.
SPEECH_GAIN = 1.5
# Semitones above the tonic of each degree of the scale.
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
# Strength of each harmonic of a tone.
TIMBRES = {
    "flute": (1.0, 0.18, 0.06),
    "voice": (1.0, 0.6, 0.45, 0.1, 0.16, 0.1, 0.05),
    "organ": (1.0, 0.5, 0.0, 0.35, 0.0, 0.0, 0.0, 0.2),
    "reed": (1.0, 0.05, 0.6, 0.04, 0.4, 0.03, 0.25, 0.02, 0.15),
    "strings": (1.0, 0.5, 0.33, 0.25, 0.2, 0.16, 0.14, 0.12, 0.11, 0.1),
    "pluck": (1.0, 0.7, 0.5, 0.3, 0.2, 0.12, 0.08),
    "bell": (1.0, 0.0, 0.4, 0.0, 0.0, 0.35, 0.0, 0.0, 0.2),
}
# Sixteen steps a bar: k kick, s snare, h hi-hat, . nothing.
GROOVES = {
    "straight": "k.h.s.h.k.h.s.hh",
    "four": "k.h.k.h.k.h.k.h.",
    "half": "k...h...s...h.k.",
    "shuffle": "k..hs..hk..hs..h",
    "brushes": "h..hh..hh..hh..h",
    "none": "................",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A verse or a chorus: a bar of chords and tune each.

    Attributes:
        chords: the degree that each bar's chord stands on; 1 is the tonic.
        tune: eight signs a bar, an eighth note each: a degree (8 is the octave, 9 above it),
            `-` holds on, `.` rests.
    """

    chords: tuple[int, ...]
    tune: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """All that is played.

    Attributes:
        tonic: MIDI note number.
        lead, backing: names in `TIMBRES`.
        groove: name in `GROOVES`.
        swing_seconds: how much later the off-beat eighths of the tune come.
    """

    beats_per_minute: float
    tonic: int
    scale: str
    parts: tuple[Part, ...]
    lead: str = "voice"
    backing: str = "strings"
    groove: str = "straight"
    swing_seconds: float = 0.0

    @property
    def bar_seconds(self) -> float:
        """Length of a bar."""
        return BEATS_PER_BAR * 60 / self.beats_per_minute

    @property
    def duration_seconds(self) -> float:
        """Length of the song."""
        return self.bar_seconds * sum(len(part.chords) for part in self.parts)


def play(
    score: Score, seed: int, spoken: Sequence[tuple[float, Wave]] = ()
) -> npt.NDArray[np.int16]:
    """Play a score; (samples,) mono at `SAMPLE_RATE`.

    Args:
        score: what is played.
        seed: of the noise of the drums.
        spoken: lines over the music, each with its start in seconds.
    """
    mix = np.zeros(round(score.duration_seconds * SAMPLE_RATE))
    rng = np.random.default_rng(seed)
    bar = 0
    for n, part in enumerate(score.parts):
        for chord, tune in zip(part.chords, part.tune, strict=True):
            start = bar * score.bar_seconds
            _play_chord(mix, score, chord, start, is_loud=n % 2 == 1)
            _play_tune(mix, score, tune, start)
            _play_drums(mix, score, start, rng)
            bar += 1
    for start, said in spoken:
        _add(mix, said, start, SPEECH_GAIN * float(np.abs(mix).max()))
    return np.asarray(mix / np.abs(mix).max() * 0.8 * np.iinfo(np.int16).max, np.int16)


def _pitch(score: Score, degree: int) -> float:
    """The frequency in Hz of a degree of the scale; 1 is the tonic, 8 the octave above."""
    octave, step = divmod(degree - 1, 7)
    note = score.tonic + 12 * octave + SCALES[score.scale][step]
    return float(440 * 2 ** ((note - 69) / 12))


def _tone(hertz: float, seconds: float, timbre: str, decay_seconds: float) -> Wave:
    """A tone with vibrato, a quick attack and a slow decay."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * hertz * time + 0.06 * np.sin(2 * np.pi * 5.2 * time) * (time > 0.15)
    harmonics = enumerate(TIMBRES[timbre], start=1)
    wave = sum(
        (s * np.sin(n * phase) for n, s in harmonics if n * hertz < SAMPLE_RATE / 2),
        start=np.zeros_like(time),
    )
    envelope = np.minimum(time / 0.015, 1) * np.exp(-time / decay_seconds)
    release = np.minimum((seconds - time) / 0.03, 1)
    return np.asarray(wave * envelope * release)


def _add(mix: Wave, wave: Wave, start_seconds: float, gain: float) -> None:
    """Lay a wave into the mix; what reaches beyond its end is cut."""
    start = round(start_seconds * SAMPLE_RATE)
    end = min(start + len(wave), len(mix))
    mix[start:end] += gain * wave[: end - start]


def _play_chord(mix: Wave, score: Score, root: int, start: float, *, is_loud: bool) -> None:
    """A triad over the whole bar, and a bass note on each half."""
    for degree in (root, root + 2, root + 4):
        tone = _tone(_pitch(score, degree) / 2, score.bar_seconds, score.backing, 3.0)
        _add(mix, tone, start, 0.10 if is_loud else 0.07)
    half = score.bar_seconds / 2
    for n, degree in enumerate((root, root + 4 if is_loud else root)):
        bass = _tone(_pitch(score, degree) / 4, half, "pluck", 0.5)
        _add(mix, bass, start + n * half, 0.22)


def _play_tune(mix: Wave, score: Score, tune: str, start: float) -> None:
    """The tune of one bar."""
    eighth = score.bar_seconds / len(tune)
    for n, sign in enumerate(tune):
        if sign.isdigit():
            n_held = len(tune[n + 1 :]) - len(tune[n + 1 :].lstrip("-"))
            tone = _tone(_pitch(score, int(sign)), (1 + n_held) * eighth, score.lead, 1.2)
            _add(mix, tone, start + n * eighth + score.swing_seconds * (n % 2), 0.30)


def _play_drums(mix: Wave, score: Score, start: float, rng: np.random.Generator) -> None:
    """The groove of one bar."""
    pattern = GROOVES[score.groove]
    time = np.arange(round(0.18 * SAMPLE_RATE)) / SAMPLE_RATE
    for n, sign in enumerate(pattern):
        at = start + n * score.bar_seconds / len(pattern)
        if sign == "k":
            sweep = 2 * np.pi * (45 * time + 110 * 0.03 * (1 - np.exp(-time / 0.03)))
            _add(mix, np.sin(sweep) * np.exp(-time / 0.07), at, 0.5)
        elif sign == "s":
            snare = rng.standard_normal(time.size) * np.exp(-time / 0.05)
            _add(mix, snare + 0.6 * np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.06), at, 0.14)
        elif sign == "h":
            hiss = np.diff(rng.standard_normal(time.size), prepend=0) * np.exp(-time / 0.02)
            _add(mix, hiss, at, 0.06)
