"""Writes how the lyric lines of a library sound, where it is not known yet."""

import threading

from mvsearch.indexer.progress import Progress
from mvsearch.indexer.pronunciation import REVISION, choose_reading, write_grams, write_sounds
from mvsearch.store.catalog.reading.sound_index import LineSounds, UnreadLine
from mvsearch.store.catalog.writing import Catalog

LINES_AT_ONCE = 10_000


def add_sounds(catalog: Catalog, progress: Progress, stop: threading.Event) -> None:
    """Write how lines sound that are new, or that were read by another revision.

    Args:
        catalog: of the library, whose lock is held.
        progress: told where it takes more than a second.
        stop: when set, no more is begun; what is done stays.
    """
    is_told = False
    while not stop.is_set():
        lines = catalog.find_unread(REVISION, LINES_AT_ONCE)
        catalog.store_sounds([_read(line) for line in lines], REVISION)
        if len(lines) < LINES_AT_ONCE:
            return
        if not is_told:
            progress.note("Writing how the lyrics sound, so that misheard lines are found")
            is_told = True


def add_sounds_of(catalog: Catalog, video_id: str) -> None:
    """Write how the lines of one video sound that are new; the library's lock is held."""
    lines = catalog.find_unread(REVISION, LINES_AT_ONCE, video_id)
    catalog.store_sounds([_read(line) for line in lines], REVISION)


def _read(line: UnreadLine) -> LineSounds:
    reading = choose_reading(line.text, line.language)
    sounds = write_sounds(line.text, reading)
    return LineSounds(line.video_id, line.position, reading, sounds, write_grams(sounds))
