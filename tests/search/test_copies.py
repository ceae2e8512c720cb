"""Pictures are found by shot in the space of copies, and by content in the encoder's own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mvsearch.indexer.encoders import ENCODERS, PROFILES, Encoders, NamesThings, ReadsWords
from mvsearch.indexer.encoders.image.with_copies import WithCopies
from mvsearch.indexer.encoders.toy import ToyFrames
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.indexer.progress import Silence
from mvsearch.search.api.library import VideoLibrary
from mvsearch.search.query.spaces import By, find_copies
from mvsearch.search.scoring.null_distribution import list_kinds
from mvsearch.search.status import read_status
from mvsearch.store.errors import MvsearchError, QueryError, WeightsMissingError
from mvsearch.store.library import Library
from mvsearch.store.records import COPIES, Embeddings, Location, Segment, Space, Stage, Video
from tests.toy_library import make_indexed

# Not "toy": its libraries are shared with other tests.
NAME = "toy-copying"
SIDE = 32


class ToyCopies:
    """Tells patterns of light and dark, whatever their colour: the mean of each cell's channels."""

    frame_size = ToyFrames.frame_size
    spaces = (Space("frames", "toy-copies", "1", 17),)

    def encode(self, frames: np.ndarray) -> tuple[np.ndarray, ...]:
        vectors = ToyFrames().encode(frames)[0]
        light = vectors[:, :48].reshape(-1, 16, 3).max(axis=2)
        made = np.column_stack([light, vectors[:, 48]])
        return ((made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32),)


