"""What hundreds of tests would do alike is done once: probes of a content, and empty tables."""

import hashlib
import os
import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mvsearch.indexer.media import probe
from mvsearch.indexer.media.programs import run_program
from mvsearch.store.database import schema
from mvsearch.store.database.connection import Database, sqlite_url

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]

# A name that says nothing to ffprobe but by its ending.
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]*(\.[a-z0-9]+)")
MAX_BYTES = 4 * 2**20

make_tables = schema.upgrade


def probe_once(patch: pytest.MonkeyPatch) -> None:
    """Let ffprobe look at each content once for each command; what it refuses is asked again."""
    known: dict[str, subprocess.CompletedProcess[bytes]] = {}
    path = os.environ["PATH"]

    def run(command: list[str], timeout_seconds: float) -> "subprocess.CompletedProcess[bytes]":
        *words, place = command
        file = Path(place.removeprefix("file:"))
        name = PLAIN_NAME.fullmatch(file.name)
        is_plain = name is not None and not file.is_symlink() and file.is_file()
        if not is_plain or file.stat().st_size > MAX_BYTES or os.environ["PATH"] != path:
            return run_program(command, timeout_seconds)
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        key = "\0".join([*words, name[1], content])
        if key not in known:
            done = run_program(command, timeout_seconds)
            if done.returncode or done.stderr:
                return done
            known[key] = done
        return known[key]

    patch.setattr(probe, "run_program", run)


def migrate_once(patch: pytest.MonkeyPatch, template: Path) -> None:
    """Copy the tables of a new library; those of an older one are migrated as ever."""

    def upgrade(database: Database) -> None:
        if schema.read_version(database) is not None:
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
