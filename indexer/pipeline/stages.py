"""Runs the missing stages of one file, without access to the library."""

import threading
from collections.abc import Collection, Sequence
from dataclasses import replace

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.audio.tempo_and_key import measure_tempo_and_key
from mvsearch.indexer.features.analysis import Features, analyse_probed
from mvsearch.indexer.features.encoder_pool import EncoderPool
from mvsearch.indexer.media.decoding.sampling import sampling_mark
from mvsearch.indexer.media.files.naming import clean_text
from mvsearch.indexer.media.probe import Probe, probe_file
from mvsearch.indexer.metadata.gather import gather_metadata
from mvsearch.indexer.mood.measure import measure_mood
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import add_lyrics
from mvsearch.indexer.pipeline.outcome import Outcome, StageOptions, StageResult
from mvsearch.indexer.pipeline.planning.inventory import Found
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Failure, Metadata, Modality, Stage, StageStatus, Video
from mvsearch.store.unicode import MAX_NAME_LETTERS, is_truncated


def run_stages(
    found: Found,
    lacking: Collection[Modality],
    encoder_pool: EncoderPool,
    options: StageOptions,
    stop: threading.Event | None = None,
    probe: Probe | None = None,
) -> Outcome:
    """Probe a file and run its missing stages.

    Args:
        found: the file.
        lacking: the missing stages.
        encoder_pool: the encoder threads.
        options: of the stages.
        stop: when set, the decoder is ended.
        probe: of the file; None probes it.

    Raises:
        DecodeStoppedError: `stop` was set.
    """
    path = found.file.path
    try:
        probe = probe or probe_file(path)
    except MediaError as error:
        return Outcome(found, None, failures=(Failure(path, "probe", error.code, str(error)),))
    metadata = gather_metadata(found.places, probe.tags, has_picture=probe.picture is not None)
    video = describe_video(found, probe, metadata)
    outcome = Outcome(found, video, failures=_list_cut_names(video), metadata=metadata)
    decoded = [stage for stage in lacking if stage != "lyrics"]
    if decoded:
        try:
            features = analyse_probed(
                path, found.video_id, probe, encoder_pool, options.analysis, decoded, stop
            )
        except MediaError as error:
            return Outcome(found, None, failures=(Failure(path, "decode", error.code, str(error)),))
        outcome = _add_features(outcome, features, decoded, encoder_pool.encoders, options)
    if "lyrics" in lacking:
        outcome = add_lyrics(outcome, probe, encoder_pool, options, stop)
    return outcome


def describe_video(found: Found, probe: Probe, metadata: Metadata) -> Video:
    """Make a `Video` from a probe and its metadata; its duration is that of the header."""
    year = metadata.first("year")
    return Video(
        id=found.video_id,
        path=found.file.path,
        title=metadata.first("title") or probe.title,
        artist=clean_text(", ".join(metadata.get("artist"))) or None,
        duration_seconds=probe.duration_seconds or 0.0,
        has_picture=probe.picture is not None,
        has_sound=probe.sound is not None,
        year=None if year is None else int(year),
        gain_db=metadata.gain_db,
        peak=metadata.peak,
        artwork=metadata.artwork,
    )


def _list_cut_names(video: Video) -> tuple[Failure, ...]:
    """Return a failure if the title or the artist is too long and was truncated."""
    if not any(is_truncated(name or "", MAX_NAME_LETTERS) for name in (video.title, video.artist)):
        return ()
    why = f"its title or artist is longer than {MAX_NAME_LETTERS} letters and cut to that"
    return (Failure(video.path, "probe", "too_long", why),)


def _add_features(
    outcome: Outcome,
    features: Features,
    stages: Sequence[Modality],
    encoders: Encoders,
    options: StageOptions,
) -> Outcome:
    """Add the results of the decoded stages, the measured duration and damage of the file."""
    video = outcome.video
    assert video is not None
    if features.duration_seconds is not None:
        video = replace(
            video, duration_seconds=features.duration_seconds, is_duration_measured=True
        )
    results = tuple(stage_result(video, stage, features, encoders, options) for stage in stages)
    failures = outcome.failures
    if features.problem is not None:
        code, reason = features.problem.code, str(features.problem)
        failures += (Failure(video.path, "decode", code, reason),)
    return replace(outcome, video=video, results=results, failures=failures)


def stage_result(
    video: Video,
    stage: Modality,
    features: Features,
    encoders: Encoders,
    options: StageOptions,
) -> StageResult:
    """Collect the results of one stage; those of frames have the sampling rule."""
    key = encoders.get(stage).spaces[0].key
    embeddings = tuple(made for made in features.embeddings if made.space.modality == stage)
    status: StageStatus = "done" if embeddings else "absent"
    is_seen = stage == "frames" and video.has_picture
    is_by_rule = is_seen and options.analysis.frames_per_second is None
    return StageResult(
        Stage(
            video.id,
            stage,
            key,
            status,
            features.absent.get(stage, ""),
            sampling=sampling_mark() if is_by_rule else "",
            has_key_frames_only=is_seen and options.analysis.decoded == "key",
        ),
        embeddings,
        uniform_seconds=features.uniform_seconds if stage == "frames" else (),
        tags=tuple(tag for tag in features.tags if tag.modality == stage),
        stills=features.stills if stage == "frames" else (),
        mood=measure_mood(embeddings, stage, options.heads),
        tempo=measure_tempo_and_key(embeddings) if stage == "audio" else None,
    )
