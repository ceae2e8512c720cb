"""Decodes a window with and without the lines before it, and keeps the more probable text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from mvsearch.indexer.lyrics.whisper.engines.engine import Decoded, Engine
from mvsearch.indexer.lyrics.whisper.gates import GateOptions, measure_compression

_NO_TEXT_PENALTY = 0.01


@dataclass(frozen=True, slots=True)
class DecodingOptions:
    """How windows are decoded.

    Attributes:
        temperatures: tried one after another while the result is doubtful.
        beam_size: number of hypotheses of the beam search at temperature 0.
        max_tokens: maximum number per window; the models allow 224.
        uses_context: whether each window is decoded once more with the lines before it as a prompt.
        keeps_ends: whether words without an end time at the end of a section become a line. Whisper
            itself transcribes again from the last time.
        splits_lines: whether words are timed, and segments split into lines at punctuation.
        has_word_times: whether each word keeps its time.
    """

    temperatures: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    beam_size: int = 5
    max_tokens: int = 224
    uses_context: bool = True
    keeps_ends: bool = True
    splits_lines: bool = True
    has_word_times: bool = False


@dataclass(frozen=True, slots=True)
class WindowDecoder:
    """Decodes the windows of a track in one language."""

    engine: Engine
    language: str | None
    options: DecodingOptions
    gates: GateOptions

    def decode(self, encoded: Any, context: Sequence[int]) -> Decoded:
        """Transcribe a window.

        A prompt makes names and style consistent, but also makes Whisper repeat it where nobody
        sings. Both texts are therefore compared by their mean log-probability with and without the
        prompt: repeated text is improbable without it.

        Args:
            encoded: the window.
            context: tokens of the lines before it; may be empty.

        Returns:
            The better text. Its `avg_logprob` is the mean log-probability of its words with and
            without the context, and its `no_speech_prob` that without the context.
        """
        alone = self._decode_at(encoded, self.options.temperatures[0], ())
        if not self.options.uses_context:
            return self._fall_back(encoded, alone)
        best = self._rate(encoded, alone, context)
        if context:
            made = self._decode_at(encoded, self.options.temperatures[0], context)
            if self._read(made) and not self._is_loop(made):
                made = replace(made, no_speech_prob=alone.no_speech_prob)
                rated = self._rate(encoded, made, context)
                is_better = self._is_loop(best) or rated.avg_logprob > best.avg_logprob
                best = rated if is_better else best
        if not self._is_doubtful(best):
            return best
        # What is drawn by chance keeps its own probability: it was accepted for it.
        drawn = self._fall_back(encoded, alone)
        return best if drawn is alone else drawn

    def _fall_back(self, encoded: Any, first: Decoded) -> Decoded:
        """Decode again without context, at higher temperatures while the result is doubtful.

        If all are doubtful, the most probable one that is no loop is kept, as faster-whisper does.
        """
        tried = [first]
        for temperature in self.options.temperatures[1:]:
            if not self._is_doubtful(tried[-1]):
                return tried[-1]
            tried.append(self._decode_at(encoded, temperature, ()))
        if not self._is_doubtful(tried[-1]):
            return tried[-1]
        no_loops = [each for each in tried if not self._is_loop(each)]
        return max(no_loops or tried[-1:], key=lambda each: each.avg_logprob)

    def _rate(self, encoded: Any, made: Decoded, context: Sequence[int]) -> Decoded:
        """A result whose log-probability is that of its text."""
        return replace(made, avg_logprob=self._measure(encoded, made, context))

    def _decode_at(self, encoded: Any, temperature: float, context: Sequence[int]) -> Decoded:
        options = self.options
        (made,) = self.engine.decode(
            [encoded], self.language, temperature, options.max_tokens, context, options.beam_size
        )
        return made

    def _measure(self, encoded: Any, made: Decoded, context: Sequence[int]) -> float:
        """The mean log-probability of a text with and without its context.

        No text counts as a little worse than any that is no guess.
        """
        if not self._read(made):
            return self.gates.min_avg_logprob - _NO_TEXT_PENALTY
        prompts = [(), context] if context else [()]
        measured = [
            self.engine.measure_logprob(encoded, made.tokens, self.language, prompt)
            for prompt in prompts
        ]
        return sum(measured) / len(measured)

    def _is_doubtful(self, made: Decoded) -> bool:
        """Whether a result is a loop or a guess; silence is not decoded again."""
        is_guess = made.avg_logprob < self.gates.min_avg_logprob
        return not _is_silent(made, self.gates) and (is_guess or self._is_loop(made))

    def _is_loop(self, made: Decoded) -> bool:
        return measure_compression(self._read(made)) > self.gates.max_compression_ratio

    def _read(self, made: Decoded) -> str:
        return self.engine.read(made.tokens).strip()


def _is_silent(made: Decoded, gates: GateOptions) -> bool:
    """Whether Whisper takes a window for silence."""
    is_guess = made.avg_logprob < gates.min_avg_logprob
    return is_guess and made.no_speech_prob > gates.max_no_speech_prob
