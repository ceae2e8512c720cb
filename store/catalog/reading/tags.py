"""Reads the tags of videos."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from sqlalchemy import select

from mvsearch.store.database.batches import in_batches
from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.database.rows.videos import row_to_tag
from mvsearch.store.database.tables import TagRow
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Tag

# Maximum number of similar tags in the message for an unknown one.
N_NEAR = 3


def fold_tag(name: str) -> str:
    """The name of a tag, case-folded, with single spaces."""
    return " ".join(name.casefold().split())


class TagReader(DatabaseReader):
    """Reads tags; each call reads one state of the database."""

    def tags(self, video_id: str) -> tuple[Tag, ...]:
        """The tags of a video: those of frames, then those of audio, the most probable first."""
        query = select(TagRow).where(TagRow.video_id == video_id).order_by(TagRow.position)
        with self._database.reading() as session:
            return tuple(map(row_to_tag, session.scalars(query)))

    def tag_names(self) -> list[str]:
        """The names of all tags, sorted."""
        with self._database.reading() as session:
            return sorted(session.scalars(select(TagRow.name).distinct()))

    def spell_tags(self, names: Sequence[str]) -> list[list[str]]:
        """Find the spellings of tags in the library; case and runs of spaces do not matter.

        Returns:
            For each different name, its spellings.

        Raises:
            QueryError: no video has such a tag; the message names similar tags.
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
        """The tags with any of these names, of those of the videos that have one.

        Returns:
            By video id, sorted; the tags of a video are sorted by probability, the highest first.
        """
        query = select(TagRow).where(TagRow.name.in_(names)).order_by(TagRow.position)
        found: dict[str, list[Tag]] = {}
        with self._database.reading() as session:
            for some in in_batches(video_ids):
                for row in session.scalars(query.where(TagRow.video_id.in_(some))):
                    found.setdefault(row.video_id, []).append(row_to_tag(row))
        return {video_id: tuple(found[video_id]) for video_id in sorted(found)}


def _say_unknown(name: str, spellings: Mapping[str, Sequence[str]]) -> str:
    if not spellings:
        return "no video has a tag yet: `mvsearch index FOLDER` gives them, with profile embedded"
    holding = sorted(one for one in spellings if name in one)
    alike = get_close_matches(name, spellings, n=N_NEAR, cutoff=0.5)
    near = list(dict.fromkeys([*holding, *alike]))[:N_NEAR]
    offered = ", ".join(repr(spellings[one][0]) for one in near or sorted(spellings)[:N_NEAR])
    which = "nearest" if near else "the first of the others"
    return f"no video has the tag {name!r}; {which} are {offered}"
