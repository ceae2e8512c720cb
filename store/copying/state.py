"""Notes in a library how far a copy into it is, so that one that was ended goes on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, MetaData, String, Table, Text, text
from sqlalchemy import Column as TableColumn

from mvsearch.store.copying.checksums import Checksum
from mvsearch.store.copying.tables import Row
from mvsearch.store.database import schema
from mvsearch.store.errors import LibraryDamagedError

_METADATA = MetaData()
# The row without a name is of the whole copy: `last` is the address of its source.
_STATE = Table(
    "copying",
    _METADATA,
    TableColumn("name", String(40), primary_key=True),
    TableColumn("n_rows", BigInteger, nullable=False),
    TableColumn("checksum", String(40), nullable=False),
    TableColumn("last", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Copied:
    """How far a table is copied.

    Attributes:
        checksum: of the rows that are there.
        last: the key of the last of them; None for none.
    """

    checksum: Checksum
    last: Row | None = None


def begin_copy(connection: Connection, source: str) -> None:
    """Mark a library without rows as one that is being copied; see `schema.COPYING`.

    Args:
        connection: with a transaction that writes.
        source: the address of what is copied, without a password.
    """
    # Without a look first, which would find that of another schema of the database.
    _METADATA.create_all(connection, checkfirst=False)
    connection.execute(_STATE.insert(), _row("", Checksum(), source))
    _set_version(connection, schema.COPYING)


def note_rows(connection: Connection, name: str, copied: Copied) -> None:
    """Note how far a table is, in the transaction that writes its rows."""
    connection.execute(_STATE.delete().where(_STATE.c.name == name))
    connection.execute(_STATE.insert(), _row(name, copied.checksum, _write_key(copied.last)))


def forget_rows(connection: Connection) -> None:
    """Note that no table has rows."""
    connection.execute(_STATE.delete().where(_STATE.c.name != ""))


def end_copy(connection: Connection) -> None:
    """Make a library one that can be opened."""
    _METADATA.drop_all(connection, checkfirst=False)
    _set_version(connection, schema.HEAD)


def read_source(connection: Connection) -> str:
    """The address of what is being copied.

    Raises:
        LibraryDamagedError: it is not noted.
    """
    found = connection.execute(_STATE.select().where(_STATE.c.name == "")).one_or_none()
    if found is None:
        raise LibraryDamagedError("the table of a copy lacks its source")
    return str(found.last)


def read_copied(connection: Connection) -> Mapping[str, Copied]:
    """How far each table is, by its name.

    Raises:
        LibraryDamagedError: what is noted is not what `note_rows` writes.
    """
    rows = connection.execute(_STATE.select().where(_STATE.c.name != "")).all()
    try:
        return {
            row.name: Copied(Checksum(row.n_rows, int(row.checksum, 16)), _read_key(row.last))
            for row in rows
        }
    except (ValueError, TypeError, KeyError) as error:
        raise LibraryDamagedError(f"the table of a copy is damaged: {error}") from error


def _set_version(connection: Connection, version: str) -> None:
    connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": version})


def _row(name: str, checksum: Checksum, last: str) -> dict[str, Any]:
    return {
        "name": name,
        "n_rows": checksum.n_rows,
        "checksum": f"{checksum.total:x}",
        "last": last,
    }


def _write_key(key: Row | None) -> str:
    plain = [{"hex": value.hex()} if isinstance(value, bytes) else value for value in key or ()]
    return json.dumps(plain)


def _read_key(stored: str) -> Row | None:
    values = json.loads(stored)
    return (
        tuple(bytes.fromhex(one["hex"]) if isinstance(one, dict) else one for one in values) or None
    )
