"""Decodes the frames and the audio of a file in one pass, with time stamps."""

import threading
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

from mvsearch.indexer.media.decoder_log import DecoderLog, describe_error
from mvsearch.indexer.media.decoding.assembly import FrameAssembler, SoundAssembler
from mvsearch.indexer.media.decoding.entry_point import find_entry
from mvsearch.indexer.media.decoding.graph import build_command, name_pipes
from mvsearch.indexer.media.decoding.streams import LOG, Child
from mvsearch.indexer.media.decoding.types import (
    DecodeOptions,
    DecodeReport,
    FrameBatch,
    Lost,
    SoundBlock,
)
from mvsearch.indexer.media.probe import Probe
from mvsearch.indexer.media.programs import find_reason
from mvsearch.store.errors import MediaError

MIN_SOUND_SECONDS = 0.5
# Smaller differences are rounding, edit lists, or a last frame without a duration.
TRUNCATION_SECONDS = 1.0
TRUNCATION_SHARE = 0.02


class Decoding:
    """An iterator over the frame batches and sound blocks of a file.

    Close it, or use it in a `with`, if it may not be read to its end: this ends the decoder.
    """

    def __init__(
        self, path: Path, probe: Probe, options: DecodeOptions, stop: threading.Event | None
    ) -> None:
        self._report: DecodeReport | None = None
        self._pieces = self._decode(path, probe, options, stop)

    def __iter__(self) -> "Decoding":
        return self

    def __next__(self) -> FrameBatch | SoundBlock:
        return next(self._pieces)

    def __enter__(self) -> "Decoding":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def report(self) -> DecodeReport:
        """The report on the whole pass; RuntimeError before the end of the iteration."""
        if self._report is None:
            raise RuntimeError("there is no report before the end of the decoding")
        return self._report

    def close(self) -> None:
        """End the decoder if it is running."""
        self._pieces.close()

    def _decode(
        self, path: Path, probe: Probe, options: DecodeOptions, stop: threading.Event | None
    ) -> Generator[FrameBatch | SoundBlock, None, None]:
        """Decode both streams; if ffmpeg gives no output, each stream alone."""
        if not options.is_section:
            _check_length("says it lasts", probe.duration_seconds or 0.0, options)
        attempts = _plan_attempts(probe, _choose_entry(path, probe, options))
        for number, attempt in enumerate(attempts, start=1):
            one_pass = _Pass(path, probe, attempt, stop)
            yield from one_pass.run()
            if one_pass.has_output or number == len(attempts):
                self._report = one_pass.report(attempts[0])
                return


def decode(
    path: Path,
    probe: Probe,
    options: DecodeOptions | None = None,
    stop: threading.Event | None = None,
) -> Decoding:
    """Decode frames and audio of a file in one process, with bounded memory.

    The first frame at or after each multiple of 1 / rate is sampled, with its presentation time; at
    the start of a section, the last frame before it. If the decoder skips frames (see
    `frame_skipping`), a sampled frame is less than half a step late. Rotation is applied.

    Args:
        path: of the file.
        probe: of the file.
        options: what to decode; None for the default.
        stop: when set, the decoder is ended.

    Returns:
        An iterator of `FrameBatch` and `SoundBlock`, which raises the errors below.

    Raises:
        MediaError: "no_media" (the file lacks the requested streams), "decode_failed", "too_short"
            (no frame and less than half a second of audio), "too_long" or "timed_out".
        DecodeStoppedError: `stop` was set.
        ToolMissingError: ffmpeg is not installed.
    """
    return Decoding(path, probe, options or DecodeOptions(), stop)


def _check_length(says: str, seconds: float, options: DecodeOptions) -> None:
    """Raise MediaError if a duration, by the header or as decoded, exceeds the limit."""
    if seconds > options.max_seconds:
        limit = options.max_seconds / 3600
        raise MediaError(
            "too_long",
            f"it {says} {seconds / 3600:,.1f} hours, and the limit is {limit:g}; to index it all"
            " the same: --max-hours HOURS --retry-failed",
        )


def _choose_entry(path: Path, probe: Probe, options: DecodeOptions) -> DecodeOptions:
    """Choose the seek position of a section so that its frames are decoded without loss."""
    start = options.start_seconds
    if start == 0 or not options.wants_picture or probe.picture is None:
        return options
    return replace(options, entry_seconds=find_entry(path, probe.picture, start))


