"""Exported vectors, read back without our code and compared with the catalogue's own rows."""

import itertools
import os
import sqlite3
import sys
import textwrap
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest

from mvsearch.search.output import embeddings
from mvsearch.search.output.embeddings import ExportOptions, write_embeddings
from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import Embeddings, Segment, Space, Stage
from tests.store.examples import (
    FRAMES,
    LINES,
    SOUND,
    SPACES,
    WORDS,
    add_song,
    fill_song,
    random_units,
)

GROUPS = {"frames": FRAMES, "frames-words": WORDS, "lyrics": LINES, "audio": SOUND}
ODD = os.fsdecode(b"/music/\xff\xe2\x99\xab.mp4")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.open(tmp_path_factory.mktemp("export") / "library", create=True) as opened:
        catalog = opened.catalog
        catalog.adopt_profile("toy", SPACES)
        for number, n_frames in enumerate((5, 1, 70)):
            fill_song(catalog, f"ab{number}", seed=number, n_frames=n_frames)
        add_song(catalog, "cd", path=Path(ODD), title="=♫ '; \n", artist=None)
        plain = Embeddings(LINES, (Segment(None, None, "no time"),), random_units(1, LINES.dim, 9))
        catalog.store_stage(Stage("cd", "lyrics", LINES.key, "done"), [plain])
        add_song(catalog, "none")
        yield opened


def read_rows(library: Library, space_key: str) -> list[tuple[str, Any, Any, Any]]:
    """(video id, start, end, unit vector) of a space, from the database itself, by video id."""
    connection = sqlite3.connect(library.folder / "catalog.sqlite3")
    stored = connection.execute(
        "SELECT video_id, starts, ends, vectors FROM embedding WHERE space_key = ? ORDER BY 1",
        (space_key,),
    ).fetchall()
    connection.close()
    rows = []
    for video_id, starts, ends, vectors in stored:
        first, last = np.frombuffer(starts, "<f8"), np.frombuffer(ends, "<f8")
        units = np.frombuffer(vectors, "<f2").reshape(len(first), -1).astype(np.float32)
        units = units / np.linalg.norm(units, axis=1, keepdims=True)
        rows += [(video_id, *row) for row in zip(first, last, units, strict=True)]
    return rows


