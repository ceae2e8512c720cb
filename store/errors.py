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
    "too_long",
    "transcribe_failed",
    "internal",
]
FAILURE_CODES: tuple[FailureCode, ...] = get_args(FailureCode)


class MvsearchError(Exception):
    """The caller's request cannot be met; the message is one line that says why and what to do.

    The command line prints it on standard error and exits with code 2.
    """


class NoLibraryError(MvsearchError):
    """There is no library at the place asked for."""


class LibraryClosedError(MvsearchError):
    """The library was closed by the program that had opened it."""


class LibraryBusyError(MvsearchError):
    """Another process is writing to the library; the message names it."""


class LibraryDamagedError(MvsearchError):
    """The catalogue is not a database of ours, is damaged, or comes from a newer version.

    Attributes:
        reason: what is damaged, without a name and without what to do.
        place: the catalogue, where the message names it and says what to do.
    """

    def __init__(self, message: str, place: str | None = None, reason: str | None = None) -> None:
        super().__init__(message)
        self.place = place
        self.reason = message if reason is None else reason


class EncoderMismatchError(MvsearchError):
    """The library was built with other encoders; the message says how to add these side by side."""


class VideoNotFoundError(MvsearchError):
    """No video answers to the name."""


class AmbiguousVideoError(MvsearchError):
    """Several videos answer to the name."""


class QueryError(MvsearchError):
    """A query part, a weight or a time range makes no sense."""


class WeightsMissingError(MvsearchError):
    """Model weights are not there; the message names the file, and how to place it by hand."""


class ToolMissingError(MvsearchError):
    """A program that we call (ffmpeg, ffprobe) is not installed."""


class MediaError(MvsearchError):
    """One media file cannot be used; turned into a `Failure` by whoever knows the stage.

    Attributes:
        code: one of `FAILURE_CODES`.
    """

    def __init__(self, code: FailureCode, message: str) -> None:
        super().__init__(message)
        self.code: FailureCode = code
