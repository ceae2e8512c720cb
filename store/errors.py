"""The errors that reach callers; each message is one plain line."""

from typing import Literal, get_args

FailureCode = Literal[
    "unreadable",
    "no_media",
    "truncated",
    "damaged",
    "decode_failed",
    "timed_out",
    "too_short",
    "too_long",
    "bad_lyrics",
    "transcribe_failed",
    "internal",
]
FAILURE_CODES: tuple[FailureCode, ...] = get_args(FailureCode)
# `make docs` writes these into docs/commands.md.
FAILURE_MEANINGS: dict[FailureCode, str] = {
    "unreadable": "empty, no permission, not a media format, a playlist, or a disk error",
    "no_media": "a container without picture and sound",
    "truncated": "ends early; the part before is indexed, unless the file lacks its own index",
    "damaged": "parts are lost, see the decoder's first complaint; the rest is indexed",
    "decode_failed": "a stream cannot be decoded; the other one, if there is one, is indexed",
    "timed_out": "the decoder made no progress",
    "too_short": "no frame, and less than half a second of sound",
    "too_long": "longer than 12 hours or `--max-hours`; or text beyond its limit, which is cut",
    "bad_lyrics": "a lyric file that cannot be read; the next source is used",
    "transcribe_failed": "Whisper failed on this file",
    "internal": "an error of mvsearch itself; the run continues with the other files",
}


class MvsearchError(Exception):
    """A request cannot be met; the message is one line that says why and what to do.

    The command line prints it on standard error and exits with code 2.
    """


class NoLibraryError(MvsearchError):
    """There is no library in the given folder."""


class ServerError(MvsearchError):
    """A server cannot be reached, refuses the token, or answers something else than a library."""


class LibraryClosedError(MvsearchError):
    """The library was closed by the program that had opened it."""


class CancelledError(MvsearchError):
    """The caller had the work stopped; the library is whole, and holds what was done by then."""

    def __init__(self, message: str = "stopped before the end; what was done is kept") -> None:
        super().__init__(message)


class LibraryBusyError(MvsearchError):
    """Another process is writing to the library; the message names it."""


class ConflictError(LibraryBusyError):
    """Another program wrote the same rows at the same moment; a second attempt may succeed."""


class LibraryUnreachableError(MvsearchError):
    """The database server of the library cannot be reached, or the link was lost.

    It may be tried again: nothing of the last change was done, or all of it.
    """


class LibraryDamagedError(MvsearchError):
    """The catalogue is not a database of ours, is damaged, or comes from a newer version.

    Attributes:
        reason: what is damaged, without a path and without advice.
        place: path of the catalogue, if the message names it.
    """

    def __init__(self, message: str, place: str | None = None, reason: str | None = None) -> None:
        super().__init__(message)
        self.place = place
        self.reason = message if reason is None else reason


class EncoderMismatchError(MvsearchError):
    """The library was created with other encoders; the message says how to keep both."""


class VideoNotFoundError(MvsearchError):
    """No video matches the name."""


class AmbiguousVideoError(MvsearchError):
    """Several videos match the name."""


class QueryError(MvsearchError):
    """A query part, a weight or a time range is invalid."""


class QuerySyntaxError(QueryError):
    """A query in the language of queries cannot be read; the message names the place, too.

    Attributes:
        text: the query.
        position: in it, from 0; its length for the end.
    """

    def __init__(self, message: str, text: str = "", position: int = 0) -> None:
        super().__init__(f"{message} (at letter {position + 1})" if text else message)
        self.text = text
        self.position = position


class WeightsMissingError(MvsearchError):
    """Model weights are missing; the message says which file goes where."""


class TrainingError(MvsearchError):
    """A training cannot begin or go on, or what it made cannot be used."""


class PluginError(MvsearchError):
    """What another distribution adds cannot be used; the message names the distribution."""


class ToolMissingError(MvsearchError):
    """A required program (ffmpeg, ffprobe) is not installed."""


class MediaError(MvsearchError):
    """One media file cannot be used; the pipeline turns it into a `Failure`.

    Attributes:
        code: one of `FAILURE_CODES`.
    """

    def __init__(self, code: FailureCode, message: str) -> None:
        super().__init__(message)
        self.code: FailureCode = code
