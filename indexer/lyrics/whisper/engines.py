"""Chooses the Whisper engine: openai-whisper or faster-whisper."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from mvsearch.indexer.encoders.networks.device import has_driver
from mvsearch.indexer.lyrics.whisper.checkpoints import is_converted
from mvsearch.store.distribution import name_install
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Matrix

EngineName = Literal["openai", "faster"]
EngineWish = Literal["auto", "openai", "faster"]
ENGINE_VARIABLE = "MVSEARCH_WHISPER_ENGINE"
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
_PACKAGES: dict[EngineName, str] = {"openai": "whisper", "faster": "faster_whisper"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a model says of one window.

    Attributes:
        tokens: text and times, without the end of text.
        avg_logprob: over the tokens and the end of text.
        no_speech_prob: of the token that says so, at the start of the transcript.
    """

    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float
    temperature: float


class Engine(Protocol):
    """A loaded Whisper model.

    Attributes:
        is_multilingual: whether it knows more than English.
        n_state: the width of its layers, which tells what a batch costs.
        text_end, first_time: the tokens that end the text, and that say 0.00 s. Those below the
            first are text, those from the second on are times in steps of 0.02 s.
    """

    name: EngineName
    is_multilingual: bool
    n_state: int
    text_end: int
    first_time: int

    def measure_mel(self, samples: Matrix) -> Matrix:
        """The log-mel spectrogram of (n,) samples at 16 kHz: (bands, n // 160) float32."""

    def encode(self, windows: Matrix) -> list[Any]:
        """Encode (n, bands, 3000) windows of 30 s; what comes out is for `decode` alone."""

    def detect_language(self, encoded: Any) -> str:
        """The code of the language of one encoded window."""

    def decode(
        self, encoded: Sequence[Any], language: str | None, temperature: float, max_tokens: int
    ) -> list[Decoded]:
        """Write down windows, all at once; greedily at temperature 0, else by chance."""

    def read(self, tokens: Sequence[int]) -> str:
        """The text of tokens, without times."""

    def time_words(
        self, segments: list[dict[str, Any]], window: Matrix, n_frames: int, language: str | None
    ) -> None:
        """Give each segment of one window its "words", and start and end by them."""


def choose_engine(model: str, wish: EngineWish | None = None) -> EngineName:
    """Which engine runs a model: what is wished, else faster-whisper where it serves better.

    It does where it is installed, and no NVIDIA GPU is there: on one, openai-whisper needs nothing
    more than torch, while CTranslate2 needs other libraries of NVIDIA's.

    Args:
        model: a name, a checkpoint, or a folder of CTranslate2, which faster-whisper alone reads.
        wish: None takes `$MVSEARCH_WHISPER_ENGINE`, else "auto".

    Raises:
        MvsearchError: there is no such engine, it is not installed, or cannot read the model.
    """
    wanted = wish or os.environ.get(ENGINE_VARIABLE) or "auto"
    if wanted not in get_args(EngineWish):
        raise MvsearchError(f"Whisper's engine must be auto, openai or faster, not {wanted!r}")
    has_faster = is_installed("faster")
    if is_converted(Path(model).expanduser()):
        if wanted == "openai":
            raise MvsearchError(f"{model} is a folder for faster-whisper; openai-whisper reads .pt")
        wanted = "faster"
    if wanted == "faster" and not has_faster:
        raise MvsearchError(f"faster-whisper is not installed; type: {name_install('faster')}")
    if wanted == "auto":
        return "faster" if has_faster and not has_driver() else "openai"
    return "faster" if wanted == "faster" else "openai"


def is_installed(engine: EngineName) -> bool:
    """Whether the package of an engine is there; it is not imported."""
    return find_spec(_PACKAGES[engine]) is not None


def load_engine(engine: EngineName, model: str, weights: Path) -> Engine:
    """Load a model.

    Raises:
        WeightsMissingError: the file or folder is not the model that it should be.
    """
    if engine == "faster":
        from mvsearch.indexer.lyrics.whisper.faster_engine import FasterEngine

        return FasterEngine(model, weights)
    from mvsearch.indexer.lyrics.whisper.openai_engine import OpenaiEngine

    return OpenaiEngine(model, weights)


def name_origin(model: str, engine: EngineName) -> str:
    """How lyrics say what heard them."""
    return model if engine == "openai" else f"{model} (faster-whisper)"
