"""Measures copies of a library into PostgreSQL and back: `python -m benchmarks.scale.copying`.

A library of made videos, each with 50 vectors of 512 numbers, 30 lyric lines with their words, 20
tags and 4 stills, is copied from a folder into PostgreSQL, and from there into another folder. Then
the same rows are written by COPY, and by one INSERT each, in turns. Without `--address` a server is
started from a Python package.
"""

import argparse
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from sqlalchemy import insert

from benchmarks.large.vectors import VectorMaker
from mvsearch.store.copying.copy import copy_library
from mvsearch.store.copying.loading import write_rows
from mvsearch.store.copying.tables import CopiedTable, Row, read_batches
from mvsearch.store.database.connection import Database
from mvsearch.store.database.tables import EmbeddingRow, LyricLineRow, TagRow
from mvsearch.store.library import Library
from mvsearch.store.records import (
    Embeddings,
    IndexedVideo,
    Location,
    LyricLine,
    Lyrics,
    Segment,
    Space,
    Stage,
    Still,
    Tag,
    Video,
    Word,
)
from tests.servers.postgres import PostgresServer

SPACE = Space("frames", "made", "1", 512)
N_EACH, N_LINES, N_TAGS, BATCH, ROUNDS = 50, 30, 20, 100, 7
# Rows of each table that are written in both ways.
N_COMPARED = {TagRow: 4000, LyricLineRow: 4000, EmbeddingRow: 400}


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=2000)
    parser.add_argument("--address", help="of an empty database")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, serve(given.address) as address:
        source = Path(place) / "source"
        fill(source, given.videos)
        size = sum(file.stat().st_size for file in source.glob("catalog*"))
        print(json.dumps({"videos": given.videos, "source_megabytes": round(size / 1e6)}))
        measure_copy("folder to PostgreSQL", source, address)
        measure_copy("PostgreSQL to folder", address, Path(place) / "back")
        measure_copy("folder to folder", source, Path(place) / "other")
        compare_writing(source, address)


@contextmanager
def serve(address: str | None) -> Iterator[str]:
    """The address of an empty database, on a server of its own if none is given."""
    if address is not None:
        yield address
        return
    server = PostgresServer()
    try:
        server.start()
        yield server.make_database()
    finally:
        server.close()


def fill(place: Path, n_videos: int) -> None:
    """Make the library that is copied."""
    maker = VectorMaker(SPACE.dim)
    with Library.open(place, create=True) as library, library.writing():
        library.catalog.adopt_profile("made", [SPACE])
        for first in range(0, n_videos, BATCH):
            ids = range(first, min(first + BATCH, n_videos))
            library.catalog.add_indexed([describe(maker, at) for at in ids])


def describe(maker: VectorMaker, at: int) -> IndexedVideo:
    """A made video."""
    name, path = f"{at:08x}", Path(f"/made/{at:08x}.mp4")
    segments = tuple(Segment(float(each), each + 1.0) for each in range(N_EACH))
    lines = tuple(
        LyricLine(
            f"line {each} of the song {at} goes on",
            float(each),
            each + 0.9,
            tuple(Word(word, float(each), each + 0.5) for word in ("line", "song", "goes", "on")),
        )
        for each in range(N_LINES)
    )
    return IndexedVideo(
        Video(name, path, f"Song {at}", f"Artist {at % 97}", 60.0),
        Location(path, name, path.parent, 1000, 1),
        (Stage(name, "frames", SPACE.key, "done"),),
        (Embeddings(SPACE, segments, maker.make(at, N_EACH)),),
        Lyrics(lines, "sidecar", "", "en"),
        tuple(Tag(f"tag {each}", float(each), each + 1.0, 0.5) for each in range(N_TAGS)),
        tuple(Still(float(each), bytes([each]) * 5000) for each in range(4)),
    )


def measure_copy(name: str, source: Path | str, target: Path | str) -> None:
    """Copy, and print how long each part took."""
    spent: dict[str, float] = defaultdict(float)
    since = began = time.monotonic()

    def report(what: str, n_done: int, n_all: int) -> None:
        nonlocal since
        spent[what] += time.monotonic() - since
        since = time.monotonic()

    done = copy_library(source, target, report=report)
    seconds = time.monotonic() - began
    n_rows = sum(n for n, _ in done.tables.values())
    print(
        json.dumps(
            {
                "copy": name,
                "rows": n_rows,
                "seconds": round(seconds, 2),
                "rows_per_second": round(n_rows / seconds),
                "parts": {what: round(each, 2) for what, each in spent.items()},
            }
        ),
        flush=True,
    )


def compare_writing(source: Path, address: str) -> None:
    """Write the same rows by COPY and by one INSERT each, each in one transaction, in turns."""
    with Library.open(source) as here, Library.open(address) as there:
        for model, n_rows in N_COMPARED.items():
            table = CopiedTable(model.__table__)  # type: ignore[arg-type]
            with here.database.reading() as session, closing(read_batches(session, table)) as read:
                rows = list(islice((row for batch in read for row in batch), n_rows))
            times: dict[bool, list[float]] = {True: [], False: []}
            for _ in range(ROUNDS):
                for is_copied in times:
                    times[is_copied].append(write(there.database, table, rows, is_copied))
            copied, inserted = (min(times[one]) for one in (True, False))
            print(
                json.dumps(
                    {
                        "table": table.name,
                        "rows": len(rows),
                        "copy_rows_per_second": round(len(rows) / copied),
                        "insert_rows_per_second": round(len(rows) / inserted),
                        "ratio": round(inserted / copied, 1),
                    }
                ),
                flush=True,
            )


def write(database: Database, table: CopiedTable, rows: list[Row], is_copied: bool) -> float:
    """The seconds that rows take in one transaction, which is rolled back."""
    names = [column.name for column in table.columns]
    statement = insert(table.table)
    with database.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql(f"TRUNCATE {table.name}")
        values = [dict(zip(names, row, strict=True)) for row in rows]
        if "words" in names:
            values = [{**row, "words": json.loads(row["words"])} for row in values]
        if "texts" in names:
            values = [{**row, "texts": None} for row in values]
        began = time.monotonic()
        if is_copied:
            write_rows(connection, table, rows)
        else:
            for row in values:
                connection.execute(statement, row)
        seconds = time.monotonic() - began
        session.rollback()
    return seconds


if __name__ == "__main__":
    main()
