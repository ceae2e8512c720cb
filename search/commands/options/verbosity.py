"""Sets the log: `-v`, `-vv`, `-q` and `--log-format`, before or after the command."""

import logging
from functools import cache
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from mvsearch.store.observing.logs import (
    FORMAT_VARIABLE,
    LOGGER,
    choose_format,
    choose_level,
    is_json,
)
from mvsearch.store.unicode import printable

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def _raise_verbosity(n_times: int) -> int:
    if n_times:
        choose_level(_LEVELS[min(n_times, len(_LEVELS) - 1)])
    return n_times


def _lower_verbosity(is_asked: bool) -> bool:
    if is_asked:
        choose_level(logging.ERROR)
    return is_asked


def _choose_format(name: str | None) -> str | None:
    if name is not None:
        choose_format(name)
    return name


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

LogFormatOption = Annotated[
    Literal["text", "json"] | None,
    typer.Option(
        "--log-format",
        envvar=FORMAT_VARIABLE,
        callback=_choose_format,
        expose_value=False,
        show_default=False,
        help="Log as lines of text, or of JSON for programs; then there are no progress bars.",
    ),
]


def print_notice(message: str) -> None:
    """Write a line to standard error, except with `-q`."""
    if is_json():
        LOGGER.warning("%s", message)
    elif LOGGER.isEnabledFor(logging.WARNING):
        typer.echo(printable(message), err=True)


def _add_options(kind: type[TyperCommand]) -> type[TyperCommand]:
    """A command class with the options of the log."""

    class LoggedCommand(kind):  # type: ignore[valid-type, misc]
        def get_params(self, ctx: Any) -> list[Any]:
            *own, for_help = super().get_params(ctx)
            return [*own, *_make_options(), for_help]

    return LoggedCommand


def let_commands_log(app: typer.Typer) -> None:
    """Add the options of the log to all commands of a program and its groups."""
    for command in app.registered_commands:
        command.cls = _add_options(command.cls or TyperCommand)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            let_commands_log(group.typer_instance)


@cache
def _make_options() -> tuple[Any, ...]:
    """The options as built by Typer."""
    app = typer.Typer(add_completion=False)
    app.command()(_declare)
    return tuple(typer.main.get_command(app).params)


def find_format_option() -> Any:
    """The option of the format of the log, which the configuration file may set."""
    return next(option for option in _make_options() if option.name == "log_format")


def _declare(
    verbose: VerboseOption = 0, quiet: QuietOption = False, log_format: LogFormatOption = None
) -> None:
    """Declare the options; nothing calls this."""
