"""Reads the year of a recording from the tags of its file."""

import re
from collections.abc import Mapping

# Lower-case keys of ID3, Vorbis comments, MP4, Matroska and ASF, as ffprobe names them: first those
# of the recording, then those that may be of a later release.
_KEYS = (
    *("originaldate", "originalyear", "original_year", "tdor", "tory", "date_recorded"),
    *("date", "year", "tyer", "date_released", "release_date", "wm/year"),
)
# A year alone or in a date: 1984, 1984-05-01, 01.05.1984, 19840501.
_YEAR = re.compile(r"(?<!\d)(\d{4})(?:\d{4})?(?!\d)", re.ASCII)
# The first sound was recorded in 1860; years far in the future are errors.
FIRST_YEAR, LAST_YEAR = 1860, 2199
# Dates are shorter.
MAX_LETTERS = 100


def read_year(tags: Mapping[str, str]) -> int | None:
    """Return the year in the tags of a file; None if they have none.

    Args:
        tags: by lower-case key.
    """
    for key in _KEYS:
        for digits in _YEAR.findall(tags.get(key, "")[:MAX_LETTERS]):
            if FIRST_YEAR <= int(digits) <= LAST_YEAR:
                return int(digits)
    return None
