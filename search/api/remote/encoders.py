"""The encoders of a library on a server."""

import threading
from urllib.parse import quote

from mvsearch.search.api.remote.requests.records import read, take
from mvsearch.search.api.remote.requests.server import Server
from mvsearch.search.api.remote.work import run_job
from mvsearch.search.api.watching import AnyProgress
from mvsearch.store.records import EncoderState, Modality


class RemoteEncoders:
    """The encoders of a library on a server; see `LibraryEncoders`."""

    _server: Server

    def encoders(self) -> "list[EncoderState]":
        """The encoders in use, the trained ones, and those that were added."""
        return read(list[EncoderState], self._server.get("encoders"))

    def add_encoder(
        self, name: str, *, progress: AnyProgress = None, cancel: threading.Event | None = None
    ) -> "list[EncoderState]":
        """Index all videos by another encoder as well; see `LibraryEncoders.add_encoder`."""
        return self._run("add-encoder", {"name": name}, progress, cancel)

    def switch_encoder(
        self, name: str, *, progress: AnyProgress = None, cancel: threading.Event | None = None
    ) -> "list[EncoderState]":
        """Encode what an encoder lacks, then use it; see `LibraryEncoders.switch_encoder`."""
        return self._run("switch-encoder", {"name": name}, progress, cancel)

    def rollback_encoder(
        self,
        modality: "Modality | None" = None,
        *,
        progress: AnyProgress = None,
        cancel: threading.Event | None = None,
    ) -> "list[EncoderState]":
        """Use the encoder of before again; see `LibraryEncoders.rollback_encoder`."""
        return self._run("rollback-encoder", {"modality": modality}, progress, cancel)

    def _run(
        self,
        kind: str,
        asked: dict[str, str | None],
        progress: AnyProgress,
        cancel: threading.Event | None,
    ) -> "list[EncoderState]":
        job = run_job(self._server, kind, asked, progress, cancel)
        return read(list[EncoderState], take(job.result, "encoders"))

    def drop_encoder(self, name: str) -> "list[EncoderState]":
        """Delete what an encoder that is not in use has made; a run is kept."""
        place = f"encoders/{quote(name, safe='')}"
        return read(list[EncoderState], self._server.send("DELETE", place))
