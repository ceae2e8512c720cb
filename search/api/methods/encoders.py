"""The encoders that an open library was encoded by, one of each kind in use."""

import threading
from typing import TYPE_CHECKING

from mvsearch.search.api.session import Session
from mvsearch.search.api.watching import AnyProgress

if TYPE_CHECKING:
    from mvsearch.store.library import Library
    from mvsearch.store.records import EncoderState, Modality


class LibraryEncoders:
    """The encoders of an open library."""

    _session: Session

    def encoders(self) -> "list[EncoderState]":
        """The encoders in use, the trained ones, and those that were added; frames first.

        Raises:
            TrainingError: the library has no pictures.
        """
        from mvsearch.indexer.pipeline.encoders.switching import list_encoders

        with self._session.using() as library:
            return list_encoders(library)

    def add_encoder(
        self, name: str, *, progress: AnyProgress = None, cancel: threading.Event | None = None
    ) -> "list[EncoderState]":
        """Index all videos by another encoder as well; the one in use serves on.

        What is done stays if the work ends before, and the next call goes on.

        Args:
            name: of an encoder of frames, lyrics or sound, of mvsearch or of a plug-in.
            progress: see `VideoLibrary.index`.
            cancel: when set, ends the work.

        Raises:
            MvsearchError: there is no such encoder.
            EncoderMismatchError: it is in use.
            WeightsMissingError: its weights are missing.
            LibraryBusyError: another process is writing to the library.
            CancelledError: it was cancelled.
        """
        from mvsearch.indexer.pipeline.encoders.beside import add_encoder
        from mvsearch.indexer.pipeline.encoders.switching import list_encoders

        with self._session.using() as library, self._session.watching(progress, cancel) as watched:
            encoders = self._session.engine(library).encoders
            add_encoder(library, encoders, name, watched, watched.stop)
            return list_encoders(library)

    def switch_encoder(
        self, name: str, *, progress: AnyProgress = None, cancel: threading.Event | None = None
    ) -> "list[EncoderState]":
        """Encode what an encoder lacks, then use it in one step; the old one answers until then.

        Args:
            name: of a run on songs, of an encoder that was added, or of one in use.
            progress: see `VideoLibrary.index`.
            cancel: when set, ends the work; what is encoded is kept, and the old encoder in use.

        Raises:
            TrainingError: the run cannot be used, or files of videos cannot be read.
            EncoderMismatchError: the encoder was not added, or does not fit.
            LibraryBusyError: another process is writing to the library.
            CancelledError: it was cancelled.
        """
        with self._session.using() as library:
            return self._switch(library, name, progress, cancel)

    def rollback_encoder(
        self,
        modality: "Modality | None" = None,
        *,
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
    ) -> "list[EncoderState]":
        """Use the encoder again that was in use before the last switch; see `switch_encoder`.

        Args:
            modality: "frames", "lyrics" or "audio"; None if encoders of one kind were switched.
            progress: see `VideoLibrary.index`.
            cancel: see `switch_encoder`.

        Raises:
            EncoderMismatchError: nothing was switched, or encoders of several kinds.
        """
        from mvsearch.indexer.pipeline.encoders.switching import find_before

        with self._session.using() as library:
            return self._switch(library, find_before(library, modality), progress, cancel)

    def _switch(
        self, library: "Library", name: str, progress: AnyProgress, cancel: threading.Event | None
    ) -> "list[EncoderState]":
        from mvsearch.indexer.pipeline.encoders.switching import list_encoders, switch_encoder
        from mvsearch.indexer.progress import count_steps
        from mvsearch.search.scoring.null_distribution import measure_distributions

        with self._session.watching(progress, cancel) as watched:
            encoders = self._session.engine(library).encoders
            switch_encoder(library, encoders, name, watched, watched.stop)
            encoders = self._session.engine(library).encoders
            measure_distributions(library, encoders, count_steps(watched, "measure"))
            return list_encoders(library)

    def drop_encoder(self, name: str) -> "list[EncoderState]":
        """Delete what an encoder that is not in use has made; a run is kept.

        Raises:
            TrainingError: the library was not encoded by it.
            EncoderMismatchError: it is in use.
            LibraryBusyError: another process is writing to the library.
        """
        from mvsearch.indexer.pipeline.encoders.switching import drop_encoder, list_encoders

        with self._session.using() as library:
            drop_encoder(library, name)
            return list_encoders(library)
