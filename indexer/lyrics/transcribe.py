"""Lyrics by ear: Whisper, run only where there is a voice, and not believed blindly."""

import pickle
import tempfile
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np

from indexer.lyrics.checkpoints import (
    WHISPER_MODELS,
    checkpoint_folders,
    checkpoint_name,
    explain_placement,
    find_checkpoint,
    has_weights,
)
from indexer.lyrics.cleaning import clean_line
from indexer.lyrics.gates import GateOptions, explain_instrumental, judge_lines
from indexer.lyrics.languages import find_language
from indexer.lyrics.timing import clip_seconds
from indexer.lyrics.voice import VOICE_SAMPLE_RATE, VoiceOptions, detect_voice
from store.errors import MediaError, MvsearchError, WeightsMissingError
from store.records import LyricLine, Lyrics, Matrix, WhisperSegment, Word

__all__ = [
    "WHISPER_SAMPLE_RATE",
    "TranscribeOptions",
    "Transcriber",
    "fetch_weights",
    "has_weights",
]

WHISPER_SAMPLE_RATE = VOICE_SAMPLE_RATE
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
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
# One transcription takes every core, so two at a time only take twice the memory.
_TURN = threading.Lock()


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """How a track is transcribed.

    Attributes:
        has_word_times: whether each word gets its time; about a third slower.
    """

    has_word_times: bool = False
    voice: VoiceOptions = field(default_factory=VoiceOptions)
    gates: GateOptions = field(default_factory=GateOptions)


class Transcriber:
    """A Whisper model, loaded when it is first needed."""

    def __init__(
        self,
        model: str,
        language: str | None = None,
        may_download: bool = False,
        options: TranscribeOptions | None = None,
    ) -> None:
        """Make sure that the weights are there; they are not loaded yet.

        Args:
            model: one of `WHISPER_MODELS`, or a checkpoint file.
            language: the one that is sung, a code or a name; heard in the first 30 s where None.
            may_download: whether a named model may be fetched.
            options: how a track is transcribed.

        Raises:
            MvsearchError: neither a file nor the name of a model.
            WeightsMissingError: the named model is not there, or cannot be fetched.
        """
        self.model_name = model
        self.language = find_language(language) or language
        self.options = options or TranscribeOptions()
        self._checkpoint = find_checkpoint(model)
        self._model: Any = None
        if self._checkpoint is None:
            if not may_download:
                raise WeightsMissingError(
                    f"the weights of Whisper's model {model!r} are not here;"
                    f" {explain_placement(model)}, or type: mvsearch models fetch whisper-{model}"
                )
            self._checkpoint = fetch_weights(model)

    def load(self) -> None:
        """Load the model now.

        Raises:
            WeightsMissingError: the file is not the checkpoint that it should be.
            MvsearchError: Whisper does not know the language.
        """
        if self._model is None and self._checkpoint is not None:
            self._model = _load_model(self.model_name, self._checkpoint)
            _check_language(self.language)

    def transcribe(self, samples: Matrix, language: str | None = None) -> Lyrics:
        """Write down what is sung.

        A track without a voice is not transcribed: its one line has no text and is rejected with
        the reason. A line that the gates do not believe is kept, with the reason.

        Args:
            samples: (n,) float32 in [-1, 1], mono, at `WHISPER_SAMPLE_RATE`.
            language: instead of the transcriber's own.

        Raises:
            MediaError: "transcribe_failed".
            WeightsMissingError: the file is not the checkpoint that it should be.
            MvsearchError: Whisper does not know the language.
        """
        samples = np.clip(np.nan_to_num(np.ascontiguousarray(samples, np.float32)), -1, 1)
        wanted = find_language(language) or language or self.language
        with _TURN:
            activity = detect_voice(samples, self.options.voice)
            duration_seconds = activity.duration_seconds
            reason = explain_instrumental(activity, self.options.gates)
            if reason is not None:
                line = LyricLine("", 0.0, duration_seconds, rejected=reason)
                return Lyrics((line,), "whisper", self.model_name, None)
            self.load()
            _check_language(wanted)
            heard = self._hear(samples, wanted)
        lines = [_read_segment(segment, duration_seconds) for segment in heard["segments"]]
        judged = judge_lines(lines, activity, self.options.gates)
        return Lyrics(judged, "whisper", self.model_name, find_language(heard["language"]))

    def _hear(self, samples: Matrix, language: str | None) -> Mapping[str, Any]:
        """Run Whisper over a track."""
        gates = self.options.gates
        is_english_only = not self._model.is_multilingual
        try:
            heard: Mapping[str, Any] = self._model.transcribe(
                samples,
                language="en" if is_english_only else language,
                temperature=TEMPERATURES,
                condition_on_previous_text=False,
                compression_ratio_threshold=gates.max_compression_ratio,
                logprob_threshold=gates.min_avg_logprob,
                no_speech_threshold=gates.max_no_speech_prob,
                word_timestamps=self.options.has_word_times,
                fp16=self._model.device.type == "cuda",
            )
        except (RuntimeError, ValueError, LookupError, MemoryError) as error:
            said = " ".join(str(error).split())[:200]
            message = f"Whisper gave up: {type(error).__name__}: {said}"
            raise MediaError("transcribe_failed", message) from error
        return heard


