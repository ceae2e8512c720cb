"""Many who write to a library in PostgreSQL at once, and many who read."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial

import pytest

from mvsearch.store.errors import LibraryBusyError
from mvsearch.store.library import Library
from tests.limits import HANG_SECONDS
from tests.servers.postgres import shared_server
from tests.store.examples import FRAMES, SOUND, SPACES, fill_song

pytestmark = pytest.mark.postgres


def make_library(address: str) -> None:
    with Library.open(address, create=True) as library:
        library.catalog.adopt_profile("toy", SPACES)


def test_several_write_and_readers_see_whole_videos(postgres_address: str) -> None:
    make_library(postgres_address)
    n_writers, n_videos = 3, 6
    done = threading.Event()

    def write(writer: int) -> None:
        with Library.open(postgres_address) as library, library.writing():
            for n in range(n_videos):
                # Each writes one that another writes too.
                video_id = f"video-{writer}-{n}" if n else "the same"
                keep = partial(fill_song, library.catalog, video_id, writer * 9 + n)
                library.catalog.join(keep)

    def read() -> int:
        n_looks = 0
        with Library.open(postgres_address) as library:
            while True:
                is_last = done.is_set()
                with library.holding():
                    for video_id in library.catalog.video_ids():
                        assert {one.stage for one in library.catalog.stages(video_id)} == {
                            *("frames", "lyrics", "audio", "ocr")
                        }
                    for space in (FRAMES, SOUND):
                        assert set(library.index(space).video_ids) == library.catalog.video_ids()
                n_looks += 1
                if is_last:
                    return n_looks

    with ThreadPoolExecutor(n_writers + 2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        writers = [pool.submit(write, n) for n in range(n_writers)]
        try:
            for one in writers:
                one.result(HANG_SECONDS)
        finally:
            done.set()
        assert all(one.result(HANG_SECONDS) for one in readers)
    with Library.open(postgres_address) as library:
        assert library.catalog.n_videos() == n_writers * (n_videos - 1) + 1
        versions = [library.catalog.generation(space.key) for space in SPACES]
        assert len(set(versions)) > 1


def test_several_make_the_same_library(postgres_address: str) -> None:
    def make(_: int) -> str | None:
        with Library.open(postgres_address, create=True) as library:
            library.catalog.adopt_profile("toy", SPACES)
            return library.catalog.profile()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(make, range(4))) == ["toy"] * 4


def test_who_changes_what_all_go_by_is_alone(postgres_address: str) -> None:
    make_library(postgres_address)
    with Library.open(postgres_address) as one, Library.open(postgres_address) as other:
        busy = pytest.raises(LibraryBusyError, match=r"is being written by mvsearch .*since")
        with one.writing(), other.writing(0), busy:
            within(lambda: other.writing(0.2, is_exclusive=True))
        with one.writing(is_exclusive=True), one.writing(), busy:
            within(lambda: other.writing(0))
        within(lambda: other.writing(0, is_exclusive=True))


def within(open_it: Callable[[], AbstractContextManager[None]]) -> None:
    """Enter and leave a context in another thread."""

    def enter() -> None:
        with open_it():
            pass

    with ThreadPoolExecutor(1) as pool:
        pool.submit(enter).result(HANG_SECONDS)


def test_a_lock_is_taken_again_after_its_link_was_lost(postgres_address: str) -> None:
    make_library(postgres_address)
    name = postgres_address.partition("@/")[2].partition("?")[0]
    with Library.open(postgres_address) as one, one.writing(is_exclusive=True):
        shared_server().end_connections(name)
        one.database.after_loss()
        with Library.open(postgres_address) as other, pytest.raises(LibraryBusyError):
            within(lambda: other.writing(0))


def test_what_is_read_while_the_library_closes_leaves_no_connection(
    postgres_address: str,
) -> None:
    make_library(postgres_address)
    name = postgres_address.partition("@/")[2].partition("?")[0]
    library = Library.open(postgres_address)
    with library.holding():
        library.catalog.n_videos()
        library.close()
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
    until = time.monotonic() + HANG_SECONDS
    while shared_server().run(count, "postgres", name) != [(0,)] and time.monotonic() < until:
        time.sleep(0.02)
    assert shared_server().run(count, "postgres", name) == [(0,)]
