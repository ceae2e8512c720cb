"""Formats the result of `mvsearch check` as lines and as JSON."""

import shlex

from rich.console import Console

from mvsearch.search.output.tables.listing import print_line
from mvsearch.store.checking.checkup import MAX_LISTED, Checkup


def print_checkup(checkup: Checkup, console: Console) -> None:
    """Print the damage, and how to rebuild the library."""
    for damage in checkup.repaired[:MAX_LISTED]:
        print_line(console, f"repaired {damage.where}: {damage.reason}")
    if not checkup.damages:
        print_line(console, f"{checkup.place} is whole: {checkup.n_videos} videos looked at")
        return
    for damage in checkup.damages[:MAX_LISTED]:
        print_line(console, f"damaged  {damage.where}: {damage.reason}")
    if len(checkup.damages) > MAX_LISTED:
        print_line(console, f"and {len(checkup.damages) - MAX_LISTED} more")
    for line in advise(checkup):
        print_line(console, line)


def advise(checkup: Checkup) -> list[str]:
    """How to rebuild a damaged library: its indexes from the catalogue, the rest from the media."""
    home = shlex.quote(checkup.address)
    if all(damage.part for damage in checkup.damages):
        return [f"The indexes can be made anew: mvsearch check --repair --library {home}"]
    if checkup.address == checkup.place:
        lines = [
            "Restore a backup of the database, or make the library anew from the media, in another",
            "database:",
        ]
        home = "postgresql+psycopg://USER@HOST/OTHER"
    else:
        lines = [
            "Restore a backup of the folder of the library, or make it anew from the media: move",
            f"that folder ({home}) away, then index again:",
        ]
    folders = [shlex.quote(str(folder)) for folder in checkup.folders] or ["FOLDER"]
    return lines + [f"    mvsearch index {folder} --library {home}" for folder in folders]
