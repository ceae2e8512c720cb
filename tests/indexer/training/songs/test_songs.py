import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file

import mvsearch
from mvsearch.indexer.training.songs.frames import SongFrames, split_frames
from mvsearch.indexer.training.songs.network import build_song_network
from mvsearch.indexer.training.songs.options import PUBLISHED, SMALL, SongOptions
from mvsearch.indexer.training.songs.train_songs import train_songs
from mvsearch.indexer.training.songs.trunks import build_trunk
from mvsearch.search.api.training import Run
from mvsearch.store.errors import TrainingError
from mvsearch.store.library import Library
from tests.toy_library import make_clip, make_indexed

SMALLEST = {"trunk": "toy", "projection": 8, "epochs": 8, "batch_size": 8, "learning_rate": 0.05}


@pytest.fixture(autouse=True)
def use_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them wait for each other longer than they compute."""
    monkeypatch.setenv("MVSEARCH_THREADS", "1")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of three clips, of which each looks different."""
    folder = tmp_path_factory.mktemp("songs")
    return make_indexed(folder / "videos", folder / "library")


@pytest.fixture
def trained(library: Path) -> Run:
    """A finished run; the second use finds it as it is."""
    return mvsearch.train_songs(library, "songs-7", **SMALLEST)


def test_the_songs_are_told_apart_at_their_ends_too(trained: Run) -> None:
    card = trained.card
    assert card is not None
    assert card.counts["songs"] == 3
    lines = (trained.folder / "metrics.jsonl").read_text().splitlines()
    losses = [json.loads(line)["validation_loss"] for line in lines]
    assert min(losses) < np.log(3) / 2  # chance has log 3
    assert card.figures["accuracy_of_last"] > card.figures["largest_class_of_last"]
    assert card.counts["training"] > card.counts["validation"] >= 3 <= card.counts["last"]


def test_it_is_the_same_for_the_same_seed(library: Path, trained: Run) -> None:
    again = mvsearch.train_songs(library, "songs-8", **SMALLEST)
    other = mvsearch.train_songs(library, "songs-9", **(SMALLEST | {"epochs": 1, "seed": 5}))
    assert None not in (again.card, other.card, trained.card)
    assert again.to_dict()["card"] == trained.to_dict()["card"]
    assert other.to_dict()["card"]["weights_sha256"] != again.to_dict()["card"]["weights_sha256"]


def test_runs_are_listed_and_found(library: Path, trained: Run) -> None:
    assert trained.name in [run.name for run in mvsearch.list_runs(library)]
    assert mvsearch.find_run("songs-7", library) == trained
    with pytest.raises(TrainingError, match="no run is called other"):
        mvsearch.find_run("other", library)
    with pytest.raises(TrainingError, match="small letters"):
        mvsearch.find_run("../library", library)


def make_frames(n_a_song: list[int]) -> SongFrames:
    songs = np.repeat(np.arange(len(n_a_song)), n_a_song)
    seconds = np.concatenate([np.arange(float(n)) for n in n_a_song])
    ids = tuple(f"v{song}" for song in range(len(n_a_song)))
    return SongFrames(np.zeros((len(songs), 1, 1, 3), np.uint8), songs, seconds, ids, "f")


@pytest.mark.parametrize("counts", [[3, 3], [10, 20, 100], [3, 57]])
def test_the_end_of_a_song_is_never_trained_on(counts: list[int]) -> None:
    found = make_frames(counts)
    split = split_frames(found, SongOptions(), seed=1)
    parts = (split.training, split.validation, split.last)
    assert sorted(np.concatenate(parts)) == list(range(sum(counts)))  # each frame once
    for song, n in enumerate(counts):
        own = [part[found.songs[part] == song] for part in parts]
        assert all(len(part) > 0 for part in own)
        trained_until = max(found.seconds[np.concatenate(own[:2])])
        assert trained_until < min(found.seconds[own[2]])
        assert len(own[2]) == max(1, round(n / 10))


