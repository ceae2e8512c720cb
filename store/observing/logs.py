"""Writes logs to standard error: as lines for people, or as JSON for programs."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from mvsearch.store.observing.context import named
from mvsearch.store.unicode import printable, replace_surrogates

FORMATS = ("text", "json")
# What a process passes on to those that it starts.
FORMAT_VARIABLE = "MVSEARCH_LOG_FORMAT"
LEVEL_VARIABLE = "MVSEARCH_LOG_LEVEL"
# The parent of all our loggers; those of libraries do not change.
LOGGER = logging.getLogger("mvsearch")


class StderrLines(logging.Handler):
    """Writes each record as plain lines without control characters, or as one line of JSON."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write to the current standard error, which a progress bar may have replaced."""
        try:
            if is_json():
                sys.stderr.write(f"{write_json(record)}\n")
                return
            for line in self.format(record).splitlines():
                sys.stderr.write(f"mvsearch: {printable(line)}\n")
        except OSError:  # the reader has closed the pipe
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name is Python's
        """Ignore the error."""


def write_json(record: logging.LogRecord) -> str:
    """A record as a line of JSON, with the ids of what the thread works on.

    The members are time (UTC), level, logger, message, those of `named` and of `extra={"told": …}`,
    and exception.
    """
    moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    said: dict[str, object] = {
        "time": moment.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": printable(record.getMessage()),
        **named(),
        **getattr(record, "told", {}),
    }
    if record.exc_info:
        trace = logging.Formatter().formatException(record.exc_info)
        said["exception"] = replace_surrogates(trace)
    return json.dumps(said, ensure_ascii=False, default=str)


def is_json() -> bool:
    """Whether logs are for programs."""
    return os.environ.get(FORMAT_VARIABLE) == "json"


def choose_format(name: str) -> None:
    """Log as one of `FORMATS`, in this process and in those that it starts."""
    os.environ[FORMAT_VARIABLE] = name


def choose_level(level: int) -> None:
    """Log from this level on, in this process and in those that it starts."""
    LOGGER.setLevel(level)
    os.environ[LEVEL_VARIABLE] = logging.getLevelName(level)


@contextmanager
def logging_to_stderr(level: int = logging.WARNING) -> Iterator[None]:
    """Log to standard error, by default warnings and errors; what is chosen inside ends with it."""
    handler = StderrLines()
    before = {name: os.environ.get(name) for name in (FORMAT_VARIABLE, LEVEL_VARIABLE)}
    LOGGER.addHandler(handler)
    LOGGER.setLevel(level)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(logging.NOTSET)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def inherited_level() -> int:
    """The level of the process that started this one; warnings where there is none."""
    level = logging.getLevelName(os.environ.get(LEVEL_VARIABLE, ""))
    return level if isinstance(level, int) else logging.WARNING
