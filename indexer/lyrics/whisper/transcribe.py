"""Transcribes a track that contains a voice, and rejects doubtful lines."""

import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np

from mvsearch.indexer.lyrics.files.cleaning import clean_line
from mvsearch.indexer.lyrics.files.languages import find_language
from mvsearch.indexer.lyrics.files.timing import clip_seconds
from mvsearch.indexer.lyrics.whisper.checkpoints import (
    checkpoint_folders,
    checkpoint_name,
    explain_placement,
    find_checkpoint,
    has_weights,
)
from mvsearch.indexer.lyrics.whisper.engines import (
    Engine,
    EngineWish,
    choose_engine,
    load_engine,
    name_origin,
)
from mvsearch.indexer.lyrics.whisper.gates import GateOptions, explain_instrumental, judge_lines
from mvsearch.indexer.lyrics.whisper.transcription_loop import HearOptions, cut_window, hear_clips
from mvsearch.indexer.lyrics.whisper.voice import (
    VOICE_SAMPLE_RATE,
    VoiceActivity,
    VoiceOptions,
    detect_voice,
)
from mvsearch.indexer.lyrics.whisper.windows import FRAMES_A_SECOND, Clip, WindowOptions, plan_clips
from mvsearch.store.errors import MediaError, MvsearchError, WeightsMissingError
from mvsearch.store.records import LyricLine, Lyrics, Matrix, WhisperSegment, Word

__all__ = [
    "WHISPER_SAMPLE_RATE",
    "TranscribeOptions",
    "Transcriber",
    "fetch_weights",
    "has_weights",
]

WHISPER_SAMPLE_RATE = VOICE_SAMPLE_RATE
# One transcription takes every core, so two at a time only take twice the memory.
_TURN = threading.Lock()


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """How a track is transcribed.

    Attributes:
        engine: what runs the model; see `choose_engine`.
    """

    engine: EngineWish | None = None
    voice: VoiceOptions = field(default_factory=VoiceOptions)
    windows: WindowOptions = field(default_factory=WindowOptions)
    hearing: HearOptions = field(default_factory=HearOptions)
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
            model: one of `WHISPER_MODELS`, a checkpoint file, or a folder of CTranslate2.
            language: the one that is sung, a code or a name; heard in the first 30 s where None.
            may_download: whether a named model may be fetched.
            options: how a track is transcribed.

        Raises:
            MvsearchError: neither a file nor the name of a model, or an engine that is not there.
            WeightsMissingError: the named model is not there, or cannot be fetched.
        """
        self.model_name = model
        self.language = find_language(language) or language
        self.options = options or TranscribeOptions()
        checkpoint = find_checkpoint(model)
        self.engine_name = choose_engine(model, self.options.engine)
        self.origin = name_origin(model, self.engine_name)
        self._engine: Engine | None = None
        if checkpoint is None:
            if not may_download:
                raise WeightsMissingError(
                    f"the weights of Whisper's model {model!r} are not here;"
                    f" {explain_placement(model)}, or type: mvsearch models fetch whisper-{model}"
                )
            checkpoint = fetch_weights(model)
        self._checkpoint = checkpoint

    def load(self) -> Engine:
        """Load the model now.

        Raises:
            WeightsMissingError: the file is not the checkpoint that it should be.
            MvsearchError: Whisper does not know the language.
        """
        if self._engine is None:
            _check_language(self.language)
            self._engine = load_engine(self.engine_name, self.model_name, self._checkpoint)
        return self._engine

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
                return Lyrics((line,), "whisper", self.origin, None)
            engine = self.load()
            _check_language(wanted)
            segments, spoken = self._hear(engine, samples, activity, wanted)
        lines = [_read_segment(segment, duration_seconds) for segment in segments]
        judged = judge_lines(lines, activity, self.options.gates)
        return Lyrics(judged, "whisper", self.origin, find_language(spoken))

    def _hear(
        self, engine: Engine, samples: Matrix, activity: VoiceActivity, language: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Run Whisper over a track: its segments, and the language that it is in."""
        options = self.options
        try:
            mel = engine.measure_mel(samples)
            clips = plan_clips(activity, mel.shape[1], options.windows)
            if not engine.is_multilingual:
                language = "en"
            elif language is None and clips:
                language = _detect_language(engine, mel, clips, activity)
            heard = hear_clips(engine, mel, clips, language, options.hearing, options.gates)
        except (RuntimeError, ValueError, LookupError, MemoryError) as error:
            said = " ".join(str(error).split())[:200]
            message = f"Whisper gave up: {type(error).__name__}: {said}"
            raise MediaError("transcribe_failed", message) from error
        return heard, language


def _detect_language(
    engine: Engine, mel: Matrix, clips: list[Clip], activity: VoiceActivity
) -> str:
    """The language of the clip with the most voice: the first 30 s may have none."""
    most = max(clips, key=lambda clip: _measure_voice(clip, activity))
    (encoded,) = engine.encode(cut_window(mel, most)[None])
    return engine.detect_language(encoded)


def _measure_voice(clip: Clip, activity: VoiceActivity) -> float:
    """How many frames of a clip have a voice."""
    start, end = clip.start_frame / FRAMES_A_SECOND, clip.end_frame / FRAMES_A_SECOND
    return activity.voiced_share(start, end) * (clip.end_frame - clip.start_frame)


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
