"""Runs a command as a process: output streams, signals and exit codes."""

import atexit
import io
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import NoReturn

import typer

from mvsearch.store.distribution import explain_absence, read_version
from mvsearch.store.errors import MvsearchError, QuerySyntaxError
from mvsearch.store.observing.logs import LOGGER, is_json, logging_to_stderr

EXIT_FAILURES = 1
EXIT_WRONG_USE = 2
EXIT_INTERRUPTED = 130
# `make docs` writes these into docs/commands.md.
EXIT_MEANINGS = {
    0: "everything worked",
    EXIT_FAILURES: "the command finished, and some files failed or damage was found",
    EXIT_WRONG_USE: "the request cannot be met; one line on standard error says why",
    EXIT_INTERRUPTED: "interrupted; what was done is kept",
}
MAX_ERROR_LETTERS = 400
# By pydantic's types of errors.
_PROBLEMS = {
    "int_parsing": "it is a whole number",
    "int_from_float": "it is a whole number",
    "int_parsing_size": "it is a whole number of fewer digits",
    "float_parsing": "it is a number",
    "greater_than_equal": "it is at least {ge:g}",
    "less_than_equal": "it is at most {le:g}",
    "greater_than": "it is more than {gt:g}",
    "less_than": "it is less than {lt:g}",
}


def run_app(app: typer.Typer) -> int:
    """Run a command line; each error that a user can cause is one line and exit code 2.

    Returns:
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    with logging_to_stderr():
        return _run(app)


def _run(app: typer.Typer) -> int:
    code: int | None = EXIT_WRONG_USE
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except MvsearchError as error:
        _complain(str(error))
        _point_at(error)
    except typer.TyperException as error:
        _complain(explain(error))
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader has closed the pipe, such as `| head`
        _drop_output()
        code = EXIT_FAILURES
    except ModuleNotFoundError as error:
        _complain(explain_absence(error))
    except OSError as error:  # such as standard output on a full disk
        _drop_output()
        _complain(f"stopped: {error.strerror or error}")
    return code or 0


def end_process(code: int) -> NoReturn:
    """End the process without freeing its objects, unless other threads are running.

    Freeing all objects of the imported libraries would take Python 0.2 s.
    """
    if threading.active_count() > 1:
        sys.exit(code)
    with suppress(OSError, ValueError):  # the reader has closed the pipe
        sys.stdout.flush()
        sys.stderr.flush()
    atexit._run_exitfuncs()
    os._exit(code)


def describe_version() -> str:
    """The program and its version."""
    return f"mvsearch {read_version() or '(run from its folder)'}"


def explain(error: typer.TyperException) -> str:
    """The message of a usage error, with pydantic's errors in short form."""
    find_errors = getattr(error.__cause__, "errors", None)  # pydantic's, which Typer checks with
    if not isinstance(error, typer.BadParameter) or find_errors is None:
        return error.format_message()
    found = find_errors()[0]
    limits = found.get("ctx", {})
    if (begin := _PROBLEMS.get(found["type"])) is not None:
        error.message = begin.format(**limits) + f", not {str(found['input'])!r}"
    else:
        error.message = str(limits.get("error", found["msg"]))
    return error.format_message()


def _complain(reason: str) -> None:
    """Print an error in one line, shortened and without control characters."""
    from mvsearch.store.unicode import printable

    line = printable(" ".join(reason.split()))
    if len(line) > MAX_ERROR_LETTERS:
        line = f"{line[: MAX_ERROR_LETTERS // 2]}…{line[-MAX_ERROR_LETTERS // 2 :]}"
    if is_json():
        LOGGER.error("%s", line)
        return
    with suppress(OSError):
        sys.stderr.write(f"mvsearch: {line}\n")


def _point_at(error: MvsearchError) -> None:
    """Show the place of an error in a query, in a terminal."""
    if not isinstance(error, QuerySyntaxError) or not sys.stderr.isatty():
        return
    from mvsearch.search.query.language.pointing import point_at

    with suppress(OSError):
        sys.stderr.writelines(f"  {line}\n" for line in point_at(error.text, error.position))


def _drop_output() -> None:
    """Discard all further standard output, including what Python flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupt(_: int, __: object) -> None:
    """End cleanly at the first SIGINT or SIGTERM, and at once at the second."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end_at_once)
    raise KeyboardInterrupt


def _end_at_once(_: int, __: object) -> None:
    """End without cleanup, except showing the cursor that a progress bar hides."""
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), b"\x1b[?25h\n")
    os._exit(EXIT_INTERRUPTED)
