"""The tables of several servers over one library: what they hold is not part of the library."""

from sqlalchemy import BigInteger, Identity, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mvsearch.store.database.base import Base


class ServerBase(DeclarativeBase):
    """The base of tables that only a library on PostgreSQL has."""

    metadata = type(Base.metadata)(naming_convention=Base.metadata.naming_convention)
    type_annotation_map = Base.type_annotation_map


class JobRow(ServerBase):
    """A `StoredJob`.

    Attributes:
        number: orders jobs by their start.
        asked, told, result, problem: JSON in ASCII; `told` has the stages and lines.
        text: the report that it wrote, as UTF-8 with surrogates escaped.
        is_cancelled: whether it is to end; its server asks for that.
        runner: the server that does it; empty while it waits.
    """

    __tablename__ = "job"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    topic: Mapped[str] = mapped_column(String(200))
    is_writing: Mapped[bool]
    asked: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    is_paused: Mapped[bool] = mapped_column(default=False)
    is_cancelled: Mapped[bool] = mapped_column(default=False)
    runner: Mapped[str] = mapped_column(String(64), default="")
    told: Mapped[str] = mapped_column(Text, default="{}")
    result: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[str | None] = mapped_column(Text)
    text: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class UploadRow(ServerBase):
    """Media that a browser sent to one server, for queries that another one answers.

    Attributes:
        kept_seconds: when they came, since 1970, by the clock of the database.
    """

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str]
    n_bytes: Mapped[int] = mapped_column(BigInteger)
    kept_seconds: Mapped[float] = mapped_column(index=True)
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class SecretRow(ServerBase):
    """A secret that all servers know, such as the token that they ask for."""

    __tablename__ = "server_secret"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str]


SERVER_TABLES = frozenset(ServerBase.metadata.tables)
