"""Imports the optional libraries of the metrics, with a clear error if one is missing."""

from importlib import import_module
from typing import Any

from mvsearch.store.distribution import name_install
from mvsearch.store.errors import QueryError


def import_extra(name: str) -> Any:
    """Import a library of the extra `metrics`, such as "librosa".

    Raises:
        QueryError: it is not installed; the message contains the command. Or it does not load, for
            example because a system library is missing.
    """
    package = name.partition(".")[0]
    try:
        import_module(package)
        return import_module(name)
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == package:
            line = name_install("metrics")
            raise QueryError(f"{package} is not installed; type: {line}") from None
        raise QueryError(f"{package} is installed but does not load: {error}") from error
