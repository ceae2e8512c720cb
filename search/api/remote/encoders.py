"""The encoders of frames of a library on a server."""

import threading
from urllib.parse import quote

from mvsearch.search.api.remote.requests.records import read, take
from mvsearch.search.api.remote.requests.server import Server
from mvsearch.search.api.remote.work import run_job
from mvsearch.search.api.watching import AnyProgress
from mvsearch.store.records import FrameEncoderState


class RemoteFrameEncoders:
    """The encoders of frames of a library on a server; see `FrameEncoders`."""

    _server: Server

    def encoders(self) -> "list[FrameEncoderState]":
        """The profile's own encoder of frames, and the trained ones."""
        return read(list[FrameEncoderState], self._server.get("encoders"))

    def switch_encoder(
        self, name: str, *, progress: AnyProgress = None, cancel: threading.Event | None = None
    ) -> "list[FrameEncoderState]":
        """Encode what an encoder lacks, then use it; see `FrameEncoders.switch_encoder`."""
        job = run_job(self._server, "switch-encoder", {"name": name}, progress, cancel)
        return read(list[FrameEncoderState], take(job.result, "encoders"))

    def drop_encoder(self, name: str) -> "list[FrameEncoderState]":
        """Delete the vectors of a trained encoder that is not in use; its run is kept."""
        place = f"encoders/{quote(name, safe='')}"
        return read(list[FrameEncoderState], self._server.send("DELETE", place))
