"""Turns the parts of a filter that ask for metadata into SQL conditions."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, select

from mvsearch.store.catalog.filter import Filter
from mvsearch.store.database.tables import MetadataRow, VideoRow
from mvsearch.store.records import FACET_FIELDS
from mvsearch.store.unicode import fold_name

_TEXT_FIELDS = (
    *("title", "artist", "album", "album_artist", "genre", "director", "studio", "channel"),
    *("description", "keyword", "chapter"),
)


def metadata_conditions(filter: Filter, whole: Collection[str]) -> list[ColumnElement[bool]]:
    """The conditions on metadata for a video to pass.

    Args:
        filter: the conditions.
        whole: those of `FACET_FIELDS` of which a whole value is asked for, not a part.
    """
    conditions = []
    for name in FACET_FIELDS:
        value = getattr(filter, name)
        if value is not None:
            folded, wanted = MetadataRow.folded, fold_name(value)
            is_it = folded == wanted if name in whole else folded.contains(wanted, autoescape=True)
            conditions.append(_has(MetadataRow.name == name, is_it))
    if filter.musicbrainz is not None:
        is_id = MetadataRow.name.startswith("musicbrainz_", autoescape=True)
        same = MetadataRow.folded == fold_name(filter.musicbrainz)
        conditions.append(_has(is_id, same))
    for word in sorted(set(fold_name(filter.about or "").split())):
        holds = MetadataRow.folded.contains(word, autoescape=True)
        conditions.append(_has(MetadataRow.name.in_(_TEXT_FIELDS), holds))
    return conditions


def _has(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """That a row of the video meets all conditions; it is found once, not for each video."""
    return VideoRow.id.in_(select(MetadataRow.video_id).where(*conditions))
