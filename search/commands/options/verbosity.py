"""Sets the log level: `-v`, `-vv` and `-q`, before or after the command."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from mvsearch.store.unicode import printable

# The parent of all our loggers; those of libraries do not change.
LOGGER = logging.getLogger("mvsearch")
_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class StderrLines(logging.Handler):
    """Writes each record as plain lines without control characters."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write to the current standard error, which a progress bar may have replaced."""
        try:
            for line in self.format(record).splitlines():
                sys.stderr.write(f"mvsearch: {printable(line)}\n")
        except OSError:  # the reader has closed the pipe
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name is Python's
        """Ignore the error."""


@contextmanager
def logging_to_stderr() -> Iterator[None]:
    """Log warnings and errors to standard error; `-v` and `-q` change the level."""
    handler = StderrLines()
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.WARNING)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(logging.NOTSET)


def _raise_verbosity(n_times: int) -> int:
    if n_times:
        LOGGER.setLevel(_LEVELS[min(n_times, len(_LEVELS) - 1)])
    return n_times


def _lower_verbosity(is_asked: bool) -> bool:
    if is_asked:
        LOGGER.setLevel(logging.ERROR)
    return is_asked


VerboseOption = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        callback=_raise_verbosity,
        expose_value=False,
        show_default=False,
        help="Log what is done; -vv logs more.",
    ),
]
QuietOption = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        callback=_lower_verbosity,
        expose_value=False,
        help="Show only errors, and no progress.",
    ),
]


def print_notice(message: str) -> None:
    """Write a line to standard error, except with `-q`."""
    if LOGGER.isEnabledFor(logging.WARNING):
        typer.echo(printable(message), err=True)


def _add_options(kind: type[TyperCommand]) -> type[TyperCommand]:
    """A command class with the options `-v` and `-q`."""

    class LoggedCommand(kind):  # type: ignore[valid-type, misc]
        def get_params(self, ctx: Any) -> list[Any]:
            *own, for_help = super().get_params(ctx)
            return [*own, *_make_options(), for_help]

    return LoggedCommand


def let_commands_log(app: typer.Typer) -> None:
    """Add `-v` and `-q` to all commands of a program and its groups."""
    for command in app.registered_commands:
        command.cls = _add_options(command.cls or TyperCommand)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            let_commands_log(group.typer_instance)


@cache
def _make_options() -> tuple[Any, ...]:
    """The two options as built by Typer."""
    app = typer.Typer(add_completion=False)
    app.command()(_declare)
    return tuple(typer.main.get_command(app).params)


def _declare(verbose: VerboseOption = 0, quiet: QuietOption = False) -> None:
    """Declare the options; nothing calls this."""
