"""How the lyrics of a library on a server fit its videos."""

import threading
from typing import Any, Unpack

from mvsearch.search.api.arguments import TranscribeArguments
from mvsearch.search.api.lyrics.records import FittedLyrics
from mvsearch.search.api.remote.contents import RemoteContents
from mvsearch.search.api.remote.requests.asking import name_video
from mvsearch.search.api.remote.requests.records import read, read_lyrics, take
from mvsearch.search.api.remote.work import run_job
from mvsearch.search.api.watching import AnyProgress
from mvsearch.store.records import FitEvidence, Lyrics, Video


class RemoteLyricFits(RemoteContents):
    """The fits of lyrics of a library on a server; see `LyricFits`."""

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
        """Compare the times of lyrics with what is heard, on the server."""
        given = {**arguments, "video": name_video(video), "by": by, "fetch": fetch}
        return _read_fitted(run_job(self._server, "fit-lyrics", given, progress, cancel).result)

    def lyrics_fit(self, video: str | Video) -> FittedLyrics | None:
        """How the lyrics of a video fit it; None if that is not known."""
        found = take(self._server.get(self._place_fit(video)), "fitted")
        return None if found is None else _read_fitted(found)

    def apply_lyrics_fit(self, video: str | Video, *, write: bool = False) -> FittedLyrics:
        """Move lyrics as `fit_lyrics` found; a file is written on the server."""
        return _read_fitted(self._server.send("POST", self._place_fit(video), {"write": write}))

    def undo_lyrics_fit(self, video: str | Video) -> Lyrics | None:
        """Put lyrics back as they were before `apply_lyrics_fit`, and their file too."""
        found = take(self._server.send("DELETE", self._place_fit(video)), "lyrics")
        return None if found is None else read_lyrics(found)

    def _place_fit(self, video: str | Video) -> str:
        return f"{self._place(video)}/lyrics/fit"


def _read_fitted(given: Any) -> FittedLyrics:
    return read(FittedLyrics, given)
