"""Formats the status of a library: its counts and its pending work."""

from typing import Any

from rich.console import Console

from mvsearch.search.output.tables.listing import say
from mvsearch.search.status import KEY


def print_status(status: dict[str, Any], console: Console) -> None:
    """The library in numbers, for reading."""
    say(console, f"library   {status['library']}")
    say(console, f"profile   {status['profile'] or '–'}")
    say(console, f"videos    {status['videos']}")
    for folder in status["folders"]:
        is_missing = folder in status["missing_folders"]
        say(console, f"folder    {folder}{' (not there)' if is_missing else ''}")
    if status["missing_folders"]:
        say(
            console,
            "          what is not there is kept, as a drive may be missing; if it is gone or was"
            " renamed: index the new place, then mvsearch remove --missing",
        )
    for stage, encoders in status["stages"].items():
        for encoder, counts in encoders.items():
            rough = f", {counts[KEY]} of key frames only" if counts.get(KEY) else ""
            found = f", approximate, recall {counts['recall']:.2f}" if "recall" in counts else ""
            say(
                console,
                f"{stage:<9} {counts['segments']} segments{found}, {counts['pending']} videos to do"
                f"{rough} ({encoder})",
            )
    for space, medians in status["median_unrelated"].items():
        said = ", ".join(f"{median:.2f} ({kind})" for kind, median in medians.items())
        say(console, f"unrelated {said} median similarity ({space})")
    say(console, f"failures  {status['failures']}")
    if status["removed"]:
        say(console, f"removed   {status['removed']} stay out (mvsearch list --removed)")
