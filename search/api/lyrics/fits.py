"""Fits the lyrics of an open library to its videos, applies what was found, and undoes it."""

import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from mvsearch.search.api.arguments import TranscribeArguments, make_transcription_options
from mvsearch.search.api.lyrics.records import FitRecord, FitRecords, FittedLyrics
from mvsearch.search.api.methods.contents import Contents
from mvsearch.search.api.watching import AnyProgress
from mvsearch.store.errors import CancelledError, MvsearchError
from mvsearch.store.records import FitEvidence, Lyrics, Video

if TYPE_CHECKING:
    from mvsearch.indexer.lyrics.fitting.files import WrittenFile
    from mvsearch.store.library import Library

CHANGED = "the lyrics have changed since they were fitted: fit them again"


class LyricFits(Contents):
    """How the lyrics of an open library fit its videos."""

    def fit_lyrics(
        self,
        video: str | Video,
        *,
        by: FitEvidence | None = None,
        fetch: str | None = None,
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
        **arguments: Unpack[TranscribeArguments],
    ) -> FittedLyrics:
        """Compare the times of lyrics with what is heard; the lyrics stay as they are.

        Lyrics of an album are early or late where the video has an intro, lacks a part, or is
        played at another speed. What is found is kept, for `apply_lyrics_fit`. Lyrics that were
        moved already are not fitted again, nor are others fetched: undo that first.

        Args:
            video: see `find`.
            by: "words" transcribes the video, unless its lyrics are a transcription; "voice" only
                listens for a voice, which is quicker and less sure; None for words where Whisper's
                weights are installed.
            fetch: "lrclib" asks the service of that name for lyrics, and fits these; None asks
                nobody. Artist and title are sent, and nothing else.
            progress: see `VideoLibrary.index`.
            cancel: when set, ends the work.
            **arguments: see `TranscribeArguments`.

        Raises:
            CancelledError: it was cancelled.
            MvsearchError: there are no lyrics with times, the video is gone or has no sound, or the
                weights of Whisper are missing.
        """
        from mvsearch.indexer.lyrics.fitting.moving import mark_lyrics
        from mvsearch.indexer.media.decoding.frames import DecodeStoppedError
        from mvsearch.indexer.pipeline.lyrics.fit_video import FitOptions, fit_video

        options = FitOptions(by, make_transcription_options(**arguments))
        with self._session.using() as library, self._session.watching(progress, cancel) as watched:
            chosen = self.find(video)
            before = library.catalog.lyrics(chosen.id)
            known = self.lyrics_fit(chosen)
            if known is not None and known.state == "applied":
                return known
            candidates = _find_candidates(library, chosen, before, fetch)
            encoders = self._session.engine(library).encoders
            try:
                heard = before if before is not None and before.source == "whisper" else None
                lyrics, fit = fit_video(
                    library, encoders, chosen.id, candidates, options, watched, watched.stop, heard
                )
            except DecodeStoppedError:
                raise CancelledError from None
            record = FitRecord(fit, lyrics, before, mark_lyrics(before))
            if record.mark != mark_lyrics(library.catalog.lyrics(chosen.id)):
                # What undoes that must not be overwritten.
                raise MvsearchError(CHANGED)
            self._keep(library, chosen.id, record)
            return record.tell(chosen)

    def lyrics_fit(self, video: str | Video) -> FittedLyrics | None:
        """How the lyrics of a video fit it; None unless `fit_lyrics` found out for these lyrics."""
        from mvsearch.indexer.lyrics.fitting.moving import mark_lyrics

        with self._session.using() as library:
            chosen = self.find(video)
            record = FitRecords(library).read(chosen.id)
            if record is None or record.mark != mark_lyrics(library.catalog.lyrics(chosen.id)):
                return None
            return record.tell(chosen)

    def apply_lyrics_fit(self, video: str | Video, *, write: bool = False) -> FittedLyrics:
        """Move lyrics as `fit_lyrics` found; searches then give the moved times.

        Args:
            video: see `find`.
            write: whether the lyrics are also written beside the video, as an LRC file; of lyrics
                that were moved already, this alone. What was there is kept as `NAME.original.lrc`.

        Raises:
            MvsearchError: nothing was found that is sure and moves the lyrics, these have changed
                since, the folder cannot be written, or another process is writing to the library.
        """
        from mvsearch.indexer.lyrics.fitting.moving import mark_lyrics, move_lyrics
        from mvsearch.indexer.pipeline.lyrics import fit_video

        with self._session.using() as library, library.writing():
            chosen = self.find(video)
            record = self._read(library, chosen)
            _check_offered(record.tell(chosen), write=write)
            moved = move_lyrics(record.lyrics, record.fit, chosen.duration_seconds)
            fit_video.find_file(library, chosen.id)  # refuses what is gone
            encoders = self._session.engine(library).encoders
            # What takes time comes first, and what can be lost is written at once.
            result = fit_video.prepare_lyrics(encoders, chosen.id, moved)
            applied = replace(record, mark=mark_lyrics(moved), is_applied=True)
            # First: whoever finds moved lyrics, or their file, must find how to undo it.
            if write:
                applied = self._write(library, chosen, applied, moved)
            else:
                self._keep(library, chosen.id, applied)
            fit_video.store_lyrics(library, result, wrote_file=write)
            return applied.tell(chosen)

    def undo_lyrics_fit(self, video: str | Video) -> Lyrics | None:
        """Put lyrics back as they were before `apply_lyrics_fit`, and their file too.

        Returns:
            The lyrics, as before; None if there were none.

        Raises:
            MvsearchError: no fit was applied, the lyrics or their file have changed since, or
                another process is writing to the library.
        """
        from mvsearch.indexer.lyrics.fitting.files import restore_original
        from mvsearch.indexer.lyrics.fitting.moving import mark_lyrics
        from mvsearch.indexer.pipeline.lyrics import fit_video

        with self._session.using() as library, library.writing():
            chosen = self.find(video)
            record = self._read(library, chosen, has_file=True)
            if not record.is_applied:
                raise MvsearchError(f"no fit of the lyrics of {chosen.title!r} was applied")
            encoders = self._session.engine(library).encoders
            result = fit_video.prepare_lyrics(encoders, chosen.id, record.before)
            if record.written is not None:
                restore_original(fit_video.list_places(library, chosen.id), record.written)
            fit_video.store_lyrics(library, result, wrote_file=record.written is not None)
            undone = replace(
                record, mark=mark_lyrics(record.before), is_applied=False, written=None
            )
            self._keep(library, chosen.id, undone)
            return library.catalog.lyrics(chosen.id)

    def _read(self, library: "Library", video: Video, *, has_file: bool = False) -> FitRecord:
        """The fit of a video's lyrics as they are now.

        Args:
            library: that holds the video.
            video: whose lyrics they are.
            has_file: whether a file that was written is enough, as after an index run read it.

        Raises:
            MvsearchError: there is none.
        """
        from mvsearch.indexer.lyrics.fitting.moving import mark_lyrics

        record = FitRecords(library).read(video.id)
        if record is None:
            raise MvsearchError(f"the lyrics of {video.title!r} were not fitted yet")
        is_known = has_file and record.written is not None
        if not is_known and record.mark != mark_lyrics(library.catalog.lyrics(video.id)):
            raise MvsearchError(CHANGED)
        return record

    def _write(
        self, library: "Library", video: Video, applied: FitRecord, moved: Lyrics
    ) -> FitRecord:
        """Write moved lyrics beside a video; the record is kept before the file is replaced."""
        from mvsearch.indexer.lyrics.fitting.files import write_fitted
        from mvsearch.indexer.pipeline.lyrics.fit_video import list_places

        def keep(written: "WrittenFile") -> None:
            self._keep(library, video.id, replace(applied, written=written))

        places, before = list_places(library, video.id), self._read(library, video)
        try:
            written = write_fitted(places, moved, video, _note(applied), keep)
        except MvsearchError:
            self._keep(library, video.id, before)
            raise
        return replace(applied, written=written)

    def _keep(self, library: "Library", video_id: str, record: FitRecord) -> None:
        known = [one.id for one in library.catalog.videos()]
        FitRecords(library).write(video_id, record, known)


