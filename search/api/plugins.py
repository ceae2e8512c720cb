"""Lists the installed plug-ins, and what is wrong with those that cannot be used."""

from dataclasses import dataclass

from mvsearch.indexer import plugins
from mvsearch.indexer.encoders import CLASSIFIERS, ENCODERS, PROFILES, find_profile
from mvsearch.indexer.lyrics.files.sidecar import SIDECAR_ENDINGS
from mvsearch.indexer.plugins import Plugin
from mvsearch.search.output.forms import REPORT_FORMS
from mvsearch.store.errors import MvsearchError

_BUILT_IN = {
    plugins.ENCODERS: {*ENCODERS, *CLASSIFIERS},
    plugins.PROFILES: set(PROFILES),
    plugins.LYRICS: {ending.removeprefix(".") for ending in SIDECAR_ENDINGS},
    plugins.LYRIC_SOURCES: set(),
    plugins.OUTPUT: set(REPORT_FORMS),
}


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """A plug-in, and whether it can be used.

    Attributes:
        problem: one line that says why not; empty where it can be.
    """

    plugin: Plugin
    problem: str = ""


def list_plugin_statuses() -> list[PluginStatus]:
    """Every plug-in that is installed; each is imported, and no encoder is made."""
    return [_look(plugin) for group in plugins.GROUPS for plugin in plugins.list_all_plugins(group)]


def _look(plugin: Plugin) -> PluginStatus:
    problem = plugins.explain_clash(plugin, _BUILT_IN[plugin.group])
    try:
        if problem is None and plugin.group == plugins.PROFILES:
            find_profile(plugin.name)
        elif problem is None:
            plugin.load()
    except MvsearchError as error:
        problem = str(error)
    return PluginStatus(plugin, problem or "")
