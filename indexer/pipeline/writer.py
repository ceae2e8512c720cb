"""Writes the results of an index run into the library."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from mvsearch.indexer.media.files.unfinished import has_changed
from mvsearch.indexer.pipeline.outcome import Outcome, StageResult
from mvsearch.indexer.pipeline.planning.inventory import Found, Inventory
from mvsearch.indexer.pipeline.summary import Summary
from mvsearch.indexer.progress import Progress
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import LibraryBusyError
from mvsearch.store.library import Library
from mvsearch.store.observing.observers import tell, timing
from mvsearch.store.records import Failure, Location, Metadata, Space, Video


@contextmanager
def wait_to_write(
    library: Library, wait_seconds: float, progress: Progress, *, is_exclusive: bool = False
) -> Iterator[None]:
    """Hold the writer's lock of a library; a note says which process it waits for."""
    with ExitStack() as stack:
        try:
            stack.enter_context(library.writing(0, is_exclusive=is_exclusive))
        except LibraryBusyError as busy:
            who = str(busy).partition(";")[0]
            progress.note(f"Waiting up to {wait_seconds:.0f} s: {who}")
            stack.enter_context(library.writing(wait_seconds, is_exclusive=is_exclusive))
        yield


def adopt_profile(
    catalog: Catalog, profile: str, spaces: Sequence[Space], progress: Progress
) -> None:
    """Set or check the profile of a library, and say so where one with videos gets another.

    Raises:
        EncoderMismatchError: it has videos, and its spaces do not fit.
    """
    old = catalog.profile() if catalog.n_videos() else None
    catalog.adopt_profile(profile, spaces)
    if old not in (None, profile):
        progress.note(
            f"The library had the profile {old} and has {profile} from now on; what only {old}"
            " encodes is replaced"
        )


