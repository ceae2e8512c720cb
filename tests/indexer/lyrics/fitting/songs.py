"""Made lyrics, and what would be heard of them in versions of their song."""

from collections.abc import Callable

import numpy as np

from mvsearch.store.records import LyricLine, Word

LETTERS = list("abcdefghijklmnopqrstuvwxyz")
# When a lyric time comes in a video; None for what was cut.
Moved = Callable[[float], float | None]


def make_lines(seed: int, n_lines: int = 24) -> list[LyricLine]:
    """Lines of four words that hardly occur twice, 3 to 5 s apart, with a chorus of three lines."""
    rng = np.random.default_rng(seed)
    chorus = [_make_text(rng) for _ in range(3)]
    lines, start = [], 2.0
    for number in range(n_lines):
        text = chorus[number % 8 - 5] if number % 8 >= 5 else _make_text(rng)
        lines.append(LyricLine(text, round(start, 2), round(start + 2.5, 2)))
        start += float(rng.uniform(3.0, 5.0))
    return lines


def hear(
    lines: list[LyricLine], moved: Moved, seed: int = 9, missed: float = 0.3
) -> list[LyricLine]:
    """What Whisper would write: words at their times, some of them missed, and others made up."""
    rng = np.random.default_rng(seed)
    heard = []
    for line in lines:
        words = []
        for place, text in enumerate(line.text.split()):
            seconds = moved((line.start_seconds or 0.0) + 0.35 * place)
            if seconds is None or rng.random() < missed:
                continue
            at = seconds + float(rng.normal(0, 0.05))
            shown = text if rng.random() > 0.1 else "wrong"
            words.append(Word(shown, max(at - 0.3, 0.0), max(at + 0.25, 0.0)))
        if words:
            start, end = words[0].start_seconds, words[-1].end_seconds
            heard.append(LyricLine(" ".join(w.text for w in words), start, end, tuple(words)))
    return heard


def _make_text(rng: np.random.Generator) -> str:
    return " ".join("".join(rng.choice(LETTERS, size=6)) for _ in range(4))
