"""Runs the stage "ocr", text in the picture, one video at a time, and takes lyrics from it."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.lyrics.shown import SOURCE, find_sung, follows_voice, make_lyrics
from mvsearch.indexer.lyrics.whisper.voice import VOICE_SAMPLE_RATE, detect_voice
from mvsearch.indexer.media.decoding.audio import read_sound
from mvsearch.indexer.media.decoding.frames import DecodeStoppedError
from mvsearch.indexer.media.decoding.types import MAX_HOURS
from mvsearch.indexer.media.probe import Probe, probe_file
from mvsearch.indexer.ocr.read_video import read_video_text, reading_mark
from mvsearch.indexer.ocr.reader import TextReader
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import (
    lyrics_fingerprint,
    lyrics_result,
    result_without_lyrics,
)
from mvsearch.indexer.pipeline.lyrics.transcription import WaitingVideo
from mvsearch.indexer.pipeline.outcome import StageResult
from mvsearch.indexer.pipeline.planning.inventory import Found, Inventory
from mvsearch.indexer.pipeline.planning.plan import group_by_content
from mvsearch.indexer.pipeline.writer import CatalogWriter
from mvsearch.indexer.progress import Progress
from mvsearch.store.errors import MediaError
from mvsearch.store.observing.context import naming
from mvsearch.store.observing.observers import timing
from mvsearch.store.records import Embeddings, Failure, Segment, Stage, StageStatus

logger = logging.getLogger(__name__)

# A longer file is no song.
MAX_SONG_SECONDS = 3600.0
# What became of the lyrics of a video: they are what it shows, are so no longer, or stay.
Taken = Literal["taken", "dropped", "left"]
ReadFiles: TypeAlias = Callable[
    [Sequence[Found], TextReader, Encoders, threading.Event, float, Callable[[Path], Probe]],
    Iterator[tuple[Found, StageResult, Failure | None]],
]


@dataclass(frozen=True, slots=True)
class OcrStage:
    """The stage of one run.

    Attributes:
        reader: reads frames.
        encoders: of the profile.
        writer: stores the lines, and counts the videos that show any in its summary.
        progress: told how many videos there are, then the stage "ocr".
        stop: when set, ends the run within seconds.
        read_files: yields each file when its text was read; None for `read_in_turn`.
        probes: of the files whose text may be their lyrics.
    """

    reader: TextReader
    encoders: Encoders
    writer: CatalogWriter
    progress: Progress
    stop: threading.Event
    read_files: ReadFiles | None = None
    probes: dict[Path, Probe] = field(default_factory=dict)

    def read(self, inventory: Inventory, max_hours: float = MAX_HOURS) -> list[Found]:
        """Read the text of the videos that lack the stage or are tried again, one at a time.

        Args:
            inventory: of the run, whose videos are in the catalogue.
            max_hours: longer files are refused.

        Returns:
            A file of each video that was to be read.
        """
        catalog = self.writer.catalog
        key = self.encoders.ocr.spaces[0].key
        pending = catalog.pending("ocr", key, reading_mark(self.reader))
        files = [
            group[0]
            for video_id, group in group_by_content(inventory).items()
            if video_id in pending
            or (any(found.is_retry for found in group) and catalog.has_video(video_id))
        ]
        if files and not self.stop.is_set():
            n_videos = "1 video" if len(files) == 1 else f"{len(files)} videos"
            self.progress.note(f"Reading the text in the picture of {n_videos}")
            self.progress.begin("ocr", len(files))
        done = (self.read_files or read_in_turn)(
            files, self.reader, self.encoders, self.stop, max_hours, self._probe
        )
        for found, result, failure in done:
            if self.writer.keep_stage_if_whole(found, result, failure):
                self.writer.summary.with_text += bool(result.shown)
                logger.info("read %d lines of text in %s", len(result.shown), found.file.path)
            if not result.shown:
                self.probes.pop(found.file.path, None)
            self.progress.advance("ocr")
        return files

    def _probe(self, path: Path) -> Probe:
        """Probe a file once."""
        if path not in self.probes:
            self.probes[path] = probe_file(path)
        return self.probes[path]

    def take_lyrics(
        self, read: Sequence[Found], waiting: Sequence[WaitingVideo]
    ) -> list[WaitingVideo]:
        """Take lyrics from the text that videos show; see `take_lyrics`.

        Args:
            read: a file of each video that was read.
            waiting: the videos that are to be transcribed.

        Returns:
            The videos that are to be transcribed now.
        """
        taken: dict[str, Taken] = {}
        with suppress(DecodeStoppedError):
            for found in [*read, *(one.found for one in waiting)]:
                if not self.stop.is_set() and found.video_id not in taken:
                    taken[found.video_id] = take_lyrics(
                        found, self.encoders, self.writer, self.stop, self._probe
                    )
        dropped = {
            found.video_id: found for found in read if taken.get(found.video_id) == "dropped"
        }
        videos = self.writer.catalog.some_videos(list(dropped))
        return [one for one in waiting if taken.get(one.found.video_id) != "taken"] + [
            WaitingVideo(found, videos[video_id].duration_seconds)
            for video_id, found in dropped.items()
        ]


def read_in_turn(
    files: Sequence[Found],
    reader: TextReader,
    encoders: Encoders,
    stop: threading.Event,
    max_hours: float = MAX_HOURS,
    probe: Callable[[Path], Probe] = probe_file,
) -> Iterator[tuple[Found, StageResult, Failure | None]]:
    """Read the text of files one after the other; ends early once `stop` is set."""
    for found in files:
        try:
            with naming(video_id=found.video_id), timing("stage", stage="ocr"):
                result, failure = read_shown_text(found, reader, encoders, stop, max_hours, probe)
        except DecodeStoppedError:
            return
        yield found, result, failure


def read_shown_text(
    found: Found,
    reader: TextReader,
    encoders: Encoders,
    stop: threading.Event | None = None,
    max_hours: float = MAX_HOURS,
    probe: Callable[[Path], Probe] = probe_file,
) -> tuple[StageResult, Failure | None]:
    """Read the text that a video shows, and encode its lines.

    Returns:
        The result of the stage, and a failure if the file cannot be decoded.

    Raises:
        DecodeStoppedError: `stop` was set.
    """
    path = found.file.path
    try:
        lines = read_video_text(path, probe(path), reader, max_hours=max_hours, stop=stop)
    except MediaError as error:
        failure = Failure(path, "ocr", error.code, str(error))
        return failed_reading(found, reader, encoders, str(error)), failure
    if not lines:
        return failed_reading(found, reader, encoders, "it shows no text"), None
    encoder = encoders.ocr
    segments = tuple(Segment(one.start_seconds, one.end_seconds, one.text) for one in lines)
    vectors = encoder.encode([line.text for line in lines])[0]
    embeddings = (Embeddings(encoder.spaces[0], segments, vectors),)
    stage = _make_stage(found, reader, encoders, "done", "")
    return StageResult(stage, embeddings, shown=lines), None


def failed_reading(found: Found, reader: TextReader, encoders: Encoders, why: str) -> StageResult:
    """The stage of a video without text; it is not pending, until the file changes."""
    return StageResult(_make_stage(found, reader, encoders, "absent", why))


def _make_stage(
    found: Found, reader: TextReader, encoders: Encoders, status: StageStatus, detail: str
) -> Stage:
    return Stage(
        found.video_id,
        "ocr",
        encoders.ocr.spaces[0].key,
        status,
        detail,
        origin=reader.key,
        sampling=reading_mark(reader),
    )


def take_lyrics(
    found: Found,
    encoders: Encoders,
    writer: CatalogWriter,
    stop: threading.Event,
    probe: Callable[[Path], Probe] = probe_file,
) -> Taken:
    """Take the text that a video shows as its lyrics, if it follows the voice as lyrics do.

    Lyrics of side-cars, subtitles, tags and plug-ins stay; those of Whisper do not. Lyrics of an
    earlier reading, which this one does not find, are dropped: the video waits for others.

    Returns:
        What became of the lyrics.

    Raises:
        DecodeStoppedError: `stop` was set.
    """
    catalog, video_id = writer.catalog, found.video_id
    stage = catalog.stage(video_id, "lyrics", encoders.lyrics.spaces[0].key)
    if stage is None or stage.origin.partition(" ")[0] not in ("", "whisper", SOURCE):
        return "left"
    duration = catalog.video(video_id).duration_seconds
    shown = catalog.shown_lines(video_id)
    lines = find_sung(shown, duration) if duration <= MAX_SONG_SECONDS else ()
    path, fingerprint = found.file.path, lyrics_fingerprint(found.places)
    if lines:
        try:
            sound = read_sound(path, probe(path), VOICE_SAMPLE_RATE, stop=stop)
        except MediaError:
            return "left"  # nothing to follow
        if not follows_voice(lines, detect_voice(sound)):
            lines = ()
    if not (lines or stage.origin.startswith(SOURCE)) or not writer.is_whole(found):
        return "left"
    if not lines:
        key = encoders.lyrics.spaces[0].key
        writer.keep_result(result_without_lyrics(video_id, key, fingerprint, waits=True))
        return "dropped"
    reading = catalog.stage(video_id, "ocr", encoders.ocr.spaces[0].key)
    lyrics = make_lyrics(lines, reading.origin if reading is not None else "")
    writer.keep_result(lyrics_result(video_id, lyrics, encoders, fingerprint))
    return "taken"
