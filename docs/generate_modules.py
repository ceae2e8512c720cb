"""Writes docs/modules.md and docs/decisions/README.md from modules and decisions."""

import ast
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from docs.documents import (  # only now it can be found
    ROOT,
    escape_cell,
    run_generator,
    write_changed,
)

PACKAGES = ("store", "indexer", "search")
MODULES, DECISIONS = ROOT / "docs" / "modules.md", ROOT / "docs" / "decisions" / "README.md"
# Database revisions are named by their numbers.
LEFT_OUT = re.compile(r"store/database/migrations/versions/.+")


def read_sentence(module: Path) -> str:
    """The first sentence of a module.

    Raises:
        SystemExit: the module does not begin with one.
    """
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    found = re.match(r".+?[.?!](?=\s|$)", " ".join(text.partition("\n\n")[0].split()))
    if not found:
        raise SystemExit(f"{module.relative_to(ROOT)} does not begin with a sentence")
    return found[0]


def describe_modules() -> str:
    """The whole of docs/modules.md: a table for each package."""
    parts = ["# Modules\n\nWritten by `make docs` from the first sentence of each module.\n"]
    parts.append(_tabulate([ROOT / "cli.py"]))
    for folder in sorted(_list_packages(), key=_order):
        name = folder.relative_to(ROOT).as_posix()
        modules = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
        parts.append(f"## {name}\n\n{read_sentence(folder / '__init__.py')}\n")
        if modules:
            parts.append(_tabulate(modules))
    return "\n".join(parts)


def _list_packages() -> list[Path]:
    """The folders of modules."""
    found = {file.parent for package in PACKAGES for file in (ROOT / package).rglob("__init__.py")}
    return [path for path in found if not LEFT_OUT.match(f"{path.relative_to(ROOT).as_posix()}/")]


def _order(folder: Path) -> tuple[int, tuple[str, ...]]:
    """Sort packages in the order of imports."""
    parts = folder.relative_to(ROOT).parts
    return PACKAGES.index(parts[0]), parts


def _tabulate(modules: list[Path]) -> str:
    """A table of modules."""
    rows = (f"| `{path.stem}` | {escape_cell(read_sentence(path))} |\n" for path in modules)
    return "".join(["| module | what it does |\n", "|---|---|\n", *rows])


def list_decisions() -> str:
    """The whole of docs/decisions/README.md: a line for each decision."""
    rows = []
    for file in sorted(DECISIONS.parent.glob("[0-9]*.md")):
        text = file.read_text(encoding="utf-8")
        title, date = re.match(r"# (.+)", text), re.search(r"^- Date: (\S+?),?( |$)", text, re.M)
        if not title or not date:
            raise SystemExit(f"{file.relative_to(ROOT)} lacks its title or its date")
        number = file.name.partition("-")[0]
        rows.append(f"| [{number}]({file.name}) | {escape_cell(title[1])} | {date[1]} |\n")
    head = (
        "# Decisions\n\nWritten by `make docs`. Each page is one decision with its measurements.\n"
    )
    head += "\n| number | decision | date |\n|---|---|---|\n"
    return "".join([head, *rows])


def write_documents(*, is_check: bool) -> list[Path]:
    """Update both documents, or only compare; returns those that were out of date."""
    wanted = {MODULES: describe_modules(), DECISIONS: list_decisions()}
    return write_changed(wanted, is_check=is_check)


if __name__ == "__main__":
    run_generator(write_documents)
