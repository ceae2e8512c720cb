"""Chooses the Whisper engine: openai-whisper or faster-whisper."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from mvsearch.indexer.encoders.networks.device import has_driver
from mvsearch.store.distribution import name_install
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Matrix

EngineName = Literal["openai", "faster"]
EngineChoice = Literal["auto", "openai", "faster"]
ENGINE_VARIABLE = "MVSEARCH_WHISPER_ENGINE"
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
# In the origin of lyrics whose voice was not detected by Silero VAD.
BY_YAMNET = "voice by YAMNet"
# Tokens of the longest prompt: half of what the models read, less one.
MAX_CONTEXT = 223
# Tokens that the models read at once, context and text together.
_MAX_TOKENS = 2 * (MAX_CONTEXT + 1)
# Beside these: the marks of context, start, language, task, no times, and end.
_N_MARKS = 6
_PACKAGES: dict[EngineName, str] = {"openai": "whisper", "faster": "faster_whisper"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """The transcript of one window.

    Attributes:
        tokens: text and times, without the end of text.
        avg_logprob: over the tokens and the end of text.
        no_speech_prob: of the no-speech token, at the start of the transcript.
    """

    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float


class Engine(Protocol):
    """A loaded Whisper model.

    Attributes:
        is_multilingual: whether it supports more than English.
        text_end, first_time: the end-of-text token and the token of time 0.00 s. Lower tokens than
            the first are text; from the second on they are times in steps of 0.02 s.
    """

    name: EngineName
    is_multilingual: bool
    text_end: int
    first_time: int

    def measure_mel(self, samples: Matrix) -> Matrix:
        """The log-mel spectrogram of (n,) samples at 16 kHz: (bands, n // 160) float32."""

    def encode(self, windows: Matrix) -> list[Any]:
        """Encode (n, bands, 3000) windows of 30 s, for `decode`."""

    def detect_language(self, encoded: Any) -> str:
        """The code of the language of one encoded window."""

    def decode(
        self,
        encoded: Sequence[Any],
        language: str | None,
        max_tokens: int,
        context: Sequence[int] = (),
        beam_size: int = 1,
        no_repeats: int = 0,
    ) -> list[Decoded]:
        """Transcribe windows as a batch, by beam search.

        Args:
            encoded: the windows.
            language: a code; None for an English-only model.
            max_tokens: maximum number per window.
            context: tokens of the lines before, text and times; its end is the prompt.
            beam_size: number of hypotheses; 1 is greedy.
            no_repeats: so many tokens are not written twice in the same order; 0 allows it.
        """

    def measure_logprob(
        self,
        encoded: Any,
        tokens: Sequence[int],
        language: str | None,
        context: Sequence[int] = (),
    ) -> float:
        """The mean log-probability of the text of tokens, without times, in a window.

        Of a context for which a long text leaves no room, the end counts.

        Raises:
            ValueError: the tokens hold no text.
        """

    def read(self, tokens: Sequence[int]) -> str:
        """The text of tokens, without times."""

    def time_words(
        self, segments: list[dict[str, Any]], encoded: Any, n_frames: int, language: str | None
    ) -> None:
        """Add "words" to each segment of a window, and set its start and end by them."""


def cut_context(context: Sequence[int], n_text: int) -> list[int]:
    """The end of a context that leaves room for a text of so many tokens."""
    n_kept = max(0, min(MAX_CONTEXT, _MAX_TOKENS - _N_MARKS - n_text))
    return list(context[max(0, len(context) - n_kept) :])


def choose_engine(choice: EngineChoice | None = None) -> EngineName:
    """Choose the engine; both read checkpoints of openai-whisper and folders of CTranslate2.

    "auto" is faster-whisper if it is installed and there is no NVIDIA GPU. With a GPU,
    openai-whisper needs only torch, while CTranslate2 needs more NVIDIA libraries.

    Args:
        choice: None uses `$MVSEARCH_WHISPER_ENGINE`, else "auto".

    Raises:
        MvsearchError: the engine is unknown or not installed.
    """
    wanted = choice or os.environ.get(ENGINE_VARIABLE) or "auto"
    if wanted not in get_args(EngineChoice):
        raise MvsearchError(f"Whisper's engine must be auto, openai or faster, not {wanted!r}")
    has_faster = is_installed("faster")
    if wanted == "faster" and not has_faster:
        raise MvsearchError(f"faster-whisper is not installed; type: {name_install('faster')}")
    if wanted == "auto":
        is_for_gpu = has_driver() and is_installed("openai")
        return "faster" if has_faster and not is_for_gpu else "openai"
    return "faster" if wanted == "faster" else "openai"


def is_installed(engine: EngineName) -> bool:
    """Whether the package of an engine is installed, without importing it."""
    return find_spec(_PACKAGES[engine]) is not None


def load_engine(engine: EngineName, model: str, weights: Path) -> Engine:
    """Load a model.

    Raises:
        WeightsMissingError: the file or folder is not the expected model.
    """
    if engine == "faster":
        from mvsearch.indexer.lyrics.whisper.engines.faster_engine import FasterEngine

        return FasterEngine(model, weights)
    from mvsearch.indexer.lyrics.whisper.engines.openai_engine import OpenaiEngine

    return OpenaiEngine(model, weights)


def name_origin(model: str, engine: EngineName, *how: str) -> str:
    """The origin that is stored with the lyrics; `how` says what else is not as usual."""
    marks = ", ".join((*(() if engine == "openai" else ("faster-whisper",)), *how))
    return f"{model} ({marks})" if marks else model


def list_origins(model: str) -> frozenset[str]:
    """All origins of a model's lyrics: engines and voice detectors are as good as each other."""
    return frozenset(
        name_origin(model, engine, *how) for engine in ENGINES for how in ((), (BY_YAMNET,))
    )
