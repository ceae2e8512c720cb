import json
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

import mvsearch
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.encoders import looks
from mvsearch.indexer.progress import Silence
from mvsearch.indexer.training.run_folder import RunFolder
from mvsearch.indexer.training.songs.look import ProjectedLook
from mvsearch.indexer.training.songs.network import build_song_network
from mvsearch.indexer.training.songs.options import SongOptions
from mvsearch.search.api.training import Run
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import (
    CancelledError,
    EncoderMismatchError,
    MvsearchError,
    TrainingError,
)
from mvsearch.store.library import Library
from mvsearch.store.records import LOOK, Space
from tests.toy_library import make_indexed

OWN, TRAINED = "toy-frames", "songs-1"


def train(library: Path, name: str = TRAINED, **given: object) -> Run:
    options = {"trunk": "toy", "projection": 8, "epochs": 2, "batch_size": 8, "learning_rate": 0.05}
    return mvsearch.train_songs(library, name, **(options | given))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def use_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them wait for each other longer than they compute."""
    monkeypatch.setenv("MVSEARCH_THREADS", "1")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of three clips with a finished run."""
    folder = tmp_path_factory.mktemp("looks")
    library = make_indexed(folder / "videos", folder / "library")
    train(library)
    return library


@pytest.fixture
def library(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "library")
    return tmp_path / "library"


def read_state(library: Path) -> dict[str, tuple[bool, int]]:
    with mvsearch.open(library) as opened:
        return {
            one.name: (one.is_in_use, one.n_lacking)
            for one in opened.encoders()
            if one.modality == "frames"
        }


def find_like(library: Path) -> list[tuple[str, float]]:
    with mvsearch.open(library) as opened:
        return [
            (result.video.title, result.score)
            for result in opened.similar(opened.find("first"), weights={"frames": 1})
        ]


def test_a_trained_encoder_is_switched_to_and_back(library: Path) -> None:
    before = find_like(library)
    assert read_state(library) == {OWN: (True, 0)}
    with mvsearch.open(library) as opened:
        opened.switch_encoder(TRAINED)
        inside = opened.similar(opened.find("first"), weights={"frames": 1})
    trained = find_like(library)
    assert read_state(library) == {OWN: (False, 0), TRAINED: (True, 0)}
    assert [(one.video.title, one.score) for one in inside] == trained
    assert trained != before
    with mvsearch.open(library) as opened:
        opened.switch_encoder(OWN)
    assert find_like(library) == before
    assert read_state(library) == {OWN: (True, 0), TRAINED: (False, 0)}


