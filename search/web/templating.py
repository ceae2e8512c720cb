"""Renders the templates of the pages; all text is escaped."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mvsearch.search.output.text import format_seconds
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


def render(template: str, **given: object) -> str:
    """Render a page; a name that the template misses is an error."""
    return _load_templates().get_template(template).render(given)


@cache
def _load_templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # The output of macros is markup already.
        finalize=lambda value: value if hasattr(value, "__html__") else printable(value),
    )
    environment.filters["seconds"] = format_seconds
    return environment
