"""One content in several places: what lies beside any of them counts, and a second run is idle."""

import shutil
from pathlib import Path

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import lyrics_fingerprint
from mvsearch.indexer.pipeline.run import index_paths, index_videos
from mvsearch.store.library import Library
from mvsearch.store.records import Lyrics
from tests.toy_library import make_clip

SRT = "1\n00:00:01,000 --> 00:00:02,000\na tramp walks\n"
PLAIN = "a line without a time\n"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    return make_clip(folder / "a.mp4", "testsrc2=s=64x48:r=5", "sine", 2)


class Home:
    """A library, and what a run over a folder does to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def index(self, folder: Path) -> int:
        """Index a folder; returns how many files were worked on."""
        with Library.open(self.folder, create=True) as library:
            return index_paths([folder], library, Encoders("toy")).indexed

    def lyrics(self) -> Lyrics | None:
        with Library.open(self.folder) as library:
            (video,) = library.catalog.videos()
            return library.catalog.lyrics(video.id)

    def sung(self) -> str | None:
        lyrics = self.lyrics()
        return None if lyrics is None else lyrics.lines[0].text


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library")


def place(clip: Path, folder: Path, name: str, text: str | None = None, ending: str = "") -> None:
    folder.mkdir(exist_ok=True)
    shutil.copy(clip, folder / f"{name}.mp4")
    if text is not None:
        (folder / (name + ending)).write_text(text)


def test_a_copy_without_a_side_car_takes_none_away(clip: Path, tmp_path: Path, home: Home) -> None:
    folder = tmp_path / "videos"
    place(clip, folder, "b", SRT, ".srt")
    assert home.index(folder) == 1
    place(clip, folder, "a")
    home.index(folder)
    assert home.sung() == "a tramp walks"
    assert home.index(folder) == 0


def test_the_side_car_may_lie_beside_any_copy(clip: Path, tmp_path: Path, home: Home) -> None:
    folder = tmp_path / "videos"
    place(clip, folder, "a")
    place(clip, folder, "b", SRT, ".srt")
    assert home.index(folder) == 2
    assert home.sung() == "a tramp walks"
    assert home.index(folder) == 0


def test_two_folders_of_one_content_come_to_rest(clip: Path, tmp_path: Path, home: Home) -> None:
    bare, sung = tmp_path / "real", tmp_path / "songs"
    place(clip, bare, "a")
    place(clip, sung, "b", SRT, ".srt")
    assert [home.index(sung), home.index(bare)] == [1, 1]
    for _ in range(2):
        assert home.sung() == "a tramp walks"
        assert [home.index(sung), home.index(bare)] == [0, 0]


@pytest.mark.parametrize("order", [("timed", "plain"), ("plain", "timed")])
def test_the_best_source_wins_whichever_folder_came_first(
    clip: Path, tmp_path: Path, home: Home, order: tuple[str, str]
) -> None:
    place(clip, tmp_path / "plain", "a", PLAIN, ".txt")
    place(clip, tmp_path / "timed", "z", SRT, ".srt")
    for name in (*order, *order):
        home.index(tmp_path / name)
    assert home.sung() == "a tramp walks"
    assert [home.index(tmp_path / name) for name in order] == [0, 0]
    (tmp_path / "timed" / "z.srt").unlink()
    assert home.index(tmp_path / "plain") == 1
    assert home.sung() == "a line without a time"


def test_a_file_that_holds_something_else_by_now_gives_no_lyrics(
    clip: Path, tmp_path: Path, home: Home
) -> None:
    kept, changed = tmp_path / "kept", tmp_path / "changed"
    place(clip, kept, "a")
    place(clip, changed, "b")
    home.index(kept)
    home.index(changed)
    make_clip(changed / "b.mp4", "smptebars=s=64x48:r=5", None, 2)
    (changed / "b.srt").write_text(SRT)
    assert home.index(kept) == 0
    assert home.lyrics() is None


def test_a_mended_side_car_ends_the_failures_of_every_copy(
    clip: Path, tmp_path: Path, home: Home
) -> None:
    bare, sung = tmp_path / "real", tmp_path / "songs"
    place(clip, bare, "a")
    place(clip, sung, "b", "WEBVTT\n\nno time at all", ".srt")
    home.index(sung)
    home.index(bare)
    (sung / "b.srt").write_text(SRT)
    home.index(sung)
    with Library.open(home.folder) as library:
        assert library.catalog.failures() == []
    assert [home.index(bare), home.sung()] == [0, "a tramp walks"]


def test_another_profile_finds_the_side_car_of_either_place(clip: Path, tmp_path: Path) -> None:
    place(clip, tmp_path / "real", "a")
    place(clip, tmp_path / "songs", "b", SRT, ".srt")
    main, side = Home(tmp_path / "library"), Home(tmp_path / "side")
    for name in "real", "songs":
        main.index(tmp_path / name)
    with Library.open(main.folder) as library, Library.open(side.folder, create=True) as other:
        wanted = library.catalog.locations()
        assert index_videos(wanted, other, Encoders("toy")).indexed == 1
        assert index_videos(wanted, other, Encoders("toy")).indexed == 0
    assert side.sung() == "a tramp walks"


def test_the_mark_of_the_side_cars_knows_no_order(clip: Path, tmp_path: Path) -> None:
    place(clip, tmp_path / "one", "a", SRT, ".srt")
    place(clip, tmp_path / "two", "b", PLAIN, ".txt")
    paths = [tmp_path / "one" / "a.mp4", tmp_path / "two" / "b.mp4"]
    assert lyrics_fingerprint(paths) == lyrics_fingerprint(paths[::-1])
    assert lyrics_fingerprint(paths) != lyrics_fingerprint(paths[:1])
