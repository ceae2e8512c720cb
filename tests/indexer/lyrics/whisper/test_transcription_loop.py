import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mvsearch.indexer.lyrics.whisper.engines.engine import Decoded
from mvsearch.indexer.lyrics.whisper.gates import GateOptions
from mvsearch.indexer.lyrics.whisper.hypotheses import DecodingOptions
from mvsearch.indexer.lyrics.whisper.transcription_loop import (
    cut_window,
    split_tokens,
    transcribe_sections,
)
from mvsearch.indexer.lyrics.whisper.windows import WINDOW_FRAMES, TrackSection

TEXT_END, FIRST_TIME = 1000, 2000
GATES = GateOptions()
UNSPLIT = DecodingOptions(splits_lines=False)
# Start and end in frames of what is sung; the number of a line is its token, from 1 on.
LINES = [(50, 400), (420, 900), (2950, 3150), (3200, 3300), (4000, 4800), (5900, 6400)]
N_FRAMES = 7000


class PlantedEngine:
    """Hears a line wherever the spectrogram holds its number, as a perfect Whisper would."""

    name = "openai"
    is_multilingual = False
    text_end = TEXT_END
    first_time = FIRST_TIME

    def __init__(self, n_lines: int = 99) -> None:
        """A window ends after `n_lines`."""
        self.n_lines = n_lines
        self.asked: list[tuple[tuple[int, ...], int, int]] = []

    def encode(self, windows: np.ndarray) -> list[Any]:
        return [window[0] for window in windows]

    def decode(
        self,
        encoded: Sequence[Any],
        language: str | None,
        max_tokens: int,
        context: Sequence[int] = (),
        beam_size: int = 1,
        no_repeats: int = 0,
    ) -> list[Decoded]:
        self.asked.append((tuple(context), beam_size, no_repeats))
        return [self._decode(window, no_repeats) for window in encoded]

    def measure_logprob(
        self, encoded: Any, tokens: Sequence[int], language: str | None, context: Sequence[int] = ()
    ) -> float:
        return -0.1

    def _decode(self, window: np.ndarray, no_repeats: int) -> Decoded:
        tokens: list[int] = []
        at, n_lines = 0, 0
        for number, run in itertools.groupby(window.astype(int)):
            end = at + len(list(run))
            if number and n_lines < self.n_lines:
                tokens += [FIRST_TIME + at // 2, number]
                tokens += [FIRST_TIME + end // 2] if end < WINDOW_FRAMES else []
                n_lines += 1
            at = end
        if n_lines == self.n_lines and tokens:
            tokens.append(tokens[-1])
        return Decoded(tuple(tokens), -0.1, 0.0)

    def read(self, tokens: Sequence[int]) -> str:
        return " ".join(f"line{token}" for token in tokens if token < TEXT_END)


def plant(lines: Sequence[tuple[int, int]] = LINES) -> np.ndarray:
    """A spectrogram of two bands with the numbers of the lines in the first."""
    mel = np.zeros((2, N_FRAMES), np.float32)
    for number, (start, end) in enumerate(lines, 1):
        mel[0, start:end] = number
    return mel


def hear(
    engine: PlantedEngine, clips: Sequence[TrackSection], options: DecodingOptions = UNSPLIT
) -> list[tuple[str, float, float]]:
    made = transcribe_sections(engine, plant(), clips, None, options, GATES)
    assert [segment["id"] for segment in made] == list(range(len(made)))
    return [(each["text"], each["start"], each["end"]) for each in made if each["text"]]


EXPECTED = [
    (f"line{number}", pytest.approx(start / 100, abs=0.02), pytest.approx(end / 100, abs=0.02))
    for number, (start, end) in enumerate(LINES, 1)
]
WHOLE = [TrackSection(0, N_FRAMES)]
CUT = [TrackSection(0, 2900), TrackSection(2900, 5500), TrackSection(5500, N_FRAMES)]


def test_a_long_clip_is_heard_window_by_window() -> None:
    """The line that crosses 30 s is left for the window that begins with it."""
    assert hear(PlantedEngine(), WHOLE) == EXPECTED


def test_clips_are_heard_one_after_another_with_the_same_result() -> None:
    assert hear(PlantedEngine(), CUT) == EXPECTED


def test_each_window_is_also_decoded_with_the_lines_before_it() -> None:
    engine = PlantedEngine()
    hear(engine, CUT)
    contexts = [context for context, _, _ in engine.asked]
    assert contexts[0] == contexts[1] == contexts[3] == ()
    first = (FIRST_TIME + 25, 1, FIRST_TIME + 200, FIRST_TIME + 210, 2, FIRST_TIME + 450)
    assert contexts[2] == first
    assert contexts[4][: len(first)] == first
    assert {(beam_size, no_repeats) for _, beam_size, no_repeats in engine.asked} == {(5, 0)}
    engine = PlantedEngine()
    hear(engine, CUT, replace(UNSPLIT, uses_context=False))
    assert {context for context, _, _ in engine.asked} == {()}


def test_doubtful_text_is_no_context() -> None:
    class Unsure(PlantedEngine):
        def measure_logprob(self, *rest: Any) -> float:
            return -1.2

    engine = Unsure()
    assert hear(engine, CUT) == EXPECTED
    assert {context for context, _, _ in engine.asked} == {()}


def test_words_are_timed_and_segments_split_into_lines() -> None:
    class Timing(PlantedEngine):
        def time_words(
            self, segments: list[dict[str, Any]], encoded: Any, n_frames: int, language: str | None
        ) -> None:
            for segment in segments:
                start = segment["start"]
                word = {"word": segment["text"] + ".", "start": start, "end": start + 0.2}
                segment["words"] = [word, {"word": " again", "start": 98.0, "end": 99.0}]

    options = DecodingOptions()
    made = transcribe_sections(Timing(), plant(), CUT[:1], None, options, GATES)
    assert [each["text"] for each in made] == ["line1.", "line2.", " again", " again"]
    assert not any("words" in each for each in made)
    kept = replace(options, has_word_times=True)
    made = transcribe_sections(Timing(), plant(), CUT[:1], None, kept, GATES)
    assert [len(each["words"]) for each in made] == [1, 1, 1, 1]


@pytest.mark.parametrize("n_lines", [1, 2])
def test_what_a_model_leaves_of_a_clip_is_heard_again(n_lines: int) -> None:
    """A model that ends early, with the time at which it would go on, goes on there."""
    assert hear(PlantedEngine(n_lines=n_lines), CUT) == EXPECTED


def test_the_open_end_of_a_clip_is_a_line() -> None:
    lines = [(100, 300), (2500, 3000)]
    made = transcribe_sections(
        PlantedEngine(), plant(lines), [TrackSection(0, 3000)], None, UNSPLIT, GATES
    )
    assert [(each["text"], each["start"], each["end"]) for each in made] == [
        ("line1", 1.0, 3.0),
        ("line2", 25.0, 30.0),
    ]


def test_a_loop_is_decoded_again() -> None:
    class Looping(PlantedEngine):
        def _decode(self, window: np.ndarray, no_repeats: int) -> Decoded:
            n_words = 2 if no_repeats else 40
            tokens = (FIRST_TIME, *[7] * n_words, FIRST_TIME + 100)
            return Decoded(tokens, -0.1, 0.0)

    (made,) = transcribe_sections(
        Looping(),
        plant(),
        [TrackSection(0, 500)],
        None,
        UNSPLIT,
        GATES,
    )
    assert (made["text"], made["temperature"], made["end"]) == ("line7 line7", 0.0, 2.0)


def test_silence_is_skipped_and_not_asked_again() -> None:
    class Silent(PlantedEngine):
        def _decode(self, window: np.ndarray, no_repeats: int) -> Decoded:
            return Decoded((FIRST_TIME, 5, FIRST_TIME + 9), -2.0, 0.9)

        def measure_logprob(self, *rest: Any) -> float:
            return -2.0

    engine = Silent()
    assert transcribe_sections(engine, plant(), CUT, None, DecodingOptions(), GATES) == []
    assert engine.asked == [((), 5, 0)] * 3


def test_a_model_without_times_gives_one_line_a_window_and_comes_to_an_end() -> None:
    class Timeless(PlantedEngine):
        def _decode(self, window: np.ndarray, no_repeats: int) -> Decoded:
            return Decoded((5, 6), -0.1, 0.0)

    assert hear(Timeless(), WHOLE) == [
        ("line5 line6", 0.0, 30.0),
        ("line5 line6", 30.0, 60.0),
        ("line5 line6", 60.0, 70.0),
    ]

    class Stuck(PlantedEngine):
        def _decode(self, window: np.ndarray, no_repeats: int) -> Decoded:
            return Decoded((FIRST_TIME, FIRST_TIME), -0.1, 0.0)

    assert hear(Stuck(), WHOLE) == []


def test_tokens_are_cut_between_two_times() -> None:
    def split(*tokens: int) -> list[list[int]]:
        return split_tokens(tokens, [token >= 90 for token in tokens])

    assert split(90, 1, 95, 95, 2, 3, 99) == [[90, 1, 95], [95, 2, 3, 99]]
    assert split(90, 1, 95, 95, 2, 3) == [[90, 1, 95]]
    assert split(90, 1, 95, 95) == [[90, 1, 95]]
    assert split(90, 1, 95) == []
    assert split() == []


def test_a_window_holds_no_more_than_its_clip() -> None:
    mel = np.ones((3, 4000), np.float32)
    assert cut_window(mel, TrackSection(3900, 3950)).sum() == 3 * 50
    assert cut_window(mel, TrackSection(0, 4000)).shape == (3, WINDOW_FRAMES)
