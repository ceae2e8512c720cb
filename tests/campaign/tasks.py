"""What runs in the processes of a campaign."""

import importlib
import io
import json
import os
import random
import sys
import time
import unicodedata
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from mvsearch import cli
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.networks.export_cache import load_cached
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.search.commands.process import run_app
from mvsearch.search.engine import Engine
from mvsearch.search.query.query import Query, parse_part
from mvsearch.store.library import Library
from tests.campaign import planted

N_FILES = 12
SPACES = Encoders("toy").spaces()
# What functions of the project import when they need it: loaded once, before processes are forked.
LOADED = (
    "alembic.command",
    "faiss",
    "ffmpeg",
    "filelock",
    "mvsearch.search.api.library",
    "mvsearch.search.commands.last_results",
    "mvsearch.search.output.plugin_forms",
    "mvsearch.search.output.progress",
    "mvsearch.search.output.report",
    "mvsearch.search.output.tables.listing",
    "mvsearch.search.output.tables.status",
    "mvsearch.search.query.make_query",
    "mvsearch.search.status",
    "PIL.Image",
    "pydantic.type_adapter",
    "pysubs2",
    "rapidfuzz.process",
    "rich.markup",
    "rich.table",
    "sqlalchemy.dialects.sqlite",
    "threadpoolctl",
    "zoneinfo",
)
for name in LOADED:
    importlib.import_module(name)


def index(home: Path, videos: Path) -> dict[str, Any]:
    """Index a folder with the toy encoders: the failures by file, what is known, what was done."""
    with Library.open(home, create=True) as library:
        summary = index_paths([videos], library, Encoders("toy"), IndexOptions(workers=2))
        for space in library.catalog.spaces():
            library.index(space)
        failures = library.catalog.failures()
        return {
            "indexed": summary.indexed,
            "unchanged": summary.unchanged,
            "failures": {failure.path.name: failure.code for failure in failures},
            "internal": [f.message for f in failures if f.code == "internal"],
            "known": {location.path.name for location in library.catalog.locations()},
        }


def build_caches(home: Path) -> None:
    """Open a library, migrate it where it is older, and make what searching keeps."""
    with Library.open(home) as library:
        engine = Engine(library, Encoders("toy"))
        for query in planted.QUERIES:
            engine.search(query)


def remove(home: Path, numbers: tuple[int, ...]) -> None:
    """Take planted videos out one by one, and search after each."""
    with Library.open(home) as library:
        for number in numbers:
            with library.writing():
                library.catalog.drop_locations([planted.MEDIA / f"{number}.mp4"])
            planted.ask_all(library)


def downgrade(home: Path, revision: str) -> None:
    """Bring a library back to an older version of the tables."""
    from alembic import command
    from alembic.config import Config

    from mvsearch.store.database import schema

    with Library.open(home) as library, library._database.writing() as session:
        config = Config(attributes={"connection": session.connection()})
        config.set_main_option("script_location", str(schema._MIGRATIONS))
        command.downgrade(config, revision)


def export(models: Path) -> list[str]:
    """Make the cache of a network whose files are numbers, and read it."""
    os.environ["MVSEARCH_MODELS"] = str(models)

    def make(folder: Path) -> None:
        for number in range(N_FILES):
            content = random.Random(number).randbytes(1 << 20)
            (folder / f"{number}.bin").write_bytes(content)

    def load(folder: Path) -> list[str]:
        return sorted(path.name for path in folder.iterdir())

    return load_cached("numbers", make, load)


def compare_libraries(home: Path, expected: Path) -> str | None:
    """What is damaged in one library or differs from the other."""
    return planted.check_integrity(home) or planted.find_difference(home, expected)


def compare_files(place: Path, expected: Path) -> str | None:
    """Which exported file differs; what a killed process left half made is swept up later."""
    held, wanted = (
        {
            path.relative_to(each): path.read_bytes()
            for path in each.rglob("*")
            if path.is_file() and ".part" not in str(path) and path.suffix in (".bin", ".json")
        }
        for each in (place / "exported", expected / "exported")
    )
    differ = sorted(
        str(name) for name in held.keys() | wanted.keys() if held.get(name) != wanted.get(name)
    )
    return f"files differ: {differ}" if differ else None


