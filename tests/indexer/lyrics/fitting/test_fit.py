"""Lyrics are moved to where words or voice are heard, and stay where that is unclear."""

from dataclasses import replace

import numpy as np
import pytest

from mvsearch.indexer.lyrics.fitting.confidence import confirm
from mvsearch.indexer.lyrics.fitting.fit import fit_to_voice, fit_to_words
from mvsearch.indexer.lyrics.fitting.paths import find_path
from mvsearch.indexer.lyrics.fitting.voice_evidence import VoiceCurves, measure_curves
from mvsearch.indexer.lyrics.fitting.words import list_sung, split_text
from mvsearch.store.errors import MediaError
from mvsearch.store.records import FitPiece, LyricFit, LyricLine, Word
from tests.indexer.lyrics.fitting.songs import Moved, hear, make_lines

NEAR = 0.3


def cut(start: float, length: float, before: float = 0.0) -> Moved:
    def move(seconds: float) -> float | None:
        if start <= seconds < start + length:
            return None
        return seconds + before - (length if seconds >= start else 0.0)

    return move


def put_in(start: float, length: float) -> Moved:
    return lambda seconds: seconds + (length if seconds >= start else 0.0)


VERSIONS: dict[str, Moved] = {
    "intro": lambda seconds: seconds + 31.4,
    "no intro": lambda seconds: seconds - 1.5,
    "shorter": cut(40.0, 17.0),
    "longer": put_in(50.0, 8.0),
    "slower": lambda seconds: 1.005 * seconds,
    "television": lambda seconds: 0.96 * seconds + 12.0,
    "all": lambda seconds: (
        None if (at := cut(40.0, 17.0, 6.0)(seconds)) is None else at / 1.005
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VERSIONS)
def test_lines_are_found_in_each_version(name: str) -> None:
    lines, moved = make_lines(1), VERSIONS[name]
    fit = fit_to_words(lines, hear(lines, moved), 200.0)
    assert fit.is_trusted
    assert fit.moves
    for line in lines:
        wanted, found = moved(line.start_seconds or 0.0), fit.find_time(line.start_seconds or 0.0)
        if wanted is None:  # of a line that is cut in two, the end may be there
            assert found is None or moved((line.start_seconds or 0.0) + 1.05) is not None, line
        else:
            assert found == pytest.approx(wanted, abs=NEAR), line
    if name != "all":  # half a percent of each of its pieces is a quarter of a second
        assert (fit.rate != 1) == (name in ("slower", "television"))
    assert len(fit.pieces) == (2 if name in ("shorter", "longer", "all") else 1)


def test_what_fits_stays() -> None:
    lines = make_lines(2)
    fit = fit_to_words(lines, hear(lines, lambda seconds: seconds), 150.0)
    assert (fit.is_trusted, fit.moves, fit.rate, fit.cuts) == (True, False, 1.0, ())
    assert fit.n_lines == len(lines)
    assert 20 <= fit.n_heard <= 24


@pytest.mark.parametrize("n_lines", [4, 24])
def test_another_song_is_refused(n_lines: int) -> None:
    lines, others = make_lines(3, n_lines), make_lines(4)
    fit = fit_to_words(lines, hear(others, lambda seconds: seconds), 150.0)
    assert not fit.is_trusted
    assert fit.confidence < 0.1
    assert not fit_to_words(lines, [], 150.0).is_trusted


def test_times_of_words_in_lyrics_count() -> None:
    """Words that are sung slowly: spread evenly, they would be a second off at the end."""
    lines = [
        replace(line, words=tuple(
            Word(text, (line.start_seconds or 0) + place, (line.start_seconds or 0) + place + 0.25)
            for place, text in enumerate(line.text.split())
        ))
        for line in make_lines(5)
    ]  # fmt: skip
    heard = [
        replace(line, words=tuple(
            Word(w.text, w.start_seconds + 4, w.end_seconds + 4) for w in line.words
        ))
        for line in lines
    ]  # fmt: skip
    fit = fit_to_words(lines, heard, 150.0)
    assert fit.pieces[0].offset_seconds == pytest.approx(4, abs=0.05)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "4 lines"),
        (make_lines(1)[:3], "not 3"),
        ([LyricLine("words without a time")] * 9, "not 0"),
        ([replace(line, rejected="no") for line in make_lines(1)], "not 0"),
        ([LyricLine("a", 1.0 + 0.1 * n, 2.0 + 0.1 * n) for n in range(2001)], "2000"),
        ([LyricLine("a", 1.0 + 150 * n, 2.0 + 150 * n) for n in range(2000)], "one song"),
    ],
)
def test_what_is_no_song_is_refused_at_once(lines: list[LyricLine], why: str) -> None:
    with pytest.raises(MediaError, match=why):
        fit_to_words(lines, [], 3000.0)


