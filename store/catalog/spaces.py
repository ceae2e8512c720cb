"""Sets the profile of a library and its spaces, also those of trained encoders."""

import time
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from mvsearch.store.catalog.reading.spaces import LOOK_IN_USE, PROFILE, SpaceReader
from mvsearch.store.database.rows.videos import space_to_row
from mvsearch.store.database.tables import EmbeddingRow, SettingRow, SpaceRow
from mvsearch.store.errors import EncoderMismatchError
from mvsearch.store.records import LOOK, OPTIONAL, Space


class SpaceWriter(SpaceReader):
    """Writes the profile and the spaces; each change is one transaction.

    A library may hold the spaces of several trained encoders, of which one at most is in use: the
    others are not searched.
    """

    def adopt_profile(self, name: str, spaces: Sequence[Space]) -> None:
        """Set the profile of a library without videos, or check that it has this one.

        A space of text in pictures is kept where a library with videos has it, and added if given.

        Raises:
            EncoderMismatchError: the library has videos, and was built with other spaces.
        """
        self.check_spaces(name, spaces)
        # Those of trained encoders are changed by the methods below alone.
        spaces = [space for space in spaces if space.view != LOOK]
        own, looks, is_same = self.spaces(), self.look_spaces(), self.profile() == name
        held = [space for space in own if space.modality == OPTIONAL and self.n_videos()]
        held += looks if is_same else []
        spaces = [*(space for space in spaces if space not in held), *held]
        if is_same and {*own, *looks} == set(spaces):
            return
        with self._database.writing() as session:
            session.merge(SettingRow(name=PROFILE, value=name))
            keys = [space.key for space in spaces]
            if not any(space.view == LOOK for space in spaces):
                session.execute(delete(SettingRow).where(SettingRow.name == LOOK_IN_USE))
            session.execute(delete(SpaceRow).where(SpaceRow.key.not_in(keys)))
            known = {row.key: row for row in session.scalars(select(SpaceRow))}
            for position, space in enumerate(spaces):
                if space.key in known:
                    known[space.key].position = position
                else:
                    session.add(space_to_row(space, position, time.time_ns()))

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
            in_use = session.get(SettingRow, LOOK_IN_USE)
            if in_use is not None and in_use.value == space.encoder:
                raise EncoderMismatchError(
                    f"an older training of {space.encoder} is in use: switch to another encoder"
                    " first, or train under another name"
                )
            self._drop(session, space.encoder)
            last = session.scalar(select(func.max(SpaceRow.position))) or 0
            session.add(space_to_row(space, last + 1, time.time_ns()))

    def switch_look(self, name: str | None, base_key: str) -> list[str]:
        """Use a trained encoder, or that of the profile, from the next search on.

        Args:
            name: of the encoder; None for that of the profile.
            base_key: of the space whose videos the new one must hold.

        Returns:
            The ids of the videos that lack vectors of it; then nothing is changed.
        """
        with self._database.writing() as session:
            if name is None:
                session.execute(delete(SettingRow).where(SettingRow.name == LOOK_IN_USE))
                return []
            key = select(SpaceRow.key).where(SpaceRow.encoder == name, SpaceRow.view == LOOK)
            held = select(EmbeddingRow.video_id).where(EmbeddingRow.space_key.in_(key))
            query = select(EmbeddingRow.video_id).where(
                EmbeddingRow.space_key == base_key, EmbeddingRow.video_id.not_in(held)
            )
            lacking = list(session.scalars(query.order_by(EmbeddingRow.video_id)))
            if not lacking:
                session.merge(SettingRow(name=LOOK_IN_USE, value=name))
            return lacking

    def drop_look(self, name: str) -> None:
        """Delete the space and all vectors of a trained encoder.

        Raises:
            EncoderMismatchError: it is in use.
        """
        with self._database.writing() as session:
            in_use = session.get(SettingRow, LOOK_IN_USE)
            if in_use is not None and in_use.value == name:
                raise EncoderMismatchError(f"{name} is in use: switch to another encoder first")
            self._drop(session, name)

    @staticmethod
    def _drop(session: Session, name: str) -> None:
        old = (SpaceRow.encoder == name) & (SpaceRow.view == LOOK)
        session.execute(delete(SpaceRow).where(old))
