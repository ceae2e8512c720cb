"""Connects to PostgreSQL, so that a lost link is noticed within half a minute."""

import os
import shlex
import socket
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event

from mvsearch.store.database.postgresql.address import SHARED
from mvsearch.store.distribution import name_install
from mvsearch.store.errors import MvsearchError

CONNECT_SECONDS = 10
# A link is given up after so many seconds without an answer to what was sent, or to a probe.
SILENT_SECONDS = 30
_PROBES = {"idle": 10, "interval": 5, "count": 4}
# Types and operators of vectors are found, wherever the extension was put.
_FIND_VECTORS = """
SELECT set_config('search_path', current_setting('search_path') || ', ' || quote_ident(nspname), false)
FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
WHERE extname = 'vector' AND nspname <> ALL (current_schemas(true))
"""  # noqa: E501
# PostgreSQL cuts longer names.
N_NAME_BYTES = 63


def make_engine(url: URL, schema: str) -> Engine:
    """The engine of a PostgreSQL database; connections are made when they are needed.

    Args:
        url: of the database.
        schema: in which each connection finds the tables, whatever the server is set to; a name of
            `PostgresPlace`.

    Raises:
        MvsearchError: the driver is not installed.
    """
    given = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": describe_program(),
        "keepalives": 1,
        **{f"keepalives_{name}": value for name, value in _PROBES.items()},
        "tcp_user_timeout": SILENT_SECONDS * 1000,
    }
    chosen = {name: value for name, value in given.items() if name not in url.query}
    try:
        # As many connections as threads: one that waits for another thread's could wait for ever.
        engine = create_engine(
            url, max_overflow=-1, pool_pre_ping=True, pool_recycle=1800, connect_args=chosen
        )
    except ModuleNotFoundError:
        raise MvsearchError(
            f"a library in PostgreSQL needs psycopg, which is not installed; type:"
            f" {name_install('postgres')}"
        ) from None

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        """Let the server give up a lost link too, so that it keeps no lock of it."""
        settings = {f"tcp_keepalives_{name}": value for name, value in _PROBES.items()}
        settings["tcp_user_timeout"] = SILENT_SECONDS * 1000
        path = ", ".join(f'"{name}"' for name in dict.fromkeys((schema, SHARED)))
        # Compiling a query takes longer than all of ours that it would speed up.
        sql = [f"SET search_path = {path}", "SET jit = off"]
        sql += [f"SET {name} = {n}" for name, n in settings.items()]
        connection.autocommit = True
        connection.execute("; ".join([*sql, _FIND_VECTORS]))
        connection.autocommit = False

    return engine


def describe_program() -> str:
    """This program, its process and its host, as an administrator and other writers see it."""
    said = " ".join(shlex.join(["mvsearch", *_list_words()]).split())
    where = f" [{os.getpid()} {socket.gethostname()[:20]}]"
    plain = said.encode("ascii", "replace").decode()
    return plain[: N_NAME_BYTES - len(where)] + where


def _list_words() -> list[str]:
    """The command and what it is given, without addresses, which may hold a password."""
    is_ours = Path(sys.argv[0]).stem == "mvsearch"
    return [word for word in sys.argv[1:] if is_ours and "://" not in word]
