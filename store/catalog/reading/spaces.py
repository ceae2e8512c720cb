"""Reads the profile of a library and its spaces."""

from collections.abc import Sequence

from sqlalchemy import select

from mvsearch.store.catalog.reading.videos import VideoReader
from mvsearch.store.database.rows.videos import row_to_space
from mvsearch.store.database.tables import SettingRow, SpaceRow
from mvsearch.store.errors import EncoderMismatchError
from mvsearch.store.records import COPIES, LOOK, OPTIONAL, Space

PROFILE = "profile"
# The setting that names the trained encoder in use.
LOOK_IN_USE = "look"


class SpaceReader(VideoReader):
    """Reads the profile and the spaces; each call reads one state of the database."""

    def profile(self) -> str | None:
        """The name of the profile that the library was built with; None before indexing."""
        with self._database.reading() as session:
            row = session.get(SettingRow, PROFILE)
            return None if row is None else row.value

    def look(self) -> str | None:
        """The name of the trained encoder in use; None for the encoder of the profile."""
        with self._database.reading() as session:
            row = session.get(SettingRow, LOOK_IN_USE)
            return None if row is None else row.value

    def spaces(self) -> list[Space]:
        """The spaces that the library is used with, in the profile's order.

        Of trained encoders that of the one in use.
        """
        in_use = select(SettingRow.value).where(SettingRow.name == LOOK_IN_USE).scalar_subquery()
        is_used = (SpaceRow.view != LOOK) | (SpaceRow.encoder == in_use)
        with self._database.reading() as session:
            rows = session.scalars(select(SpaceRow).where(is_used).order_by(SpaceRow.position))
            return [row_to_space(row) for row in rows]

    def look_spaces(self) -> list[Space]:
        """The spaces of all trained encoders that the library has, in use or not."""
        query = select(SpaceRow).where(SpaceRow.view == LOOK).order_by(SpaceRow.position)
        with self._database.reading() as session:
            return [row_to_space(row) for row in session.scalars(query)]

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