def test_the_published_recipe_is_what_was_published() -> None:
    options, training = PUBLISHED
    assert (options.trunk, options.part, options.projection) == ("resnet50", "all", 0)
    assert (training.optimiser, training.learning_rate) == ("sgd", 1e-4)
    assert (training.batch_size, training.epochs, training.schedule) == (32, 5, "constant")
    assert options.validation_share == 0.1


def test_what_is_frozen_stays() -> None:
    network = build_song_network(SongOptions(trunk="resnet18", part="last"), 2)
    trained = {name.split(".")[1] for name, one in network.named_parameters() if one.requires_grad}
    assert trained == {"layer4", "weight", "bias"}
    network.train()
    states = {name: part.training for name, part in network.named_modules()}
    assert network(torch.zeros((3, 32, 32, 3), dtype=torch.uint8)).shape == (3, 2)
    assert not states["trunk.bn1"]
    assert states["trunk.layer4.0.bn1"]
    small = build_song_network(SongOptions(trunk="toy"), 2)
    named = [name for name, one in small.named_parameters() if one.requires_grad]
    assert named == ["projection.weight", "classes.weight", "classes.bias"]


@pytest.mark.parametrize("ending", ["safetensors", "pth"])
def test_weights_of_a_file_are_used(tmp_path: Path, ending: str) -> None:
    wanted = {"2.weight": torch.full((48, 48), 0.5), "2.bias": torch.full((48,), 0.5)}
    path = tmp_path / f"weights.{ending}"
    if ending == "pth":
        torch.save({**wanted, "fc.weight": torch.zeros(3)}, path)
    else:
        save_file(wanted, path)
    assert build_trunk("toy", path).state_dict()["2.weight"].eq(0.5).all()
    with pytest.raises(TrainingError, match="no weights of resnet18"):
        build_trunk("resnet18", path)


def test_a_file_with_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"a": Path("x")}, path)
    with pytest.raises(TrainingError, match="read safely") as caught:
        build_trunk("toy", path)
    assert "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    tensors = build_trunk("toy", None).state_dict()
    save_file({name: one * torch.nan for name, one in tensors.items()}, tmp_path / "a.safetensors")
    with pytest.raises(TrainingError, match="not finite"):
        build_trunk("toy", tmp_path / "a.safetensors")


def test_weights_that_are_not_there_are_named_before_a_video_is_read(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mvsearch.indexer.training.songs.train_songs.read_song_frames", None)
    for path in (tmp_path / "none.safetensors", Path("/dev/zero")):
        with pytest.raises(TrainingError, match="no file of weights"):
            mvsearch.train_songs(library, "songs-w", **(SMALLEST | {"weights": path}))


def test_too_little_to_train_on_is_one_line(tmp_path: Path) -> None:
    place = make_indexed(tmp_path / "videos", tmp_path / "library")
    short, broken = sorted((tmp_path / "videos").glob("*.mp4"))[1:]
    make_clip(short, "testsrc2=s=96x64:r=10", None, seconds=0.4)
    broken.write_bytes(b"no video")
    said = pytest.raises(TrainingError, match="1 of 3 songs")
    with Library.open(place) as opened, said as caught:
        train_songs(opened, tmp_path / "run", (32, 32), *SMALL)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run" / "config.toml").exists()


@pytest.mark.parametrize(
    "given", [{"trunk": "vgg"}, {"part": "some"}, {"projection": 0}, {"frames_a_song": 1}]
)
def test_wrong_options_are_one_line(library: Path, given: dict[str, object]) -> None:
    with pytest.raises(TrainingError) as caught:
        mvsearch.train_songs(library, "wrong", **given)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert "wrong" not in [run.name for run in mvsearch.list_runs(library)]


def test_the_weights_hold_the_projection(trained: Run) -> None:
    weights = load_file(trained.folder / "weights.safetensors")
    assert weights["projection.weight"].shape == (8, 48)
    assert json.loads((trained.folder / "card.json").read_text())["task"] == "songs"
