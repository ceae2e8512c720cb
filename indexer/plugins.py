"""Finds and loads the plug-ins of other distributions by their entry points."""

import logging
import re
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mvsearch.store.errors import MvsearchError, PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

logger = logging.getLogger(__name__)

ENCODERS = "mvsearch.encoders"
PROFILES = "mvsearch.profiles"
LYRICS = "mvsearch.lyrics"
LYRIC_SOURCES = "mvsearch.lyric_sources"
OUTPUT = "mvsearch.output"
GROUPS = (ENCODERS, PROFILES, LYRICS, LYRIC_SOURCES, OUTPUT)

# A profile's name becomes a folder, an encoder's a part of a key.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_MAX_REASON_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Plugin:
    """An entry point of another distribution.

    Attributes:
        group: one of `GROUPS`.
        name: of the entry point, by which users refer to it.
        distribution: name and version of the distribution.
        entry: the entry point.
    """

    group: str
    name: str
    distribution: str
    entry: "EntryPoint"

    def load(self) -> Any:
        """Import the object of the entry point.

        Raises:
            PluginError: it cannot be imported.
        """
        with self.guarding():
            return self.entry.load()

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Convert exceptions of the plug-in to one line that names its distribution.

        Raises:
            PluginError: anything but an `MvsearchError` was raised.
        """
        try:
            yield
        except MvsearchError:
            raise
        except Exception as error:
            logger.debug("the plug-in %s failed", self.name, exc_info=True)
            raise self.refuse(f"{type(error).__name__}: {error}") from error

    def refuse(self, reason: str) -> PluginError:
        """Return an error with the reason, on one line of limited length."""
        reason = " ".join(reason.split())[:_MAX_REASON_LETTERS]
        return PluginError(f"the plug-in {self.name!r} of {self.distribution} fails: {reason}")


def find_plugin(group: str, name: str) -> Plugin | None:
    """Return the plug-in of a name; None if there is none."""
    return next((plugin for plugin in list_plugins(group) if plugin.name == name), None)


def list_plugins(group: str, taken: Collection[str] = ()) -> list[Plugin]:
    """List the usable plug-ins of a group, one for each name; loads none of them.

    Args:
        group: one of `GROUPS`.
        taken: the built-in names, which a plug-in cannot have.
    """
    names = set(taken)
    found = []
    for plugin in list_all_plugins(group):
        if plugin.name not in names and _NAME.fullmatch(plugin.name):
            names.add(plugin.name)
            found.append(plugin)
    return found


def list_all_plugins(group: str) -> tuple[Plugin, ...]:
    """List all entry points of a group, sorted by name and distribution, usable or not."""
    return _read_entry_points(group, tuple(sys.path))


def explain_clash(plugin: Plugin, taken: Collection[str]) -> str | None:
    """Say why a plug-in is not used; None if it is.

    Args:
        plugin: one of `list_all_plugins`.
        taken: the built-in names of its group.
    """
    if not _NAME.fullmatch(plugin.name):
        return "its name is not made of letters, digits and . _ + -"
    if plugin.name in taken:
        return f"the name {plugin.name!r} is built in: what is built in is used"
    first = find_plugin(plugin.group, plugin.name)
    if first is not None and first is not plugin:
        return f"{first.distribution} has the same name and is used"
    return None


@lru_cache(maxsize=16)
def _read_entry_points(group: str, _: tuple[str, ...]) -> tuple[Plugin, ...]:
    """Read the entry points of a group, once for each value of `sys.path`."""
    from importlib.metadata import entry_points  # takes 80 ms, which a search saves

    found = []
    for entry in entry_points(group=group):
        origin = entry.dist
        named = "an unknown distribution" if origin is None else f"{origin.name} {origin.version}"
        found.append(Plugin(group, entry.name, named, entry))
    return tuple(sorted(found, key=lambda plugin: (plugin.name, plugin.distribution)))
