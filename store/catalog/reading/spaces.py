"""Reads the profile of a library and its spaces."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import select

from mvsearch.store.catalog.reading.videos import VideoReader
from mvsearch.store.database.rows.videos import row_to_space
from mvsearch.store.database.tables import SettingRow, SpaceRow
from mvsearch.store.errors import EncoderMismatchError
from mvsearch.store.records import COPIES, LOOK, OPTIONAL, Modality, Space

# The setting that names the profile.
PROFILE = "profile"
# With a modality behind them, the settings that name the encoder in use where it is not that of the
# profile, and the one that was in use before.
CHOSEN, BEFORE = "encoder of ", "encoder before of "


class SpaceReader(VideoReader):
    """Reads the profile and the spaces; each call reads one state of the database."""

    _seen: tuple[str, ...] | None = None

    def see_spaces(self, spaces: Sequence[Space]) -> None:
        """Let this object show other spaces as those in use; nothing is written."""
        self._seen = tuple(space.key for space in spaces)

    def profile(self) -> str | None:
        """The name of the profile that the library was built with; None before indexing."""
        with self._database.reading() as session:
            row = session.get(SettingRow, PROFILE)
            return None if row is None else row.value

    def look(self) -> str | None:
        """The name of the trained encoder in use; None for the encoder of the profile."""
        return next((space.encoder for space in self.spaces() if space.view == LOOK), None)

    def chosen_encoders(self) -> dict[Modality, str]:
        """The encoders in use in place of those of the profile."""
        return self._read_names(CHOSEN)

    def encoders_before(self) -> dict[Modality, str]:
        """The encoders that were in use before the last switch of each modality."""
        return self._read_names(BEFORE)

    def _read_names(self, kind: str) -> dict[Modality, str]:
        query = select(SettingRow).where(SettingRow.name.startswith(kind, autoescape=True))
        with self._database.reading() as session:
            rows = session.scalars(query).all()
            return {cast(Modality, row.name.removeprefix(kind)): row.value for row in rows}

    def spaces(self) -> list[Space]:
        """The spaces that the library is used with, in the profile's order."""
        is_used = SpaceRow.is_used if self._seen is None else SpaceRow.key.in_(self._seen)
        with self._database.reading() as session:
            rows = session.scalars(select(SpaceRow).where(is_used).order_by(SpaceRow.position))
            spaces = [row_to_space(row) for row in rows]
        seen = self._seen
        return spaces if seen is None else sorted(spaces, key=lambda one: seen.index(one.key))

    def all_spaces(self) -> list[Space]:
        """The spaces of all encoders that the library was indexed by, in use or not."""
        with self._database.reading() as session:
            rows = session.scalars(select(SpaceRow).order_by(SpaceRow.position))
            return [row_to_space(row) for row in rows]

    def look_spaces(self) -> list[Space]:
        """The spaces of all trained encoders that the library has, in use or not."""
        return [space for space in self.all_spaces() if space.view == LOOK]

    def check_spaces(self, profile: str, spaces: Sequence[Space]) -> None:
        """Check that the library can be indexed or searched with these spaces.

        It may lack the space of an encoder that encodes a modality in addition to another, and have
        another space of copies, which is replaced. It may have or lack that of text in pictures,
        and those of trained encoders.

        Raises:
            EncoderMismatchError: the library has videos, and was built with other spaces.
        """
        own = [space for space in self.spaces() if space.modality != OPTIONAL]
        spaces = [space for space in spaces if space.modality != OPTIONAL]
        held, asked = ({s for s in some if s.view not in (COPIES, LOOK)} for some in (own, spaces))
        encoded = {(space.modality, space.view) for space in held & asked}
        lacking = {space for space in asked - held if (space.modality, space.view) not in encoded}
        if own and (held - asked or lacking) and self.n_videos():
            raise EncoderMismatchError(
                f"the library was built with profile {self.profile()} ({_list_spaces(own)}), and"
                f" profile {profile} ({_list_spaces(spaces)}) was requested; their vectors cannot"
                " be compared. For both, use --library OTHER_FOLDER"
            )


def _list_spaces(spaces: Sequence[Space]) -> str:
    """The keys of spaces in a message."""
    return ", ".join(space.key for space in spaces) or "nothing"
