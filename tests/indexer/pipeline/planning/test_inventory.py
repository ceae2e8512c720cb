import unicodedata

import pytest

from mvsearch.indexer.pipeline.planning.take_inventory import take_inventory
from mvsearch.store.library import Library
from tests import toy_library

COMPOSED = "café.mp4"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


def test_two_spellings_of_one_name_settle_and_one_is_named(tmp_path):
    folder, home = tmp_path / "videos", tmp_path / "library"
    folder.mkdir()
    toy_library.make_clip(folder / COMPOSED, "testsrc2=s=96x64:r=10", "sine", 1)
    toy_library.make_clip(folder / DECOMPOSED, "smptebars=s=96x64:r=10", "sine=f=99", 1)
    if len(list(folder.iterdir())) < 2:
        pytest.skip("to this file system both spellings are one file")
    for n_indexed in (1, 0):
        summary = toy_library.index(folder, home)
        assert (summary.indexed, summary.removed, summary.failed) == (n_indexed, 0, 1)
    (failure,) = summary.failures
    assert failure.path.name == COMPOSED
    assert "rename" in failure.message
    (folder / COMPOSED).rename(folder / "coffee.mp4")
    summary = toy_library.index(folder, home)
    assert (summary.indexed, summary.unchanged, summary.failed) == (1, 1, 0)
    with Library.open(home) as library:
        assert library.catalog.n_videos() == 2
        assert library.catalog.failures() == []
        assert take_inventory([folder], library.catalog).failures == ()


def test_a_bad_file_that_went_is_no_failure_any_more(tmp_path):
    folder, home = tmp_path / "videos", tmp_path / "library"
    folder.mkdir()
    toy_library.make_clip(folder / "good.mp4", "testsrc2=s=96x64:r=10", None, 1)
    (folder / "bad.mp4").write_text("no film")
    (folder / "dangling.mp4").symlink_to(tmp_path / "nowhere.mp4")
    assert toy_library.index(folder, home).failed == 2
    (folder / "bad.mp4").unlink()
    assert toy_library.index(folder, home).failed == 1
    (folder / "good.mp4").replace(tmp_path / "nowhere.mp4")
    summary = toy_library.index(folder, home)
    assert (summary.indexed, summary.failed) == (1, 0)
    with Library.open(home) as library:
        assert library.catalog.failures() == []


def test_failures_below_stay_where_only_the_folder_itself_is_looked_at(tmp_path):
    folder, home = tmp_path / "videos", tmp_path / "library"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "bad.mp4").write_text("no film")
    assert toy_library.index(folder, home).failed == 1
    assert toy_library.index(folder, home, is_recursive=False).failed == 0
    with Library.open(home) as library:
        assert len(library.catalog.failures()) == 1
