"""Fits lyrics of a library to what is heard in their video, and stores moved ones."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.lyrics.fitting.confidence import MIN_ASKED, confirm
from mvsearch.indexer.lyrics.fitting.fit import choose_lines, fit_to_voice, fit_to_words
from mvsearch.indexer.lyrics.fitting.voice_evidence import measure_curves
from mvsearch.indexer.lyrics.whisper.transcribe import (
    WHISPER_SAMPLE_RATE,
    Transcriber,
    has_weights,
)
from mvsearch.indexer.media.decoding.audio import read_sound
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.pipeline.lyrics.add_sounds import add_sounds_of
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import (
    lyrics_fingerprint,
    lyrics_result,
    result_without_lyrics,
)
from mvsearch.indexer.pipeline.lyrics.transcription import (
    GONE,
    TranscriptionOptions,
    choose_file,
    estimate_seconds,
)
from mvsearch.indexer.pipeline.outcome import StageResult
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.indexer.pipeline.writer import CatalogWriter
from mvsearch.indexer.progress import Progress
from mvsearch.store.errors import MediaError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import MIN_CONFIDENCE, FitEvidence, LyricFit, LyricLine, Lyrics, Matrix

# A longer file is no song.
MAX_SONG_SECONDS = 3600.0
# Sources whose times were heard or seen in the video itself.
OWN_SOURCES = frozenset({"whisper", "ocr"})


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How lyrics are fitted.

    Attributes:
        by: what they are compared with; None: words where Whisper's weights are, else the voice.
        transcription: how words are heard.
    """

    by: FitEvidence | None = None
    transcription: TranscriptionOptions = field(default_factory=TranscriptionOptions)


def check_fittable(lyrics: Lyrics | None, name: str) -> Lyrics:
    """Refuse lyrics that cannot be fitted, before anything is decoded.

    Args:
        lyrics: of a video.
        name: of the video, for the message.

    Raises:
        MvsearchError: there are none, they have no times, or these are of the video itself.
    """
    if lyrics is None or not lyrics.lines:
        raise MvsearchError(f"there are no lyrics of {name!r} to fit")
    if lyrics.source in OWN_SOURCES:
        how = "heard" if lyrics.source == "whisper" else "seen"
        raise MvsearchError(f"the lyrics of {name!r} were {how} in the video itself: they fit")
    try:
        choose_lines(lyrics.lines)
    except MediaError as error:
        raise MvsearchError(f"the lyrics of {name!r} cannot be fitted: {error}") from None
    return lyrics


def fit_video(
    library: Library,
    encoders: Encoders,
    video_id: str,
    candidates: Sequence[Lyrics],
    options: FitOptions,
    progress: Progress,
    stop: threading.Event,
    heard: Lyrics | None = None,
) -> tuple[Lyrics, LyricFit]:
    """Fit lyrics to what is heard in a video; nothing is stored.

    Args:
        library: that holds the video.
        encoders: of its profile, which names a Whisper model.
        video_id: of the video.
        candidates: lyrics with times, one or more.
        options: of the fit.
        progress: told what is done, and how long it takes.
        stop: when set, ends the work within seconds.
        heard: what Whisper heard in the video before; None to listen.

    Returns:
        The lyrics that fit best, and how.

    Raises:
        MvsearchError: the video is gone or has no sound, or the weights of Whisper are missing.
        DecodeStoppedError: `stop` was set.
    """
    model = options.transcription.whisper_model
    if heard is not None and options.by != "voice" and model is None:
        seconds = library.catalog.video(video_id).duration_seconds
        return _choose(candidates, lambda lines: fit_to_words(lines, heard.lines, seconds))
    model = model or encoders.profile.whisper_model
    by = options.by or ("words" if has_weights(model) else "voice")
    path = find_file(library, video_id).file.path
    probe = probe_file(path)
    if probe.sound is None:
        raise MvsearchError(f"{path.name} has no sound to fit lyrics to")
    if (probe.duration_seconds or 0.0) > MAX_SONG_SECONDS:
        raise MvsearchError(f"{path.name} is longer than an hour: lyrics are fitted to songs")
    transcriber = _make_transcriber(options, model) if by == "words" else None
    samples = read_sound(path, probe, WHISPER_SAMPLE_RATE, stop=stop)
    return _choose(candidates, _listen(samples, transcriber, progress, stop))


