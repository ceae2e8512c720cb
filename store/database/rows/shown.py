"""Converts lines of text in pictures to table rows and back."""

from collections.abc import Iterable

from mvsearch.store.database.columns import check_seconds, checks_rows
from mvsearch.store.database.tables import ShownLineRow
from mvsearch.store.records import ShownLine


def shown_to_rows(video_id: str, lines: Iterable[ShownLine]) -> list[ShownLineRow]:
    """The shown lines of a video as rows."""
    return [
        ShownLineRow(
            video_id=video_id,
            position=position,
            text=line.text,
            start_seconds=line.start_seconds,
            end_seconds=line.end_seconds,
            probability=line.probability,
            is_moving=line.is_moving,
        )
        for position, line in enumerate(lines)
    ]


@checks_rows
def row_to_shown(row: ShownLineRow) -> ShownLine:
    """A row as a shown line."""
    check_seconds(row.end_seconds)
    return ShownLine(row.text, row.start_seconds, row.end_seconds, row.probability, row.is_moving)
