"""Writes docs/models.md from the cards and the pinned weights of the networks."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from docs.documents import (  # only now it can be found
    ROOT,
    escape_cell,
    run_generator,
    write_changed,
)
from mvsearch.indexer.composing import GENERATORS
from mvsearch.indexer.encoders import CLASSIFIERS, ENCODERS, PROFILES, import_class
from mvsearch.indexer.encoders.model_cards import CARDS, MEASURED, ModelCard
from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.profiles import TOY
from mvsearch.indexer.lyrics.whisper.engines.packages import PACKAGED
from mvsearch.indexer.ocr.rapid_reader import RapidReader

MODELS = ROOT / "docs" / "models.md"
INTRODUCTION = f"""\
# Models

Written by `make docs` from `indexer/encoders/model_cards.py` and the pinned weights.
`mvsearch models list` shows which are installed, `mvsearch models check` verifies checksums and
encodes a known example with each, `mvsearch models licences` lists licences. Weights in Python
packages are read as data: nothing of a package is imported, and a file with another sha256 is
refused.

Times are of one core, peaks of a process that does nothing else: `python -m benchmarks.models` on
{MEASURED}, on a busy machine. A dash: not measured.
"""


def find_weights(name: str) -> PackagedWeights | None:
    """The packaged weights of a network; None if it is downloaded or has none."""
    if name == RapidReader.name:
        return RapidReader.weights
    if name.startswith("whisper-"):
        return PACKAGED.get(name.removeprefix("whisper-"))
    found = getattr(import_class((ENCODERS | CLASSIFIERS | GENERATORS)[name]), "weights", None)
    return found if isinstance(found, PackagedWeights) else None


def describe_models() -> str:
    """The whole of docs/models.md."""
    heads = ("model", "makes", "source", "licence", "languages", "dimensions")
    rows = [f"| {' | '.join((*heads, 'time', 'peak', 'profiles'))} |", "|---" * 9 + "|"]
    rows += [_describe_row(name, card) for name, card in CARDS.items()]
    packaged = ["## Weights in Python packages\n", "| model | packages | file | sha256 |"]
    packaged.append("|---|---|---|---|")
    for name in CARDS:
        weights = find_weights(name)
        while weights is not None:
            packages = ", ".join(package.replace("==", " ") for package in weights.packages)
            # Of most only the first is a network; the others are settings and vocabularies.
            for content in weights.contents:
                if content is weights.contents[0] or content.name.endswith(".onnx"):
                    cells = (name, packages, content.name, f"`{content.sha256}`")
                    packaged.append(f"| {' | '.join(cells)} |")
            weights = weights.fallback
    return "\n".join((INTRODUCTION, *rows, "", *packaged, ""))


def _describe_row(name: str, card: ModelCard) -> str:
    time = "–" if card.core_ms is None else f"{card.core_ms:g} ms a {card.item}"
    peak = "–" if card.peak_mb is None else f"{card.peak_mb} MB"
    dimensions = ", ".join(str(number) for number in card.dimensions) or "–"
    cells = (name, card.task, card.source, card.licence, card.languages or "–", dimensions)
    return f"| {' | '.join(map(escape_cell, (*cells, time, peak, _list_profiles(name))))} |"


def _list_profiles(name: str) -> str:
    """The profiles that use a network."""
    users = [
        profile
        for profile, used in PROFILES.items()
        if profile != TOY and name in (*used.encoders, f"whisper-{used.whisper_model}")
    ]
    return ", ".join(users) or "–"


def write_documents(*, is_check: bool) -> list[Path]:
    """Write the document, or only compare; returns it where it is out of date."""
    return write_changed({MODELS: describe_models()}, is_check=is_check)


if __name__ == "__main__":
    run_generator(write_documents)
