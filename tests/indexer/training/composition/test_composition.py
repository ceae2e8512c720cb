"""The training of MusicGen's conditioning, on a toy library and a tiny random MusicGen."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import mvsearch
from mvsearch.indexer.composing.musicgen import MusicGen
from mvsearch.indexer.composing.projection import (
    ProjectionShape,
    build_projection,
    read_projection,
)
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.mood.measure import find_mood_space
from mvsearch.indexer.progress import Silence
from mvsearch.indexer.training.composition.frozen import FrozenMusicGen, delay_codes
from mvsearch.indexer.training.composition.options import CompositionOptions
from mvsearch.indexer.training.composition.pairs import ComposePairs, list_starts, read_pairs
from mvsearch.indexer.training.composition.task import split_songs
from mvsearch.store.errors import TrainingError
from mvsearch.store.library import Library
from tests.tiny_composers import FRAME_RATE, N_CODEBOOKS, SAMPLE_RATE
from tests.toy_library import index, make_clip

OPTIONS = CompositionOptions(pieces_a_song=2, seconds=1.0, hidden=4, tokens=3)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVSEARCH_THREADS", "1")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of three songs of one colour change each, and one that is too short."""
    root = tmp_path_factory.mktemp("songs")
    (root / "videos").mkdir()
    for at, (name, hertz) in enumerate((("a", 300), ("b", 1500), ("c", 2500))):
        source = f"testsrc2=s=64x48:r=4,hue=h={90 * at}"
        make_clip(root / "videos" / f"{name}.mp4", source, f"sine=f={hertz}", 3)
    make_clip(root / "videos" / "short.mp4", "testsrc2=s=64x48:r=4", "sine=f=900", 0.8)
    index(root / "videos", root / "library")
    return root / "library"


@pytest.fixture(scope="module")
def frozen(composers: Path) -> FrozenMusicGen:
    return FrozenMusicGen(MusicGen(composers / "musicgen-small"))


@pytest.fixture(scope="module")
def pairs(home: Path, frozen: FrozenMusicGen) -> ComposePairs:
    encoders = Encoders("toy")
    found = find_mood_space(encoders.frames.spaces, "frames")
    assert found is not None
    with Library.open(home) as library:
        return read_pairs(
            library, found[1], encoders.frames.spaces, frozen, OPTIONS, Silence(),
            threading.Event(),
        )  # fmt: skip


def test_pieces_are_spread_over_the_song() -> None:
    assert list_starts(3.0, OPTIONS) == [0.25, 1.75]
    assert list_starts(1.0, OPTIONS) == [0.0]
    assert list_starts(0.9, OPTIONS) == []


def test_pieces_have_the_pictures_and_the_codes_of_their_time(
    home: Path, pairs: ComposePairs
) -> None:
    assert (len(set(pairs.songs)), len(pairs.songs), pairs.n_skipped) == (3, 6, 1)
    assert pairs.codes.shape == (6, N_CODEBOOKS, FRAME_RATE)
    assert pairs.joints.shape == (6, 2)
    assert replace(pairs, codes=pairs.codes.copy()).mark() == pairs.mark()
    assert replace(pairs, codes=pairs.codes + 1).mark() != pairs.mark()
    with Library.open(home) as library:
        (video,) = [v for v in library.catalog.videos() if v.id == pairs.songs[0]]
        entry = library.catalog.embeddings(video.id, Encoders("toy").frames.spaces[-1].key)
    assert entry is not None
    times = np.array([segment.start_seconds for segment in entry.segments])
    inside = entry.vectors[(times >= 0.25) & (times < 1.25)]
    red = (inside[:, 0] / inside[:, 3] + 1) / 2  # the toy head's arousal, by its rule
    assert pairs.joints[0, 1] == pytest.approx(red.mean(), abs=1e-5)


def test_codes_are_delayed_as_musicgen_has_them() -> None:
    import torch

    inputs, targets = delay_codes(torch.tensor([[[1, 2, 3], [4, 5, 6]]]), 9)
    assert inputs.tolist() == [[[9, 1, 2, 3], [9, 9, 4, 5]]]
    assert targets.tolist() == [[[1, 2, 3, 9], [9, 4, 5, 6]]]


def test_the_loss_of_a_frame_by_hand(frozen: FrozenMusicGen) -> None:
    import torch

    generator = frozen._generator
    vectors = np.random.default_rng(0).normal(0, 3, (3, generator.width)).astype(np.float32)
    hidden = torch.tensor(vectors[None], requires_grad=True)
    codes = torch.full((1, N_CODEBOOKS, 1), 0)
    first = generator.model(
        encoder_outputs=(hidden,),
        attention_mask=torch.ones(1, 3, dtype=torch.long),
        decoder_input_ids=torch.full((N_CODEBOOKS, 1), 32),
    ).logits
    by_hand = -torch.log_softmax(first[0, 0], dim=0)
    for code in range(3):
        codes[0, 0, 0] = code
        # The second codebook's first code follows one step later, after the first one's.
        inputs = torch.tensor([[32, code], [32, 32]])
        later = generator.model(
            encoder_outputs=(hidden,),
            attention_mask=torch.ones(1, 3, dtype=torch.long),
            decoder_input_ids=inputs,
        ).logits
        expected = (by_hand[code] - torch.log_softmax(later[1, 1], dim=0)[0]) / 2
        loss = frozen.measure_loss(hidden, codes)
        assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
    loss.backward()
    assert hidden.grad is not None
    assert float(hidden.grad.abs().max()) > 0


