"""Fits the lines of lyrics to words that were heard, or to the voice alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.lyrics.fitting import voice_evidence, words_evidence
from mvsearch.indexer.lyrics.fitting.confidence import (
    VoiceClues,
    WordsClues,
    judge_voice,
    judge_words,
)
from mvsearch.indexer.lyrics.fitting.cuts import describe_pieces
from mvsearch.indexer.lyrics.fitting.paths import MAX_STEPS, Offsets, find_path, span_offsets
from mvsearch.indexer.lyrics.fitting.regression import Pairs, Straight, fit_straight, pair_words
from mvsearch.indexer.lyrics.fitting.voice_evidence import VoiceCurves
from mvsearch.indexer.lyrics.fitting.words import Times, Tokens, compare, list_heard, list_sung
from mvsearch.store.errors import MediaError
from mvsearch.store.records import LyricFit, LyricLine, Matrix

# Evidence that another offset must add before it is believed, in words of a line.
WORDS_JUMP = 3.0
# The same for the voice alone, and for another speed than that of the lyrics.
VOICE_JUMP, RATE_COST = 12.0, 6.0
VOICE_RATES = (1.0, 0.99, 0.9925, 0.995, 0.9975, 1.0025, 1.005, 1.0075, 1.01)
# A voice is noticed so much later than a line begins.
VOICE_LATE_SECONDS = 0.1
# Offsets so far apart are different ones.
OTHER_BINS = 20
# Parts of a song that are asked by themselves, and how near their answers are.
N_PARTS, NEAR_BINS = 4, 4
# A piece has so many lines that were heard, and words of theirs; it begins with a jump.
MIN_PIECE_LINES, MIN_PIECE_WEIGHT = 2, 2.5
MIN_JUMP_SECONDS = 0.5
MIN_LINES = 4
MAX_LINES = 2000
Pieces = npt.NDArray[np.intp]


def choose_lines(lines: Sequence[LyricLine]) -> list[LyricLine]:
    """The timed lines that are not rejected, in the order of time.

    Raises:
        MediaError: "bad_lyrics": there are too few, or more than a song has.
    """
    timed = [line for line in lines if line.start_seconds is not None and line.rejected is None]
    timed.sort(key=lambda line: line.start_seconds or 0.0)
    if len(timed) < MIN_LINES:
        n = len(timed)
        raise MediaError(
            "bad_lyrics", f"{MIN_LINES} lines with times are needed to fit them, not {n}"
        )
    if len(timed) > MAX_LINES:
        raise MediaError("bad_lyrics", f"more than {MAX_LINES} lines are no song's")
    return timed


def fit_to_words(
    lines: Sequence[LyricLine], heard_lines: Sequence[LyricLine], duration_seconds: float
) -> LyricFit:
    """Fit lyrics to what Whisper heard.

    Each word that was heard speaks for the offset at which it would be the same word of a line;
    dynamic programming finds the offsets for which most speaks and which seldom jump, robust
    regression then a straight line through each piece between two jumps.

    Args:
        lines: of the lyrics.
        heard_lines: with the times of their words.
        duration_seconds: of the video.

    Raises:
        MediaError: "bad_lyrics": they are not the lyrics of one song with times.
    """
    timed = choose_lines(lines)
    sung, heard = list_sung(timed), list_heard(heard_lines)
    starts = np.array([line.start_seconds for line in timed], np.float64)
    offsets = span_offsets(starts, duration_seconds)
    alike = compare(sung, heard)
    evidence = words_evidence.measure_evidence(sung, heard, alike, len(timed), offsets)
    path, _ = find_path(evidence, starts, WORDS_JUMP)
    pieces, late, is_there = _split(path, MAX_STEPS), offsets.seconds(path), path >= 0
    while True:
        paired = np.where(is_there, pieces, -1)
        pairs = pair_words(sung, heard, alike, starts, late, paired)
        straight = fit_straight(pairs, int(pieces.max()) + 1)
        joined = _join_pieces(pieces, pairs, straight)
        if joined is None:
            break
        pieces, kept = joined
        late = (straight.rate - 1) * starts + kept[pieces]
    is_heard = np.isin(np.arange(len(timed)), pairs.lines)
    found, cuts = describe_pieces(starts, pieces, straight.rate, straight.offsets, is_heard)
    fit = LyricFit("words", 0.0, straight.rate, found, cuts, len(timed), int(is_heard.sum()))
    return replace(fit, confidence=judge_words(_gather_clues(fit, starts, sung, pairs)))


def _gather_clues(fit: LyricFit, starts: Times, sung: Tokens, pairs: Pairs) -> WordsClues:
    """What speaks for a fit, of the lines that are not cut."""
    is_there = np.array([fit.find_time(float(start)) is not None for start in starts])
    n_words = int(is_there[sung.lines].sum())
    n_heard = int(is_there[pairs.lines].sum())
    heard = np.isin(np.flatnonzero(is_there), pairs.lines)
    return WordsClues(n_heard / max(n_words, 1), float(heard.mean()) if len(heard) else 0.0)


def fit_to_voice(lines: Sequence[LyricLine], curves: VoiceCurves) -> LyricFit:
    """Fit lyrics to where a voice is heard, without its words.

    A line says little by itself, so an offset must hold for many of them: it jumps only for much,
    and drifts only as a whole, at one of a few rates.

    Args:
        lines: of the lyrics.
        curves: what is heard.

    Raises:
        MediaError: "bad_lyrics": they are not the lyrics of one song with times.
    """
    timed = choose_lines(lines)
    starts = np.array([line.start_seconds for line in timed], np.float64)
    tries = [_try_rate(timed, starts, curves, rate) for rate in VOICE_RATES]
    best = max(tries, key=lambda one: one.score)
    pieces = _split(best.path, 0)
    at = [best.path[(pieces == one) & (best.path >= 0)][0] for one in range(int(pieces.max()) + 1)]
    late = best.offsets.seconds(np.array(at)) - VOICE_LATE_SECONDS
    found, cuts = describe_pieces(starts, pieces, best.rate, late, best.path >= 0)
    confidence = judge_voice(best.clues)
    return LyricFit("voice", confidence, best.rate, found, cuts, len(timed), 0)


@dataclass(frozen=True, slots=True)
class _Try:
    """The best path of lyrics at a rate."""

    rate: float
    score: float
    path: Pieces
    offsets: Offsets
    clues: VoiceClues


def _try_rate(lines: Sequence[LyricLine], starts: Times, curves: VoiceCurves, rate: float) -> _Try:
    """Find the best path of lyrics that are played at a rate."""
    played = rate * starts
    offsets = span_offsets(played, curves.duration_seconds)
    evidence = voice_evidence.measure_evidence(curves, lines, offsets, rate)
    path, score = find_path(evidence, played, VOICE_JUMP, max_steps=0)
    score -= RATE_COST * (rate != 1)
    whole = evidence.sum(axis=0)
    spread = float(whole.std()) + 1e-6
    surprise = (score - float(whole.mean())) / spread
    main = np.bincount(path[path >= 0]).argmax()
    others = whole[np.abs(np.arange(len(whole)) - main) > OTHER_BINS]
    second = float(others.max()) / max(score, 1e-6) if len(others) else 0.0
    weakest = min(_measure_surprises(evidence, path))
    changes = int(_split(path, 0).max()) + (rate != 1)
    clues = VoiceClues(surprise, second, _count_agreeing(evidence, path), weakest, changes)
    return _Try(rate, score, path, offsets, clues)


def _measure_surprises(evidence: Matrix, path: Pieces) -> list[float]:
    """How far the evidence for each piece lies above that of all offsets, in their deviations."""
    pieces, found = _split(path, 0), []
    for piece in range(int(pieces.max()) + 1):
        lines = np.flatnonzero((pieces == piece) & (path >= 0))
        whole = evidence[lines].sum(axis=0)
        found.append(float((whole[path[lines[0]]] - whole.mean()) / (whole.std() + 1e-6)))
    return found


def _count_agreeing(evidence: Matrix, path: Pieces) -> float:
    """The share of the parts of a song by which alone most speaks for the offset of the path."""
    parts = np.array_split(np.flatnonzero(path >= 0), N_PARTS)
    agreeing = [
        np.abs(path[part] - evidence[part].sum(axis=0).argmax()).min() <= NEAR_BINS
        for part in parts
        if len(part)
    ]
    return float(np.mean(agreeing))


def _split(path: Pieces, max_steps: int) -> Pieces:
    """The piece of each line: a jump begins another; lines that are left out belong to the next."""
    present = np.flatnonzero(path >= 0)
    jumps = np.abs(np.diff(path[present])) > max_steps
    numbers = np.concatenate([[0], np.cumsum(jumps)])
    following = np.searchsorted(present, np.arange(len(path)))
    return numbers[np.minimum(following, len(present) - 1)].astype(np.intp)


def _join_pieces(pieces: Pieces, pairs: Pairs, straight: Straight) -> tuple[Pieces, Times] | None:
    """Join the first piece that is none to the one beside it; None where all are pieces.

    None is one of which hardly anything was heard, or one that begins without a jump.
    """
    n_pieces = len(straight.offsets)
    jumps = np.abs(np.diff(straight.offsets))
    n_lines = [len(np.unique(pairs.lines[pairs.pieces == one])) for one in range(n_pieces)]
    weights = np.bincount(pairs.pieces, weights=pairs.weights, minlength=n_pieces)
    for one in range(n_pieces):
        if n_pieces == 1:
            break
        is_weak = n_lines[one] < MIN_PIECE_LINES or weights[one] < MIN_PIECE_WEIGHT
        if is_weak:
            into = one - 1 if one else one + 1
        elif one and jumps[one - 1] < MIN_JUMP_SECONDS:
            into = one - 1
        else:
            continue
        renamed = np.where(pieces == one, into, pieces)
        kept = np.delete(straight.offsets, one)
        return renamed - (renamed > one), kept
    return None
