"""Reads the configuration file, which sets defaults of options."""

import logging
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mvsearch.search.commands.options.common import read_library, read_path
from mvsearch.search.commands.options.verbosity import find_format_option
from mvsearch.search.commands.process import explain
from mvsearch.store.errors import MvsearchError
from mvsearch.store.observing.logs import FORMAT_VARIABLE

if TYPE_CHECKING:
    from mvsearch.store.opening import Address

logger = logging.getLogger(__name__)

CONFIG_VARIABLE = "MVSEARCH_CONFIG"
# All options of all commands take about ten kilobytes.
MAX_BYTES = 64 * 2**10
# Python's parser needs gigabytes for a key with thousands of dots.
MAX_LINE_BYTES = 1000
# Options that may be set above all tables, for all commands that have them.
COMMON = ("library", "top", "weights", "fusion", "collapse", "per-artist", "log-format")
# Options with an environment variable, which takes precedence over the file.
ENVIRONMENT = {
    "library": "MVSEARCH_LIBRARY",
    "log-format": FORMAT_VARIABLE,
    "whisper-engine": "MVSEARCH_WHISPER_ENGINE",
}
_KINDS: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number"}


@dataclass(frozen=True, slots=True)
class Setting:
    """The value of one option in the file.

    Attributes:
        command: the names of the command, such as ("metric", "fad").
        option: its long name without leading dashes.
        parameter: the option of the command.
        place: file and key, for messages.
        value: text, number, boolean, or a list of these.
    """

    command: tuple[str, ...]
    option: str
    parameter: Any
    place: str
    value: Any