class CatalogWriter:
    """Writes outcomes into the catalogue, each stage in a transaction of its own."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.summary = Summary()

    def keep_inventory(self, inventory: Inventory) -> None:
        """Store the failures and removed files of an inventory, before the analysis."""
        for failure in inventory.failures:
            self.keep_failure(failure)
        summary = self.summary
        summary.unfinished += inventory.unfinished
        summary.kept_out, summary.ignored = len(inventory.kept_out), len(inventory.ignored)
        self.catalog.note_removed([_locate(found) for found in inventory.kept_out])

    def keep_if_whole(self, files: Sequence[Found], outcome: Outcome) -> bool:
        """Store an outcome, unless its file has changed since the inventory.

        Args:
            files: all files with the content.
            outcome: of the analysis of the first file.

        Returns:
            Whether it was stored.
        """
        changed = self._find_changed(files)
        if outcome.found in changed:
            return False
        self.keep_outcome([found for found in files if found not in changed], outcome)
        return True

    def keep_stage_if_whole(
        self, found: Found, result: StageResult, failure: Failure | None
    ) -> bool:
        """Store one more stage of a known video, unless its file has changed since the inventory.

        Returns:
            Whether it was stored.
        """
        if not self.is_whole(found):
            return False
        self._clear_failures(found.places, {result.stage.stage})
        if failure is not None:
            self.keep_failure(failure, found)
        self.keep_result(result)
        return True

    def is_whole(self, found: Found) -> bool:
        """Whether a file is as the inventory found it; if not, it is told as unfinished."""
        return not self._find_changed([found])

    def _find_changed(self, files: Sequence[Found]) -> list[Found]:
        """The files that have changed since the inventory; each is told as unfinished once."""
        changed = [
            found
            for found in files
            if has_changed(found.file.path, found.file.size, found.file.mtime_ns)
        ]
        told = self.summary.unfinished
        told += [found.file.path for found in changed if found.file.path not in told]
        return changed

    def keep_outcome(self, files: Sequence[Found], outcome: Outcome) -> None:
        """Store an outcome for each file with the content, in one transaction."""
        before = self.summary.copy()

        def keep() -> None:
            self.summary.reset(before)  # where it is done again
            self._keep(files, outcome)

        self.catalog.join(keep)

    def _keep(self, files: Sequence[Found], outcome: Outcome) -> None:
        is_known = not outcome.results and all(map(self._is_known, files))
        self._clear_failures(
            [found.file.path for found in files] + list(outcome.found.others),
            _done_stages(outcome),
        )
        for found in files:
            self._leave_old_content(found, outcome)
            for failure in outcome.failures:
                self.keep_failure(replace(failure, path=found.file.path), found)
            if outcome.video is not None:
                self._inherit_failures(found, outcome)
                self._keep_video(found, outcome.video, outcome.metadata)
        tell("files", len(files), outcome="failed" if outcome.failures else "done")
        if outcome.video is not None:
            for result in outcome.results:
                self.keep_result(result)
            tell("sound", outcome.video.duration_seconds)
            if is_known:
                self.summary.unchanged += len(files)
            else:
                self.summary.indexed += len(files)

    def _is_known(self, found: Found) -> bool:
        """Return whether a file is known and unchanged, so that only its tags were read."""
        location, file = self.catalog.location(found.file.path), found.file
        return location is not None and (
            (location.video_id, location.size, location.mtime_ns)
            == (found.video_id, file.size, file.mtime_ns)
        )

    def _clear_failures(self, paths: Sequence[Path], done: Collection[str]) -> None:
        """Delete earlier failures of the repeated stages; the new ones replace them."""
        for stage in done:
            self.catalog.clear_failures(paths, stage)
        self.summary.failures = [
            bad for bad in self.summary.failures if bad.path not in paths or bad.stage not in done
        ]

    @timing("stage", stage="store")
    def keep_result(self, result: StageResult) -> None:
        """Store one stage in one transaction."""
        self.catalog.store_stage(
            result.stage,
            result.embeddings,
            lyrics=result.lyrics,
            uniform_seconds=result.uniform_seconds,
            tags=result.tags,
            stills=result.stills,
            shown=result.shown,
            mood=result.mood,
            tempo=result.tempo,
        )

    def keep_failure(self, failure: Failure, found: Found | None = None) -> None:
        """Store a failure, with the size and time of the file if it is not to be tried again."""
        self.summary.failures.append(failure)
        if found is not None:
            self.catalog.record_failure(failure, found.file.size, found.file.mtime_ns)
        elif self.catalog.failure_stamp(failure.path) is None:
            self.catalog.record_failure(failure)

    def forget(self, paths: Sequence[Path], resolved: Sequence[Failure] = ()) -> None:
        """Remove absent files, videos without files, and failures that no longer apply."""
        self.summary.removed += len(self.catalog.drop_locations(paths))
        self.catalog.clear_failures(paths)
        for failure in resolved:
            self.catalog.clear_failures([failure.path], failure.stage)

    def forget_others(self, video_ids: Collection[str]) -> None:
        """Remove all videos except the given ones."""
        places = self.catalog.locations()
        self.forget([place.path for place in places if place.video_id not in video_ids])

    def _leave_old_content(self, found: Found, outcome: Outcome) -> None:
        """Remove the location of a file whose content has changed.

        A file that has not is kept also where it cannot be read now, by other versions of programs.
        """
        location = self.catalog.location(found.file.path)
        if location is None or self._is_known(found):
            return
        if outcome.video is None or location.video_id != found.video_id:
            self.summary.removed += len(self.catalog.drop_locations([found.file.path]))

    def _inherit_failures(self, found: Found, outcome: Outcome) -> None:
        """Copy decoding failures of a video to a new file with the same content."""
        if "decode" in _done_stages(outcome) or self.catalog.location(found.file.path) is not None:
            return
        known = self.catalog.failures_of_video(found.video_id, "decode")
        for failure in {failure.code: failure for failure in known}.values():
            self.keep_failure(replace(failure, path=found.file.path), found)

    def _keep_video(self, found: Found, video: Video, metadata: Metadata | None) -> None:
        """Store a video, one location of it, and its metadata if they were read."""
        if self.catalog.has_video(video.id):
            video = _keep_longest(video, self.catalog.video(video.id))
        location = _locate(found)
        known = self.catalog.location(location.path)
        if found.folder is None and known is not None:  # a file that is named came from a folder
            location = replace(location, folder=known.folder)
        self.catalog.add_video(replace(video, path=location.path), location, metadata)


def _locate(found: Found) -> Location:
    """Return the location of a file."""
    file = found.file
    folder = found.folder or file.path.parent
    return Location(file.path, found.video_id, folder, file.size, file.mtime_ns)


def _keep_longest(video: Video, old: Video) -> Video:
    """Return a video with its longest measured duration, as a stage measures its stream only."""
    is_longer = old.duration_seconds > video.duration_seconds
    if old.is_duration_measured and (is_longer or not video.is_duration_measured):
        return replace(video, duration_seconds=old.duration_seconds, is_duration_measured=True)
    return video


def _done_stages(outcome: Outcome) -> set[str]:
    """Return the stages of failures that an outcome replaces."""
    if outcome.video is None:
        return {"scan", "probe", "decode", "lyrics"}
    done = {result.stage.stage for result in outcome.results}
    return {"scan", "probe"} | {"lyrics" if stage == "lyrics" else "decode" for stage in done}
