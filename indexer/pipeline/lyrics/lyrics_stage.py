"""Runs the lyrics stage of one file: finds or transcribes lyrics, and embeds them."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.text.language import detect_language
from mvsearch.indexer.features.encoder_pool import EncoderPool
from mvsearch.indexer.lyrics import (
    FoundLyrics,
    ListFiles,
    Song,
    find_lyrics,
    list_lyric_files,
    lyric_segments,
    sidecar_fingerprint,
    song_segment,
)
from mvsearch.indexer.lyrics.whisper.transcribe import WHISPER_SAMPLE_RATE, Transcriber
from mvsearch.indexer.media.decoding.audio import read_sound
from mvsearch.indexer.media.decoding.frames import read_subtitles
from mvsearch.indexer.media.probe import Probe, probe_file
from mvsearch.indexer.pipeline.outcome import Outcome, StageOptions, StageResult
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Embeddings, Failure, Lyrics, Matrix, Stage, StageStatus

# The encoders of `Encoders.more_lyrics` have no thread; each run of theirs uses all cores.
_ENCODING_MORE = threading.Lock()


def lyrics_result(
    video_id: str,
    lyrics: Lyrics,
    encoders: Encoders,
    fingerprint: str,
    encode: Callable[[list[str]], tuple[Matrix, ...]] | None = None,
) -> StageResult:
    """Encode the accepted lines of lyrics, or all of them as one text, by the profile.

    Args:
        video_id: of the video.
        lyrics: with rejected lines, which are stored but not encoded.
        encoders: of the profile.
        fingerprint: of the lyric files; see `lyrics_fingerprint`.
        encode: encodes lines; None for the encoder itself.
    """
    encoder, more = encoders.lyrics, encoders.more_lyrics
    origin = f"{lyrics.source} {lyrics.origin}".strip()
    is_whole = encoders.profile.is_lyrics_whole
    segments = song_segment(lyrics) if is_whole else lyric_segments(lyrics)
    embeddings: tuple[Embeddings, ...] = ()
    if segments:
        texts = [segment.text for segment in segments]
        matrices = [*(encode or encoder.encode)(texts)]
        with _ENCODING_MORE:
            matrices += [one.encode(texts)[0] for one in more]
        spaces = [*encoder.spaces, *(one.spaces[0] for one in more)]
        embeddings = tuple(
            Embeddings(space, segments, matrix)
            for space, matrix in zip(spaces, matrices, strict=True)
        )
        if lyrics.language is None:
            lyrics = replace(lyrics, language=detect_language("\n".join(texts)))
    status: StageStatus = "done" if segments else "absent"
    stage = Stage(
        video_id,
        "lyrics",
        encoder.spaces[0].key,
        status,
        origin=origin,
        fingerprint=fingerprint,
    )
    return StageResult(stage, embeddings, lyrics)


def transcribe_lyrics(
    found: Found, transcriber: Transcriber, encoders: Encoders, stop: threading.Event | None
) -> tuple[StageResult, Failure | None]:
    """Transcribe a video with Whisper.

    Returns:
        The result of the lyrics stage, and a failure if the audio cannot be read.

    Raises:
        DecodeStoppedError: `stop` was set.
    """
    path = found.file.path
    try:
        lyrics = transcriber.transcribe(
            read_sound(path, probe_file(path), WHISPER_SAMPLE_RATE, stop=stop), stop
        )
    except MediaError as error:
        failure = Failure(path, "lyrics", error.code, str(error))
        return failed_transcription(found, transcriber, encoders), failure
    fingerprint = lyrics_fingerprint(found.places)
    return lyrics_result(found.video_id, lyrics, encoders, fingerprint), None


def failed_transcription(found: Found, transcriber: Transcriber, encoders: Encoders) -> StageResult:
    """The lyrics stage of a video that cannot be transcribed.

    It is not pending: failures are tried again when the file changes or on request.
    """
    lyrics = Lyrics((), "whisper", transcriber.model_name)
    return lyrics_result(found.video_id, lyrics, encoders, lyrics_fingerprint(found.places))


def lyrics_fingerprint(places: Sequence[Path], list_files: ListFiles = list_lyric_files) -> str:
    """Compute a fingerprint of the lyric files of a video, 16 hexadecimal digits."""
    marks = sidecar_fingerprint(places, list_files).encode("utf-8", "surrogateescape")
    return hashlib.blake2b(marks, digest_size=8).hexdigest()


def add_lyrics(
    outcome: Outcome,
    probe: Probe,
    encoder_pool: EncoderPool,
    options: StageOptions,
    stop: threading.Event | None,
) -> Outcome:
    """Add the lyrics stage, from all sources except Whisper.

    The stage is "pending" if no source has lyrics and there is sound to transcribe.

    Raises:
        DecodeStoppedError: `stop` was set.
    """
    found = outcome.found
    fingerprint = lyrics_fingerprint(found.places)
    video = outcome.video
    assert video is not None
    song = Song(found.places, video.title, video.artist, probe.duration_seconds or 0.0)
    taken = _find_lyrics(found, probe, options, song)
    path, lyrics = found.file.path, taken.lyrics
    failures = tuple(Failure(path, "lyrics", bad.code, str(bad)) for bad in taken.problems)
    waits = lyrics is None and probe.sound is not None
    if lyrics is not None:
        result = lyrics_result(
            found.video_id,
            lyrics,
            encoder_pool.encoders,
            fingerprint,
            lambda lines: encoder_pool.encode("lyrics", lines, stop),
        )
    else:
        key = encoder_pool.encoders.lyrics.spaces[0].key
        result = result_without_lyrics(found.video_id, key, fingerprint, waits=waits)
    return replace(
        outcome,
        results=(*outcome.results, result),
        failures=outcome.failures + failures,
        needs_transcription=waits,
    )


def result_without_lyrics(video_id: str, key: str, fingerprint: str, *, waits: bool) -> StageResult:
    """Return a stage without lyrics, which waits for a transcription or has no audio."""
    status: StageStatus = "pending" if waits else "absent"
    detail = "not transcribed yet" if waits else "no sound"
    return StageResult(Stage(video_id, "lyrics", key, status, detail, fingerprint=fingerprint))


def _find_lyrics(found: Found, probe: Probe, options: StageOptions, song: Song) -> FoundLyrics:
    """Search the side-cars, subtitles, tags and plug-ins, unless only Whisper is allowed."""
    if options.lyrics == "whisper":
        return FoundLyrics(None)
    streams = {stream.index: stream for stream in probe.subtitles}
    return find_lyrics(
        found.places,
        tags=probe.tags,
        subtitle_streams=probe.subtitles,
        read_subtitles=lambda index: read_subtitles(found.file.path, streams[index]),
        language=options.language,
        song=song,
    )