class Notes(Silence):
    """Keeps what an index run notes."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, line: str) -> None:
        self.lines.append(line)


class WideFrames(ToyFrames):
    """Frames of another size."""

    frame_size = (64, 32)


def draw(pattern: int, colour: Sequence[int]) -> np.ndarray:
    """4 × 4 cells, of one colour or black."""
    lit = np.random.default_rng(pattern).random((4, 4)) < 0.5
    cells = np.where(lit[..., None], np.array(colour), 0).astype(np.uint8)
    return np.kron(cells, np.ones((SIDE // 4, SIDE // 4, 1), np.uint8))


RED, BLUE = (255, 0, 0), (0, 0, 255)
VIDEOS = {"red-0": draw(0, RED), "blue-1": draw(1, BLUE), "red-2": draw(2, RED)}


@pytest.fixture(scope="module", autouse=True)
def _profile() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(ENCODERS, "toy-copies", f"{__name__}:ToyCopies")
        monkeypatch.setitem(PROFILES, NAME, replace(PROFILES["toy"], copies="toy-copies"))
        yield


def old_encoders() -> Encoders:
    encoders = Encoders(NAME)
    encoders.profile = replace(encoders.profile, copies=None)
    return encoders


def make_library(folder: Path, encoders: Encoders) -> Path:
    with Library.open(folder, create=True) as library, library.writing():
        library.catalog.adopt_profile(NAME, encoders.spaces())
        for name, picture in VIDEOS.items():
            video = Video(name, folder / name, name, None, 9.0, has_picture=True)
            library.catalog.add_video(video, Location(video.path, name, folder, 1, 1))
            spaces, matrices = encoders.frames.spaces, encoders.frames.encode(picture[None])
            made = [
                Embeddings(space, (Segment(0.0, 9.0),), matrix)
                for space, matrix in zip(spaces, matrices, strict=True)
            ]
            library.catalog.store_stage(Stage(name, "frames", spaces[0].key, "done"), made)
    return folder


@pytest.fixture
def blue(tmp_path: Path) -> Path:
    """The pattern of a red video in blue, as is another video."""
    Image.fromarray(draw(0, BLUE)).save(tmp_path / "blue.png")
    return tmp_path / "blue.png"


def ask(folder: Path, image: Path, by: By | None = None) -> str:
    with VideoLibrary(folder) as library:
        return library.search(image=image, by=by, top=1).results[0].video.id


def test_a_picture_finds_its_shot_and_by_look_what_is_similar(tmp_path: Path, blue: Path) -> None:
    folder = make_library(tmp_path / "library", Encoders(NAME))
    assert ask(folder, blue) == ask(folder, blue, "copy") == "red-0"
    assert ask(folder, blue, "look") == "blue-1"
    with VideoLibrary(folder) as library:
        assert library.search(like="red-2").results[0].video.id == "red-0"
        with pytest.raises(QueryError, match="copy or look"):
            library.search(image=blue, by="sound")  # type: ignore[arg-type]
    with Library.open(folder) as opened:
        kinds = {kind for space, kind in list_kinds(opened) if space.view == COPIES}
    assert kinds == {"clip", "image", "video"}


def test_an_older_library_answers_as_before_and_says_so(tmp_path: Path, blue: Path) -> None:
    folder = make_library(tmp_path / "library", old_encoders())
    assert ask(folder, blue) == "blue-1"
    with pytest.raises(QueryError, match="cannot tell copies"):
        ask(folder, blue, "copy")
    with Library.open(folder) as library, library.writing():
        library.catalog.adopt_profile(NAME, Encoders(NAME).spaces())
        assert [space.view for space in library.catalog.spaces()][:3] == ["", COPIES, "words"]
        assert find_copies(library) is None
        (frames,) = read_status(library)["stages"]["frames"].values()
        assert frames["pending"] == library.catalog.n_videos()
    assert ask(folder, blue) == "blue-1"


def test_vectors_of_another_revision_are_not_asked(
    tmp_path: Path, blue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_library(tmp_path / "library", Encoders(NAME))
    monkeypatch.setattr(ToyCopies, "spaces", (replace(ToyCopies.spaces[0], revision="2"),))
    assert ask(folder, blue) == "blue-1"
    with pytest.raises(QueryError, match="cannot tell copies"):
        ask(folder, blue, "copy")


def test_an_older_library_is_encoded_again_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, notes = make_indexed(tmp_path / "videos", tmp_path / "library"), Notes()
    with Library.open(folder) as library:
        held = {v.id for v in library.catalog.videos() if v.has_picture}
        for n_again in (len(held), 0, len(held)):
            summary = index_paths([tmp_path / "videos"], library, Encoders(NAME), progress=notes)
            assert summary.indexed == n_again
            space = find_copies(library)
            assert space is not None
            assert set(library.index(space).video_ids) == held
            if not n_again:  # another revision
                newer = (replace(ToyCopies.spaces[0], revision="2"),)
                monkeypatch.setattr(ToyCopies, "spaces", newer)
        copies = [one.revision for one in library.catalog.spaces() if one.view == COPIES]
        assert copies == [space.revision] == ["2"]
    assert sum("filmed from a screen" in line for line in notes.lines) == 2
    told = f"The library had the profile toy and has {NAME} from now on"
    assert sum(line.startswith(told) for line in notes.lines) == 1


def test_a_stage_that_finds_nothing_leaves_no_copies(tmp_path: Path) -> None:
    folder = make_library(tmp_path / "library", Encoders(NAME))
    key = ToyFrames.spaces[0].key
    with Library.open(folder) as library, library.writing():
        library.catalog.store_stage(Stage("red-0", "frames", key, "absent", "one colour"))
        assert library.catalog.embeddings("red-0", "toy-copies:copies@1") is None


def test_a_joined_encoder_names_and_reads_as_its_own_does() -> None:
    joined = Encoders(NAME).frames
    assert isinstance(joined, NamesThings)
    assert isinstance(joined, ReadsWords)
    frames = np.stack(list(VIDEOS.values()))
    matrices, posterior = joined.encode_and_name(frames)
    own, named = ToyFrames().encode_and_name(frames)
    assert [space.dim for space in joined.spaces] == [matrix.shape[1] for matrix in matrices]
    np.testing.assert_array_equal(matrices[1], ToyCopies().encode(frames)[0])
    np.testing.assert_array_equal(matrices[0], own[0])
    np.testing.assert_array_equal(matrices[2], own[1])
    np.testing.assert_array_equal(posterior, named)
    assert not isinstance(WithCopies(_Plain(), ToyFrames()), NamesThings)


def test_another_encoder_of_copies_takes_the_place_of_its_own() -> None:
    once = WithCopies(ToyFrames(), ToyFrames())
    twice = WithCopies(once, ToyCopies())
    assert [space.key for space in twice.spaces] == [
        "toy-frames@1",
        "toy-copies:copies@1",
        "toy-frames:words@1",
    ]
    assert [m.shape[1] for m in twice.encode(VIDEOS["red-0"][None])] == [49, 17, 4]


def test_encoders_that_do_not_fit_are_refused() -> None:
    with pytest.raises(MvsearchError, match="toy-frames and toy-frames need frames of different"):
        WithCopies(ToyFrames(), WideFrames())


def test_missing_weights_of_copies_are_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise WeightsMissingError("they are not installed: run pip install them")

    monkeypatch.setattr(ToyCopies, "__init__", fail)
    with pytest.raises(WeightsMissingError, match=r"^they are not installed"):
        Encoders(NAME).check_weights()


class _Plain:
    """Frames alone, without words and classes."""

    frame_size = ToyFrames.frame_size
    spaces = (Space("frames", "plain", "1", 3),)

    def encode(self, frames: np.ndarray) -> tuple[np.ndarray, ...]:
        return (np.full((len(frames), 3), 3**-0.5, np.float32),)
