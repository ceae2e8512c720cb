"""Sets the profile of a library and its spaces, also those of trained encoders."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, delete, false, func, select, true, update
from sqlalchemy.orm import Session

from mvsearch.store.catalog import changes
from mvsearch.store.catalog.index_writer import IndexWriter, NoIndexWriter
from mvsearch.store.catalog.reading.spaces import BEFORE, CHOSEN, PROFILE, SpaceReader
from mvsearch.store.database.connection import Database
from mvsearch.store.database.postgresql.repeating import repeated
from mvsearch.store.database.rows.videos import space_to_row
from mvsearch.store.database.tables import EmbeddingRow, SettingRow, SpaceRow
from mvsearch.store.errors import EncoderMismatchError
from mvsearch.store.records import LOOK, OPTIONAL, Modality, Space

T = TypeVar("T")


class SpaceWriter(SpaceReader):
    """Writes the profile and the spaces; each change is one transaction.

    A library may hold the spaces of several trained encoders, of which one at most is in use: the
    others are not searched.

    Attributes:
        index: the vector index, which is written in the same transactions.
    """

    def __init__(self, database: Database, index: IndexWriter | None = None) -> None:
        super().__init__(database)
        self.index: IndexWriter = index or NoIndexWriter()

    def join(self, work: Callable[[], T]) -> T:
        """Do work that calls several methods which write, in one transaction.

        Readers see all of it or nothing. It may be called twice; see `Database.repeat`.
        """

        def do() -> T:
            with self._database.joining() as session:
                changes.lock_spaces(session)
                return work()

        return self._database.repeat(do)

    @repeated
    def adopt_profile(self, name: str, spaces: Sequence[Space]) -> None:
        """Set the profile of a library without videos, or check that it has this one.

        A space of text in pictures is kept where a library with videos has it, and added if given.

        Raises:
            EncoderMismatchError: the library has videos, and was built with other spaces.
        """
        self.check_spaces(name, spaces)
        # Those of trained encoders are changed by the methods below alone.
        spaces = [space for space in spaces if space.view != LOOK]
        own, is_same, has_videos = self.spaces(), self.profile() == name, bool(self.n_videos())
        held = [space for space in own if space.modality == OPTIONAL and has_videos]
        held += [space for space in own if space.view == LOOK and is_same]
        spaces = [*(space for space in spaces if space not in held), *held]
        if is_same and set(own) == set(spaces):
            return
        with self._database.writing() as session:
            session.merge(SettingRow(name=PROFILE, value=name))
            is_other = SpaceRow.key.not_in([space.key for space in spaces])
            # What is beside those in use is kept, but for what was trained for another profile.
            is_old: ColumnElement[bool] = true()
            if is_same:
                is_old = SpaceRow.is_used.is_(true())
            elif has_videos:
                is_old = SpaceRow.is_used | (SpaceRow.view == LOOK)
            else:
                for kind in (CHOSEN, BEFORE):
                    named = SettingRow.name.startswith(kind, autoescape=True)
                    session.execute(delete(SettingRow).where(named))
            changes.drop_spaces(session, is_other & is_old, self.index)
            self._place(session, spaces)

    @staticmethod
    def _place(session: Session, spaces: Sequence[Space]) -> None:
        """Use spaces in this order, and add those that the library has not."""
        known = {row.key: row for row in session.scalars(select(SpaceRow))}
        for position, space in enumerate(spaces):
            if space.key in known:
                known[space.key].position, known[space.key].is_used = position, True
            else:
                session.add(space_to_row(space, position, time.time_ns()))

    @repeated
    def add_look(self, space: Space) -> None:
        """Add an empty space, which is not in use; older ones of the same encoder are dropped.

        Raises:
            EncoderMismatchError: an older one of this encoder is in use.
        """
        if space.view != LOOK:
            raise ValueError(f"{space.key} is no space of a trained encoder")
        with self._database.writing() as session:
            if session.get(SpaceRow, space.key) is not None:
                return
            if self._find_look(session) == space.encoder:
                raise EncoderMismatchError(
                    f"an older training of {space.encoder} is in use: switch to another encoder"
                    " first, or train under another name"
                )
            self._drop(session, space.encoder)
            last = session.scalar(select(func.max(SpaceRow.position))) or 0
            row = space_to_row(space, last + 1, time.time_ns())
            row.is_used = False
            session.add(row)

    @repeated
    def switch_look(self, name: str | None, base_key: str) -> list[str]:
        """Use a trained encoder, or that of the profile, from the next search on.

        Args:
            name: of the encoder; None for that of the profile.
            base_key: of the space whose videos the new one must hold.

        Returns:
            The ids of the videos that lack vectors of it; then nothing is changed.
        """
        with self._database.writing() as session:
            key = select(SpaceRow.key).where(SpaceRow.encoder == name, SpaceRow.view == LOOK)
            held = select(EmbeddingRow.video_id).where(EmbeddingRow.space_key.in_(key))
            query = select(EmbeddingRow.video_id).where(
                EmbeddingRow.space_key == base_key, EmbeddingRow.video_id.not_in(held)
            )
            lacking = list(session.scalars(query.order_by(EmbeddingRow.video_id))) if name else []
            if not lacking:
                base = session.get_one(SpaceRow, base_key).encoder
                self._note_before(session, "frames", name or base, self._find_look(session) or base)
                is_it = SpaceRow.encoder == name if name else false()
                session.execute(
                    update(SpaceRow).where(SpaceRow.view == LOOK).values(is_used=is_it),
                    execution_options={"synchronize_session": False},
                )
            return lacking

    @staticmethod
    def _find_look(session: Session) -> str | None:
        """The trained encoder in use."""
        query = select(SpaceRow.encoder).where(SpaceRow.view == LOOK, SpaceRow.is_used)
        return session.scalar(query)

    @staticmethod
    def _note_before(session: Session, modality: Modality, name: str, before: str) -> None:
        """Note what was in use, unless it stays so."""
        if name != before:
            session.merge(SettingRow(name=BEFORE + modality, value=before))

    @repeated
    def drop_look(self, name: str) -> None:
        """Delete the space and all vectors of a trained encoder.

        Raises:
            EncoderMismatchError: it is in use.
        """
        with self._database.writing() as session:
            if self._find_look(session) == name:
                raise EncoderMismatchError(f"{name} is in use: switch to another encoder first")
            self._drop(session, name)

    def _drop(self, session: Session, name: str) -> None:
        old = (SpaceRow.encoder == name) & (SpaceRow.view == LOOK)
        changes.drop_spaces(session, old, self.index)