def _plan_attempts(probe: Probe, options: DecodeOptions) -> list[DecodeOptions]:
    """List what to decode in turn: all requested streams, then video and audio alone.

    Raises:
        MediaError: "no_media".
    """
    wants_picture = options.wants_picture and probe.picture is not None
    wants_sound = options.wants_sound and probe.sound is not None
    if not (wants_picture or wants_sound):
        raise MediaError("no_media", "it lacks the requested picture or sound")
    planned = replace(options, wants_picture=wants_picture, wants_sound=wants_sound)
    if not (wants_picture and wants_sound) or planned.hardware is not None:
        return [planned]
    return [planned, replace(planned, wants_sound=False), replace(planned, wants_picture=False)]


class _Pass:
    """One run of ffmpeg on one file."""

    def __init__(
        self, path: Path, probe: Probe, options: DecodeOptions, stop: threading.Event | None
    ) -> None:
        self._path = path
        self._probe = probe
        self._options = options
        self._stop = stop
        self._frames = FrameAssembler(options, probe)
        self._sound = SoundAssembler(options)
        self._status = 0
        self._log = DecoderLog()

    @property
    def has_output(self) -> bool:
        """Whether anything was decoded."""
        return self._frames.n_frames > 0 or self._sound.n_samples > 0

    def run(self) -> Iterator[FrameBatch | SoundBlock]:
        """Yield batches and blocks as soon as they are full."""
        child = Child(
            name_pipes(self._options),
            lambda pipes: build_command(self._path, self._probe, self._options, pipes),
            self._options.stall_seconds,
            self._stop,
        )
        try:
            for name, chunk in child.chunks():
                self._check_seconds()
                if name == LOG:
                    self._log.take(chunk)
                elif name == "sound":
                    yield from self._sound.take(chunk)
                else:
                    yield from self._frames.take(name, chunk)
            self._status = child.finish()
        finally:
            child.close()
        self._check_seconds()
        self._log.finish()
        yield from self._frames.finish(has_sound=self._sound.n_samples > 0)
        yield from self._sound.finish()

    def _check_seconds(self) -> None:
        seconds = max(self._frames.seconds, self._sound.seconds)
        _check_length("goes on for more than", seconds, self._options)

    def report(self, planned: DecodeOptions) -> DecodeReport:
        """Return the report of the pass.

        Args:
            planned: the options of the first attempt; this pass may have decoded fewer streams.

        Raises:
            MediaError: too little was decoded.
        """
        self._check()
        duration = max(self._frames.end_seconds, self._sound.end_seconds)
        log = self._log
        return DecodeReport(
            duration_seconds=duration,
            header_seconds=self._probe.duration_seconds,
            n_frames=self._frames.n_frames,
            sound_seconds=self._sound.seconds,
            is_truncated=self._is_cut(duration),
            lost=self._find_lost(planned),
            n_errors=log.n_losses if self._is_whole else 0,
            first_error=describe_error(log.first_loss, self._path),
        )

    @property
    def _is_whole(self) -> bool:
        """Whether the whole file is decoded; parts of a file may cause decoder errors."""
        return not self._options.is_section and self._options.decoded != "key"

    def _find_lost(self, planned: DecodeOptions) -> Lost:
        """Return the requested stream without output; audio may be empty without an error."""
        if self._options.is_section:
            return ""
        if planned.wants_picture and self._frames.n_frames == 0:
            return "picture"
        is_failed = not self._options.wants_sound or self._log.n_losses > 0
        if planned.wants_sound and self._sound.n_samples == 0 and is_failed:
            return "sound"
        return ""

    def _check(self) -> None:
        """Raise MediaError if the decoder crashed or its output is too short."""
        if self._status < 0:
            raise MediaError(
                "decode_failed", f"the decoder crashed or was ended by signal {-self._status}"
            )
        if self._options.hardware is not None and (self._log.lines or self._status):
            raise MediaError("decode_failed", f"{self._options.hardware} cannot decode all of it")
        if self._frames.n_frames > 0 or self._sound.seconds >= MIN_SOUND_SECONDS:
            return
        if self._options.start_seconds > 0:
            raise MediaError(
                "too_short", f"there is nothing after {self._options.start_seconds:g} seconds"
            )
        header = self._probe.duration_seconds
        is_short = header is not None and header < MIN_SOUND_SECONDS
        if not self.has_output and not is_short and (self._log.lines or self._status):
            raise find_reason("\n".join(self._log.lines)) or MediaError(
                "decode_failed",
                "no picture or sound can be decoded: it is damaged, or this ffmpeg lacks the codec",
            )
        raise MediaError("too_short", "it has no frame, and less than half a second of sound")

    def _is_cut(self, duration_seconds: float) -> bool:
        """Return whether the file ends clearly before its header says, with decoder errors."""
        header = self._probe.duration_seconds
        if header is None or self._options.end_seconds is not None:
            return False
        missing = header - duration_seconds
        is_short = missing > max(TRUNCATION_SECONDS, TRUNCATION_SHARE * header)
        return is_short and bool(self._log.lines or self._status)