def _find_candidates(
    library: "Library", video: Video, known: Lyrics | None, fetch: str | None
) -> list[Lyrics]:
    """The lyrics that are to be fitted: those of the library, or those that a service has.

    Raises:
        MvsearchError: there are none with times.
    """
    from mvsearch.indexer.pipeline.lyrics.fit_video import check_fittable

    if fetch is None:
        return [check_fittable(known, video.title)]
    from mvsearch.indexer.lyrics.fetching.fetch import fetch_lyrics

    found = []
    for lyrics in fetch_lyrics(library, video, fetch):
        with suppress(MvsearchError):
            found.append(check_fittable(lyrics, video.title))
    if not found:
        raise MvsearchError(f"{fetch} has no lyrics with times of {video.title!r}")
    return found


def _check_offered(told: FittedLyrics, *, write: bool) -> None:
    """Refuse what is not to be applied; a file may still be written of what was applied.

    Raises:
        MvsearchError: it is not sure, changes nothing, or was applied already.
    """
    name = repr(told.video.title)
    if told.state == "unsure":
        sure = f"{told.fit.confidence:.0%}"
        raise MvsearchError(f"the fit of the lyrics of {name} is only {sure} sure: they stay")
    if told.state == "fits":
        raise MvsearchError(f"the lyrics of {name} fit as they are")
    if told.state == "applied" and (told.file or not write):
        raise MvsearchError(f"the lyrics of {name} were moved already")


def _note(record: FitRecord) -> str:
    """What stands in a written file."""
    return f"times fitted to the video by mvsearch, {record.fit.confidence:.0%} sure"
