"""Completes titles of videos in the shell."""

import os
from contextlib import suppress

import typer

from mvsearch.search.output.forms import REPORT_FORMS, SEARCH_FORMS


class Completion(str):
    """A completion that Typer does not filter by case and quotes."""

    __slots__ = ()

    def startswith(self, *_: object) -> bool:
        """Always True."""
        return True


def complete_video(context: typer.Context, incomplete: str) -> list[str]:
    """The titles that begin with the typed text; none if the library cannot be read."""
    # An error message would appear in the command line that is being typed.
    with suppress(Exception):
        from mvsearch.search.commands.options.configuration import find_library
        from mvsearch.store.catalog.completion import complete_name

        names = complete_name(find_library(context), incomplete)
        return [Completion(_quote(name)) for name in names]
    return []


def complete_search_form() -> list[str]:
    """The output formats of `search`."""
    return [*SEARCH_FORMS, *_list_plugins("mvsearch.output")]


def complete_report_form() -> list[str]:
    """The report formats of `similar`."""
    return [*REPORT_FORMS, *_list_plugins("mvsearch.output")]


def complete_profile() -> list[str]:
    """The profiles of new libraries."""
    return ["embedded", "sound", "paper", "semantic", *_list_plugins("mvsearch.profiles")]


def _list_plugins(group: str) -> list[str]:
    """The names of plug-ins."""
    with suppress(Exception):
        from mvsearch.indexer.plugins import list_plugins

        return [plugin.name for plugin in list_plugins(group)]
    return []


def _quote(name: str) -> str:
    """A title with escapes for bash, which unlike other shells does not add them."""
    is_bash = os.environ.get("_MVSEARCH_COMPLETE") == "complete_bash"
    if not is_bash or (_is_in_quotes() and not set(name) & set("\"'$`\\!")):
        return name
    return "".join(c if c.isalnum() or c in "._-+,/@%" else f"\\{c}" for c in name)


def _is_in_quotes() -> bool:
    """Whether the word typed in bash begins with a quotation mark."""
    words = os.environ.get("COMP_WORDS", "").split("\n")
    at = int(os.environ.get("COMP_CWORD", "0"))
    return words[at : at + 1] != [] and words[at].startswith(("'", '"'))
