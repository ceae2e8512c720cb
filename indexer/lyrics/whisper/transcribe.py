"""Transcribes a track that contains a voice, and rejects doubtful lines."""

import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.error import URLError

import numpy as np

from mvsearch.indexer.lyrics.files.cleaning import clean_line
from mvsearch.indexer.lyrics.files.languages import find_language
from mvsearch.indexer.lyrics.files.timing import clip_seconds
from mvsearch.indexer.lyrics.whisper.engines.checkpoints import (
    checkpoint_folders,
    checkpoint_name,
    explain_fetching,
    explain_placement,
    find_checkpoint,
    find_place,
    has_weights,
    open_checkpoint,
)
from mvsearch.indexer.lyrics.whisper.engines.engine import (
    BY_YAMNET,
    Engine,
    EngineChoice,
    choose_engine,
    is_installed,
    load_engine,
    name_origin,
)
from mvsearch.indexer.lyrics.whisper.gates import GateOptions, explain_instrumental, judge_lines
from mvsearch.indexer.lyrics.whisper.hypotheses import DecodingOptions
from mvsearch.indexer.lyrics.whisper.long_tracks import join_parts, split_track
from mvsearch.indexer.lyrics.whisper.transcription_loop import cut_window, transcribe_sections
from mvsearch.indexer.lyrics.whisper.voice import (
    VOICE_SAMPLE_RATE,
    VoiceActivity,
    VoiceOptions,
    detect_voice,
)
from mvsearch.indexer.lyrics.whisper.windows import (
    FRAMES_A_SECOND,
    WINDOW_FRAMES,
    TrackSection,
    WindowOptions,
    plan_sections,
)
from mvsearch.indexer.media.decoding.streams import DecodeStoppedError
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
# One transcription uses every core; two at a time would only use twice the memory.
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """How a track is transcribed.

    Attributes:
        engine: runs the model; see `choose_engine`.
    """

    engine: EngineChoice | None = None
    voice: VoiceOptions = field(default_factory=VoiceOptions)
    windows: WindowOptions = field(default_factory=WindowOptions)
    decoding: DecodingOptions = field(default_factory=DecodingOptions)
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
        """Check that the weights exist; they are loaded later.

        Args:
            model: one of `WHISPER_MODELS`, a checkpoint file, or a folder of CTranslate2.
            language: of the song, a code or a name; None detects it.
            may_download: whether a named model may be downloaded.
            options: how a track is transcribed.

        Raises:
            MvsearchError: the model is unknown, or the engine is not installed.
            WeightsMissingError: the weights are missing, or cannot be downloaded.
        """
        self.model_name = model
        self.language = find_language(language) or language
        self.options = options or TranscribeOptions()
        checkpoint = find_checkpoint(model)
        self.engine_name = choose_engine(self.options.engine)
        self.origin = name_origin(model, self.engine_name)
        self._engine: Engine | None = None
        if checkpoint is None:
            if not may_download:
                raise WeightsMissingError(
                    f"the weights of the Whisper model {model!r} are missing;"
                    f" {explain_fetching(model)}"
                )
            checkpoint = fetch_weights(model)
        self._checkpoint = checkpoint

    def load(self) -> Engine:
        """Load the model now.

        Raises:
            WeightsMissingError: the file is not the expected checkpoint.
            MvsearchError: Whisper does not know the language.
        """
        if self._engine is None:
            _check_language(self.language)
            with open_checkpoint(self._checkpoint) as weights:
                self._engine = load_engine(self.engine_name, self.model_name, weights)
        return self._engine

    def transcribe(self, samples: Matrix, stop: threading.Event | None = None) -> Lyrics:
        """Transcribe a track.

        A track without a voice is not transcribed: the result is one rejected line without text.
        Lines that the gates reject are kept with the reason. Tracks of more than 20 minutes are
        transcribed part by part.

        Args:
            samples: (n,) float32 in [-1, 1], mono, at `WHISPER_SAMPLE_RATE`.
            stop: when set, ends the transcription after the windows that are being decoded.

        Raises:
            DecodeStoppedError: `stop` was set.
            MediaError: "transcribe_failed".
            WeightsMissingError: the file is not the expected checkpoint.
            MvsearchError: Whisper does not know the language.
        """
        return join_parts(
            [(part, self._transcribe_part(samples[part], stop)) for part in split_track(samples)]
        )

    def _transcribe_part(self, samples: Matrix, stop: threading.Event | None) -> Lyrics:
        """Transcribe a track, or a part of a long one."""
        if stop is not None and stop.is_set():
            raise DecodeStoppedError
        samples = np.nan_to_num(np.asarray(samples, np.float32))
        np.clip(samples, -1, 1, out=samples)
        with _LOCK:
            activity = detect_voice(samples, self.options.voice)
            duration_seconds = activity.duration_seconds
            how = () if activity.detector == "Silero" else (BY_YAMNET,)
            origin = name_origin(self.model_name, self.engine_name, *how)
            reason = explain_instrumental(activity, self.options.gates)
            if reason is not None:
                line = LyricLine("", 0.0, duration_seconds, rejected=reason)
                return Lyrics((line,), "whisper", origin, None)
            engine = self.load() if stop is None else cast(Engine, _Stoppable(self.load(), stop))
            segments, spoken = self._run_engine(engine, samples, activity, self.language)
        lines = [_read_segment(segment, duration_seconds) for segment in segments]
        judged = judge_lines(lines, activity, self.options.gates)
        return Lyrics(judged, "whisper", origin, find_language(spoken))

    def _run_engine(
        self, engine: Engine, samples: Matrix, activity: VoiceActivity, language: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Run Whisper on a track: its segments, and its language."""
        options = self.options
        try:
            mel = engine.measure_mel(samples)
            sections = plan_sections(activity, mel.shape[1], options.windows)
            if not engine.is_multilingual:
                language = "en"
            elif language is None and sections:
                language = _detect_language(engine, mel, sections, activity)
            transcribed = transcribe_sections(
                engine, mel, sections, language, options.decoding, options.gates
            )
        except (RuntimeError, ValueError, LookupError, MemoryError) as error:
            said = " ".join(str(error).split())[:200]
            message = f"Whisper failed: {type(error).__name__}: {said}"
            raise MediaError("transcribe_failed", message) from error
        return transcribed, language


class _Stoppable:
    """An engine whose next step raises `DecodeStoppedError` once an event is set."""

    def __init__(self, engine: Engine, stop: threading.Event) -> None:
        self._engine = engine
        self._stop = stop

    def __getattr__(self, name: str) -> Any:
        if self._stop.is_set():
            raise DecodeStoppedError
        return getattr(self._engine, name)


def _detect_language(
    engine: Engine, mel: Matrix, sections: list[TrackSection], activity: VoiceActivity
) -> str:
    """Detect the language of the window with the most voice; the first 30 s may have none."""
    windows = [
        TrackSection(start, min(start + WINDOW_FRAMES, section.end_frame))
        for section in sections
        for start in range(section.start_frame, section.end_frame, WINDOW_FRAMES)
    ]
    most = max(windows, key=lambda window: _count_voiced_frames(window, activity))
    (encoded,) = engine.encode(cut_window(mel, most)[None])
    return engine.detect_language(encoded)


def _count_voiced_frames(section: TrackSection, activity: VoiceActivity) -> float:
    """The number of frames of a section with a voice."""
    start, end = section.start_frame / FRAMES_A_SECOND, section.end_frame / FRAMES_A_SECOND
    return activity.voiced_share(start, end) * (section.end_frame - section.start_frame)


def fetch_weights(model: str) -> Path:
    """Download a named model if it is missing; the file appears only when it is complete.

    Raises:
        MvsearchError: the model is unknown.
        WeightsMissingError: the download failed.
    """
    if (found := find_checkpoint(model)) is not None:
        return find_place(found)
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
            f"the Whisper model {model!r} cannot be downloaded ({said}); {explain_placement(model)}"
        ) from error
    return folder / checkpoint_name(model)


def _check_language(language: str | None) -> None:
    """Raise MvsearchError for a language that Whisper does not know.

    Without openai-whisper, whose list it is, faster-whisper says so at the first window.
    """
    if language is None or not is_installed("openai"):
        return
    from whisper.tokenizer import LANGUAGES, TO_LANGUAGE_CODE

    if language not in {*LANGUAGES, *TO_LANGUAGE_CODE}:
        raise MvsearchError(
            f"Whisper does not know the language {language!r}; use a code such as en"
        )


def _read_segment(segment: Mapping[str, Any], duration_seconds: float) -> LyricLine:
    """Turn a Whisper segment into a line, with times limited to the track."""
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
