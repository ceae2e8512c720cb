"""Estimates how likely a fit is right, by what speaks for it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from mvsearch.store.records import LyricFit

# Below it the voice is not asked. Where it agrees, as it hardly does by chance, the logit grows.
MIN_ASKED = 0.2
CONFIRMED = 2.0
AGREE_SECONDS, MIN_AGREEING = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class WordsClues:
    """What speaks for a fit to words.

    Attributes:
        share: of the words of lines that are not cut, those heard where they should be.
        lines: share of these lines of which one was.
    """

    share: float
    lines: float


@dataclass(frozen=True, slots=True)
class VoiceClues:
    """What speaks for a fit to the voice.

    Attributes:
        surprise: how far the evidence lies above that of all offsets, in their deviations.
        second: that of the best offset that is 2 s away or more, as a share of it.
        agreeing: share of the parts of the song for which, each by itself, the same offset is best.
        weakest: the lowest surprise of a piece between two jumps.
        changes: the number of jumps, and one more for another speed: more can be made to fit.
    """

    surprise: float
    second: float
    agreeing: float
    weakest: float
    changes: int


# Logistic regressions on four songs in six versions, with their own lyrics, excerpts of these, and
# those of other songs: see docs/decisions/0079-fitted-lyrics.md.
_WORDS = {"share": 19.9, "lines": -1.1, "bias": -7.9}
_VOICE = {
    "surprise": 0.76,
    "second": 0.65,
    "agreeing": 1.33,
    "weakest": 1.29,
    "changes": -3.0,
    "bias": -9.83,
}


def judge_words(clues: WordsClues) -> float:
    """How likely a fit to words is right: from 0 to 1."""
    return _estimate(_WORDS, asdict(clues))


def judge_voice(clues: VoiceClues) -> float:
    """How likely a fit to the voice is right: from 0 to 1."""
    return _estimate(_VOICE, asdict(clues))


def _estimate(weights: Mapping[str, float], clues: Mapping[str, float]) -> float:
    """The probability of a logistic regression."""
    total = sum(
        weight * (1.0 if name == "bias" else clues[name]) for name, weight in weights.items()
    )
    return 1 / (1 + math.exp(-min(max(total, -30.0), 30.0)))


def confirm(words: LyricFit, voice: LyricFit, starts: Sequence[float]) -> LyricFit:
    """A fit to words that is surer if the voice alone, which knows no words, puts lines there too.

    Args:
        words: the fit to words.
        voice: the fit of the same lyrics to the voice.
        starts: of their lines in seconds.
    """
    apart = [(words.find_time(start), voice.find_time(start)) for start in starts]
    near = sum(
        one is not None and other is not None and abs(one - other) <= AGREE_SECONDS
        for one, other in apart
    )
    if near < MIN_AGREEING * len(starts) or not 0 < words.confidence < 1:
        return words
    logit = math.log(words.confidence / (1 - words.confidence)) + CONFIRMED
    return replace(words, confidence=1 / (1 + math.exp(-logit)))
