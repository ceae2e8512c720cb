"""The choice between a text with and one without the lines before it."""

from collections.abc import Sequence
from typing import Any

import pytest

from mvsearch.indexer.lyrics.whisper.engines.engine import Decoded
from mvsearch.indexer.lyrics.whisper.gates import GateOptions
from mvsearch.indexer.lyrics.whisper.hypotheses import DecodingOptions, WindowDecoder

TEXT_END = 1000
CONTEXT = (7, 7)
ALONE, AFTER, VARIED = 1, 2, 3


class PlantedEngine:
    """Writes one text without and another with context; both have planted probabilities."""

    name = "openai"
    is_multilingual = True
    text_end = TEXT_END
    first_time = TEXT_END

    def __init__(self, odds: dict[tuple[int, bool], float], texts: dict[int, str] | None = None):
        self.odds = odds
        self.n_measured = 0
        self.texts = {ALONE: "alone", AFTER: "after"} | (texts or {})

    def decode(
        self,
        encoded: Sequence[Any],
        language: str | None,
        max_tokens: int,
        context: Sequence[int] = (),
        beam_size: int = 1,
        no_repeats: int = 0,
    ) -> list[Decoded]:
        token = AFTER if context else ALONE
        if no_repeats and VARIED in self.texts:
            token = VARIED
        return [Decoded((token,), -0.2, 0.0 if context else 0.7)]

    def measure_logprob(
        self, encoded: Any, tokens: Sequence[int], language: str | None, context: Sequence[int] = ()
    ) -> float:
        self.n_measured += 1
        return self.odds[tokens[0], bool(context)]

    def read(self, tokens: Sequence[int]) -> str:
        return "".join(self.texts[token] for token in tokens)


def choose(engine: Any, context: Sequence[int] = CONTEXT, **options: Any) -> tuple[int, float]:
    decoder = WindowDecoder(engine, "en", DecodingOptions(**options), GateOptions())
    made = decoder.decode(None, context)
    # The prompt makes speech certain to Whisper, so it is the other one that tells something.
    assert made.no_speech_prob == 0.7
    return made.tokens[0], made.avg_logprob


@pytest.mark.parametrize(
    ("alone", "after", "expected"),
    [
        # A little less probable by itself, much more so after the lines before.
        ((-0.31, -1.35), (-0.47, -0.27), (AFTER, -0.37)),
        # A verse that is repeated where nobody sings it.
        ((-0.29, -0.4), (-1.08, -0.18), (ALONE, -0.345)),
    ],
)
def test_a_text_must_be_probable_with_and_without_its_context(
    alone: tuple[float, float], after: tuple[float, float], expected: tuple[int, float]
) -> None:
    odds = {(ALONE, False): alone[0], (ALONE, True): alone[1]}
    odds |= {(AFTER, False): after[0], (AFTER, True): after[1]}
    assert choose(PlantedEngine(odds)) == pytest.approx(expected)


@pytest.mark.parametrize(("alone", "expected"), [(-0.8, (ALONE, -0.8)), (-1.3, (AFTER, -1.2))])
def test_where_the_lines_before_mislead_the_text_without_them_is_kept(
    alone: float, expected: tuple[int, float]
) -> None:
    """By the mean both are guesses; by itself the first text is none in the first case."""
    odds = {(ALONE, False): alone, (ALONE, True): -2.5}
    odds |= {(AFTER, False): -2.2, (AFTER, True): -0.2}
    assert choose(PlantedEngine(odds)) == pytest.approx(expected)


def test_without_context_there_is_one_text_and_its_probability() -> None:
    engine = PlantedEngine({(ALONE, False): -0.4})
    assert choose(engine, ()) == (ALONE, -0.4)
    assert choose(engine, uses_context=False) == (ALONE, -0.2)
    improbable = PlantedEngine({(ALONE, False): -1.5})
    assert choose(improbable, ()) == (ALONE, -1.5)
    assert improbable.n_measured == 1


def test_a_loop_after_a_context_is_left_out() -> None:
    odds = {(ALONE, False): -0.9, (ALONE, True): -0.9}
    assert choose(PlantedEngine(odds, {AFTER: "monkey " * 30})) == (ALONE, -0.9)


@pytest.mark.parametrize(("odds", "expected"), [(-1.5, ALONE), (-0.5, AFTER)])
def test_text_is_better_than_none_only_if_it_is_no_guess(odds: float, expected: int) -> None:
    engine = PlantedEngine({(AFTER, False): odds, (AFTER, True): odds}, {ALONE: " "})
    assert choose(engine) == (expected, max(odds, -1.01))


@pytest.mark.parametrize("context", [(), CONTEXT])
def test_a_loop_is_decoded_again_without_repetitions(context: Sequence[int]) -> None:
    odds = {(token, has): -0.5 for token in (ALONE, VARIED) for has in (True, False)}
    odds[ALONE, False] = odds[ALONE, True] = -0.1
    engine = PlantedEngine(odds, {ALONE: "spank " * 40, AFTER: " ", VARIED: "a thank"})
    assert choose(engine, context) == (VARIED, -0.5)
    assert choose(engine, uses_context=False) == (VARIED, -0.2)
