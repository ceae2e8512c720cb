"""What hundreds of tests would do alike is done once: reading a content, and making tables."""

import hashlib
import os
import re
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from mvsearch.indexer.media import pictures, probe
from mvsearch.indexer.media.decoding import decode
from mvsearch.indexer.media.decoding.streams import LOG, Child, check_stop
from mvsearch.indexer.media.programs import run_program
from mvsearch.store.database import schema
from mvsearch.store.database.connection import Database, sqlite_url

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]

# A name that says nothing to ffprobe but by its ending.
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]*(\.[a-z0-9]+)")
MAX_BYTES = 4 * 2**20
# Of what was decoded, in one process of the tests.
MAX_DECODED_BYTES = 128 * 2**20

Build = Callable[[Mapping[str, int]], list[str]]
Chunks = list[tuple[str, bytes]]

make_tables = schema.upgrade


def find_key(words: Sequence[str], place: str, path: str) -> str | None:
    """What a command says and reads, but not where; None if it may be about more than a content."""
    file = Path(place.removeprefix("file:"))
    name = PLAIN_NAME.fullmatch(file.name)
    if name is None or file.is_symlink() or not file.is_file() or os.environ["PATH"] != path:
        return None
    if file.stat().st_size > MAX_BYTES:
        return None
    return "\0".join([*words, name[1], hashlib.sha256(file.read_bytes()).hexdigest()])


def read_once(patch: pytest.MonkeyPatch) -> None:
    """Let ffprobe and ffmpeg read each content once for each command; a refusal is made again."""
    known: dict[str, subprocess.CompletedProcess[bytes]] = {}
    path = os.environ["PATH"]

    def run(command: list[str], timeout_seconds: float) -> "subprocess.CompletedProcess[bytes]":
        words = list(command)
        place = words.pop(words.index("-i") + 1 if "-i" in words else -1)
        key = find_key(words, place, path)
        if key is None:
            return run_program(command, timeout_seconds)
        if key not in known:
            done = run_program(command, timeout_seconds)
            if done.returncode or done.stderr:
                return done
            known[key] = done
        return known[key]

    for module in (probe, pictures):
        patch.setattr(module, "run_program", run)


class Replay:
    """Yields what a decoder gave before, as `Child` does."""

    def __init__(self, chunks: Chunks, stop: threading.Event | None) -> None:
        self._chunks = chunks
        self._stop = stop

    def chunks(self) -> Iterator[tuple[str, bytes]]:
        for each in self._chunks:
            check_stop(self._stop)
            yield each

    def finish(self) -> int:
        return 0

    def close(self) -> None:
        pass


class Recorder:
    """A decoder whose output is kept if it ends well and says nothing."""

    def __init__(self, child: Child, keep: Callable[[Chunks], None]) -> None:
        self._child = child
        self._keep = keep
        self._taken: Chunks = []
        self.close = child.close

    def chunks(self) -> Iterator[tuple[str, bytes]]:
        for each in self._child.chunks():
            self._taken.append(each)
            yield each

    def finish(self) -> int:
        status = self._child.finish()
        if status == 0 and not any(name == LOG for name, _ in self._taken):
            self._keep(self._taken)
        return status


def decode_once(patch: pytest.MonkeyPatch) -> None:
    """Let ffmpeg decode each content once for each command; a complaint is made again."""
    known: dict[str, Chunks] = {}
    path = os.environ["PATH"]
    room = [MAX_DECODED_BYTES]

    def start(
        names: Sequence[str], build: Build, stall_seconds: float, stop: threading.Event | None
    ) -> Child | Replay | Recorder:
        # As if pipes had these numbers, which differ from time to time.
        words = build({name: number for number, name in enumerate(names)})
        place = words.pop(words.index("-i") + 1)
        key = find_key(words, place, path)
        if key is not None and key in known:
            return Replay(known[key], stop)
        child = Child(names, build, stall_seconds, stop)
        if key is None:
            return child

        def keep(chunks: Chunks) -> None:
            n_bytes = sum(len(chunk) for _, chunk in chunks)
            if n_bytes <= room[0] and find_key(words, place, path) == key:
                room[0] -= n_bytes
                # Copies: what was read into a large buffer may keep all of it.
                known[key] = [(name, bytes(memoryview(chunk))) for name, chunk in chunks]

        return Recorder(child, keep)

    patch.setattr(decode, "Child", start)


def migrate_once(patch: pytest.MonkeyPatch, template: Path) -> None:
    """Copy the tables of a new library; those of an older one are migrated as ever."""

    def upgrade(database: Database) -> None:
        if not database.is_sqlite or schema.read_version(database) is not None:
            return make_tables(database)
        if not template.exists():
            made = Database(sqlite_url(template, "rwc"), str(template))
            make_tables(made)
            made.close()
        with (
            closing(sqlite3.connect(template)) as tables,
            closing(sqlite3.connect(database.place)) as empty,
        ):
            tables.backup(empty)
        return None

    patch.setattr(schema, "upgrade", upgrade)
