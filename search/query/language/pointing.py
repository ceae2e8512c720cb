"""Points at the place of an error in a query, by a mark below its text."""

import unicodedata

from mvsearch.store.unicode import printable

MAX_CELLS = 72


def point_at(text: str, position: int, max_cells: int = MAX_CELLS) -> tuple[str, str]:
    """The text around a place in one line, and a line with a mark below the place.

    Args:
        text: of the query.
        position: in it; its length for the end.
        max_cells: of both lines; what is far from the place is left out.
    """
    # Line breaks and controls would move the mark.
    letters = [" " if letter.isspace() else printable(letter) for letter in text]
    place = first = last = min(max(position, 0), len(letters))
    room = max_cells - 3
    while first > 0 or last < len(letters):
        is_before = first > 0 and (place - first <= last - place or last == len(letters))
        room -= _measure(letters[first - 1 if is_before else last])
        if room < 0:
            break
        first, last = (first - 1, last) if is_before else (first, last + 1)
    head, tail = "…" if first > 0 else "", "…" if last < len(letters) else ""
    width = len(head) + sum(map(_measure, letters[first:place]))
    return f"{head}{''.join(letters[first:last])}{tail}", f"{' ' * width}^"


def _measure(letter: str) -> int:
    """The cells that a letter takes in a terminal."""
    if unicodedata.combining(letter[:1]):
        return 0
    return 2 if unicodedata.east_asian_width(letter[:1]) in "WF" else len(letter)
