"""Installs plug-in packages into a folder, as pip would: modules beside their metadata."""

import re
import tomllib
from pathlib import Path

DOCUMENT = Path(__file__).parents[1] / "docs" / "plugins.md"


def read_example() -> tuple[str, str]:
    """The `pyproject.toml` and the module of the example in docs/plugins.md."""
    text = DOCUMENT.read_text(encoding="utf-8")
    toml = re.search(r"`pyproject\.toml`:\n\n```toml\n(.*?)```", text, flags=re.DOTALL)
    module = re.search(r"`mvsearch_colours\.py`:\n\n```python\n(.*?)```", text, flags=re.DOTALL)
    assert toml is not None
    assert module is not None
    return toml[1], module[1]


def install_example(folder: Path) -> None:
    """Install the example of docs/plugins.md."""
    toml, module = read_example()
    project = tomllib.loads(toml)["project"]
    (folder / "mvsearch_colours.py").write_text(module, encoding="utf-8")
    install_metadata(folder, project["name"], project["version"], project["entry-points"])


def install_metadata(
    folder: Path, name: str, version: str, groups: dict[str, dict[str, str]]
) -> None:
    """Write what an installed distribution says of itself, its entry points above all."""
    own = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    own.mkdir(parents=True)
    (own / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = []
    for group, entries in groups.items():
        lines.append(f"[{group}]")
        lines += [f"{entry} = {place}" for entry, place in entries.items()]
    (own / "entry_points.txt").write_text("\n".join(lines) + "\n")
