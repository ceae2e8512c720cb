"""Installs made-up distributions into a folder, as pip would leave them."""

from collections.abc import Mapping
from pathlib import Path


def write_package(
    site: Path, distribution: str, module: str, files: Mapping[str, bytes], version: str = "1.0"
) -> None:
    """Write a package of files with its metadata and its record."""
    info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    for name, content in files.items():
        (site / module / name).parent.mkdir(parents=True, exist_ok=True)
        (site / module / name).write_bytes(content)
    metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
    (info / "METADATA").write_text(metadata)
    record = "".join(f"{module}/{name},,\n" for name in files)
    (info / "RECORD").write_text(record)