def ask_all(home: Path) -> list[planted.Answer]:
    """The answers of a library."""
    with Library.open(home) as library:
        return planted.ask_all(library)


def ask_picture(home: Path, picture: Path) -> int:
    """Search with a picture: how many results there are."""
    with Library.open(home) as library:
        part = parse_part("image", str(picture))
        return len(Engine(library, Encoders("toy")).search(Query((part,))))


def examine(home: Path) -> list[planted.Answer]:
    """Ask a library everything that a reader can ask."""
    with Library.open(home) as library:
        catalog = library.catalog
        for video in catalog.videos():
            catalog.stages(video.id)
            catalog.lyrics(video.id)
            for space in catalog.spaces():
                catalog.embeddings(video.id, space.key)
        catalog.locations()
        catalog.failures()
        engine = Engine(library, Encoders("toy"))
        for query in planted.QUERIES:
            engine.search(query)
        engine.all_pairs().compute_matrix()
        answers = planted.ask_all(library)
    complaints = show(home)
    if complaints:
        raise AssertionError(complaints[0])
    return answers


def come_and_go(home: Path, numbers: tuple[int, ...], stop: Path) -> int:
    """Take each video out and put it back, again and again, until a file is there; the changes."""
    n_changes = 0
    with Library.open(home) as library:
        while not stop.exists():
            for number in numbers:
                with library.writing(600.0):
                    library.catalog.drop_locations([planted.MEDIA / f"{number}.mp4"])
                with library.writing(600.0):
                    library.catalog.add_indexed([planted.make_video(number)])
                n_changes += 2
    return n_changes


def read(
    home: Path, states: tuple[tuple[planted.Answer, ...], ...], n_searches: int, seed: int
) -> dict[str, Any]:
    """Search, in a library that stays open or is opened each time: which answers are no state's."""
    rng = random.Random(seed)
    wrong: list[str] = []
    held_bytes: list[int] = []
    is_server = seed % 2 == 0
    library = Library.open(home)
    engine = Engine(library, Encoders("toy"))
    for n in range(n_searches):
        if not is_server and n:
            library.close()
            library = Library.open(home)
            engine = Engine(library, Encoders("toy"))
        number = rng.randrange(len(planted.QUERIES))
        answer = planted.ask(engine, number)
        if not any(planted.is_same(answer, state[number]) for state in states):
            wrong.append(f"search {n}, {planted.QUERIES[number].parts[0].value!r}: {answer}")
        if n == n_searches // 10:
            held_bytes.append(_read_held_bytes())
    library.close()
    return {"wrong": wrong[:3], "held_bytes": [*held_bytes, _read_held_bytes()]}


def _read_held_bytes() -> int:
    """The memory of this process that is in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


COMMANDS = (
    ("list",),
    ("list", "--json"),
    ("status",),
    ("failures",),
    ("similar", "--all", "--format", "csv"),
    ("search", "--lyric", "river moon", "--json"),
    ("search", "--lyric", "river moon"),
)


def show(home: Path) -> list[str]:
    """Print what the commands print: what would act on a terminal, and what is no JSON."""
    complaints = []
    with Library.open(home) as library:
        commands = COMMANDS if library.catalog.n_videos() > 1 else COMMANDS[:4]
    for words in commands:
        out = io.StringIO()
        sys.argv = ["mvsearch", *words, "--library", str(home)]
        with redirect_stdout(out):
            run_app(cli.app)
        odd = {sign for sign in out.getvalue() if unicodedata.category(sign) == "Cc"} - set(
            "\r\n\t"
        )
        if odd:
            complaints.append(f"{words} prints the control characters {odd!r}")
        if "--json" in words and out.getvalue():
            json.loads(out.getvalue())
    return complaints


# For the tests of the judge: a task of each kind of end.


def fail_plainly() -> None:
    """Raise what no caller expects."""
    raise KeyError("planted")


def fail_in_thread() -> None:
    """Print a traceback and answer as if nothing were."""
    import threading

    def fail() -> None:
        raise KeyError("planted in a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()


def spin() -> None:
    """Use the processor for ever."""
    while True:
        pass


def wait() -> None:
    """Wait for ever, as for a lock that nobody gives back."""
    while True:
        time.sleep(3600)


def die() -> None:
    """End as by a fault in C."""
    os.abort()
