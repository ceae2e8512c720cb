"""Runs the missing stages of one file, without access to the library."""

import hashlib
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.analysis import AnalysisOptions, Features, analyse_probed
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
from mvsearch.indexer.media.decoding.sampling import sampling_mark
from mvsearch.indexer.media.probe import Probe, probe_file
from mvsearch.indexer.pipeline.inventory import Found
from mvsearch.store.errors import MediaError
from mvsearch.store.records import (
    Embeddings,
    Failure,
    Lyrics,
    Matrix,
    Modality,
    Stage,
    StageStatus,
    Still,
    Tag,
    Video,
)
from mvsearch.store.unicode import MAX_NAME_LETTERS, is_truncated

LyricsMode = Literal["auto", "sidecar", "whisper", "off"]


@dataclass(frozen=True, slots=True)
class StageOptions:
    """How a file is taken through its stages.

    Attributes:
        lyrics: "auto" takes side-car, subtitles, tag, plug-ins, then Whisper; "sidecar" stops
            before Whisper; "whisper" hears every song anew; "off" leaves lyrics alone.
        language: ISO 639-1, for side-cars in several languages and for Whisper.
    """

    lyrics: LyricsMode = "auto"
    language: str | None = None
    analysis: AnalysisOptions = field(default_factory=AnalysisOptions)