def make_curves(lines: list[LyricLine], moved: Moved, seed: int, noise: float) -> VoiceCurves:
    """A voice in each line and silence between, every 0.1 s."""
    rng = np.random.default_rng(seed)
    voice, rise = rng.normal(0, noise, 1800), rng.normal(0, noise, 1800)
    for line in lines:
        at = moved(line.start_seconds or 0.0)
        if at is not None:
            voice[round(at * 10) : round(at * 10) + 24] += 2
            rise[round(at * 10) : round(at * 10) + 2] += 3
    voice = (voice - voice.mean()) / voice.std()
    return VoiceCurves(voice, rise / rise.std(), rise / rise.std())


def make_uneven(seed: int) -> list[LyricLine]:
    """Lines with rests of 0.5 to 9 s between, as a voice needs to be recognised."""
    gaps = np.random.default_rng(seed).choice([0.5, 1.0, 2.0, 5.0, 9.0], size=30)
    starts = 3 + np.cumsum(2.4 + gaps) * 0.6
    return [LyricLine(f"line {n} of a song", s, s + 2.4) for n, s in enumerate(starts.tolist())]


def test_a_voice_alone_tells_an_offset() -> None:
    lines = make_uneven(1)
    curves = make_curves(lines, lambda seconds: seconds + 21.3, 1, noise=0.7)
    fit = fit_to_voice(lines, curves)
    assert fit.is_trusted
    assert (fit.evidence, fit.rate, len(fit.pieces)) == ("voice", 1.0, 1)
    assert fit.pieces[0].offset_seconds == pytest.approx(21.3, abs=NEAR)


def test_a_voice_of_another_song_or_none_tells_nothing() -> None:
    lines = make_uneven(1)
    others = make_curves(make_uneven(2), lambda seconds: seconds, 2, noise=0.7)
    assert not fit_to_voice(lines, others).is_trusted
    noise = np.random.default_rng(3).normal(0, 0.01, 16_000 * 6).astype(np.float32)
    for samples in (noise, np.zeros(16_000 * 3, np.float32)):
        curves = measure_curves(samples)
        assert not fit_to_voice(lines, curves).is_trusted
        assert np.isfinite(curves.voice).all()


def test_a_path_jumps_only_for_enough() -> None:
    """By hand: bin 5 for two lines, then a jump down that leaves out the line between."""
    evidence = np.zeros((4, 40), np.float32)
    evidence[0, 30] = evidence[1, 30] = evidence[3, 10] = 4
    starts = np.array([0.0, 1.0, 2.0, 3.5])
    assert find_path(evidence, starts, 3.0)[0].tolist() == [30, 30, -1, 10]
    assert find_path(evidence, starts, 5.0)[0].tolist() == [30, 30, 30, 30]
    # A second later at the earliest: no line comes before the one before it.
    path, total = find_path(evidence, starts * 0.1, 3.0)
    assert path.tolist() == [30, 30, 30, 30]
    assert total == 8


def test_words_are_compared_without_case_marks_and_spaces() -> None:
    assert split_text("Don't “STOP” — déjà-vu") == ["dont", "stop", "deja", "vu"]
    assert split_text("夜に駆ける go") == [*"夜に駆ける", "go"]
    assert split_text("\u0000\x1b[2J;") == ["2j"]
    sung = list_sung([LyricLine("one two", 1.0, 1.4), LyricLine("", 2.0, 3.0)])
    assert sung.texts == ["one", "two"]
    assert sung.seconds.tolist() == [1.0, 1.25]


def test_a_fit_is_a_map_of_times() -> None:
    with pytest.raises(ValueError, match="no fit"):
        LyricFit("words", 1.5, 1.0, (), (), 4, 4)


def test_a_voice_that_agrees_makes_a_fit_surer() -> None:
    """By hand: a logit of 0 becomes one of 2, and that of another offset stays."""
    words = LyricFit("words", 0.5, 1.0, (FitPiece(0.0, 4.0),), (), 4, 2)
    starts = [0.0, 5.0, 9.0, 12.0]
    near = replace(words, evidence="voice", pieces=(FitPiece(0.0, 4.4),))
    assert confirm(words, near, starts).confidence == pytest.approx(1 / (1 + np.exp(-2)))
    for other in (replace(near, pieces=(FitPiece(0.0, 4.6),)), replace(near, cuts=((4.0, 6.0),))):
        assert confirm(words, other, starts) == words
