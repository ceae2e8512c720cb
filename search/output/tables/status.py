"""Formats the status of a library: its counts and its pending work."""

from typing import Any

from rich.console import Console

from mvsearch.search.output.tables.listing import print_line
from mvsearch.search.status import KEY


def print_status(status: dict[str, Any], console: Console) -> None:
    """Print the counts of a library."""
    print_line(console, f"library   {status['library']}")
    print_line(console, f"profile   {status['profile'] or '–'}")
    print_line(console, f"videos    {status['videos']}")
    if "://" in status["library"]:  # one in a folder has no choice
        print_line(console, f"vectors   by {status['vectors']}")
    if "server" in status:
        print_line(console, f"server    {describe_server(status['server'])}")
    for folder in status["folders"]:
        is_missing = folder in status["missing_folders"]
        print_line(console, f"folder    {folder}{' (not there)' if is_missing else ''}")
    if status["missing_folders"]:
        print_line(
            console,
            "          what is not there is kept, as a drive may be missing; if it is gone or was"
            " renamed: index the new place, then mvsearch remove --missing",
        )
    _print_stages(status, console)
    print_line(console, f"failures  {status['failures']}")
    if status["removed"]:
        print_line(console, f"removed   {status['removed']} stay out (mvsearch list --removed)")


def _print_stages(status: dict[str, Any], console: Console) -> None:
    """Print what each encoder has made and has to do, and what is usual in its space."""
    for stage, encoders in status["stages"].items():
        for encoder, counts in encoders.items():
            rough = f", {counts[KEY]} of key frames only" if counts.get(KEY) else ""
            found = f", approximate, recall {counts['recall']:.2f}" if "recall" in counts else ""
            print_line(
                console,
                f"{stage:<9} {counts['segments']} segments{found}, {counts['pending']} videos to do"
                f"{rough} ({encoder})",
            )
    for space, medians in status["median_unrelated"].items():
        said = ", ".join(f"{median:.2f} ({kind})" for kind, median in medians.items())
        print_line(console, f"unrelated {said} median similarity ({space})")


def describe_server(server: dict[str, Any]) -> str:
    """The server of a library in one line."""
    kind = "replica" if server["is_replica"] else "primary"
    return (
        f"PostgreSQL {server['version']}, pgvector {server['pgvector']}, {kind},"
        f" {server['bytes'] / 1e6:,.1f} MB, {server['connections']} of"
        f" {server['max_connections']} connections, {server['latency_seconds'] * 1e3:.1f} ms"
    )
