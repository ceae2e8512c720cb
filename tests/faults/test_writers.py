"""Two index runs write into one library at once, while others read, delete and keep house."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

import mvsearch
from mvsearch.indexer.pipeline.encoders import switching
from mvsearch.store.errors import LibraryBusyError
from tests import other_encoders
from tests.faults.gates import Gate, finish
from tests.servers.postgres import PostgresServer
from tests.servers.processes import start

pytestmark = pytest.mark.postgres

WORDS = ("--profile", "toy", "--lyrics", "sidecar", "--workers", 1)
# What makes a video whole, in one statement and so of one state.
CONTENTS = """
SELECT id,
    (SELECT count(*) FROM embedding WHERE video_id = video.id),
    (SELECT count(*) FROM indexed_video WHERE video_id = video.id),
    (SELECT count(*) FROM stage WHERE video_id = video.id),
    (SELECT count(*) FROM still WHERE video_id = video.id),
    (SELECT count(*) FROM lyric_line WHERE video_id = video.id),
    (SELECT count(*) FROM location WHERE video_id = video.id)
FROM video
"""


@pytest.fixture(scope="module")
def folders(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders of other videos than those of the library, four each."""
    made = []
    for which in ("first", "second"):
        place = tmp_path_factory.mktemp(which)
        for number, path in enumerate(sorted(folder.iterdir())):
            copy = shutil.copy(path, place / f"{which} {path.name}")
            if path.suffix == ".mp4":
                with Path(copy).open("ab") as file:
                    file.write(f"{which} {number}".encode())  # another video
        made.append(place)
    return made


class Reader:
    """Reads a library in a loop, as others write; it waits for no lock, and sees no half video.

    Attributes:
        seen: what videos held, by id: one state each, or a half one was seen.
    """

    def __init__(self, address: str) -> None:
        self.seen: dict[str, set[tuple[int, ...]]] = {}
        self.n_looks = 0
        self.problems: list[BaseException] = []
        # The server ends a statement that waits for a lock of another one.
        self._address = f"{address}&options=-clock_timeout%3D1"
        self._end = Event()
        self._threads = [Thread(target=self._run, args=(one,)) for one in (self._look, self._ask)]

    def __enter__(self) -> "Reader":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _run(self, read: Callable[[], None]) -> None:
        try:
            read()
        except BaseException as error:  # noqa: BLE001  the test tells it
            self.problems.append(error)

    def _look(self) -> None:
        import psycopg  # what `make test` has not

        plain = self._address.replace("+psycopg", "")
        with closing(psycopg.connect(plain, autocommit=True)) as connection:
            while not self._end.is_set():
                for video_id, *counts in connection.execute(CONTENTS).fetchall():
                    self.seen.setdefault(video_id, set()).add(tuple(counts))
                self.n_looks += 1

    def _ask(self) -> None:
        """Search by words and by a video: what is found is whole, and of one state."""
        with mvsearch.open(self._address, read_only=True) as library:
            while not self._end.is_set():
                found = library.search("the engine weaves", top=50)
                assert len({result.video.id for result in found}) == len(list(found))
                for video in library.videos()[:1]:
                    assert library.similar(video, top=50) is not None


@pytest.fixture
def both(
    copy: Callable[[], str], folders: list[Path], cache: Path, tmp_path: Path
) -> Iterator[tuple[str, list[Any], list[Gate]]]:
    """Two runs over one library, each held at its second video."""
    address = copy()
    gates = [Gate(tmp_path / f"gate {number}") for number in range(2)]
    runs = [
        start(address, "index", place, *WORDS, cache=cache, PATH=gate.path)
        for place, gate in zip(folders, gates, strict=True)
    ]
    for gate, run in zip(gates, runs, strict=True):
        gate.wait(run)
    yield address, runs, gates
    for run in runs:
        if run.poll() is None:
            run.kill()
            run.communicate()


def end(runs: list[Any], gates: list[Gate]) -> None:
    """Let the runs go on, and check that they end well."""
    for gate in gates:
        gate.open()
    for run in runs:
        code, _, err = finish(run)
        assert (code, "Traceback" in err) == (0, False), err


def test_two_runs_write_at_once_and_readers_see_whole_videos(
    both: tuple[str, list[Any], list[Gate]], own_postgres: PostgresServer
) -> None:
    address, runs, gates = both  # both are in the middle: neither waits for the other's end
    with Reader(address) as reader:
        end(runs, gates)
    assert reader.problems == []
    assert reader.n_looks > 1
    with mvsearch.open(address) as library:
        videos = {video.id for video in library.videos()}
    assert len(videos) == 9
    assert mvsearch.check(address).damages == ()
    assert {video_id: len(states) for video_id, states in reader.seen.items()} == dict.fromkeys(
        reader.seen, 1
    )
    assert set(reader.seen) <= videos


def test_others_delete_keep_house_and_exchange_encoders_beside_a_run(
    both: tuple[str, list[Any], list[Gate]], monkeypatch: pytest.MonkeyPatch
) -> None:
    other_encoders.register(monkeypatch)
    monkeypatch.setattr(switching, "WAIT_SECONDS", 0.1)
    address, runs, gates = both
    with mvsearch.open(address) as library:
        gone = next(video for video in library.videos() if video.path.name.startswith("Ada"))
        library.remove(gone)  # waits for no run
        assert library.remove_missing() == 0
        library.save_playlist("mine", [library.videos()[0].id])
        library.add_encoder(other_encoders.FRAMES)
        # What all go by is not exchanged beside a run: that is one line.
        with pytest.raises(LibraryBusyError, match="being written by"):
            library.switch_encoder(other_encoders.FRAMES)
        end(runs, gates)
        library.switch_encoder(other_encoders.FRAMES)
        assert len(library.videos()) == 8
        assert gone.id not in {video.id for video in library.videos()}
    assert mvsearch.check(address).damages == ()
