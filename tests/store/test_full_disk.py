"""A disk without room: plain words, and nothing lost."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.lock import WriterLock
from tests.store.examples import FRAMES, add_song


def add_songs(catalog: Catalog) -> None:
    for number in range(500):
        add_song(catalog, f"{number:040x}")


def test_a_full_disk_is_named_and_undoes_the_write(tmp_path: Path) -> None:
    with Library.open(tmp_path / "home", create=True) as library:
        library.catalog.adopt_profile("example", [FRAMES])
        with library._database.reading() as session:
            session.execute(text("PRAGMA max_page_count = 1"))
        with pytest.raises(MvsearchError, match="make room") as refused:
            add_songs(library.catalog)
        assert not isinstance(refused.value, LibraryDamagedError)
        n_kept = library.catalog.n_videos()
        with library._database.reading() as session:
            session.execute(text("PRAGMA max_page_count = 100000"))
        add_song(library.catalog, "f" * 40)
        assert library.catalog.n_videos() == n_kept + 1


@pytest.mark.robustness
def test_a_disk_too_full_to_read_is_named(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    Library.open(tmp_path / "home", create=True).close()
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from mvsearch.store.library import Library\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "try: Library.open(Path(sys.argv[1]))\n"
        "except Exception as error: print(f'{type(error).__name__}: {error}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "home")],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.startswith("MvsearchError: ")
    assert "make room" in done.stdout


def test_a_writer_that_cannot_sign_still_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", refuse)
    with WriterLock(tmp_path).holding(0.0):
        assert (tmp_path / "writer.lock").exists()
