"""Formats the result of `mvsearch check` as lines and as JSON."""

import shlex

from rich.console import Console

from mvsearch.search.output.tables.listing import say
from mvsearch.store.catalog.checking import MAX_LISTED, Checkup


def print_checkup(checkup: Checkup, console: Console) -> None:
    """What was found, and how to make the library anew, for reading."""
    if not checkup.damages:
        say(console, f"{checkup.file} is whole: {checkup.n_videos} videos looked at")
        return
    for damage in checkup.damages[:MAX_LISTED]:
        say(console, f"damaged  {damage.where}: {damage.reason}")
    if len(checkup.damages) > MAX_LISTED:
        say(console, f"and {len(checkup.damages) - MAX_LISTED} more")
    for line in advise(checkup):
        say(console, line)


def advise(checkup: Checkup) -> list[str]:
    """How to make a damaged library anew: from the media, which nothing here has changed."""
    home = shlex.quote(str(checkup.file.parent))
    lines = [
        "Restore a backup of the folder of the library, or make it anew from the media: move that",
        f"folder ({home}) away, then index again:",
    ]
    folders = [shlex.quote(str(folder)) for folder in checkup.folders] or ["FOLDER"]
    return lines + [f"    mvsearch index {folder} --library {home}" for folder in folders]
