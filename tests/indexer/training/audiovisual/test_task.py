from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from mvsearch.indexer.audiovisual.towers import Tower, Towers, read_towers
from mvsearch.indexer.audiovisual.windows import VideoWindows
from mvsearch.indexer.training.audiovisual.options import TRAINING, AudiovisualOptions
from mvsearch.indexer.training.audiovisual.splitting import split_videos
from mvsearch.indexer.training.audiovisual.task import AudiovisualTask, find_towers, measure_windows
from mvsearch.indexer.training.loop import train
from mvsearch.store.errors import TrainingError
from mvsearch.store.records import Space
from tests.indexer.training.audiovisual.planted import PICTURE_DIM, SOUND_DIM, make_videos

SPACES = Space("frames", "toy", "1", PICTURE_DIM), Space("audio", "toy", "1", SOUND_DIM)
OPTIONS = AudiovisualOptions(dim=4, start="random", validated_share=0.2, tested_share=0.3)
QUICK = replace(TRAINING, epochs=8, learning_rate=0.03, batch_size=8, device="cpu")


def make_task(
    options: AudiovisualOptions = OPTIONS, videos: Sequence[VideoWindows] | None = None
) -> AudiovisualTask:
    videos = make_videos(40) if videos is None else videos
    split = split_videos(videos, options.validated_share, options.tested_share, seed=1)
    return AudiovisualTask(split, SPACES, options, QUICK.batch_size)


def test_it_finds_what_picture_and_sound_share_in_videos_it_never_saw(tmp_path: Path) -> None:
    card = train(make_task(), QUICK, tmp_path / "run")
    assert card.figures["test_behind"] > 0.85  # 0.5 by chance

    mixed = make_videos(40)
    sounds = [mixed[(place + 7) % 40].sounds for place in range(40)]
    mixed = [replace(video, sounds=sounds[place]) for place, video in enumerate(mixed)]
    strangers = train(make_task(videos=mixed), QUICK, tmp_path / "strangers")
    assert strangers.figures["test_behind"] < 0.75


def test_the_start_by_correlation_is_the_closed_form(tmp_path: Path) -> None:
    options = replace(OPTIONS, start="correlation")
    still = replace(QUICK, epochs=1, learning_rate=1e-9, weight_decay=0.0)
    card = train(make_task(options), still, tmp_path)
    assert card.figures["test_behind"] == card.figures["test_behind_correlation"] > 0.85


@pytest.mark.parametrize("off", ["semantic", "temporal"])
def test_a_term_without_weight_is_left_out(off: str) -> None:
    task = make_task(replace(OPTIONS, **{f"{off}_weight": 0.0}))  # type: ignore[arg-type]
    batch = next(iter(task.draw_batches(np.random.default_rng(0))))
    both = make_task().compute_losses(make_task().build(), batch, "cpu")
    assert set(task.compute_losses(task.build(), batch, "cpu")) == set(both) - {off}
    twice = make_task(replace(OPTIONS, semantic_weight=2.0))
    torch.manual_seed(0)
    once = make_task().compute_losses(make_task().build(), batch, "cpu")["semantic"]
    torch.manual_seed(0)
    made = twice.compute_losses(twice.build(), batch, "cpu")["semantic"]
    assert float(made.detach()) == pytest.approx(2 * float(once.detach()))


def test_towers_without_torch_give_what_the_network_gives() -> None:
    task = make_task()
    network, video = task.build(), task.split.tested[0]
    pictures, sounds = torch.from_numpy(video.pictures), torch.from_numpy(video.sounds)
    with torch.inference_mode():
        expected = network(pictures, sounds).numpy() * OPTIONS.temperature
    towers = find_towers(network)
    found = towers.picture.project(video.pictures) @ towers.sound.project(video.sounds).T
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_windows_are_compared_with_those_of_other_sources() -> None:
    # Both towers keep the first two numbers; the third source has two videos.
    part = Tower(np.zeros(2, np.float32), np.eye(2, dtype=np.float32))
    places = [
        ("x", [1, 0], [1, 0]),
        ("y", [0, 1], [1, 0]),
        ("z", [1, 0], [0.6, 0.8]),
        ("z", [0, 1], [0, 1]),
    ]
    videos = [
        VideoWindows(
            f"{at}", source, *(np.array(one, np.float32) for one in ([0], [seen], [heard]))
        )
        for at, (source, seen, heard) in enumerate(places)
    ]
    # Own and others: 1 and 1, .6, 0; 0 and 1, .8, 0; .6 and 1, 1; 1 and 0, 0.
    expected = np.mean([2.5 / 3, 0.5 / 3, np.mean([0, 1])])
    assert measure_windows(Towers(part, part), videos) == pytest.approx(expected)


def test_a_run_names_what_it_did_not_see_and_refuses_another_configuration(tmp_path: Path) -> None:
    task, brief = make_task(), replace(QUICK, epochs=1)
    card = train(task, brief, tmp_path)
    towers = read_towers(load_file(tmp_path / "weights.safetensors"))
    unseen = towers.find_unseen(video.video_id for video in make_videos(40))
    assert unseen == {video.video_id for video in task.split.tested}
    assert card.counts["trained_videos"] + card.counts["validated_videos"] == 28
    with pytest.raises(TrainingError, match=r"settings\.dim"):
        train(make_task(replace(OPTIONS, dim=3)), brief, tmp_path)
    with pytest.raises(TrainingError, match=r"data\.fingerprint"):
        train(make_task(videos=make_videos(40, seed=9)), brief, tmp_path)


def test_without_a_validation_part_the_trained_one_chooses(tmp_path: Path) -> None:
    task = make_task(replace(OPTIONS, validated_share=0.0, tested_share=0.0))
    card = train(task, replace(QUICK, epochs=1), tmp_path)
    assert set(card.figures) == {"training_behind"}
    assert card.counts["validated_videos"] == card.counts["tested_videos"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"dim": 0},
        {"temperature": 0.0},
        {"shrinkage": float("nan")},
        {"start": "else"},
        {"semantic_weight": 0.0, "temporal_weight": 0.0},
        {"semantic_weight": 0.0, "windows_a_video": 1},
        {"tested_share": 0.9},
    ],
)
def test_options_out_of_their_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TrainingError) as caught:
        AudiovisualOptions(**wrong)
    assert "\n" not in str(caught.value)
