"""The base of the tables of the catalogue, and the types of their columns."""

from typing import Any

from sqlalchemy import Dialect, Double, ForeignKey, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine


class ForeignText(TypeDecorator[str]):
    """Untrusted text, in which lone surrogates and NUL are replaced by U+FFFD.

    UTF-8 cannot hold lone surrogates, and PostgreSQL cannot hold NUL.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace characters that a database cannot hold."""
        return None if value is None else replace_unstorable(value)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text that is compared and sorted byte by byte, whatever the language of the server."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Text(collation="C"))
        return super().load_dialect_impl(dialect)


def replace_unstorable(value: str) -> str:
    """Replace lone surrogates and NUL by U+FFFD."""
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


class Base(DeclarativeBase):
    """The base of all tables; constraints have names, so that migrations can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it from the class
        bytes: LargeBinary,
        float: Double,
        str: ForeignText,
    }


def belongs_to_video(*, is_key: bool = True, is_indexed: bool = False) -> Any:
    """A column with a video's id; the row is deleted with the video."""
    return mapped_column(
        String(128),
        ForeignKey("video.id", ondelete="CASCADE"),
        primary_key=is_key,
        index=is_indexed,
    )
