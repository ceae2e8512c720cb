"""Reads and writes the tags of videos."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.rows import row_to_tag, tag_to_row
from mvsearch.store.database.tables import TagRow
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Tag

# So many names are offered for one that no video has.
N_NEAR = 3


def fold_tag(name: str) -> str:
    """A tag's name without case and runs of spaces."""
    return " ".join(name.casefold().split())


class TagReader(DatabaseReader):
    """The questions about tags; each is answered from one state of the database."""

    def tags(self, video_id: str) -> tuple[Tag, ...]:
        """The tags of a video, the surest first."""
        query = select(TagRow).where(TagRow.video_id == video_id).order_by(TagRow.position)
        with self._database.reading() as session:
            return tuple(map(row_to_tag, session.scalars(query)))

    def tag_names(self) -> list[str]:
        """Every name that a tag of any video has, sorted."""
        with self._database.reading() as session:
            return sorted(session.scalars(select(TagRow.name).distinct()))

    def spell_tags(self, names: Sequence[str]) -> list[list[str]]:
        """How each of these tags is spelt in the library, whatever its case and spaces.

        Raises:
            QueryError: no video has such a tag; the message names those that are spelt alike.
        """
        if not names:
            return []
        spellings: dict[str, list[str]] = {}
        for name in self.tag_names():
            spellings.setdefault(fold_tag(name), []).append(name)
        folded = list(dict.fromkeys(map(fold_tag, names)))
        for name in folded:
            if name not in spellings:
                raise QueryError(_say_unknown(name, spellings))
        return [spellings[name] for name in folded]

    def tagged(
        self, names: Sequence[str], video_ids: Collection[str]
    ) -> dict[str, tuple[Tag, ...]]:
        """Those of the videos that have a tag of any of these names: those tags, the surest first.

        Returns:
            By video id, in order.
        """
        query = select(TagRow).where(TagRow.name.in_(names)).order_by(TagRow.position)
        found: dict[str, list[Tag]] = {}
        with self._database.reading() as session:
            for some in in_batches(video_ids):
                for row in session.scalars(query.where(TagRow.video_id.in_(some))):
                    found.setdefault(row.video_id, []).append(row_to_tag(row))
        return {video_id: tuple(found[video_id]) for video_id in sorted(found)}


def replace_tags(session: Session, video_id: str, tags: Sequence[Tag]) -> None:
    """Put the new tags of a video, the surest first, in the place of the old."""
    session.execute(delete(TagRow).where(TagRow.video_id == video_id))
    session.add_all(tags_to_rows(video_id, tags))


def tags_to_rows(video_id: str, tags: Sequence[Tag]) -> list[TagRow]:
    """The tags of a video, the surest first, as rows."""
    return [tag_to_row(video_id, position, tag) for position, tag in enumerate(tags)]


def _say_unknown(name: str, spellings: Mapping[str, Sequence[str]]) -> str:
    if not spellings:
        return "no video has a tag yet: `mvsearch index FOLDER` gives them, with profile embedded"
    holding = sorted(one for one in spellings if name in one)
    alike = get_close_matches(name, spellings, n=N_NEAR, cutoff=0.5)
    near = list(dict.fromkeys([*holding, *alike]))[:N_NEAR]
    offered = ", ".join(repr(spellings[one][0]) for one in near or sorted(spellings)[:N_NEAR])
    which = "nearest" if near else "the first of the others"
    return f"no video has the tag {name!r}; {which} are {offered}"
