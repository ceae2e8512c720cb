"""The tables of vector indexes on a server: what they hold can be made again."""

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mvsearch.store.database.base import Base
from mvsearch.store.database.columns import check_columns


class IndexBase(DeclarativeBase):
    """The base of tables that only a library on PostgreSQL has."""

    metadata = type(Base.metadata)(naming_convention=Base.metadata.naming_convention)
    type_annotation_map = {**Base.type_annotation_map, int: BigInteger}  # noqa: RUF012


class PlacementRow(IndexBase):
    """One placement of the vectors of a space: their coordinates, and where they lie.

    While one is built beside that in use, and until nobody reads an older one, a space has several.

    Attributes:
        placement: identifies it; see `VectorIndex.placement`.
        kind: of the store, such as "pgvector" or "milvus".
        centre: `dim` little-endian float32; see `centering.find_centre`.
        n_centred: number of videos from which the centre was computed.
        generation: of the space when it was built.
        is_current: whether it is in use; one of a space at most.
        retired_seconds: when another took its place, since 1970.
        n_listed: number of vectors for which the index of the server was built; 0 for none.
        n_probed: how much of it a query reads, in the unit of the server.
        recall: measured share of the ten nearest vectors that it finds.
    """

    __tablename__ = "index_placement"
    __table_args__ = (
        Index(
            "ix_index_placement_current",
            "space_key",
            unique=True,
            postgresql_where=text("is_current"),
        ),
    )

    placement: Mapped[int] = mapped_column(Identity(), primary_key=True)
    space_key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    dim: Mapped[int]
    centre: Mapped[bytes] = mapped_column(LargeBinary)
    n_centred: Mapped[int]
    generation: Mapped[int]
    is_current: Mapped[bool]
    retired_seconds: Mapped[float | None]
    n_listed: Mapped[int] = mapped_column(default=0)
    n_probed: Mapped[int] = mapped_column(default=0)
    recall: Mapped[float] = mapped_column(default=1.0)


class IndexedVideoRow(IndexBase):
    """The vectors of a video in a space, written once: others get another handle.

    Attributes:
        handle: identifies them in all placements of the space; see `VectorIndex.handles`.
        video_id: NULL once they are removed; the row stays to tell others of it.
        generation: of the space when they were added, or removed.
        n: number of vectors.
    """

    __tablename__ = "indexed_video"
    __table_args__ = (
        Index(None, "space_key", "generation"),
        Index("ix_indexed_video_video_id", "video_id", "space_key", unique=True),
    )

    handle: Mapped[int] = mapped_column(Identity(), primary_key=True)
    space_key: Mapped[str] = mapped_column(String(200))
    video_id: Mapped[str | None] = mapped_column(String(128))
    generation: Mapped[int]
    n: Mapped[int]


class MeasuredRow(IndexBase):
    """Arrays that were measured on a placement, by `pack_arrays`."""

    __tablename__ = "measured"

    placement: Mapped[int] = mapped_column(
        ForeignKey("index_placement.placement", ondelete="CASCADE"), primary_key=True
    )
    what: Mapped[str] = mapped_column(String(80), primary_key=True)
    arrays: Mapped[bytes]


check_columns(IndexBase.metadata)
