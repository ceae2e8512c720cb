"""Tells what was copied as lines."""

from rich.console import Console

from mvsearch.search.output.tables.listing import print_line
from mvsearch.store.copying.copy import LibraryCopy


def print_copy(done: LibraryCopy, console: Console) -> None:
    """Print what was copied."""
    if done.is_renewed:
        print_line(console, "the library had changed since the copy began: it was begun again")
    elif done.is_resumed:
        print_line(console, "went on with the copy that had begun")
    n_rows = sum(n for n, _ in done.tables.values())
    n_videos = done.tables["video"][0]
    print_line(console, f"copied {done.source} to {done.target}")
    print_line(
        console,
        f"{n_videos:,} videos, {n_rows:,} rows and {len(done.files):,} files are the same there:"
        " every row was read again and compared",
    )
