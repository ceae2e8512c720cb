"""Whole networks, tiny and random, on clips that are made here."""

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

import mvsearch
from mvsearch.indexer.encoders.audio.log_mel import compute_log_mel
from mvsearch.indexer.progress import Silence
from mvsearch.indexer.training.audiovisual.full_network import build_full_towers
from mvsearch.indexer.training.audiovisual.full_options import FullOptions
from mvsearch.indexer.training.audiovisual.media_windows import find_windows, read_media_windows
from mvsearch.indexer.training.audiovisual.options import AudiovisualOptions
from mvsearch.store.errors import TrainingError
from mvsearch.store.library import Library
from mvsearch.store.records import IndexedVideo, Location, Stage, Video
from tests.toy_library import make_clip

TINY = FullOptions(
    trunk="toy", channels=1, frame_size=16, window_seconds=1.0, step_seconds=0.5,
    longest_seconds=30.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Six clips of two seconds, each of another colour and pitch; the last has no sound."""
    folder = tmp_path_factory.mktemp("clips")
    colours = ("red", "green", "blue", "white", "gray", "yellow", "black")
    return {
        colour: make_clip(
            folder / f"{colour}.mp4",
            f"color={colour}:s=32x32:r=8:d=2",
            f"sine=f={300 + 200 * number}:d=2" if colour != "black" else None,
            2.0,
        )
        for number, colour in enumerate(colours)
    }


def test_windows_have_frames_and_spectra_of_the_same_time(
    clips: dict[str, Path], tmp_path: Path
) -> None:
    found = read_media_windows(
        {"red": clips["red"], "black": clips["black"], "none": tmp_path / "none.mp4"},
        {"red": "films"},
        TINY,
        tmp_path,
        Silence(),
        threading.Event(),
    )
    assert found.n_skipped == 2
    (red,) = found.videos
    assert (red.video_id, red.source, red.starts_seconds.tolist()) == ("red", "films", [0, 0.5, 1])
    pictures, sounds = red.pictures[np.array([1, 2])], red.sounds[np.array([1])]
    assert pictures.shape == (2, 4, 16, 16, 3)
    assert pictures[..., 0].min() > 200 > 60 > pictures[..., 1].max()
    time = np.arange(16_000 + 240) / 16_000
    tone = compute_log_mel(0.125 * np.sin(2 * np.pi * 300 * time)[None].astype(np.float32))
    assert sounds.shape == (1, 100, 64) == tone.shape
    assert sounds[0].mean(axis=0).argmax() == tone[0].mean(axis=0).argmax()
    assert list(tmp_path.iterdir()) == []


def test_a_gap_in_the_picture_and_sound_that_ends_give_no_window() -> None:
    times = np.array([0, 0.25, 0.5, 0.75, 3.0, 3.25, 3.5, 3.75])
    assert find_windows(times, 1000, 100, TINY).tolist() == [0, 4]
    assert find_windows(times, 350, 100, TINY).tolist() == [0]


def test_similarities_are_cosines_of_pooled_networks_over_the_temperature() -> None:
    torch.manual_seed(0)
    network = build_full_towers(AudiovisualOptions(dim=3, temperature=0.5), TINY).eval()
    pictures = torch.randint(0, 256, (2, 4, 16, 16, 3), dtype=torch.uint8)
    sounds = torch.randn(2, 100, 64)
    with torch.inference_mode():
        found = network(pictures, sounds)
        # The maximum over time does not depend on the order of the frames.
        turned = network(pictures.flip(1), sounds)
    np.testing.assert_allclose(found, turned, atol=1e-5)
    assert found.shape == (2, 2)
    assert float(found.abs().max()) <= 1 / 0.5 + 1e-5


def test_the_command_of_a_gpu_runs_on_a_tiny_network(
    clips: dict[str, Path], tmp_path: Path
) -> None:
    place = tmp_path / "library"
    with Library.open(place, create=True) as library:
        library.catalog.adopt_profile("toy", ())
        library.catalog.add_indexed(
            [
                IndexedVideo(
                    Video(name, path, name, None, 2.0, True, has_sound=name != "black"),
                    Location(path, name, path.parent, 1, 1),
                    (Stage(name, "frames", "toy", "done"),),
                    (),
                )
                for name, path in clips.items()
            ]
        )
    tiny = {"trunk": "toy", "channels": 1, "frame_size": 16, "window_seconds": 1.0}
    run = mvsearch.train_audiovisual(
        place, networks="full", **tiny, epochs=1, batch_size=3, dim=4, apart_seconds=0.5,
        device="cpu", tested_share=0.0,
    )  # fmt: skip
    assert run.card is not None
    assert (run.name, run.card.task) == ("audiovisual-full-1", "audiovisual-full")
    assert run.card.counts["videos_without_picture_or_sound"] == 1
    assert run.card.counts["trained_sources"] == 4
    assert set(run.card.figures) == {"validation_behind"}
    with pytest.raises(TrainingError, match="not of audiovisual"):
        mvsearch.use_towers(run.name, place)


@pytest.mark.parametrize("wrong", [{"channels": 0}, {"window_seconds": 0.0}, {"frame_size": 9}])
def test_networks_out_of_their_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(TrainingError, match="must be from"):
        FullOptions(**wrong)  # type: ignore[arg-type]
