"""Runs Whisper with openai-whisper (torch)."""

import math
import pickle
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mvsearch.indexer.lyrics.whisper.engines.checkpoints import (
    WHISPER_MODELS,
    explain_damage,
    is_converted,
)
from mvsearch.indexer.lyrics.whisper.engines.engine import (
    MAX_CONTEXT,
    Decoded,
    EngineName,
    cut_context,
)
from mvsearch.indexer.lyrics.whisper.engines.restoration import load_converted
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.records import Matrix

# Whatever a file that is no checkpoint makes torch and Whisper raise.
_BAD_CHECKPOINT = (
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)
PREPENDED = "\"'“¿([{-"
APPENDED = "\"'.。,，!！?？:：”)]}、"


class OpenaiEngine:
    """A model in openai-whisper; several windows are decoded as one batch."""

    name: EngineName = "openai"

    def __init__(self, model: str, checkpoint: Path) -> None:
        from whisper.tokenizer import get_tokenizer

        self.model: Any = load_model(model, checkpoint)
        self.is_multilingual: bool = self.model.is_multilingual
        self._tokenizer = get_tokenizer(
            self.is_multilingual, num_languages=self.model.num_languages
        )
        self.text_end: int = self._tokenizer.eot
        self.first_time: int = self._tokenizer.timestamp_begin
        self._is_half = self.model.device.type == "cuda"

    def measure_mel(self, samples: Matrix) -> Matrix:
        """See `Engine`."""
        from whisper.audio import log_mel_spectrogram

        mel: Matrix = log_mel_spectrogram(samples, self.model.dims.n_mels).numpy()
        return mel

    def encode(self, windows: Matrix) -> list[Any]:
        """See `Engine`."""
        import torch

        mels = torch.from_numpy(windows).to(self.model.device)
        with torch.no_grad():
            return list(self.model.encoder(mels.half() if self._is_half else mels))

    def detect_language(self, encoded: Any) -> str:
        """See `Engine`."""
        _, (odds,) = self.model.detect_language(encoded[None])
        return str(max(odds, key=odds.__getitem__))

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
        import torch
        from whisper.decoding import DecodingOptions, DecodingTask

        options = DecodingOptions(
            language=language if self.is_multilingual else "en",
            beam_size=None if beam_size == 1 else beam_size,
            prompt=list(context[-MAX_CONTEXT:]) or None,
            sample_len=min(max_tokens, self.model.dims.n_text_ctx // 2),
            fp16=self._is_half,
        )
        task = DecodingTask(self.model, options)
        if no_repeats:
            filters: list[Any] = task.logit_filters
            filters.insert(0, _NoRepeats(no_repeats, task.sample_begin))
        return [
            Decoded(tuple(made.tokens), made.avg_logprob, made.no_speech_prob)
            for made in task.run(torch.stack(tuple(encoded)))
        ]

    def measure_logprob(
        self,
        encoded: Any,
        tokens: Sequence[int],
        language: str | None,
        context: Sequence[int] = (),
    ) -> float:
        """See `Engine`."""
        import torch

        text = [token for token in tokens if token < self.text_end]
        if not text:
            raise ValueError("a probability needs text")
        tokenizer = self._make_tokenizer(language)
        context = cut_context(context, len(text))
        before = [tokenizer.sot_prev, *context] if context else []
        prompt = [*before, *tokenizer.sot_sequence, tokenizer.no_timestamps]
        inputs = torch.tensor([[*prompt, *text]], device=self.model.device)
        with torch.no_grad():
            logits = self.model.decoder(inputs, encoded[None])[0].float()
        odds = logits[len(prompt) - 1 : -1, : self.text_end].log_softmax(-1)
        return float(odds[range(len(text)), text].mean())

    def read(self, tokens: Sequence[int]) -> str:
        """See `Engine`."""
        return str(self._tokenizer.decode([token for token in tokens if token < self.text_end]))

    def time_words(
        self, segments: list[dict[str, Any]], encoded: Any, n_frames: int, language: str | None
    ) -> None:
        """See `Engine`; by dynamic time warping over the heads of the model that tell the time."""
        from whisper.timing import add_word_timestamps

        add_word_timestamps(
            segments=segments,
            model=_EncodedModel(self.model),
            tokenizer=self._make_tokenizer(language),
            mel=encoded,
            num_frames=n_frames,
            prepend_punctuations=PREPENDED,
            append_punctuations=APPENDED,
            last_speech_timestamp=0.0,
        )

    def _make_tokenizer(self, language: str | None) -> Any:
        from whisper.tokenizer import get_tokenizer

        return get_tokenizer(
            self.is_multilingual, num_languages=self.model.num_languages, language=language
        )


class _NoRepeats:
    """Keeps tokens from being written twice in the same order, as CTranslate2 does."""

    def __init__(self, size: int, first: int) -> None:
        """Of `size` tokens is a repetition; the first ones, the prompt, may be repeated."""
        self._size, self._first = size, first

    def apply(self, logits: Any, tokens: Any) -> None:
        """Change the (n, tokens) logits of what follows (n, length) tokens."""
        size = self._size
        for row, line in zip(logits, tokens[:, self._first :].tolist(), strict=True):
            written = [line[at : at + size] for at in range(len(line) - size + 1)]
            end = line[len(line) - size + 1 :]
            row[[piece[-1] for piece in written if piece[:-1] == end]] = -math.inf


class _EncodedModel:
    """A model whose input is an encoded window, so that timing words does not encode it again."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, encoded: Any, tokens: Any) -> Any:
        return self._model.decoder(tokens, encoded)


def load_model(model: str, checkpoint: Path, device: str | None = None) -> Any:
    """Load a checkpoint, or a folder of CTranslate2.

    Whisper reads checkpoints with torch's `weights_only`, so no code in them runs.

    Raises:
        WeightsMissingError: it is no checkpoint, or not the named one.
    """
    import whisper

    if is_converted(checkpoint):
        return load_converted(checkpoint, device)
    try:
        if model not in WHISPER_MODELS:
            return whisper.load_model(str(checkpoint), device=device)
        return _load_named_model(model, checkpoint, device)
    except _BAD_CHECKPOINT as error:
        raise WeightsMissingError(
            f"{checkpoint} is not a Whisper checkpoint ({type(error).__name__}); it needs the dims"
            " and the model_state_dict of a model, and nothing else"
        ) from error


def _load_named_model(model: str, checkpoint: Path, device: str | None) -> Any:
    """Load a published checkpoint, but never another one in its place."""
    import whisper

    try:
        with warnings.catch_warnings():
            # On another checksum Whisper warns and downloads; here that is an error.
            warnings.filterwarnings("error", message=".*checksum", category=UserWarning)
            folder = str(checkpoint.parent)
            return whisper.load_model(model, device=device, download_root=folder)
    except UserWarning:
        raise WeightsMissingError(explain_damage(model, checkpoint)) from None
