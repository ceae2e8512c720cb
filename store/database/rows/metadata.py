"""Converts metadata to table rows and back."""

from collections.abc import Iterable
from itertools import groupby
from typing import cast

from mvsearch.store.database.columns import checks_rows
from mvsearch.store.database.tables import MetadataRow
from mvsearch.store.records import Metadata, MetadataField, MetadataSource
from mvsearch.store.records.metadata import order_fields
from mvsearch.store.unicode import fold_name


def metadata_to_rows(video_id: str, metadata: Metadata) -> list[MetadataRow]:
    """The metadata of a video as rows, one for each value."""
    values = [(field, value) for field in metadata.fields for value in field.values]
    return [
        MetadataRow(
            video_id=video_id,
            position=position,
            name=field.name,
            value=value,
            folded=fold_name(value),
            source=field.source,
        )
        for position, (field, value) in enumerate(values)
    ]


@checks_rows
def rows_to_metadata(rows: Iterable[MetadataRow], mark: str, artwork: str | None) -> Metadata:
    """The rows of one video as metadata, with the mark and the artwork of its own row."""
    by_name = groupby(sorted(rows, key=lambda row: row.position), lambda row: row.name)
    fields = []
    for name, some in by_name:
        listed = list(some)
        values = tuple(row.value for row in listed)
        fields.append(MetadataField(name, values, cast(MetadataSource, listed[0].source)))
    found = Metadata(order_fields(fields), mark, artwork)
    _ = found.gain_db, found.peak
    return found
