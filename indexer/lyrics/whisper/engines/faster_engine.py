"""Runs Whisper with faster-whisper (CTranslate2, 8-bit integers on a CPU)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mvsearch.indexer.encoders.networks.device import choose_device, count_threads
from mvsearch.indexer.lyrics.whisper.engines.checkpoints import is_converted
from mvsearch.indexer.lyrics.whisper.engines.conversion import convert_checkpoint
from mvsearch.indexer.lyrics.whisper.engines.engine import (
    MAX_CONTEXT,
    Decoded,
    EngineName,
    cut_context,
)
from mvsearch.indexer.lyrics.whisper.engines.openai_engine import APPENDED, PREPENDED
from mvsearch.store.errors import MvsearchError, WeightsMissingError
from mvsearch.store.records import Matrix

_MAX_INITIAL_TIME = 50


class FasterEngine:
    """A model of CTranslate2; several windows are decoded as one batch.

    Its windows, its fallback and its split into lines are those of `transcription_loop`, not
    faster-whisper's own.
    """

    name: EngineName = "faster"

    def __init__(self, model: str, weights: Path, compute_type: str | None = None) -> None:
        """Load a folder of CTranslate2, or a checkpoint, which is converted once.

        Args:
            model: the model's name; for a named one the published checksum must fit.
            weights: the folder or the checkpoint.
            compute_type: None takes 8-bit integers on a CPU, half precision on a GPU.

        Raises:
            WeightsMissingError: it is not the model that it should be.
        """
        device = choose_device()
        kind = compute_type or ("int8" if device == "cpu" else "float16")
        folder = weights if is_converted(weights) else convert_checkpoint(model, weights, kind)
        self.model: Any = _load_model(folder, device, kind)
        self._network: Any = self.model.model
        self.is_multilingual: bool = self._network.is_multilingual
        tokenizer = self._make_tokenizer("en")
        self.text_end: int = tokenizer.eot
        self.first_time: int = tokenizer.timestamp_begin

    def measure_mel(self, samples: Matrix) -> Matrix:
        """See `Engine`."""
        # faster-whisper gives one frame more than openai-whisper, of the padding.
        n_frames = len(samples) // self.model.feature_extractor.hop_length
        mel: Matrix = self.model.feature_extractor(samples)[:, :n_frames]
        return mel

    def encode(self, windows: Matrix) -> list[Any]:
        """See `Engine`."""
        from ctranslate2 import StorageView

        made = self._network.encode(StorageView.from_array(windows), to_cpu=True)
        return list(np.array(made))

    def detect_language(self, encoded: Any) -> str:
        """See `Engine`."""
        ((best, *_),) = self._network.detect_language(_store([encoded]))
        return str(best[0][2:-2])

    def decode(
        self,
        encoded: Sequence[Any],
        language: str | None,
        max_tokens: int,
        context: Sequence[int] = (),
        beam_size: int = 1,
        no_repeats: int = 0,
    ) -> list[Decoded]:
        """See `Engine`."""
        prompt = self._write_prompt(language, context)
        results = self._network.generate(
            _store(encoded),
            [prompt] * len(encoded),
            beam_size=beam_size,
            no_repeat_ngram_size=no_repeats,
            # CTranslate2 writes at most half of it, and no more than the prompt leaves.
            max_length=min(max(2 * max_tokens, len(prompt) + max_tokens - 1), 2 * MAX_CONTEXT + 2),
            max_initial_timestamp_index=_MAX_INITIAL_TIME,
            return_scores=True,
            return_no_speech_prob=True,
        )
        return [_read_result(result) for result in results]

    def measure_logprob(
        self,
        encoded: Any,
        tokens: Sequence[int],
        language: str | None,
        context: Sequence[int] = (),
    ) -> float:
        """See `Engine`."""
        text = [token for token in tokens if token < self.text_end]
        if not text:
            raise ValueError("a probability needs text")
        prompt = self._write_prompt(language, cut_context(context, len(text)))
        # The probabilities come with an alignment; that of two frames costs next to nothing.
        (aligned,) = self._network.align(_store([encoded]), prompt, [text], [2])
        odds = np.maximum(aligned.text_token_probs, np.finfo(np.float32).tiny)
        return float(np.log(odds).mean())

    def read(self, tokens: Sequence[int]) -> str:
        """See `Engine`."""
        text = [token for token in tokens if token < self.text_end]
        return str(self.model.hf_tokenizer.decode(text))

    def time_words(
        self, segments: list[dict[str, Any]], encoded: Any, n_frames: int, language: str | None
    ) -> None:
        """See `Engine`; by dynamic time warping over the heads of the model that tell the time."""
        if segments:
            tokenizer = self._make_tokenizer(language)
            self.model.add_word_timestamps(
                [segments], tokenizer, _store([encoded]), n_frames, PREPENDED, APPENDED, 0.0
            )

    def _write_prompt(self, language: str | None, context: Sequence[int]) -> list[int]:
        """The tokens that a transcript follows."""
        tokenizer = self._make_tokenizer(language)
        before = [tokenizer.sot_prev, *context[-MAX_CONTEXT:]] if context else []
        return [*before, *tokenizer.sot_sequence]

    def _make_tokenizer(self, language: str | None) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        network = self._network
        code = language or "en"
        try:
            return Tokenizer(self.model.hf_tokenizer, network.is_multilingual, "transcribe", code)
        except ValueError as error:
            raise MvsearchError(f"Whisper does not know the language {code!r}") from error


def _store(encoded: Sequence[Any]) -> Any:
    """Encoded windows as one batch of CTranslate2's."""
    from ctranslate2 import StorageView

    return StorageView.from_array(np.stack(encoded))


def _read_result(result: Any) -> Decoded:
    """What CTranslate2 made of a window; its score is the mean over the tokens without the end."""
    tokens = result.sequences_ids[0]
    total = result.scores[0] * len(tokens)
    return Decoded(tuple(tokens), total / (len(tokens) + 1), result.no_speech_prob)


def _load_model(folder: Path, device: str, kind: str) -> Any:
    """Load a folder of CTranslate2.

    Raises:
        WeightsMissingError: it is none, or not one of Whisper's, or lacks the tokenizer.
    """
    from faster_whisper import WhisperModel

    # Without it faster-whisper would ask the net.
    if not (folder / "tokenizer.json").is_file():
        raise WeightsMissingError(f"{folder} has no tokenizer.json, which faster-whisper needs")
    try:
        return WhisperModel(
            str(folder), device=device, compute_type=kind, cpu_threads=count_threads()
        )
    except (RuntimeError, ValueError, OSError) as error:
        said = " ".join(str(error).split())[:200]
        raise WeightsMissingError(f"{folder} is not a CTranslate2 Whisper model: {said}") from error
