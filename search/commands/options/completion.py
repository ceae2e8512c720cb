"""Completes titles of videos in the shell."""

import os
from contextlib import suppress

import typer

from mvsearch.search.output.forms import REPORT_FORMS, SEARCH_FORMS


class Completion(str):
    """A word that was chosen already: Typer would drop it for its case and its quotes."""

    __slots__ = ()

    def startswith(self, *_: object) -> bool:
        """Whatever was typed."""
        return True


def complete_video(context: typer.Context, incomplete: str) -> list[str]:
    """The titles that begin with what was typed; none where the library cannot be read."""
    # A shell shows everything that is printed here in the middle of the line that is being typed.
    with suppress(Exception):
        from mvsearch.search.commands.options.configuration import find_library
        from mvsearch.store.catalog.completion import complete_name

        names = complete_name(find_library(context), incomplete)
        return [Completion(_quote(name)) for name in names]
    return []


def complete_search_form() -> list[str]:
    """The forms of results that `search` prints."""
    return [*SEARCH_FORMS, *_list_plugins("mvsearch.output")]


def complete_report_form() -> list[str]:
    """The forms of the report that `similar` writes."""
    return [*REPORT_FORMS, *_list_plugins("mvsearch.output")]


def complete_profile() -> list[str]:
    """The profiles that a library can be begun with."""
    return ["embedded", "paper", "semantic", *_list_plugins("mvsearch.profiles")]


def _list_plugins(group: str) -> list[str]:
    """The names of plug-ins."""
    with suppress(Exception):
        from mvsearch.indexer.plugins import list_plugins

        return [plugin.name for plugin in list_plugins(group)]
    return []


def _quote(name: str) -> str:
    """A title as it is put into the line; bash, unlike other shells, quotes nothing by itself."""
    is_bash = os.environ.get("_MVSEARCH_COMPLETE") == "complete_bash"
    if not is_bash or (_is_in_quotes() and not set(name) & set("\"'$`\\!")):
        return name
    return "".join(c if c.isalnum() or c in "._-+,/@%" else f"\\{c}" for c in name)


def _is_in_quotes() -> bool:
    """Whether the word that is being typed in bash begins with a quotation mark."""
    words = os.environ.get("COMP_WORDS", "").split("\n")
    at = int(os.environ.get("COMP_CWORD", "0"))
    return words[at : at + 1] != [] and words[at].startswith(("'", '"'))