def test_an_archive_holds_what_the_catalogue_holds(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "all.NPZ"
    counts = write_embeddings(library, file)
    assert counts == {key.key: len(read_rows(library, key.key)) for key in SPACES}
    with np.load(file, allow_pickle=False) as archive:
        assert archive["format"] == "mvsearch embeddings 1"
        titles = dict(zip(archive["videos/id"], archive["videos/title"], strict=True))
        paths = dict(zip(archive["videos/id"], archive["videos/path"], strict=True))
        for at, video_id in enumerate(archive["videos/id"]):
            tracks = {track.side: track.mood for track in library.catalog.mood_tracks(video_id)}
            for side in ("picture", "sound"):
                row, mood = archive[f"videos/{side}_mood"][at], tracks.get(side)
                if mood is None:
                    assert np.isnan(row).all()
                else:
                    told = (mood.valence, mood.arousal, mood.confidence)
                    assert row == pytest.approx(told, abs=1e-6)
        artists = dict(zip(archive["videos/id"], archive["videos/artist"], strict=True))
        for group, space in GROUPS.items():
            told = [str(archive[f"{group}/{name}"]) for name in ("space", "encoder", "revision")]
            assert told == [space.key, space.encoder, space.revision]
            ids = archive["videos/id"][archive[f"{group}/video"]]
            rows = read_rows(library, space.key)
            assert list(ids) == [row[0] for row in rows]
            for name, at in (("start_seconds", 1), ("end_seconds", 2)):
                np.testing.assert_array_equal(archive[f"{group}/{name}"], [row[at] for row in rows])
            vectors = archive[f"{group}/vectors"]
            assert vectors.dtype == np.float32
            np.testing.assert_allclose(vectors, [row[3] for row in rows], atol=1e-6)
    assert (titles["ab0"], artists["ab0"], paths["ab0"]) == ("Song", "Artist", "/music/ab0.mp4")
    assert (titles["cd"], artists["cd"]) == ("=♫ '; \n", "")
    assert os.fsencode(str(paths["cd"])) == os.fsencode(ODD)
    assert "none" in titles


def test_a_table_holds_what_the_catalogue_holds(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "N_ROWS", 4)
    write_embeddings(library, tmp_path / "all.parquet")
    read = pyarrow.parquet.ParquetFile(tmp_path / "all.parquet")
    assert read.num_row_groups > len(SPACES)
    table = read.read().to_pylist()
    expected = [(space, *row) for space in SPACES for row in read_rows(library, space.key)]
    assert len(table) == len(expected)
    for row, (space, video_id, start, end, vector) in zip(table, expected, strict=True):
        named = (row["video_id"], row["modality"], row["space"], row["revision"])
        assert named == (video_id, space.modality, space.key, space.revision)
        times = [row["start_seconds"], row["end_seconds"]]
        assert times == ([None, None] if np.isnan(start) else [start, end])
        np.testing.assert_allclose(row["vector"], vector, atol=1e-6)
    assert {row["video_path"] for row in table if row["video_id"] == "cd"} == {"/music/\ufffd♫.mp4"}
    assert table[0]["video_title"] == "Song"


def test_spaces_of_two_encoders_have_names_of_their_own(tmp_path: Path) -> None:
    other = Space("lyrics", "many-languages", "1", 3)
    with Library.open(tmp_path / "library", create=True) as opened:
        opened.catalog.adopt_profile("toy", [*SPACES, other])
        fill_song(opened.catalog, "ab", seed=1, n_frames=2)
        line = (Segment(1.0, 2.0, "a line"),)
        made = [Embeddings(one, line, random_units(1, one.dim, 9)) for one in (LINES, other)]
        opened.catalog.store_stage(Stage("ab", "lyrics", LINES.key, "done"), made)
        write_embeddings(opened, tmp_path / "all.npz", ExportOptions())
    with np.load(tmp_path / "all.npz") as read:
        assert len(set(read.files)) == len(read.files)
        assert str(read["lyrics/space"]) == LINES.key
        assert read[f"lyrics-{other.key}/vectors"] == pytest.approx(made[1].vectors, abs=1e-3)
        assert read["lyrics/vectors"] == pytest.approx(made[0].vectors, abs=1e-3)


def test_one_modality_alone(library: Library, tmp_path: Path) -> None:
    counts = write_embeddings(library, tmp_path / "a.npz", ExportOptions("audio"))
    assert counts == {SOUND.key: 12}
    with np.load(tmp_path / "a.npz") as archive:
        assert {name.partition("/")[0] for name in archive} == {"format", "videos", "audio"}


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_no_more_than_a_block_of_vectors_is_in_memory(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(embeddings, "N_ROWS", 1)
    read = type(library.catalog).iter_embeddings
    alive: list[weakref.ref[Any]] = []
    n_most = 0

    def watch(catalog: Any, space_key: str) -> Iterator[tuple[str, Embeddings]]:
        nonlocal n_most
        for video_id, found in read(catalog, space_key):
            alive.append(weakref.ref(found.vectors))
            n_most = max(n_most, sum(vectors() is not None for vectors in alive))
            yield video_id, found

    monkeypatch.setattr(type(library.catalog), "iter_embeddings", watch)
    write_embeddings(library, tmp_path / f"a.{ending}")
    assert len(alive) > 10
    assert n_most <= 4  # what was read, is written, and is read next


def test_a_file_stays_unless_it_may_go_and_media_always(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    file.write_bytes(b"mine")
    with pytest.raises(MvsearchError, match="--force"):
        write_embeddings(library, file)
    assert file.read_bytes() == b"mine"
    write_embeddings(library, file, ExportOptions(has_force=True))
    first = file.read_bytes()
    write_embeddings(library, file, ExportOptions(has_force=True))
    assert file.read_bytes() == first
    file.write_bytes(b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2")
    with pytest.raises(MvsearchError, match="never overwritten"):
        write_embeddings(library, file, ExportOptions(has_force=True))


def test_a_damaged_library_leaves_no_file(library: Library, tmp_path: Path) -> None:
    class Liar:
        def __getattr__(self, name: str) -> Any:
            return getattr(library.catalog, name)

        def n_vectors(self, space_key: str) -> int:
            return 1

    class Damaged:
        catalog = Liar()
        holding = library.holding

    with pytest.raises(LibraryDamagedError, match="frames/vectors"):
        write_embeddings(Damaged(), tmp_path / "a.npz")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.npy", "a", "a.npz.gz", ".npz"])
def test_another_ending_is_one_line(library: Library, tmp_path: Path, name: str) -> None:
    with pytest.raises(MvsearchError, match=r"ends in \.npz or \.parquet"):
        write_embeddings(library, tmp_path / name)


def test_without_pyarrow_a_line_says_what_to_type(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MvsearchError, match=r"pip install '.*\[parquet\]'"):
        write_embeddings(library, tmp_path / "a.parquet")
    assert write_embeddings(library, tmp_path / "a.npz")


def test_a_library_without_vectors_is_told(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library", create=True) as empty:
        empty.catalog.adopt_profile("toy", SPACES)
        with pytest.raises(MvsearchError, match="no vectors of frames"):
            write_embeddings(empty, tmp_path / "a.npz", ExportOptions("frames"))
    assert not (tmp_path / "a.npz").exists()


def test_the_example_of_the_documentation_runs(
    library: Library,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = Path(__file__).parents[3] / "docs" / "embeddings.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    first = lines.index("    import numpy")
    code = "\n".join(itertools.takewhile(bool, lines[first:]))
    monkeypatch.chdir(tmp_path)
    write_embeddings(library, Path("vectors.npz"))
    exec(textwrap.dedent(code))
    assert capsys.readouterr().out == "ab0 0.0\n"