def test_songs_are_in_one_part_only() -> None:
    songs = tuple("aabbccdd")
    pairs = ComposePairs(songs, np.zeros((8, 2), np.float32), np.zeros((8, 1, 1), int), 0)
    trained, validated = split_songs(pairs, 0.25, seed=0)
    assert {songs[at] for at in trained}.isdisjoint({songs[at] for at in validated})
    assert sorted([*trained, *validated]) == list(range(8))
    few = ComposePairs(("a", "b"), pairs.joints[:2], pairs.codes[:2], 0)
    with pytest.raises(TrainingError, match="2 songs have pictures and sound of 3"):
        split_songs(few, 0.25, seed=0)


def test_the_projection_is_the_same_in_numpy_and_torch() -> None:
    import torch

    shape = ProjectionShape(joint=2, hidden=4, tokens=3, width=5)
    network = build_projection(shape)
    tensors = {name: tensor.detach().numpy() for name, tensor in network.state_dict().items()}
    settings = {"joint": 2, "hidden": 4, "tokens": 3, "width": 5}
    joint = np.array([0.3, -1.2], np.float32)
    expected = network(torch.tensor(joint[None]))[0].detach().numpy()
    found = read_projection(settings, tensors).project(joint)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    for change in ({"tokens": 4}, {"width": 10**9}, {"joint": "x"}, {"hidden": None}):
        with pytest.raises(TrainingError, match="projection"):
            read_projection(settings | change, tensors)
    tensors["first.bias"] = np.full(4, np.nan, np.float32)
    with pytest.raises(TrainingError, match="not those of its card"):
        read_projection(settings, tensors)


def test_a_stereo_network_is_refused(frozen: FrozenMusicGen) -> None:
    config = SimpleNamespace(decoder=SimpleNamespace(audio_channels=2))
    stereo = SimpleNamespace(model=SimpleNamespace(config=config), folder="f")
    with pytest.raises(TrainingError, match="stereo"):
        FrozenMusicGen(stereo)  # type: ignore[arg-type]


def test_a_trained_projection_composes(
    home: Path, composers: Path, tmp_path: Path, shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MVSEARCH_MODELS", str(composers))
    place = shutil.copytree(home, tmp_path / "library")
    small = {"pieces_a_song": 2, "seconds": 1.0, "hidden": 4, "tokens": 3, "epochs": 3}
    run = mvsearch.train_compose(place, "mine", learning_rate=0.05, **small)
    assert run.card is not None
    history = (run.folder / "metrics.jsonl").read_text().splitlines()
    assert len(history) == run.n_epochs
    assert {"validation_loss", "validation_loss_of_other_pictures"} <= set(run.card.figures)
    assert run.card.settings["generator"].startswith("facebook/musicgen-small (")
    with pytest.raises(TrainingError, match=r"was begun with settings\.tokens = 3, not 2"):
        mvsearch.train_compose(place, "mine", learning_rate=0.05, **{**small, "tokens": 2})
    code, _, err = shell("train", "use", "mine", "--library", place)
    assert (code, "compose --projection mine" in err) == (2, True)
    green, red = (np.zeros((48, 64, 3), np.uint8) for _ in range(2))
    green[:, :, 1] = red[:, :, 0] = 255
    green[:24] //= 2
    with mvsearch.open(place) as library:
        made = mvsearch.compose(green, seconds=1.0, projection="mine", library=library)
        other = mvsearch.compose(red, seconds=1.0, projection="mine", library=library)
        assert len(made.samples) == SAMPLE_RATE
        assert made.caption is None
        assert made.model.endswith("by the projection mine")
        assert not np.array_equal(made.samples, other.samples)
        with pytest.raises(mvsearch.QueryError, match="leave one of the two out"):
            mvsearch.compose(green, caption="x", projection="mine", library=library)
        with pytest.raises(TrainingError, match="no run is called other"):
            mvsearch.compose(green, projection="other", library=library)


def test_without_weights_or_songs_it_is_one_line(
    home: Path, composers: Path, tmp_path: Path, shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = shell("train", "compose", "--library", home, "--name", "x")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "musicgen-small has no model.safetensors" in err
    monkeypatch.setenv("MVSEARCH_MODELS", str(composers))
    place = shutil.copytree(home, tmp_path / "library")
    code, out, err = shell("train", "compose", "--library", place, "--seconds", "4")
    assert (code, out) == (2, "")
    assert "0 songs have pictures and sound of 3 that are the least" in err.splitlines()[-1]
