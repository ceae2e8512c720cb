"""Writes the configuration of a run as TOML, and compares it with another one."""

import json
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.indexer.training.task import Setting, Task
from mvsearch.store.errors import TrainingError
from mvsearch.store.own_files import read_own, write_own

MAX_BYTES = 2**20
# Tables of named settings.
Config = Mapping[str, Mapping[str, Setting]]


def describe_config(task: Task, options: TrainingOptions) -> dict[str, dict[str, Setting]]:
    """Everything that decides about the weights: task, options and data."""
    return {
        "training": {"task": task.name, **options.to_settings()},
        "settings": dict(task.settings),
        "data": {"fingerprint": task.data.fingerprint, **task.data.counts},
    }


def write_config(path: Path, config: Config) -> None:
    """Write a configuration.

    Raises:
        OSError: the disk refuses.
        ValueError: a number is not finite.
    """
    write_own(path, _to_toml(config).encode())


def read_config(path: Path) -> dict[str, Any]:
    """Read a configuration.

    Raises:
        TrainingError: it is missing, or no TOML.
    """
    try:
        return tomllib.loads(read_own(path, MAX_BYTES).decode())
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise TrainingError(f"{path} is damaged: {error}; move the folder away") from error


def check_same_config(path: Path, config: Config) -> None:
    """Check that a run was begun with this configuration.

    Raises:
        TrainingError: it was not; the message names the first difference.
    """
    begun = read_config(path)
    for table in {**config, **begun}:
        old, new = begun.get(table, {}), config.get(table, {})
        if not isinstance(old, Mapping):
            raise TrainingError(f"{path} is damaged: {table} is no table; move the folder away")
        for name in {**new, **old}:
            if old.get(name) != new.get(name):
                raise TrainingError(
                    f"{path.parent} was begun with {table}.{name} = {_shorten(old.get(name))}, not"
                    f" {_shorten(new.get(name))}: take another name for this run, or --restart"
                )


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _to_toml(config: Config) -> str:
    tables = []
    for table, settings in config.items():
        lines = [f"{_quote(name)} = {_to_value(value)}" for name, value in settings.items()]
        tables.append("\n".join([f"[{table}]", *lines, ""]))
    return "\n".join(tables)


def _to_value(value: Setting) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, list):
        return f"[{', '.join(_to_value(one) for one in value)}]"
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no setting")
    return repr(value)


def _quote(text: str) -> str:
    """A basic string: JSON's, but for lone surrogates and DEL, which TOML does not know."""
    whole = text.encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
