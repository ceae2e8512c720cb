"""An index that grows by what is new, against one that is built from the beginning."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mvsearch.store.library import Library
from mvsearch.store.records import Stage
from mvsearch.store.vectors import update
from mvsearch.store.vectors.exact import row_file
from mvsearch.store.vectors.exact.centering import place_vectors
from mvsearch.store.vectors.exact.row_file import append_rows, is_whole, map_rows, renew_sums
from mvsearch.store.vectors.exact.row_index import RowIndex
from mvsearch.store.vectors.space_files import SpaceFiles
from mvsearch.store.vectors.update import build_in_memory
from tests.store.examples import (
    FRAMES,
    LINES,
    WORDS,
    fill_song,
    make_embeddings,
    random_units,
)

NAMES = [f"{number:04x}" for number in range(8)]


@pytest.fixture
def grown(library: Library, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A library that counts as large, from four videos on and in any file; it has eight."""
    monkeypatch.setattr("mvsearch.store.vectors.exact.centering.MIN_SETTLED_VIDEOS", 4)
    monkeypatch.setattr(row_file, "MAX_CHECKED_BYTES", 0)
    monkeypatch.setattr(row_file, "BLOCK_ROWS", 4)
    monkeypatch.setattr("mvsearch.store.vectors.update.BLOCK_ROWS", 4)
    for seed, name in enumerate(NAMES):
        fill_song(library.catalog, name, seed=10 * seed)
    with library.writing():
        library.index(FRAMES)
    return library


