"""Several folders and single files in one run, what is ignored, and what was removed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.media.files.content import content_id
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.outcome import Outcome
from mvsearch.indexer.pipeline.planning.inventory import Inventory, InventoryOptions
from mvsearch.indexer.pipeline.planning.take_inventory import take_inventory
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.indexer.pipeline.writer import CatalogWriter
from mvsearch.indexer.progress import Silence
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import Video
from tests.toy_library import make_clip


class Notes(Silence):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, line: str) -> None:
        self.lines.append(line)


@dataclass(frozen=True)
class Run:
    """A run, in numbers."""

    inventory: Inventory
    indexed: int
    unchanged: int
    removed: int
    kept_out: int
    ignored: int


class Home:
    """A library and the folders beside it, of files that no run decodes."""

    def __init__(self, folder: Path, library: Library) -> None:
        self.folder = folder
        self.catalog = library.catalog

    def put(self, place: str, content: int) -> Path:
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % content)
        return path

    def index(self, *places: str, **options: Any) -> Run:
        """What a run does, with the decoding left out."""
        paths = [self.folder / place for place in places]
        found = take_inventory(paths, self.catalog, InventoryOptions(**options))
        writer = CatalogWriter(self.catalog)
        writer.keep_inventory(found)
        for one in found.fresh:
            video = Video(one.video_id, one.file.path, one.file.path.stem)
            writer.keep_outcome([one], Outcome(one, video))
        writer.forget(found.gone, found.resolved)
        done = writer.summary
        numbers = (done.indexed, len(found.unchanged), done.removed, done.kept_out, done.ignored)
        return Run(found, *numbers)

    def known(self) -> set[str]:
        places = self.catalog.locations()
        return {place.path.relative_to(self.folder).as_posix() for place in places}

    def remove(self, place: str) -> None:
        location = self.catalog.location(self.folder / place)
        assert location is not None
        self.catalog.remove_videos([location.video_id])

    def removed(self) -> list[str]:
        return [video.title for video in self.catalog.removed_videos()]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setattr(
        "mvsearch.indexer.pipeline.planning.comparison.is_being_written",
        lambda path, mtime_ns: False,
    )
    with Library.open(tmp_path / "library", create=True) as library, library.writing():
        yield Home(tmp_path, library)


def test_a_run_over_folders_and_files(tmp_path: Path) -> None:
    home, notes = tmp_path / "library", Notes()
    for number, place in enumerate(("a/0.m4a", "b/1.m4a", "b/other.m4a")):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        make_clip(tmp_path / place, None, f"sine=f={300 + 90 * number}", 3)
    (tmp_path / "c").mkdir()
    with Library.open(home, create=True) as library:
        paths = [tmp_path / place for place in ("a", "b/1.m4a", "c")]
        asked = (library, Encoders("toy"), IndexOptions(lyrics="off"))
        summary = index_paths(paths, *asked, progress=notes)
        assert (summary.indexed, summary.failed) == (2, 0)
        assert notes.lines == [f"{tmp_path / 'c'} has no video and no sound file"]
        library.catalog.remove_videos([library.catalog.find_video("1").id])
        (tmp_path / "b" / ".mvsearchignore").write_text("other*")
        summary = index_paths([tmp_path / "a", tmp_path / "b"], *asked)
        numbers = summary.to_dict()
        assert [numbers[key] for key in ("indexed", "unchanged", "kept_out", "ignored")] == [
            0, 1, 1, 1,
        ]  # fmt: skip
        with pytest.raises(MvsearchError, match="name a folder"):
            index_paths([], *asked)
        assert library.catalog.n_videos() == 1


def test_folders_and_files_are_one_run(home: Home) -> None:
    home.put("a/0.wav", 0)
    home.put("a/low/1.wav", 1)
    home.put("b/2.wav", 2)
    home.put("c/3.wav", 3)
    home.put("c/other.wav", 0)
    assert home.index("a/low", "a", "b", "c/3.wav", "a").indexed == 4
    assert home.known() == {"a/0.wav", "a/low/1.wav", "b/2.wav", "c/3.wav"}
    again = home.index("b", "a", "c/3.wav")
    assert (again.indexed, again.unchanged) == (0, 4)
    assert [folder.name for folder in home.catalog.folders()] == ["a", "b", "c"]


def test_each_folder_is_judged_by_itself(home: Home) -> None:
    for number in range(3):
        home.put(f"a/{number}.wav", number)
    home.put("b/3.wav", 3)
    home.index("a", "b")
    (home.folder / "a" / "0.wav").unlink()
    (home.folder / "b" / "3.wav").unlink()
    summary = home.index("a", "b")
    # One of three is gone; all that b had is missing, as with a drive.
    assert (summary.unchanged, summary.removed) == (2, 1)
    assert summary.inventory.missing == (home.folder / "b" / "3.wav",)
    assert home.known() == {"a/1.wav", "a/2.wav", "b/3.wav"}


def test_a_file_that_is_named_says_nothing_of_others(home: Home) -> None:
    home.put("a/0.wav", 0)
    home.put("a/1.wav", 1)
    home.index("a")
    (home.folder / "a" / "0.wav").unlink()
    home.put("a/1.wav", 20)
    summary = home.index("a/1.wav")
    assert (summary.indexed, summary.removed) == (1, 1)
    assert home.known() == {"a/0.wav", "a/1.wav"}
    assert home.catalog.folders() == [home.folder / "a"]


def test_nothing_is_done_where_one_place_is_wrong(home: Home) -> None:
    home.put("a/0.wav", 0)
    with pytest.raises(MvsearchError, match="does not exist"):
        home.index("a", "nowhere")
    assert home.known() == set()


def test_what_is_ignored_leaves_the_library_however_much_it_is(home: Home) -> None:
    for number in range(3):
        home.put(f"a/low/{number}.wav", number)
    home.put("a/3.wav", 3)
    home.index("a")
    (home.folder / "a" / ".mvsearchignore").write_text("low/\n")
    summary = home.index("a")
    assert (summary.unchanged, summary.removed, summary.ignored) == (1, 3, 1)
    assert home.known() == {"a/3.wav"}
    (home.folder / "a" / ".mvsearchignore").write_text("low/*\n!low/1.wav\n")
    summary = home.index("a")
    assert (summary.indexed, summary.ignored) == (1, 2)


def test_a_folder_of_nothing_but_downloads_is_not_empty(home: Home) -> None:
    home.put("a/0.mp4.part", 0)
    found = home.index("a", "a/0.mp4.part").inventory
    assert (found.is_empty, found.empty) == (False, ())
    assert found.unfinished == (home.folder / "a" / "0.mp4.part",)


def test_what_was_removed_stays_out_until_it_is_added_again(home: Home) -> None:
    home.put("a/0.wav", 0)
    home.put("a/1.wav", 1)
    home.put("b/copy.wav", 0)
    home.index("a", "b")
    home.remove("a/0.wav")
    assert home.known() == {"a/1.wav"}
    summary = home.index("a", "b")
    assert (summary.indexed, summary.unchanged, summary.kept_out) == (0, 1, 2)
    assert len(home.removed()) == 1
    summary = home.index("b/copy.wav")
    assert (summary.indexed, summary.kept_out) == (1, 0)
    assert home.index("a").indexed == 1
    assert home.known() == {"a/0.wav", "a/1.wav", "b/copy.wav"}
    assert home.removed() == []


def test_it_is_known_by_its_content_and_read_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.put("a/0.wav", 0)
    home.put("a/1.wav", 1)
    home.index("a")
    home.remove("a/0.wav")
    (home.folder / "a" / "0.wav").rename(home.folder / "a" / "renamed.wav")
    assert home.index("a").kept_out == 1
    monkeypatch.setattr(
        "mvsearch.indexer.pipeline.planning.take_inventory.content_id",
        lambda path: pytest.fail(f"{path} was read again"),
    )
    assert home.index("a").kept_out == 1
    monkeypatch.setattr("mvsearch.indexer.pipeline.planning.take_inventory.content_id", content_id)
    assert home.index("a", has_removed=True).indexed == 1
    assert home.known() == {"a/renamed.wav", "a/1.wav"}


def test_another_content_at_its_place_comes_in_and_a_copy_of_the_old_does_not(home: Home) -> None:
    home.put("a/0.wav", 0)
    home.index("a")
    home.remove("a/0.wav")
    home.put("a/0.wav", 1)
    home.put("a/old.wav", 0)
    summary = home.index("a")
    assert (summary.indexed, summary.kept_out) == (1, 1)
    assert home.known() == {"a/0.wav"}


def test_a_file_that_is_named_with_its_folder_brings_its_copies_back(home: Home) -> None:
    home.put("a/0.wav", 0)
    home.put("a/copy.wav", 0)
    home.index("a")
    home.remove("a/0.wav")
    assert home.index("a", "a/copy.wav").indexed == 2
    assert home.known() == {"a/0.wav", "a/copy.wav"}


def test_what_went_missing_is_not_kept_out(home: Home) -> None:
    home.put("a/0.wav", 0)
    home.put("a/1.wav", 1)
    home.index("a")
    home.catalog.drop_locations([home.folder / "a" / "0.wav"])
    assert home.index("a").indexed == 1
