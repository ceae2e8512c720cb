"""Reads the year of a recording from the tags of its file."""

import re
from collections.abc import Mapping

# Lower-case keys, as ID3, Vorbis comments, MP4, Matroska and ASF have them and ffprobe shows them:
# first what tells of the recording, then what may tell of a later release.
_KEYS = (
    *("originaldate", "originalyear", "original_year", "tdor", "tory", "date_recorded"),
    *("date", "year", "tyer", "date_released", "release_date", "wm/year"),
)
# A year by itself or within a date: 1984, 1984-05-01, 01.05.1984, 19840501.
_YEAR = re.compile(r"(?<!\d)(\d{4})(?:\d{4})?(?!\d)", re.ASCII)
# The first sound was recorded in 1860; what lies far ahead is a slip.
FIRST_YEAR, LAST_YEAR = 1860, 2199
# No date is longer.
MAX_LETTERS = 100


def read_year(tags: Mapping[str, str]) -> int | None:
    """The year that the tags of a file give, None where they give none.

    Args:
        tags: with lower-case keys.
    """
    for key in _KEYS:
        for digits in _YEAR.findall(tags.get(key, "")[:MAX_LETTERS]):
            if FIRST_YEAR <= int(digits) <= LAST_YEAR:
                return int(digits)
    return None
