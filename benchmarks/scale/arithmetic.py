"""What 10^5, 10^6 and 10^7 songs cost: `python -m benchmarks.scale.arithmetic LIBRARY`.

Counts of vectors, lines and bytes are those of a small library, per song. The rates were measured
by other programs, which docs/scale.md names, and are options. The rest is multiplication: a line is
marked "measured" where both of its factors were measured and only the number of songs was not,
"estimate" where a rate is used far from where it was measured.
"""

import argparse
import math
from dataclasses import dataclass, fields
from pathlib import Path

from mvsearch.store.library import Library

SIZES = (100_000, 1_000_000, 10_000_000)
LARGER = {"GB": "TB", "M": "G"}
MEASURED, ESTIMATE = "measured × songs", "estimate"


@dataclass(frozen=True, slots=True)
class Rates:
    """What was measured elsewhere.

    Attributes:
        core_seconds, heard_core_seconds: of processor time to index a song, with lyric files and
            with Whisper.
        postgres_factor: bytes of the catalogue in PostgreSQL for one in SQLite.
        row_bytes: of a row of vectors in PostgreSQL besides its numbers.
        graph_factor: bytes of an HNSW index for one byte of its vectors.
        build_core_seconds: to build HNSW of a million vectors of 512 numbers.
        landmark_bytes: of a song, in a file of each machine.
        reader_bytes: of memory of a process, for a song and space.
    """

    core_seconds: float = 4.8
    heard_core_seconds: float = 32.0
    postgres_factor: float = 1.15
    row_bytes: float = 92.0
    graph_factor: float = 1.27
    build_core_seconds: float = 2100.0
    landmark_bytes: float = 20_000.0
    reader_bytes: float = 190.0


@dataclass(frozen=True, slots=True)
class Song:
    """What the mean song of a library holds.

    Attributes:
        seconds: of its length.
        catalog_bytes: in SQLite.
        vectors: of each space, its name, their number and their length.
    """

    seconds: float
    catalog_bytes: float
    vectors: tuple[tuple[str, float, int], ...]

    @property
    def n_vectors(self) -> float:
        """In all spaces."""
        return sum(n for _, n, _ in self.vectors)

    def count_row_bytes(self, rates: Rates) -> float:
        """Bytes of its rows of vectors, as halves of four bytes."""
        return sum(n * (2 * dim + rates.row_bytes) for _, n, dim in self.vectors)

    def count_graph_bytes(self, rates: Rates) -> float:
        """Bytes of it in the HNSW indexes."""
        return sum(n * 2 * dim * rates.graph_factor for _, n, dim in self.vectors)

    def count_build_seconds(self, rates: Rates) -> float:
        """Processor seconds of its vectors in an index of a million, in proportion to length."""
        return sum(n * dim for _, n, dim in self.vectors) * rates.build_core_seconds / 512e6


def read_song(folder: Path) -> Song:
    """The mean song of a library in a folder."""
    with Library.open(folder, is_read_only=True) as library:
        catalog = library.catalog
        n_songs = catalog.n_videos()
        spaces = catalog.spaces()
        vectors = tuple(
            (space.key.partition("@")[0], catalog.n_vectors(space.key) / n_songs, space.dim)
            for space in spaces
        )
        seconds = sum(catalog.video(one).duration_seconds for one in catalog.video_ids())
    size = (folder / "catalog.sqlite3").stat().st_size
    return Song(seconds / n_songs, size / n_songs, vectors)


def list_lines(song: Song, rates: Rates) -> list[tuple[str, float, str, str]]:
    """What grows with the number of songs: its name, its amount for one, its unit and its mark."""
    return [
        ("vectors, all spaces", song.n_vectors / 1e6, "M", MEASURED),
        ("catalogue in SQLite", song.catalog_bytes / 1e9, "GB", MEASURED),
        ("FAISS files", song.count_row_bytes(Rates(row_bytes=16)) / 1e9, "GB", MEASURED),
        (
            "catalogue in PostgreSQL",
            song.catalog_bytes * rates.postgres_factor / 1e9,
            "GB",
            MEASURED,
        ),
        ("vectors in pgvector", song.count_row_bytes(rates) / 1e9, "GB", MEASURED),
        ("their HNSW", song.count_graph_bytes(rates) / 1e9, "GB", ESTIMATE),
        ("landmarks, on each machine", rates.landmark_bytes / 1e9, "GB", MEASURED),
        ("memory of each process", len(song.vectors) * rates.reader_bytes / 1e9, "GB", MEASURED),
        ("building HNSW", song.count_build_seconds(rates) / 3600, "core-hours", ESTIMATE),
        ("indexing, lyric files", rates.core_seconds / 3600, "core-hours", MEASURED),
        ("indexing, Whisper", rates.heard_core_seconds / 3600, "core-hours", MEASURED),
    ]


def write_amount(amount: float, unit: str) -> str:
    """A number of two digits with its unit, in thousands of it where it is large."""
    if amount >= 1000 and unit in LARGER:
        amount, unit = amount / 1000, LARGER[unit]
    digits = max(0, 1 - math.floor(math.log10(amount)))
    rounded = round(amount, 1 - math.floor(math.log10(amount)))
    return f"{rounded:,.{digits}f} {unit}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("library", type=Path)
    for one in fields(Rates):
        parser.add_argument("--" + one.name.replace("_", "-"), type=float, default=one.default)
    given = vars(parser.parse_args())
    song, rates = read_song(given.pop("library")), Rates(**given)
    held = ", ".join(f"{n:.0f} × {dim} ({name})" for name, n, dim in song.vectors)
    print(f"A song of {song.seconds:.0f} s: {song.catalog_bytes / 1e6:.2f} MB, vectors {held}.\n")
    print("| | " + " | ".join(f"{n:,} songs" for n in SIZES) + " | |")
    print("|---|" + "---:|" * len(SIZES) + "---|")
    for name, amount, unit, mark in list_lines(song, rates):
        cells = " | ".join(write_amount(amount * n, unit) for n in SIZES)
        print(f"| {name} | {cells} | {mark} |")


if __name__ == "__main__":
    main()
