"""The encoders of frames that an open library has, one of them in use."""

import threading
from typing import TYPE_CHECKING

from mvsearch.search.api.session import Session
from mvsearch.search.api.watching import AnyProgress

if TYPE_CHECKING:
    from mvsearch.store.records import FrameEncoderState


class FrameEncoders:
    """The encoders of frames of an open library."""

    _session: Session

    def encoders(self) -> "list[FrameEncoderState]":
        """The profile's own encoder of frames, and the trained ones.

        Raises:
            TrainingError: the library has no pictures.
        """
        from mvsearch.indexer.pipeline.looks import list_frame_encoders

        with self._session.using() as library:
            return list_frame_encoders(library)

    def switch_encoder(
        self, name: str, *, progress: AnyProgress = None, cancel: threading.Event | None = None
    ) -> "list[FrameEncoderState]":
        """Encode what an encoder lacks, then use it in one step; the old one answers until then.

        Args:
            name: of a run on songs, or of the profile's own encoder.
            progress: see `VideoLibrary.index`.
            cancel: when set, ends the work; what is encoded is kept, and the old encoder in use.

        Raises:
            TrainingError: the run cannot be used, or files of videos cannot be read.
            LibraryBusyError: another process is writing to the library.
            CancelledError: it was cancelled.
        """
        from mvsearch.indexer.pipeline.looks import list_frame_encoders, switch_look
        from mvsearch.indexer.progress import count_steps
        from mvsearch.search.scoring.null_distribution import measure_distributions

        with self._session.using() as library, self._session.watching(progress, cancel) as watched:
            encoders = self._session.engine(library).encoders
            switch_look(library, encoders, name, watched, watched.stop)
            encoders = self._session.engine(library).encoders
            measure_distributions(library, encoders, count_steps(watched, "measure"))
            return list_frame_encoders(library)

    def drop_encoder(self, name: str) -> "list[FrameEncoderState]":
        """Delete the vectors of a trained encoder that is not in use; its run is kept.

        Raises:
            TrainingError: the library was not encoded by it.
            EncoderMismatchError: it is in use.
            LibraryBusyError: another process is writing to the library.
        """
        from mvsearch.indexer.pipeline.looks import drop_look, list_frame_encoders

        with self._session.using() as library:
            drop_look(library, name)
            return list_frame_encoders(library)
