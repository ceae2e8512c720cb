"""Formats results with plug-ins."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from mvsearch.indexer import plugins
from mvsearch.indexer.plugins import Plugin
from mvsearch.search.results import Result
from mvsearch.store.errors import MvsearchError


@dataclass(frozen=True, slots=True)
class ResultList:
    """The results of one query, best first.

    Attributes:
        title: the parts of the query, or the name of the video, for display.
    """

    title: str
    results: tuple[Result, ...]


# The function of a plug-in; it gets one list for a search, and one per video for a report.
OutputForm = Callable[[Sequence[ResultList]], str]


def find_form(name: str, own: Collection[str]) -> Plugin:
    """Find the plug-in of an output format.

    Args:
        name: of the format.
        own: names of the built-in formats.

    Raises:
        MvsearchError: there is no such format.
    """
    plugin = plugins.find_plugin(plugins.OUTPUT, name)
    if plugin is None:
        found = plugins.list_plugins(plugins.OUTPUT, own)
        there = ", ".join([*own, *(each.name for each in found)])
        raise MvsearchError(f"no form of output is called {name!r}; there are {there}")
    return plugin


def write_form(plugin: Plugin, lists: Sequence[ResultList]) -> str:
    """Format results with a plug-in.

    Raises:
        PluginError: it fails, or does not return text.
    """
    write = plugin.load()
    with plugin.guarding():
        text = write(tuple(lists))
    if not isinstance(text, str):
        raise plugin.refuse(f"it gives no text but {type(text).__name__}")
    return text