def find_config() -> Path:
    """`$MVSEARCH_CONFIG`, else `config.toml` in the platform's folder for a user's settings."""
    chosen = os.environ.get(CONFIG_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_config_path

    return user_config_path("mvsearch", appauthor=False) / "config.toml"


def read_settings(group: Any) -> list[Setting]:
    """Read and validate all settings of the file.

    Args:
        group: the commands, as built by Typer.

    Raises:
        MvsearchError: the file cannot be read, or has an unknown option or a value of a wrong type.
    """
    path = find_config()
    table = _read_table(path)
    common = {key: value for key, value in table.items() if not isinstance(value, dict)}
    settings = list(_read_common(group, common, path))
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    named = list(_read_commands(group, tables, path, ()))
    taken = {(setting.command, setting.option) for setting in named}
    if table:
        logger.info("%d settings of %s", len(settings) + len(named), path)
    return [each for each in settings if (each.command, each.option) not in taken] + named


def apply_settings(context: typer.Context) -> None:
    """Set the defaults of the invoked command's options by the file.

    With `--help` the file is not read, so that help works even if the file is invalid.

    Raises:
        MvsearchError: the file cannot be read, or has an invalid value.
    """
    if {"-h", "--help"} & {*sys.argv}:
        return
    defaults: dict[str, Any] = {}
    for setting in read_settings(context.command):
        is_wanted = setting.command[0] == context.invoked_subcommand
        if is_wanted and read_variable(setting.option) is None:
            check_value(setting, context)
            table = defaults
            for name in setting.command:
                table = table.setdefault(name, {})
            table[setting.parameter.name] = setting.value
    context.default_map = defaults


def is_from_file(context: typer.Context, parameter: str) -> bool:
    """Whether the value of an option comes from the file."""
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "DEFAULT_MAP"


def has_library(address: "Address | None") -> bool:
    """Whether there is a library; None is the default one."""
    from mvsearch.store import open_database, opening

    return open_database.has_library(opening.find_address(address))


def find_library(context: typer.Context) -> "Address":
    """The address of the library of a command, before the command runs.

    Raises:
        MvsearchError: the file cannot be read.
    """
    from mvsearch.store.opening import find_address

    chosen: Address | None = context.params.get("library")
    if chosen is None and read_variable("library") is None:
        root = context.find_root()
        command = tuple(context.command_path.split()[1:])
        for setting in read_settings(root.command):
            if (setting.command, setting.option) == (command, "library"):
                return find_address(setting.value)
    return find_address(chosen)


def check_value(setting: Setting, context: typer.Context) -> Any:
    """The value as converted by the option.

    Raises:
        MvsearchError: it is invalid.
    """
    try:
        return setting.parameter.process_value(context, setting.value)
    except typer.BadParameter as error:
        explain(error)
        raise MvsearchError(f"{setting.place}: {error.message}") from error
    except MvsearchError as error:
        raise MvsearchError(f"{setting.place}: {error}") from error


def read_variable(option: str) -> str | None:
    """The value of an option from the environment; None if it is unset."""
    return os.environ.get(ENVIRONMENT.get(option, "")) or None


def list_options(
    group: Any, command: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """All commands, each with its options by long name."""
    for name, below in group.commands.items():
        path = (*command, name)
        if hasattr(below, "commands"):
            yield from list_options(below, path)
        else:
            yield path, _name_options(below)


def _name_options(command: Any) -> dict[str, Any]:
    """The options of a command by their long names without leading dashes."""
    return {
        max(param.opts, key=len).lstrip("-"): param
        for param in [*command.params, find_format_option()]
        if param.param_type_name == "option"
    }


def _read_table(path: Path) -> dict[str, Any]:
    """Read the file; empty if the default file does not exist.

    Raises:
        MvsearchError: it cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise MvsearchError(f"the configuration {path} is not a file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        if os.environ.get(CONFIG_VARIABLE):
            raise MvsearchError(
                f"the configuration {path}, which ${CONFIG_VARIABLE} names, does not exist"
            ) from None
        return {}
    except OSError as error:
        raise MvsearchError(f"the configuration {path} cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise MvsearchError(f"the configuration {path} is larger than {MAX_BYTES // 2**10} KiB")
    if any(len(line) > MAX_LINE_BYTES for line in data.splitlines()):
        raise MvsearchError(
            f"the configuration {path} has a line of more than {MAX_LINE_BYTES} bytes"
        )
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise MvsearchError(f"the configuration {path} is not valid TOML: {error}") from error


def _read_common(group: Any, table: Mapping[str, Any], path: Path) -> Iterator[Setting]:
    """The settings above all tables, for every command with the option."""
    options = list(list_options(group))
    for key, value in table.items():
        name = key.replace("_", "-")
        if name not in COMMON:
            there = ", ".join(COMMON)
            raise MvsearchError(
                f"{path}: nothing above the tables is called {key!r}; there are {there}, and"
                " tables of commands such as [search]"
            )
        for command, named in options:
            if name in named:
                yield _make_setting(command, name, named[name], f"{path}: {key}", value)


def _read_commands(
    group: Any, tables: Mapping[str, Any], path: Path, above: tuple[str, ...]
) -> Iterator[Setting]:
    """The settings in the tables of commands; groups have one table per command."""
    for name, table in tables.items():
        shown = ".".join((*above, name))
        if name not in group.commands:
            there = ", ".join(group.commands)
            raise MvsearchError(f"{path}: no command is called [{shown}]; there are {there}")
        command = group.commands[name]
        if not isinstance(table, dict):
            raise MvsearchError(f"{path}: [{'.'.join(above)}] {name} is a command: name a table")
        if hasattr(command, "commands"):
            yield from _read_commands(command, table, path, (*above, name))
            continue
        options = _name_options(command)
        for key, value in table.items():
            option = key.replace("_", "-")
            if option not in options:
                there = ", ".join(options)
                raise MvsearchError(f"{path}: [{shown}] has no {key!r}; there are {there}")
            place = f"{path}: [{shown}] {key}"
            yield _make_setting((*above, name), option, options[option], place, value)


def _make_setting(
    command: tuple[str, ...], option: str, parameter: Any, place: str, value: Any
) -> Setting:
    """Create a setting, and check the type of its value.

    Raises:
        MvsearchError: the type is wrong.
    """
    kind = parameter.type_descriptor.annotation
    if parameter.multiple:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise MvsearchError(f"{place}: it is a list of texts, not {value!r}")
        value = [_place(parameter, each) for each in value]
    elif not _fits(value, kind):
        told = _KINDS.get(kind, "text")
        raise MvsearchError(f"{place}: it is {told}, not {value!r}")
    elif isinstance(value, str):
        value = _place(parameter, value)
    return Setting(command, option, parameter, place, value)


def _place(parameter: Any, value: str) -> str:
    """A path as seen from the folder of the file; any other text as it is."""
    parser = parameter.type_descriptor.parameter_info.parser
    if parser not in (read_path, read_library) or not value or "://" in str(value):
        return value
    return str(find_config().parent / Path(value).expanduser())


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value of the file is of an option's type."""
    if kind is bool:
        return isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)
