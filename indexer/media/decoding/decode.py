"""Decodes the frames and the audio of a file in one pass, with time stamps."""

import threading
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

from mvsearch.indexer.media.complaints import Complaints, describe_complaint
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
# A header that is off by less is rounding, an edit list or a last frame without a duration.
TRUNCATION_SECONDS = 1.0
TRUNCATION_SHARE = 0.02


class Decoding:
    """An iterator over the batches and blocks of a file, with a `report` when it is through.

    Close it, or use it in a `with`, where it may be left early: the decoder is ended at once.
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
        """What came out of it; there only after the last piece."""
        if self._report is None:
            raise RuntimeError("the report is there when the decoding is through")
        return self._report

    def close(self) -> None:
        """End the decoder where it still runs."""
        self._pieces.close()

    def _decode(
        self, path: Path, probe: Probe, options: DecodeOptions, stop: threading.Event | None
    ) -> Generator[FrameBatch | SoundBlock, None, None]:
        """Decode both streams; one alone where the other keeps ffmpeg from starting."""
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
    """Decode frames and sound of a file in one process, through pipes, with flat memory.

    Of the frames that are decoded, the first at or after each multiple of 1 / rate is taken, with
    the time it is shown at; at the start of a section, the last before it. `skipping` says which
    are decoded: where any are left out, a frame is taken less than half a step late. Rotation is
    applied.

    Raises, while it is iterated:
        MediaError: "no_media" (the file has nothing of what is wanted), "decode_failed",
            "too_short" (no frame and less than half a second of sound), "too_long", "timed_out".
        DecodeStoppedError: `stop` was set.
        ToolMissingError: there is no ffmpeg.
    """
    return Decoding(path, probe, options or DecodeOptions(), stop)


def _check_length(says: str, seconds: float, options: DecodeOptions) -> None:
    """Raise where a file claims, or has yielded, more than the limit."""
    if seconds > options.max_seconds:
        limit = options.max_seconds / 3600
        raise MediaError(
            "too_long",
            f"it {says} {seconds / 3600:,.1f} hours, and the limit is {limit:g}; to index it all"
            " the same: --max-hours HOURS --retry-failed",
        )


def _choose_entry(path: Path, probe: Probe, options: DecodeOptions) -> DecodeOptions:
    """For a section with pictures, enter the file where these come out whole."""
    start = options.start_seconds
    if start == 0 or not options.wants_picture or probe.picture is None:
        return options
    return replace(options, entry_seconds=find_entry(path, probe.picture, start))


def _plan_attempts(probe: Probe, options: DecodeOptions) -> list[DecodeOptions]:
    """What to try in turn: all that is wanted and there, then picture and sound alone."""
    wants_picture = options.wants_picture and probe.picture is not None
    wants_sound = options.wants_sound and probe.sound is not None
    if not (wants_picture or wants_sound):
        raise MediaError("no_media", "it lacks the requested picture or sound")
    planned = replace(options, wants_picture=wants_picture, wants_sound=wants_sound)
    if not (wants_picture and wants_sound) or planned.hardware is not None:
        return [planned]
    return [planned, replace(planned, wants_sound=False), replace(planned, wants_picture=False)]


class _Pass:
    """One run of ffmpeg over one file."""

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
        self._complaints = Complaints()

    @property
    def has_output(self) -> bool:
        """Whether anything was decoded."""
        return self._frames.n_frames > 0 or self._sound.n_samples > 0

    def run(self) -> Iterator[FrameBatch | SoundBlock]:
        """Yield what comes out, as soon as a batch or a block is full."""
        child = Child(
            name_pipes(self._options),
            lambda pipes: build_command(self._path, self._probe, self._options, pipes),
            self._options.stall_seconds,
            self._stop,
        )
        try:
            for name, chunk in child.chunks():
                seconds = max(self._frames.seconds, self._sound.seconds)
                _check_length("goes on for more than", seconds, self._options)
                if name == LOG:
                    self._complaints.take(chunk)
                elif name == "sound":
                    yield from self._sound.take(chunk)
                else:
                    yield from self._frames.take(name, chunk)
            self._status = child.finish()
        finally:
            child.close()
        self._complaints.finish()
        yield from self._frames.finish(has_sound=self._sound.n_samples > 0)
        yield from self._sound.finish()

    def report(self, planned: DecodeOptions) -> DecodeReport:
        """Sum up, or say why there is nothing to sum up.

        Args:
            planned: what was wanted of the file at first; this pass may have tried for less.
        """
        self._check()
        duration = max(self._frames.end_seconds, self._sound.end_seconds)
        complaints = self._complaints
        return DecodeReport(
            duration_seconds=duration,
            header_seconds=self._probe.duration_seconds,
            n_frames=self._frames.n_frames,
            sound_seconds=self._sound.seconds,
            is_truncated=self._is_cut(duration),
            lost=self._find_lost(planned),
            n_complaints=complaints.n_losses if self._is_whole else 0,
            complaint=describe_complaint(complaints.first_loss, self._path),
        )

    @property
    def _is_whole(self) -> bool:
        """Whether all of the file is decoded; where parts are left out, decoders may complain."""
        return not self._options.is_section and self._options.decoded != "key"

    def _find_lost(self, planned: DecodeOptions) -> Lost:
        """Which stream of the whole file gave nothing; a sound track may be empty by intent."""
        if self._options.is_section:
            return ""
        if planned.wants_picture and self._frames.n_frames == 0:
            return "picture"
        is_failed = not self._options.wants_sound or self._complaints.n_losses > 0
        if planned.wants_sound and self._sound.n_samples == 0 and is_failed:
            return "sound"
        return ""

    def _check(self) -> None:
        """Raise where the pass gave too little, or was ended by force."""
        if self._status < 0:
            raise MediaError(
                "decode_failed", f"the decoder crashed or was ended by signal {-self._status}"
            )
        if self._options.hardware is not None and (self._complaints.lines or self._status):
            raise MediaError("decode_failed", f"{self._options.hardware} cannot decode all of it")
        if self._frames.n_frames > 0 or self._sound.seconds >= MIN_SOUND_SECONDS:
            return
        if self._options.start_seconds > 0:
            raise MediaError(
                "too_short", f"there is nothing after {self._options.start_seconds:g} seconds"
            )
        header = self._probe.duration_seconds
        is_short = header is not None and header < MIN_SOUND_SECONDS
        if not self.has_output and not is_short and (self._complaints.lines or self._status):
            raise find_reason("\n".join(self._complaints.lines)) or MediaError(
                "decode_failed",
                "no picture or sound can be decoded: it is damaged, or this ffmpeg lacks the codec",
            )
        raise MediaError("too_short", "it has no frame, and less than half a second of sound")

    def _is_cut(self, duration_seconds: float) -> bool:
        """Whether the file stops well before its header says, and not only the header is wrong."""
        header = self._probe.duration_seconds
        if header is None or self._options.end_seconds is not None:
            return False
        missing = header - duration_seconds
        is_short = missing > max(TRUNCATION_SECONDS, TRUNCATION_SHARE * header)
        return is_short and bool(self._complaints.lines or self._status)
