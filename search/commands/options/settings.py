"""Determines the value of each option: from the environment, the file, or its default."""

from collections import Counter
from dataclasses import replace

import typer

from mvsearch.search.commands.options.configuration import (
    COMMON,
    ENVIRONMENT,
    check_value,
    list_options,
    read_settings,
    read_variable,
)
from mvsearch.search.output.tables.settings import OptionValue
from mvsearch.store.errors import MvsearchError


def list_values(context: typer.Context, command: tuple[str, ...] = ()) -> list[OptionValue]:
    """The options of one command, or all options with changed defaults and the library's folder.

    Args:
        context: of any command.
        command: the names of one command; empty for all.

    Raises:
        MvsearchError: the file cannot be read or has a wrong value; there is no such command.
    """
    values = _list_all(context)
    if not command:
        return _join(values)
    chosen = [value for value in values if value.command == " ".join(command)]
    if not chosen:
        raise MvsearchError(f"no command with options is called {' '.join(command)!r}")
    return chosen


def _list_all(context: typer.Context) -> list[OptionValue]:
    """All options of all commands."""
    from mvsearch.store.opening import default_library, hide_password

    group = context.find_root().command
    settings = {
        (setting.command, setting.option): check_value(setting, context)
        for setting in read_settings(group)
    }
    values = []
    for names, options in list_options(group):
        for option, parameter in options.items():
            value, source = parameter.default, "default"
            if (variable := read_variable(option)) is not None:
                value, source = variable, f"${ENVIRONMENT[option]}"
            elif (names, option) in settings:
                value, source = settings[names, option], "file"
            elif option == "library":
                value = default_library()
            if option == "library":
                value = hide_password(str(value))
            values.append(OptionValue(" ".join(names), option, value, source))
    return values


def _join(values: list[OptionValue]) -> list[OptionValue]:
    """The changed options; one entry for all commands if all have the same value."""
    n_commands = Counter(value.option for value in values)
    n_agreeing = Counter((value.option, repr(value.value), value.source) for value in values)
    joined: dict[tuple[str, str], OptionValue] = {}
    for value in values:
        if value.source == "default" and value.option != "library":
            continue
        agreeing = n_agreeing[value.option, repr(value.value), value.source]
        is_common = value.option in COMMON and agreeing == n_commands[value.option]
        name = "" if is_common else value.command
        joined.setdefault((name, value.option), replace(value, command=name))
    return list(joined.values())
