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
        beam_size: number of hypotheses of the beam search.
        max_tokens: maximum number per window; the models allow 224.
        no_repeat_size: so many tokens are not written twice in the same order, when a text that is
            a loop is decoded again.
        uses_context: whether each window is decoded once more with the lines before it as a prompt.
        keeps_ends: whether words without an end time at the end of a section become a line. Whisper
            itself transcribes again from the last time.
        splits_lines: whether words are timed, and segments split into lines at punctuation.
        has_word_times: whether each word keeps its time.
    """

    beam_size: int = 5
    max_tokens: int = 224
    no_repeat_size: int = 3
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
        alone = self._search(encoded, ())
        if not self.options.uses_context:
            return alone
        best = self._rate(encoded, alone, context)
        if context:
            made = self._search(encoded, context)
            if self._read(made) and not self._is_loop(made):
                made = replace(made, no_speech_prob=alone.no_speech_prob)
                rated = self._rate(encoded, made, context)
                is_better = self._is_loop(best) or rated.avg_logprob > best.avg_logprob
                best = rated if is_better else best
        is_good = best.avg_logprob >= self.gates.min_avg_logprob
        if not context or is_good or self._is_loop(alone):
            return best
        # The sound may agree with nothing that the lines before lead one to expect.
        by_itself = self._rate(encoded, alone, ())
        return max(best, by_itself, key=lambda each: each.avg_logprob)

    def _search(self, encoded: Any, context: Sequence[int]) -> Decoded:
        """Decode by beam search; a loop is decoded again without repetitions."""
        made = self._decode_without(0, encoded, context)
        if self._is_loop(made):
            return self._decode_without(self.options.no_repeat_size, encoded, context)
        return made

    def _rate(self, encoded: Any, made: Decoded, context: Sequence[int]) -> Decoded:
        """A result whose log-probability is that of its text."""
        return replace(made, avg_logprob=self._measure(encoded, made, context))

    def _decode_without(self, no_repeats: int, encoded: Any, context: Sequence[int]) -> Decoded:
        options = self.options
        (made,) = self.engine.decode(
            [encoded], self.language, options.max_tokens, context, options.beam_size, no_repeats
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

    def _is_loop(self, made: Decoded) -> bool:
        return measure_compression(self._read(made)) > self.gates.max_compression_ratio

    def _read(self, made: Decoded) -> str:
        return self.engine.read(made.tokens).strip()
