"""Heads of moods of a run take the place of those of the package, and give it back."""

import hashlib
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import mvsearch
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.mood import heads as package
from mvsearch.indexer.mood.used import FILE, find_heads, read_run_heads, write_used
from mvsearch.indexer.training.cards import Card, write_card
from mvsearch.store.errors import CancelledError, LibraryDamagedError, QueryError, TrainingError
from mvsearch.store.files.in_folder import FolderFiles
from mvsearch.store.library import Library
from mvsearch.store.records import SIDES, Embeddings, Segment, Stage
from tests.store.examples import add_song

SHIFT = 0.125


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A library with the picture and the sound of one video."""
    folder = tmp_path / "library"
    encoders, random = Encoders("embedded"), np.random.default_rng(0)
    with Library.open(folder, create=True) as library, library.writing():
        library.catalog.adopt_profile("embedded", encoders.spaces())
        add_song(library.catalog, "ab12")
        for modality in ("frames", "audio"):
            spaces = [one for one in encoders.spaces() if one.modality == modality]
            made = tuple(_embed(space, random) for space in spaces)
            library.catalog.store_stage(Stage("ab12", modality, spaces[0].key, "done"), made)
    return folder


def _embed(space, random: np.random.Generator) -> Embeddings:
    vectors = random.normal(size=(3, space.dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embeddings(space, tuple(Segment(at, at + 1.0) for at in range(3)), vectors)


@pytest.fixture
def run(place: Path) -> Path:
    """A run whose heads find everything a little more pleasant than those of the package."""
    folder = place / "training" / "mine"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("")
    for side in SIDES:
        source = package.FOLDER / f"{side}.safetensors"
        content = bytearray(source.read_bytes())
        bias = load_file(source)["mood.bias"]
        (at,) = [
            at for at in range(len(content) - bias.nbytes) if content[at : at + 8] == bias.tobytes()
        ]
        content[at : at + 8] = (bias + np.array([SHIFT, 0], np.float32)).tobytes()
        (folder / f"{side}.safetensors").write_bytes(content)
    write_card(folder / "card.json", Card("mood", "", "", "", "", {}, {}, 1, 1, {}, {}, {}))
    return folder


def read_moods(place: Path) -> dict[str, tuple[float, float, str]]:
    with Library.open(place) as library:
        tracks = library.catalog.mood_tracks("ab12")
    return {one.side: (one.mood.valence, one.mood.arousal, one.head) for one in tracks}


def test_a_run_is_used_and_dropped(place, run):
    mvsearch.drop_heads(place)
    before = read_moods(place)
    mvsearch.use_heads("mine", place)
    after = read_moods(place)
    for side in SIDES:
        assert after[side][0] == pytest.approx(before[side][0] + SHIFT, abs=2e-4)
        assert after[side][1] == before[side][1]
        assert after[side][2] != before[side][2]
    assert find_heads(FolderFiles(place)).name == "mine"
    mvsearch.drop_heads(place)
    assert read_moods(place) == before
    assert not (place / FILE).exists()


@pytest.mark.robustness
def test_cancelled_the_heads_of_before_stay(place, run):
    mvsearch.drop_heads(place)
    before, cancel = read_moods(place), threading.Event()
    cancel.set()
    with pytest.raises(CancelledError):
        mvsearch.use_heads("mine", place, cancel=cancel)
    assert read_moods(place) == before
    assert not find_heads(FolderFiles(place)).name


@pytest.mark.parametrize("damage", [b"", b"\x08\0\0\0\0\0\0\0{}      ", b"x" * 100])
def test_damage_is_told_in_a_line(place, run, damage):
    (run / "sound.safetensors").write_bytes(damage)
    with pytest.raises(TrainingError, match="is damaged: it "):
        mvsearch.use_heads("mine", place)
    (place / FILE).write_bytes(damage)
    with pytest.raises(LibraryDamagedError, match="use the run again"):
        find_heads(FolderFiles(place))


def test_a_head_of_another_run_is_refused(place, run):
    """It is a valid one, so only the card tells."""
    head = run / "sound.safetensors"
    files = {head.name: hashlib.sha256(head.read_bytes()).hexdigest()}
    card = Card("mood", "", "", "", "", {}, {}, 1, 1, {}, {}, {}, files)
    write_card(run / "card.json", card)
    assert read_run_heads(run, "mine")[0].name == "mine"
    head.write_bytes((package.FOLDER / head.name).read_bytes())
    with pytest.raises(
        TrainingError, match="is damaged: it is not what its card describes"
    ) as told:
        mvsearch.use_heads("mine", place)
    assert "\n" not in str(told.value)
    assert not find_heads(FolderFiles(place)).name


def test_the_command_uses_and_drops(place, run, shell):
    code, out, _ = shell("train", "use", "mine", "--library", place, "--json")
    assert (code, '"mood"' in out) == (0, True)
    assert find_heads(FolderFiles(place)).name == "mine"
    assert shell("train", "drop-heads", "--library", place)[0] == 0
    assert not find_heads(FolderFiles(place)).name


@pytest.mark.robustness
def test_killed_before_the_moods_are_stored_the_library_asks_for_an_index_run(place, run):
    _, content = read_run_heads(run, "mine")
    mvsearch.drop_heads(place)
    write_used(FolderFiles(place), content)
    with (
        mvsearch.open(place) as library,
        pytest.raises(QueryError, match="index its folders again"),
    ):
        library.music_for(mvsearch.make_query(like="ab12"), way="mood")