@dataclass(frozen=True, slots=True)
class StageResult:
    """What one stage made of one file; stored in one transaction."""

    stage: Stage
    embeddings: tuple[Embeddings, ...] = ()
    lyrics: Lyrics | None = None
    uniform_seconds: tuple[float, ...] = ()
    tags: tuple[Tag, ...] = ()
    stills: tuple[Still, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    Attributes:
        video: None when the file cannot be used at all.
        waits_for_whisper: no cheaper source had the lyrics, and there is sound to hear them in.
    """

    found: Found
    video: Video | None
    results: tuple[StageResult, ...] = ()
    failures: tuple[Failure, ...] = ()
    waits_for_whisper: bool = False


def run_stages(
    found: Found,
    lacking: Collection[Modality],
    encoder_pool: EncoderPool,
    options: StageOptions,
    stop: threading.Event | None = None,
    probe: Probe | None = None,
) -> Outcome:
    """Probe a file, and run those of its stages that are missing.

    Args:
        found: the file.
        lacking: the missing stages.
        encoder_pool: the encoder threads.
        options: of the stages.
        stop: when set, the decoder is ended.
        probe: of the file, if it exists already.

    Raises:
        DecodeStoppedError: `stop` was set.
    """
    path = found.file.path
    try:
        probe = probe or probe_file(path)
    except MediaError as error:
        return Outcome(found, None, failures=(Failure(path, "probe", error.code, str(error)),))
    video = describe_video(found, probe)
    results: list[StageResult] = []
    failures = _list_cut_names(path, video)
    decoded_stages = [stage for stage in lacking if stage != "lyrics"]
    if decoded_stages:
        analysis = replace(options.analysis, has_stills=True)
        try:
            features = analyse_probed(
                path, found.video_id, probe, encoder_pool, analysis, decoded_stages, stop
            )
        except MediaError as error:
            return Outcome(found, None, failures=(Failure(path, "decode", error.code, str(error)),))
        if features.duration_seconds is not None:
            video = replace(
                video, duration_seconds=features.duration_seconds, is_duration_measured=True
            )
        results += (
            stage_result(video, stage, features, encoder_pool.encoders, options.analysis)
            for stage in decoded_stages
        )
        if features.problem is not None:
            failures.append(Failure(path, "decode", features.problem.code, str(features.problem)))
    waits = False
    if "lyrics" in lacking:
        lyrics, waits = _take_lyrics(found, probe, encoder_pool, options, failures, stop)
        results.append(lyrics)
    return Outcome(found, video, tuple(results), tuple(failures), waits)


def describe_video(found: Found, probe: Probe) -> Video:
    """What the container says of itself, as a `Video`."""
    return Video(
        id=found.video_id,
        path=found.file.path,
        title=probe.title,
        artist=probe.artist,
        duration_seconds=probe.duration_seconds or 0.0,
        has_picture=probe.picture is not None,
        has_sound=probe.sound is not None,
        year=probe.year,
    )


def _list_cut_names(path: Path, video: Video) -> list[Failure]:
    """What is told of a title or an artist that is not kept whole, as one failure or none."""
    if not any(is_truncated(name or "", MAX_NAME_LETTERS) for name in (video.title, video.artist)):
        return []
    why = f"its title or artist is longer than {MAX_NAME_LETTERS} letters and cut to that"
    return [Failure(path, "probe", "too_long", why)]


def stage_result(
    video: Video,
    stage: Modality,
    features: Features,
    encoders: Encoders,
    analysis: AnalysisOptions,
) -> StageResult:
    """Package what the analysis made for one modality; frames tell how they were taken."""
    key = encoders.get(stage).spaces[0].key
    embeddings = tuple(made for made in features.embeddings if made.space.modality == stage)
    status: StageStatus = "done" if embeddings else "absent"
    is_seen = stage == "frames" and video.has_picture
    is_by_rule = is_seen and analysis.frames_per_second is None
    return StageResult(
        Stage(
            video.id,
            stage,
            key,
            status,
            features.absent.get(stage, ""),
            sampling=sampling_mark() if is_by_rule else "",
            has_key_frames_only=is_seen and analysis.decoded == "key",
        ),
        embeddings,
        uniform_seconds=features.uniform_seconds if stage == "frames" else (),
        tags=features.tags if stage == "frames" else (),
        stills=features.stills if stage == "frames" else (),
    )


def lyrics_result(
    video_id: str,
    lyrics: Lyrics,
    encoders: Encoders,
    fingerprint: str,
    encode: Callable[[list[str]], tuple[Matrix, ...]] | None = None,
) -> StageResult:
    """Embed the lines of lyrics that go into the index, or all of them as one text.

    Args:
        video_id: whose lyrics they are.
        lyrics: with the lines that are not believed.
        encoders: of the profile.
        fingerprint: of the files beside the video.
        encode: what embeds lines, where it is not the encoder itself.
    """
    encoder = encoders.lyrics
    origin = f"{lyrics.source} {lyrics.origin}".strip()
    is_whole = encoders.profile.is_lyrics_whole
    segments = song_segment(lyrics) if is_whole else lyric_segments(lyrics)
    embeddings: tuple[Embeddings, ...] = ()
    if segments:
        matrices = (encode or encoder.encode)([segment.text for segment in segments])
        embeddings = tuple(
            Embeddings(space, segments, matrix)
            for space, matrix in zip(encoder.spaces, matrices, strict=True)
        )
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
    """Let Whisper hear a video that waits for it.

    Raises:
        DecodeStoppedError: `stop` was set.
    """
    path = found.file.path
    failure = None
    try:
        samples = read_sound(path, probe_file(path), WHISPER_SAMPLE_RATE, stop=stop)
        lyrics = transcriber.transcribe(samples)
    except MediaError as error:
        failure = Failure(path, "lyrics", error.code, str(error))
        # Not pending: as every failure, it is tried again when the file changes or on request.
        lyrics = Lyrics((), "whisper", transcriber.model_name)
    fingerprint = lyrics_fingerprint(found.places)
    return lyrics_result(found.video_id, lyrics, encoders, fingerprint), failure


def lyrics_fingerprint(places: Sequence[Path], list_files: ListFiles = list_lyric_files) -> str:
    """A mark that changes when a side-car appears, changes or goes."""
    marks = sidecar_fingerprint(places, list_files).encode("utf-8", "surrogateescape")
    return hashlib.blake2b(marks, digest_size=8).hexdigest()


def _take_lyrics(
    found: Found,
    probe: Probe,
    encoder_pool: EncoderPool,
    options: StageOptions,
    failures: list[Failure],
    stop: threading.Event | None,
) -> tuple[StageResult, bool]:
    """The lyrics stage from the sources that cost little, and whether Whisper is needed."""
    path = found.file.path
    fingerprint = lyrics_fingerprint(found.places)
    streams = {stream.index: stream for stream in probe.subtitles}
    if options.lyrics != "whisper":
        taken: FoundLyrics = find_lyrics(
            found.places,
            tags=probe.tags,
            subtitle_streams=probe.subtitles,
            read_subtitles=lambda index: read_subtitles(path, streams[index]),
            language=options.language,
            song=Song(found.places, probe.title, probe.artist, probe.duration_seconds or 0.0),
        )
        failures += (Failure(path, "lyrics", bad.code, str(bad)) for bad in taken.problems)
        if taken.lyrics is not None:
            result = lyrics_result(
                found.video_id,
                taken.lyrics,
                encoder_pool.encoders,
                fingerprint,
                lambda lines: encoder_pool.encode("lyrics", lines, stop),
            )
            return result, False
    key = encoder_pool.encoders.lyrics.spaces[0].key
    if probe.sound is None:
        stage = Stage(found.video_id, "lyrics", key, "absent", "no sound", fingerprint=fingerprint)
        return StageResult(stage), False
    stage = Stage(
        found.video_id, "lyrics", key, "pending", "not transcribed yet", fingerprint=fingerprint
    )
    return StageResult(stage), True
