"""What the documents say is what there is."""

import importlib.util
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

from mvsearch import cli
from mvsearch.search.commands.options.examples import show_examples

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "data" / "README.md"])
# The list of commands spells arguments and holds no examples.
EXAMPLES = [document for document in DOCUMENTS if document.name != "commands.md"]
# In pieces, so that this file does not hold them either.
REGISTRIES = [
    ".".join(parts)
    for parts in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("deb", "debian", "org"),
        ("download", "pytorch", "org"),
        ("conda", "anaconda", "org"),
        ("crates", "io"),
    ]
]


def load_generator(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("g", ROOT / "docs" / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    return load_generator("generate_commands.py")


@pytest.fixture(scope="module")
def commands(generator: ModuleType) -> dict[str, Any]:
    return dict(generator.load_commands())


def registered_names(app: typer.Typer = cli.app) -> set[str]:
    """Every command, read from what Typer was told, without the generator."""
    own = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    for group in app.registered_groups:
        assert group.typer_instance is not None
        below = registered_names(group.typer_instance)
        own |= {f"{group.name} {name}" if group.name else name for name in below}
    return own


def read_code(document: Path) -> list[list[str]]:
    """The `mvsearch` lines of a document's indented and fenced code, as words."""
    text = document.read_text(encoding="utf-8")
    lines = re.findall(r"^(?: {4}|\$ )(mvsearch .*)$", text, flags=re.MULTILINE)
    return [shlex.split(line, comments=True)[1:] for line in lines]


def test_the_generated_documents_are_up_to_date(generator: ModuleType) -> None:
    assert generator.write_documents(is_check=True) == []
    for name in ("generate_modules.py", "generate_models.py"):
        assert load_generator(name).write_documents(is_check=True) == []


def test_architecture_is_one_page_that_names_every_folder() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    tables = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {name for cell in tables for name in expand(cell.strip(" `"))}
    folders = {
        file.parent.relative_to(ROOT).as_posix() + "/"
        for package in ("indexer", "search", "store")
        for file in (ROOT / package).rglob("__init__.py")
    }
    assert {name for name in folders if "migrations" not in name} <= named


def expand(name: str) -> list[str]:
    """`a/{b,c}/` as `a/b/` and `a/c/`."""
    found = re.fullmatch(r"(.*)\{(.*)\}(.*)", name)
    return [name] if not found else [found[1] + one + found[3] for one in found[2].split(",")]


@pytest.mark.parametrize(
    "document",
    [one for one in DOCUMENTS if one.name != "CHANGELOG.md"],  # it names files of old versions
    ids=lambda path: path.name,
)
def test_files_that_are_named_exist(document: Path) -> None:
    named = re.findall(
        r"(?<![\w/.])(?:indexer|search|store|docs|benchmarks|tests)/[\w/]+\.py\b",
        document.read_text("utf-8"),
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_readme_lists_the_commands_there_are() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `mvsearch ([a-z -]+?)(?: [\[A-Z].*)?` \|", text, flags=re.MULTILINE)
    assert sorted(listed) == sorted(registered_names())


GROUPS = {"models", "config", "encoders", "export", "metric", "sessions", "train", "workers"}


@pytest.mark.parametrize("document", EXAMPLES, ids=lambda path: path.name)
def test_examples_use_commands_and_options_that_exist(
    document: Path, commands: dict[str, Any]
) -> None:
    for words in read_code(document):
        is_group = words[0] in GROUPS - {"sessions"}
        name = "mvsearch " + " ".join(words[: 2 if is_group else 1])
        known = {
            option
            for param in commands[name].params
            for option in (*param.opts, *param.secondary_opts)
        }
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert used <= known, (name, words)


def test_every_command_ends_its_help_with_examples_that_can_be_typed(
    commands: dict[str, Any],
) -> None:
    for name, command in commands.items():
        assert command.epilog == show_examples(name.removeprefix("mvsearch "))
        examples = command.epilog.splitlines()[2:]
        assert examples
        for example in examples:
            words = shlex.split(example)
            size = len(name.split())
            assert words[:size] == name.split()
            command.make_context(name, words[size:])  # reads the words and runs nothing


def test_every_group_ends_its_help_with_examples_of_its_commands(commands: dict[str, Any]) -> None:
    app = typer.main.get_command(cli.app)
    groups = {name.split()[1] for name in commands if len(name.split()) > 2}
    assert groups == GROUPS
    for name, group in [("mvsearch", app), *((name, app.commands[name]) for name in groups)]:
        assert group.epilog == show_examples(name)
        shown = [shlex.split(line) for line in group.epilog.splitlines()[2:]]
        own = [words for words in shown if " ".join(words[: 2 + (group is not app)]) in commands]
        assert own == shown != []


def test_the_readme_has_examples() -> None:
    assert len(read_code(ROOT / "README.md")) >= 5


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_documents_name_targets_that_make_knows() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    known = set(re.findall(r"^  make ([a-z]+)", said.stdout, flags=re.MULTILINE))
    assert {"help", "setup", "demo", "test", "lint", "types", "check", "bench", "docs"} <= known
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        used = set(re.findall(r"(?:`|^ {4})make ([a-z]+)", text, flags=re.MULTILINE))
        assert used <= known, document.name


def test_no_file_names_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=False, capture_output=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    pattern = re.compile("|".join(map(re.escape, REGISTRIES)).encode(), flags=re.IGNORECASE)
    files = [ROOT / name.decode(errors="surrogateescape") for name in listed.stdout.split(b"\0")]
    found = [path.name for path in files if path.is_file() and pattern.search(path.read_bytes())]
    assert found == []
