"""Reads and writes where the vectors of spaces lie on a server, and by which centre."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from mvsearch.store.database.postgresql.index_tables import IndexedVideoRow, PlacementRow
from mvsearch.store.database.tables import SpaceRow
from mvsearch.store.records import Matrix, Space

_UNTOUCHED = {"synchronize_session": False}
# For how long those who still read the placement before are told of removed videos; generations
# are times.
TOLD_NS = 3_600_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A `PlacementRow`.

    Attributes:
        number: identifies it.
        space_key: of the space.
        kind: of the store.
        centre: (dim,) float32.
        n_centred: number of videos from which the centre was computed.
        generation: of the space up to which all vectors are known to lie there.
        n_listed: number of vectors for which the index of the server was built; 0 for none.
        recall: measured share of the ten nearest vectors that it finds.
    """

    number: int
    space_key: str
    kind: str
    centre: Matrix
    n_centred: int
    generation: int
    n_listed: int = 0
    recall: float = 1.0


def lock_space(session: Session, space_key: str) -> None:
    """Keep others from changing a space until the transaction ends."""
    session.execute(select(SpaceRow.key).where(SpaceRow.key == space_key).with_for_update())


def lock_building(session: Session, space_key: str) -> None:
    """Wait until nobody else builds a placement of a space; held until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:of, 0))"), _of(space_key))


def try_lock_building(session: Session, space_key: str) -> bool:
    """`lock_building`, unless somebody else has the lock."""
    query = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:of, 0))")
    return bool(session.scalar(query, _of(space_key)))


def find_current(session: Session, space_key: str, kind: str) -> Placement | None:
    """The placement in use; None if there is none of this kind."""
    row = PlacementRow
    query = select(row).where(row.space_key == space_key, row.kind == kind, row.is_current)
    found = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    return None if found is None else _to_placement(found)


def list_placements(session: Session, space_key: str, kind: str) -> list[Placement]:
    """All placements of a space of this kind."""
    query = select(PlacementRow).where(PlacementRow.space_key == space_key)
    rows = session.scalars(query.where(PlacementRow.kind == kind))
    return list(map(_to_placement, rows))


def list_retired(
    session: Session, space_key: str, kind: str, for_seconds: float
) -> list[Placement]:
    """The placements of a space that others replaced so long ago that nobody reads them."""
    row = PlacementRow
    query = select(row).where(row.space_key == space_key, row.kind == kind)
    query = query.where(~row.is_current, row.retired_seconds < time.time() - for_seconds)
    return list(map(_to_placement, session.scalars(query)))


def add_placement(
    session: Session, space: Space, kind: str, centre: Matrix, n_centred: int, generation: int
) -> Placement:
    """Add a placement, which nobody uses yet."""
    row = PlacementRow(
        space_key=space.key,
        kind=kind,
        dim=space.dim,
        centre=centre.astype("<f4").tobytes(),
        n_centred=n_centred,
        generation=generation,
        is_current=False,
        retired_seconds=time.time(),
    )
    session.add(row)
    session.flush()
    return _to_placement(row)


def make_current(session: Session, placement: Placement) -> None:
    """Let a placement take the place of the one in use; the caller holds `lock_space`."""
    row = PlacementRow
    before = (row.space_key == placement.space_key) & row.is_current
    retired = update(row).where(before).values(is_current=False, retired_seconds=time.time())
    session.execute(retired, execution_options=_UNTOUCHED)
    values = {"is_current": True, "retired_seconds": None, "recall": placement.recall}
    values |= {"n_listed": placement.n_listed, "generation": placement.generation}
    now = update(row).where(row.placement == placement.number).values(values)
    session.execute(now, execution_options=_UNTOUCHED)
    note = IndexedVideoRow
    # Who begins to read this placement reads all its videos, and is told of none before.
    is_old = (note.space_key == placement.space_key) & note.video_id.is_(None)
    is_old &= note.generation < time.time_ns() - TOLD_NS
    session.execute(delete(note).where(is_old), execution_options=_UNTOUCHED)


def advance_placement(session: Session, placement: Placement, generation: int) -> Placement:
    """Note that all vectors up to a generation lie there."""
    row = PlacementRow
    query = update(row).where(row.placement == placement.number, row.generation < generation)
    session.execute(query.values(generation=generation), execution_options=_UNTOUCHED)
    return replace(placement, generation=max(generation, placement.generation))


def drop_placements(session: Session, numbers: Sequence[int]) -> None:
    """Forget placements, and what was measured of them."""
    query = delete(PlacementRow).where(PlacementRow.placement.in_(numbers))
    session.execute(query, execution_options=_UNTOUCHED)


def _to_placement(row: Any) -> Placement:
    return Placement(
        row.placement,
        row.space_key,
        row.kind,
        np.frombuffer(row.centre, dtype="<f4").astype(np.float32),
        row.n_centred,
        row.generation,
        row.n_listed,
        row.recall,
    )


def _of(space_key: str) -> dict[str, str]:
    return {"of": f"mvsearch index of {space_key}"}