def _choose(
    candidates: Sequence[Lyrics], fit: Callable[[Sequence[LyricLine]], LyricFit]
) -> tuple[Lyrics, LyricFit]:
    """The lyrics that fit best, and how."""
    fits = [(lyrics, fit(lyrics.lines)) for lyrics in candidates]
    return max(fits, key=lambda pair: pair[1].confidence)


def _listen(
    samples: Matrix, transcriber: Transcriber | None, progress: Progress, stop: threading.Event
) -> Callable[[Sequence[LyricLine]], LyricFit]:
    """Hear the words of a track, or its voice alone; returns what fits lines to that."""
    if transcriber is None:
        progress.note("Listening for a voice")
        curves = measure_curves(samples)
        return lambda lines: fit_to_voice(lines, curves)
    seconds = len(samples) / WHISPER_SAMPLE_RATE
    expected = estimate_seconds(seconds, transcriber)
    takes = "" if expected is None else f", which takes about {max(expected, 1):.0f} s"
    progress.note(f"Listening for words with Whisper {transcriber.origin}{takes}")
    heard = transcriber.transcribe(samples, stop)

    def fit(lines: Sequence[LyricLine]) -> LyricFit:
        found = fit_to_words(lines, heard.lines, seconds)
        if not MIN_ASKED <= found.confidence < MIN_CONFIDENCE:
            return found
        starts = [line.start_seconds or 0.0 for line in choose_lines(lines)]
        return confirm(found, fit_to_voice(lines, measure_curves(samples)), starts)

    return fit


def _make_transcriber(options: FitOptions, model: str) -> Transcriber:
    """A transcriber that keeps the times of words."""
    given = options.transcription
    decoding = replace(given.transcription.decoding, has_word_times=True)
    wanted = replace(given.transcription, decoding=decoding)
    return Transcriber(model, given.language, False, wanted)


def find_file(library: Library, video_id: str) -> Found:
    """An unchanged file of a video.

    Raises:
        MvsearchError: there is none.
    """
    found = choose_file(video_id, library.catalog.locations(video_id=video_id))
    if found is None:
        raise MvsearchError(f"{library.catalog.video(video_id).path}: {GONE}")
    return found


def list_places(library: Library, video_id: str) -> list[Path]:
    """Every file of a video, the one that is found first in front."""
    return list(find_file(library, video_id).places)


def prepare_lyrics(encoders: Encoders, video_id: str, lyrics: Lyrics | None) -> StageResult:
    """Encode lyrics that are to be stored in the place of others.

    Args:
        encoders: of the library's profile.
        video_id: of the video.
        lyrics: None for none: the video then waits for a transcription.
    """
    if lyrics is not None:
        return lyrics_result(video_id, lyrics, encoders, "")
    return result_without_lyrics(video_id, encoders.lyrics.spaces[0].key, "", waits=True)


def store_lyrics(library: Library, result: StageResult, *, wrote_file: bool = True) -> None:
    """Store prepared lyrics, in one transaction, then how they sound; the writer's lock is held.

    The next index run keeps them, as long as no lyric file beside the video changes.

    Args:
        library: that holds the video.
        result: of `prepare_lyrics`.
        wrote_file: whether a lyric file was written with them. If not, one that changed since the
            last index run is still read by the next.
    """
    stage = result.stage
    known = library.catalog.stage(stage.video_id, "lyrics", stage.encoder)
    if wrote_file or known is None:
        fingerprint = lyrics_fingerprint(list_places(library, stage.video_id))
    else:
        fingerprint = known.fingerprint
    found = replace(result, stage=replace(stage, fingerprint=fingerprint))
    CatalogWriter(library.catalog).keep_result(found)
    add_sounds_of(library.catalog, stage.video_id)
