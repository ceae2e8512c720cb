"""Formats results with plug-ins."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from mvsearch.indexer import plugins
from mvsearch.indexer.plugins import Plugin
from mvsearch.search.results import Result
from mvsearch.store.errors import MvsearchError


@dataclass(frozen=True, slots=True)
class ResultList:
    """The results of one question, best first.

    Attributes:
        title: what was asked, for people: the parts of a query, or the name of a video.
    """

    title: str
    results: tuple[Result, ...]


# What a plug-in brings: one list for a search, one for each video of a report.
OutputForm = Callable[[Sequence[ResultList]], str]


def find_form(name: str, own: Collection[str]) -> Plugin:
    """The form of output of a name that is not built in.

    Args:
        name: as it was asked for.
        own: the forms that are built in.

    Raises:
        MvsearchError: there is none.
    """
    plugin = plugins.find_plugin(plugins.OUTPUT, name)
    if plugin is None:
        found = plugins.list_plugins(plugins.OUTPUT, own)
        there = ", ".join([*own, *(each.name for each in found)])
        raise MvsearchError(f"no form of output is called {name!r}; there are {there}")
    return plugin


def write_form(plugin: Plugin, lists: Sequence[ResultList]) -> str:
    """Write results in the form of a plug-in.

    Raises:
        PluginError: it fails, or gives no text.
    """
    write = plugin.load()
    with plugin.guarding():
        text = write(tuple(lists))
    if not isinstance(text, str):
        raise plugin.refuse(f"it gives no text but {type(text).__name__}")
    return text