def test_its_vectors_are_those_of_the_network(library: Path) -> None:
    with mvsearch.open(library) as opened:
        opened.switch_encoder(TRAINED)
        video = opened.find("second")
    with Library.open(library) as catalogue:
        (space,) = catalogue.catalog.look_spaces()
        stored = catalogue.catalog.embeddings(video.id, space.key)
    assert stored is not None
    network = build_song_network(SongOptions(trunk="toy", projection=8), 3, is_filled=False)
    network.load_state_dict(RunFolder(library / "training" / TRAINED).load_weights())
    seconds = [segment.start_seconds for segment in stored.segments]
    command = ["ffmpeg", "-v", "error", "-i", str(video.path), "-vf", "scale=32:32:flags=bicubic"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    frames = np.frombuffer(raw, np.uint8).reshape(-1, 32, 32, 3)
    chosen = frames[[round((at or 0.0) * 10) for at in seconds]].copy()  # ten frames a second
    with torch.inference_mode():
        wanted = network.embed(torch.from_numpy(chosen)).numpy()
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    assert (stored.vectors * wanted).sum(axis=1).min() > 0.99


def test_new_videos_are_encoded_by_the_one_in_use(library: Path, made: Path) -> None:
    with mvsearch.open(library) as opened:
        opened.switch_encoder(TRAINED)
        opened.remove("second")
        opened.index(made.parent / "videos", include_removed=True, lyrics="off")
    assert read_state(library) == {OWN: (False, 0), TRAINED: (True, 0)}


@pytest.mark.slow
def test_what_was_added_meanwhile_is_encoded_before_a_switch(library: Path, made: Path) -> None:
    with mvsearch.open(library) as opened:
        opened.switch_encoder(TRAINED)
        opened.switch_encoder(OWN)
        opened.remove("second")
        opened.index(made.parent / "videos", include_removed=True, lyrics="off")
        assert [one.n_lacking for one in opened.encoders()] == [0, 1]
        opened.switch_encoder(TRAINED)
    assert read_state(library) == {OWN: (False, 0), TRAINED: (True, 0)}


def test_an_open_library_follows_a_switch_of_another_process(library: Path) -> None:
    with mvsearch.open(library) as server, mvsearch.open(library) as other:
        video = server.find("first")
        before = [one.score for one in server.similar(video, weights={"frames": 1})]
        other.switch_encoder(TRAINED)
        after = [one.score for one in server.similar(video, weights={"frames": 1})]
        clip = server.search(clip=str(video.path), by="look", weights={"frames": 1})
    assert before != after
    assert clip[0].video == video


def test_stopped_before_the_end_the_old_one_serves(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, stop, add = find_like(library), threading.Event(), Catalog.add_embeddings

    def add_and_stop(self: Catalog, made: object) -> None:
        add(self, made)  # type: ignore[arg-type]
        stop.set()

    with monkeypatch.context() as patch, mvsearch.open(library) as opened:
        patch.setattr(Catalog, "add_embeddings", add_and_stop)
        with pytest.raises(CancelledError):
            opened.switch_encoder(TRAINED, cancel=stop)
    (own, trained) = read_state(library).values()
    assert own == (True, 0)
    assert trained[0] is False
    assert 0 < trained[1] < 3
    assert find_like(library) == before
    with mvsearch.open(library) as opened:
        opened.switch_encoder(TRAINED)
    assert read_state(library)[TRAINED] == (True, 0)


@pytest.mark.robustness
@pytest.mark.parametrize("place", ["add_look", "add_embeddings", "switch_look"])
def test_killed_anywhere_the_old_one_serves(library: Path, place: str) -> None:
    before = find_like(library)
    code = (
        "import os, signal, mvsearch\n"
        "from mvsearch.store.catalog.writing import Catalog\n"
        f"real, n = Catalog.{place}, 0\n"
        "def die(*given):\n"
        "    global n\n"
        "    n += 1\n"
        "    if n > 1 or " + repr(place != "add_embeddings") + ":\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(*given)\n"
        f"Catalog.{place} = die\n"
        f"with mvsearch.open({str(library)!r}) as library:\n"
        f"    library.switch_encoder({TRAINED!r})\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert read_state(library)[OWN] == (True, 0)
    assert find_like(library) == before
    with mvsearch.open(library) as opened:
        opened.switch_encoder(TRAINED)
    assert read_state(library)[TRAINED] == (True, 0)


def test_a_search_with_a_trained_encoder_imports_no_torch(library: Path, made: Path) -> None:
    clip = next((made.parent / "videos").glob("Grace*.mp4"))
    code = (
        "import sys, mvsearch\n"
        f"with mvsearch.open({str(library)!r}) as library:\n"
        f"    found = library.search(clip={str(clip)!r}, by='look', weights={{'frames': 1}})\n"
        "print(found[0].video.title, 'torch' in sys.modules)\n"
    )
    with mvsearch.open(library) as opened:
        opened.switch_encoder(TRAINED)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout.split()[-1:] == ["False"], ended.stderr
    assert "Second Song" in ended.stdout


def test_vectors_are_dropped_but_not_those_in_use(library: Path) -> None:
    with mvsearch.open(library) as opened:
        opened.switch_encoder(TRAINED)
        with pytest.raises(EncoderMismatchError, match="in use"):
            opened.drop_encoder(TRAINED)
        opened.switch_encoder(OWN)
        left = [OWN, "toy-lyrics", "toy-audio"]
        assert [one.name for one in opened.drop_encoder(TRAINED)] == left
        with pytest.raises(TrainingError, match="no trained encoder"):
            opened.drop_encoder(TRAINED)
    with Library.open(library) as catalogue:
        assert not [key for key in catalogue.catalog.generations() if key.startswith(TRAINED)]


def test_what_cannot_be_used_is_one_line(library: Path) -> None:
    run = library / "training" / TRAINED
    broken = {
        "absent": "is not finished",
        "../library": "small letters",
        "unfinished": "is not finished",
        "changed": "is not what its card describes",
        "other": "trained for mood",
        "no-card": "damaged",
    }
    for name in ("unfinished", "changed", "other", "no-card"):
        shutil.copytree(run, run.with_name(name))
    (run.with_name("unfinished") / "card.json").unlink()
    (run.with_name("changed") / "weights.safetensors").write_bytes(b"other")
    card = run.with_name("other") / "card.json"
    card.write_text(card.read_text().replace('"task": "songs"', '"task": "mood"'))
    (run.with_name("no-card") / "card.json").write_text("[1]")
    for name, wrong in (("no-trunk", {"trunk": ["toy"]}), ("too-many", {})):
        shutil.copytree(run, run.with_name(name))
        card = run.with_name(name) / "card.json"
        content = json.loads(card.read_text())
        content["settings"] |= wrong
        content["counts"]["songs"] = 3 if wrong else 10**11
        card.write_text(json.dumps(content))
        broken[name] = "names no trunk, or no number of songs"
    with mvsearch.open(library) as opened:
        for name, said in broken.items():
            with pytest.raises(MvsearchError, match=said) as caught:
                opened.switch_encoder(name)
            assert "\n" not in str(caught.value)
            assert opened.encoders()[0].is_in_use


def test_a_file_that_is_gone_keeps_the_old_one_in_use(library: Path, made: Path) -> None:
    gone = next((made.parent / "videos").glob("Grace*.mp4"))
    away = gone.rename(gone.with_suffix(".away"))
    try:
        with mvsearch.open(library) as opened:
            with pytest.raises(TrainingError, match="Second Song"):
                opened.switch_encoder(TRAINED)
            assert opened.encoders()[0].is_in_use
    finally:
        away.rename(gone)


@pytest.mark.slow
def test_a_run_in_use_is_not_trained_again(library: Path) -> None:
    with mvsearch.open(library) as opened:
        opened.switch_encoder(TRAINED)
    with pytest.raises(TrainingError, match="uses songs-1"):
        train(library, restart=True, seed=3)
    for other in (mvsearch.train_audiovisual, mvsearch.train_compose):
        with pytest.raises(TrainingError, match="uses songs-1"):
            other(library, TRAINED, restart=True)
    with mvsearch.open(library) as opened:
        opened.switch_encoder(OWN)
    train(library, restart=True, seed=3)
    with mvsearch.open(library) as opened:
        assert "trained again" in opened.encoders()[1].problem
        opened.switch_encoder(TRAINED)
        assert {one.problem for one in opened.encoders()} == {""}


def test_a_projection_of_own_vectors_needs_no_media(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library.open(library) as catalogue:
        base = looks.find_base(catalogue.catalog)
        projection = np.random.default_rng(1).normal(size=(8, base.dim)).astype(np.float32)
        look = ProjectedLook(Space("frames", TRAINED, "r-1", 8, LOOK), projection)
        monkeypatch.setattr(looks, "open_look", lambda folder, base: look)
        monkeypatch.setattr(looks, "analyse_jobs", None)
        encoders = Encoders("toy")
        looks.switch_look(catalogue, encoders, TRAINED, Silence(), threading.Event())
        video = catalogue.catalog.find_video("first")
        own = catalogue.catalog.embeddings(video.id, base.key)
        made = catalogue.catalog.embeddings(video.id, look.space.key)
    assert own is not None
    assert made is not None
    wanted = own.vectors @ projection.T
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    np.testing.assert_allclose(made.vectors, wanted, atol=2e-3)
    assert made.segments == own.segments
