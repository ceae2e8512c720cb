"""Writes the results of an index run into the library and summarises the run."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mvsearch.indexer.media.files.unfinished import has_changed
from mvsearch.indexer.pipeline.inventory import Found, Inventory
from mvsearch.indexer.pipeline.outcome import Outcome, StageResult
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.records import Failure, Location, Video


@dataclass(slots=True)
class Summary:
    """What a run did.

    Attributes:
        indexed, unchanged: files of the folders, or that were named.
        removed: videos that left the library with their last file.
        missing: files that the library knows and the folder lacks, kept because they are most.
        pending: videos whose lyrics wait for Whisper.
        unfinished: files that are still being written, left for a later run.
        kept_out: files whose video was removed by its name, and which stay out.
        ignored: media and folders that `.mvsearchignore` leaves out.
        is_interrupted: stopped before the end; what was done is kept.
        is_empty: there is no media file, and the library never knew one there.
    """

    indexed: int = 0
    unchanged: int = 0
    removed: int = 0
    missing: int = 0
    pending: int = 0
    failures: list[Failure] = field(default_factory=list)
    unfinished: list[Path] = field(default_factory=list)
    kept_out: int = 0
    ignored: int = 0
    seconds: float = 0.0
    is_interrupted: bool = False
    is_empty: bool = False

    @property
    def failed(self) -> int:
        """Files with a failure."""
        return len({failure.path for failure in self.failures})

    def to_dict(self) -> dict[str, Any]:
        """The run as the JSON contract has it."""
        return {
            "indexed": self.indexed,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "failed": self.failed,
            "failures": [failure.to_dict() for failure in self.failures],
            "unfinished": len(self.unfinished),
            "kept_out": self.kept_out,
            "ignored": self.ignored,
            "seconds": round(self.seconds, 3),
        }


class CatalogWriter:
    """Writes outcomes down, each stage in a transaction of its own."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.summary = Summary()

    def keep_inventory(self, inventory: Inventory) -> None:
        """Note what was seen before any file is worked on."""
        for failure in inventory.failures:
            self.keep_failure(failure)
        summary = self.summary
        summary.unfinished += inventory.unfinished
        summary.kept_out, summary.ignored = len(inventory.kept_out), len(inventory.ignored)
        self.catalog.note_removed([_locate(found) for found in inventory.kept_out])

    def keep_if_whole(self, files: Sequence[Found], outcome: Outcome) -> bool:
        """Store what became of one content, unless its file grew meanwhile: then it is not whole.

        Returns:
            Whether it was stored.
        """
        changed = [
            found
            for found in files
            if has_changed(found.file.path, found.file.size, found.file.mtime_ns)
        ]
        self.summary.unfinished += (found.file.path for found in changed)
        if outcome.found in changed:
            return False
        self.keep_outcome([found for found in files if found not in changed], outcome)
        return True

    def keep_outcome(self, files: Sequence[Found], outcome: Outcome) -> None:
        """Store what became of one content, for each file that holds it."""
        is_known = not outcome.results and all(map(self._is_known, files))
        self._clear_failures(
            [found.file.path for found in files] + list(outcome.found.others), outcome
        )
        for found in files:
            self._leave_old_content(found, outcome)
            for failure in outcome.failures:
                self.keep_failure(replace(failure, path=found.file.path), found)
            if outcome.video is not None:
                self._inherit_failures(found, outcome)
                self._keep_video(found, outcome.video)
        if outcome.video is not None:
            for result in outcome.results:
                self.keep_result(result)
            if is_known:
                self.summary.unchanged += len(files)
            else:
                self.summary.indexed += len(files)

    def _is_known(self, found: Found) -> bool:
        """Whether a file stands as it was known, so that only its tags were read again."""
        location, file = self.catalog.location(found.file.path), found.file
        return location is not None and (
            (location.video_id, location.size, location.mtime_ns)
            == (found.video_id, file.size, file.mtime_ns)
        )

    def _clear_failures(self, paths: Sequence[Path], outcome: Outcome) -> None:
        """Forget earlier failures in what was done now; these are told anew, or over."""
        done = _done_stages(outcome)
        for stage in done:
            self.catalog.clear_failures(paths, stage)
        self.summary.failures = [
            bad for bad in self.summary.failures if bad.path not in paths or bad.stage not in done
        ]

    def keep_result(self, result: StageResult) -> None:
        """Store one stage in one transaction."""
        self.catalog.store_stage(
            result.stage,
            result.embeddings,
            lyrics=result.lyrics,
            uniform_seconds=result.uniform_seconds,
            tags=result.tags,
            stills=result.stills,
        )

    def keep_failure(self, failure: Failure, found: Found | None = None) -> None:
        """Count a failure; with the file's stamp, so that it is not tried again in vain."""
        self.summary.failures.append(failure)
        if found is not None:
            self.catalog.record_failure(failure, found.file.size, found.file.mtime_ns)
        elif self.catalog.failure_stamp(failure.path) is None:
            self.catalog.record_failure(failure)

    def forget(self, paths: Sequence[Path], healed: Sequence[Failure] = ()) -> None:
        """Drop files that vanished, with all that only they held, and failures that are over."""
        self.summary.removed += len(self.catalog.drop_locations(paths))
        self.catalog.clear_failures(paths)
        for failure in healed:
            self.catalog.clear_failures([failure.path], failure.stage)

    def forget_others(self, video_ids: Collection[str]) -> None:
        """Drop every video but these, wherever its files are."""
        places = self.catalog.locations()
        self.forget([place.path for place in places if place.video_id not in video_ids])

    def _leave_old_content(self, found: Found, outcome: Outcome) -> None:
        """Drop what a file held before it changed."""
        location = self.catalog.location(found.file.path)
        if location is None:
            return
        if outcome.video is None or location.video_id != found.video_id:
            self.summary.removed += len(self.catalog.drop_locations([found.file.path]))

    def _inherit_failures(self, found: Found, outcome: Outcome) -> None:
        """What decoding told of a content at another place holds at a new one too."""
        if "decode" in _done_stages(outcome) or self.catalog.location(found.file.path) is not None:
            return
        told = self.catalog.failures_of_video(found.video_id, "decode")
        for failure in {failure.code: failure for failure in told}.values():
            self.keep_failure(replace(failure, path=found.file.path), found)

    def _keep_video(self, found: Found, video: Video) -> None:
        """Store a video and one place where it lies."""
        if self.catalog.has_video(video.id):
            video = _keep_longest(video, self.catalog.video(video.id))
        location = _locate(found)
        known = self.catalog.location(location.path)
        if found.folder is None and known is not None:  # a file that is named came from a folder
            location = replace(location, folder=known.folder)
        self.catalog.add_video(replace(video, path=location.path), location)


def _locate(found: Found) -> Location:
    """A file as a place of its content."""
    file = found.file
    folder = found.folder or file.path.parent
    return Location(file.path, found.video_id, folder, file.size, file.mtime_ns)


def _keep_longest(video: Video, old: Video) -> Video:
    """A video with the longest duration that was ever measured: a stage knows its stream alone."""
    is_longer = old.duration_seconds > video.duration_seconds
    if old.is_duration_measured and (is_longer or not video.is_duration_measured):
        return replace(video, duration_seconds=old.duration_seconds, is_duration_measured=True)
    return video


def _done_stages(outcome: Outcome) -> set[str]:
    """The stages of failures that an outcome has the last word on."""
    if outcome.video is None:
        return {"scan", "probe", "decode", "lyrics"}
    done = {result.stage.stage for result in outcome.results}
    return {"scan", "probe"} | {"lyrics" if stage == "lyrics" else "decode" for stage in done}