def count_written(library: Library, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The videos whose vectors are read from the catalogue from now on."""
    from mvsearch.store.catalog.reading import vectors

    read: list[str] = []
    whole = vectors.Snapshot.read

    def note(self: vectors.Snapshot, video_ids: list[str]) -> Iterator[object]:
        read.extend(video_ids)
        return whole(self, video_ids)

    monkeypatch.setattr(vectors.Snapshot, "read", note)
    return read


def expect_same_answers(index: RowIndex, library: Library) -> None:
    """The index answers as brute force over the catalogue does, seen from the same centre."""
    found = {v: made.vectors for v, made in library.catalog.iter_embeddings(index.space.key)}
    assert index.video_ids == tuple(sorted(found))
    assert index.n == sum(map(len, found.values()))
    placed = {v: place_vectors(vectors, index.centre) for v, vectors in found.items()}
    for video_id, vectors in placed.items():
        np.testing.assert_allclose(index.vectors(video_id), vectors, atol=2e-3)
        rows = index.rows(video_id)
        assert index.starts[rows].tolist() == [i / 2 for i in range(len(vectors))]
        owners = index.resolve(np.arange(rows.start, rows.stop))
        assert {index.video_ids[at] for at in owners} == {video_id}
    queries = index.place(random_units(3, index.space.dim, seed=77))
    nearest = index.search(queries, index.n)
    truth = queries @ np.concatenate(list(placed.values())).T
    np.testing.assert_allclose(nearest.similarities, -np.sort(-truth, axis=1), atol=2e-3)
    assert (nearest.videos >= 0).all()
    every = index.resolve(np.arange(index.n_rows))
    assert (every < 0).sum() == index.n_rows - index.n


def list_late(index: RowIndex, n_rows: int) -> list[str]:
    """The videos whose vectors lie behind so many rows."""
    return [video_id for video_id in index.video_ids if index.rows(video_id).start >= n_rows]


def test_a_new_video_is_appended_and_nothing_else_is_read(
    grown: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = grown.index(FRAMES)
    file = SpaceFiles(grown.folder / "vectors", FRAMES).vectors(before.placement)
    content = file.read_bytes()
    read = count_written(grown, monkeypatch)
    fill_song(grown.catalog, "00ff", seed=200)
    after = grown.index(FRAMES)
    assert read == ["00ff"]
    assert (after.placement, after.n_rows) == (before.placement, 45)
    assert list_late(after, before.n_rows) == ["00ff"]
    assert after.rows("00ff") == slice(40, 45)
    assert file.read_bytes()[: len(content)] == content
    expect_same_answers(after, grown)
    with Library.open(grown.folder) as opened:
        expect_same_answers(opened.index(FRAMES), grown)
    np.testing.assert_array_equal(before.vectors("0000"), after.vectors("0000"))


def test_what_left_is_blotted_out_and_never_found(grown: Library) -> None:
    before = grown.index(FRAMES)
    old = grown.catalog.embeddings("0003", FRAMES.key)
    assert old is not None
    placed = place_vectors(old.vectors, before.centre).astype("<f2").tobytes()
    file = SpaceFiles(grown.folder / "vectors", FRAMES).vectors(before.placement)
    at = before.rows("0003").start * 16 + 4096
    assert file.read_bytes()[at : at + 80] != bytes(80)
    with grown.writing():
        grown.catalog.drop_locations([Path("/music/0003.mp4")])
    assert file.read_bytes()[at : at + 80] == bytes(80)
    files = list((grown.folder / "vectors").iterdir())
    assert not any(placed[:16] in other.read_bytes() for other in files)
    assert not any(b"0003" in other.read_bytes() for other in files)
    after = grown.index(FRAMES)
    assert (after.placement, after.n_rows, after.n) == (before.placement, 40, 35)
    expect_same_answers(after, grown)
    assert (after.search(after.place(old.vectors), 35).videos >= 0).all()
    found = before.search(before.place(old.vectors), 40)  # the old mapping
    assert np.isfinite(found.similarities).all()


def test_a_video_made_anew_has_its_new_vectors_only(grown: Library) -> None:
    before = grown.index(FRAMES)
    stage = Stage("0005", "frames", FRAMES.key, "done")
    made = [make_embeddings(FRAMES, 7, 300), make_embeddings(WORDS, 7, 301)]
    with grown.writing():
        grown.catalog.store_stage(stage, made)
    after = grown.index(FRAMES)
    assert after.placement == before.placement
    assert list_late(after, before.n_rows) == ["0005"]
    assert (after.n_rows, after.n) == (47, 42)
    expect_same_answers(after, grown)


def test_much_that_comes_or_goes_moves_the_centre(grown: Library) -> None:
    before = grown.index(FRAMES)
    for seed in range(3):
        fill_song(grown.catalog, f"{seed:x}new", seed=500 + seed)
    after = grown.index(FRAMES)
    assert after.placement != before.placement
    assert after.n_rows == after.n == 55
    with grown._database.reading(), grown.catalog.snapshot(FRAMES.key) as snapshot:
        np.testing.assert_allclose(after.centre, build_in_memory(FRAMES, snapshot).centre)
    assert not np.allclose(after.centre, before.centre)
    files = list((grown.folder / "vectors").glob("*.f16"))
    assert files == [SpaceFiles(grown.folder / "vectors", FRAMES).vectors(after.placement)]
    expect_same_answers(after, grown)


def test_many_dead_rows_are_cleared_away(grown: Library) -> None:
    before = grown.index(LINES)  # lines are not centred, so their number moves nothing
    for name in NAMES[:3]:
        grown.catalog.drop_locations([Path(f"/music/{name}.mp4")])
    after = grown.index(LINES)
    assert before.n_rows == 24
    assert after.n_rows == after.n == 15
    expect_same_answers(after, grown)


def test_rows_behind_the_head_are_nobodys(grown: Library) -> None:
    index = grown.index(FRAMES)
    file = SpaceFiles(grown.folder / "vectors", FRAMES).vectors(index.placement)
    with file.open("ab") as opened:
        opened.write(b"x" * 100)  # a writer was killed here
    with Library.open(grown.folder) as opened_again:
        assert opened_again.index(FRAMES).n_rows == 40
    fill_song(grown.catalog, "00ff", seed=200)
    expect_same_answers(grown.index(FRAMES), grown)
    assert file.stat().st_size == 4096 + 45 * 16


@pytest.mark.parametrize("step", ["erase_rows", "append_rows", "_sum_up"])
def test_a_writer_stopped_after_any_step_costs_no_answer(
    grown: Library, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    whole = getattr(update, step)

    def stop(*arguments: object) -> None:
        whole(*arguments)
        raise KeyboardInterrupt

    with Library.open(grown.folder) as opened, monkeypatch.context() as patched:
        opened.catalog.drop_locations([Path("/music/0003.mp4")])
        fill_song(opened.catalog, "00ff", seed=200)
        patched.setattr(update, step, stop)
        with pytest.raises(KeyboardInterrupt):
            opened.index(FRAMES)
    index = grown.index(FRAMES)
    assert set(index.video_ids) == {*NAMES, "00ff"} - {"0003"}
    expect_same_answers(index, grown)


def test_a_restored_backup_is_told_by_its_versions(grown: Library) -> None:
    saved = grown.catalog.embeddings("0001", FRAMES.key)
    assert saved is not None
    grown.close()
    catalogue = grown.folder / "catalog.sqlite3"
    backup = catalogue.read_bytes()
    with Library.open(grown.folder) as opened:
        stage = Stage("0001", "frames", FRAMES.key, "done")
        opened.catalog.store_stage(stage, [make_embeddings(FRAMES, 5, 900)])
        opened.index(FRAMES)
    catalogue.write_bytes(backup)
    with Library.open(grown.folder) as opened:
        index = opened.index(FRAMES)
        expected = place_vectors(saved.vectors, index.centre)
        np.testing.assert_allclose(index.vectors("0001"), expected, atol=2e-3)
        expect_same_answers(index, opened)


def test_a_large_file_is_checked_at_its_end_and_by_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_file, "BLOCK_ROWS", 2)
    monkeypatch.setattr(row_file, "MAX_CHECKED_BYTES", 0)
    file = tmp_path / "rows"
    rows = np.random.default_rng(1).integers(0, 256, 25 * 8, dtype=np.uint8)
    append_rows(file, 0, 8, [rows])
    mapped = map_rows(file, 25, 8)
    np.testing.assert_array_equal(mapped[4096:], rows)
    sums = renew_sums(np.zeros(0, np.uint32), mapped, 8, [])
    assert len(sums) == 13
    assert is_whole(mapped, 8, sums)
    mapped[-1] ^= 1  # in memory alone
    assert not is_whole(mapped, 8, sums)
    assert is_whole(map_rows(file, 25, 8), 8, sums)
    mapped[-1] ^= 1
    mapped[4096 + 6 * 16] ^= 1
    found = [is_whole(mapped, 8, sums) for _ in range(60)]
    assert any(found)
    assert not all(found)
    assert is_whole(mapped, 8, renew_sums(sums, mapped, 8, [6]))
    os.truncate(file, 4096 + 24 * 8)
    with pytest.raises(ValueError, match="length"):
        map_rows(file, 25, 8)