def fetch_weights(model: str) -> Path:
    """Download a named model, unless it is there; the file appears only when it is whole.

    Raises:
        MvsearchError: it is not the name of a model.
        WeightsMissingError: the download failed.
    """
    if (found := find_checkpoint(model)) is not None:
        return found
    folder = checkpoint_folders()[0]
    try:
        import whisper

        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as partial:
            whisper.load_model(model, device="cpu", download_root=partial)
            name = checkpoint_name(model)
            (Path(partial) / name).replace(folder / name)
    except (URLError, OSError, RuntimeError) as error:
        said = " ".join(str(error).split())
        raise WeightsMissingError(
            f"Whisper's model {model!r} cannot be fetched ({said}); {explain_placement(model)}"
        ) from error
    return folder / checkpoint_name(model)


def _load_model(model: str, checkpoint: Path) -> Any:
    """Load a checkpoint; Whisper reads it with torch's `weights_only`, so no code in it runs."""
    import whisper

    try:
        if model not in WHISPER_MODELS:
            return whisper.load_model(str(checkpoint))
        return _load_named_model(model, checkpoint)
    except _BAD_CHECKPOINT as error:
        raise WeightsMissingError(
            f"{checkpoint} is no Whisper checkpoint ({type(error).__name__}); it needs the dims and"
            " the model_state_dict of a model, and nothing else"
        ) from error


def _load_named_model(model: str, checkpoint: Path) -> Any:
    """Load a published checkpoint, but never another one in its place."""
    import whisper

    try:
        with warnings.catch_warnings():
            # On another checksum Whisper warns and downloads; here that is an error.
            warnings.filterwarnings("error", message=".*checksum", category=UserWarning)
            return whisper.load_model(model, download_root=str(checkpoint.parent))
    except UserWarning:
        raise WeightsMissingError(
            f"{checkpoint} is not Whisper's {model!r}: its checksum differs; delete it, then type:"
            f" mvsearch models fetch whisper-{model}"
        ) from None


def _check_language(language: str | None) -> None:
    """Raise MvsearchError for a language that Whisper does not know."""
    from whisper.tokenizer import LANGUAGES, TO_LANGUAGE_CODE

    if language is not None and language not in {*LANGUAGES, *TO_LANGUAGE_CODE}:
        raise MvsearchError(f"Whisper does not know the language {language!r}; say it as in: en")


def _read_segment(segment: Mapping[str, Any], duration_seconds: float) -> LyricLine:
    """Turn a segment of Whisper's into a line; times beyond the end of the track are cut."""
    start = min(clip_seconds(segment["start"]), duration_seconds)
    end = max(start, min(clip_seconds(segment["end"]), duration_seconds))
    words = tuple(
        Word(
            text,
            begin := min(clip_seconds(word["start"]), end),
            max(begin, clip_seconds(word["end"])),
        )
        for word in segment.get("words") or ()
        if (text := clean_line(word["word"]))
    )
    fields = WhisperSegment(
        id=int(segment["id"]),
        seek=int(segment["seek"]),
        tokens=tuple(int(token) for token in segment["tokens"]),
        temperature=float(segment["temperature"]),
        avg_logprob=float(segment["avg_logprob"]),
        compression_ratio=float(segment["compression_ratio"]),
        no_speech_prob=float(segment["no_speech_prob"]),
    )
    text = clean_line(segment["text"].replace("\ufffd", ""))
    return LyricLine(text, start, end, words, whisper=fields)
