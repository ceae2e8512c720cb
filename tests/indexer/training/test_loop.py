import hashlib
import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from mvsearch.indexer.training import curves, run_folder
from mvsearch.indexer.training.checkpoints import load_tensors, save_tensors
from mvsearch.indexer.training.loop import train
from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.indexer.training.run_folder import RunFolder
from mvsearch.indexer.training.task import shuffle_rows
from mvsearch.store.errors import CancelledError, LibraryBusyError, TrainingError
from mvsearch.store.lock import WriterLock
from tests.indexer.training.toy_task import OFFSET, SLOPE, Line

OPTIONS = TrainingOptions(seed=3, epochs=6, learning_rate=0.05, schedule="cosine", device="cpu")


def read_bytes(folder: Path) -> bytes:
    return (folder / "weights.safetensors").read_bytes()


def test_it_finds_the_known_solution_and_says_how_good_it_is(tmp_path: Path) -> None:
    card = train(Line(), replace(OPTIONS, epochs=40), tmp_path / "run")

    weights = load_file(tmp_path / "run" / "weights.safetensors")
    assert float(weights["1.weight"].item()) == pytest.approx(SLOPE, abs=0.1)
    assert float(weights["1.bias"].item()) == pytest.approx(OFFSET, abs=0.1)
    by_hand = Line()
    made = by_hand.x * weights["1.weight"].item() + weights["1.bias"].item()
    assert card.figures["error"] == pytest.approx(np.abs(made - by_hand.y).mean(), rel=1e-3)
    assert RunFolder(tmp_path / "run").read_card() == card
    assert (card.task, card.licence, card.counts) == ("line", "CC0-1.0", {"points": 64})


def test_the_folder_has_configuration_figures_and_curves(tmp_path: Path) -> None:
    train(Line(), OPTIONS, tmp_path)

    epochs = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3, 4, 5, 6]
    assert epochs[-1]["loss"] < epochs[0]["loss"]
    assert epochs[0]["loss"] == pytest.approx(
        epochs[0]["loss_squares"] + epochs[0]["loss_sizes"], rel=1e-5
    )
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert not (tmp_path / "checkpoint.safetensors").exists()  # finished


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, options in {"a": OPTIONS, "b": OPTIONS, "c": replace(OPTIONS, seed=4)}.items():
        train(Line(), options, tmp_path / name)
    assert read_bytes(tmp_path / "a") == read_bytes(tmp_path / "b")
    assert read_bytes(tmp_path / "a") != read_bytes(tmp_path / "c")


@pytest.mark.robustness
@pytest.mark.parametrize(
    ("optimiser", "step"), [("sgd", 3), ("sgd", 30), ("adamw", 8), ("adamw", 9)]
)
def test_an_interrupted_run_goes_on_to_the_same_weights(
    tmp_path: Path, optimiser: str, step: int
) -> None:
    options = replace(OPTIONS, optimiser=optimiser)
    train(Line(), options, tmp_path / "whole")
    ended = Line()
    ended.fails_at = step
    with pytest.raises(KeyboardInterrupt):
        train(ended, options, tmp_path / "resumed")
    assert not RunFolder(tmp_path / "resumed").is_finished

    again = Line()
    train(again, options, tmp_path / "resumed")

    assert read_bytes(tmp_path / "resumed") == read_bytes(tmp_path / "whole")
    n_lost_epochs = 6 - (step - 1) // 8  # eight steps an epoch
    assert again.n_steps == 8 * n_lost_epochs


@pytest.mark.robustness
def test_killed_before_the_card_a_run_with_further_files_is_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, run = Line(), RunFolder(tmp_path)
    task.files = {"made.bin": b"made of the weights"}

    def kill(*_: object) -> None:
        assert (tmp_path / "made.bin").exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(run_folder, "write_card", kill)
    with pytest.raises(KeyboardInterrupt):
        train(task, OPTIONS, tmp_path)
    monkeypatch.undo()
    assert not run.is_finished

    card = train(task, OPTIONS, tmp_path)
    assert card.files == {"made.bin": hashlib.sha256(b"made of the weights").hexdigest()}
    assert run.read_file(card, "made.bin", 99) == b"made of the weights"
    (tmp_path / "made.bin").write_bytes(b"of others")
    with pytest.raises(TrainingError, match=r"made\.bin is damaged: it is not what its card"):
        run.read_file(card, "made.bin", 99)


def test_it_stops_early_and_keeps_the_best_epoch(tmp_path: Path) -> None:
    class Worse(Line):
        n_validated = 0

        def validate(self, network, device):  # type: ignore[no-untyped-def]
            self.n_validated += 1
            return {"error": float(abs(self.n_validated - 2))}

    card = train(Worse(), replace(OPTIONS, epochs=50, patience=3), tmp_path)
    assert (card.best_epoch, card.n_epochs) == (2, 5)


@pytest.mark.parametrize(
    ("options", "task", "named"),
    [
        (replace(OPTIONS, seed=9), Line(), "training.seed = 3, not 9"),
        (replace(OPTIONS, epochs=7), Line(), "training.epochs"),
        (OPTIONS, Line(fingerprint="others"), "data.fingerprint"),
        (OPTIONS, Line(n_points=72), "data.points"),
    ],
)
def test_another_seed_configuration_or_data_is_refused(
    tmp_path: Path, options: TrainingOptions, task: Line, named: str
) -> None:
    ended = Line()
    ended.fails_at = 20
    with pytest.raises(KeyboardInterrupt):
        train(ended, OPTIONS, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix}

    with pytest.raises(TrainingError, match=named.replace(".", r"\.")) as caught:
        train(task, options, tmp_path)

    assert "\n" not in str(caught.value)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix}


def test_a_finished_run_is_not_repeated(tmp_path: Path) -> None:
    card, again = train(Line(), OPTIONS, tmp_path), Line()
    assert train(again, OPTIONS, tmp_path) == card
    assert again.n_steps == 0


def test_what_cannot_be_trained_is_one_line(tmp_path: Path) -> None:
    broken = Line()
    broken.y[5] = np.nan
    with pytest.raises(TrainingError, match="the loss is nan in epoch 1"):
        train(broken, OPTIONS, tmp_path / "nan")
    with pytest.raises(TrainingError, match="learning rate"):
        replace(OPTIONS, learning_rate=float("nan"))
    stop = threading.Event()
    stop.set()
    with pytest.raises(CancelledError, match="stopped in epoch 1"):
        train(Line(), OPTIONS, tmp_path / "stopped", stop=stop)
    (tmp_path / "busy").mkdir()
    with WriterLock(tmp_path / "busy").holding(0), pytest.raises(LibraryBusyError, match="run"):
        train(Line(), OPTIONS, tmp_path / "busy")


def test_a_full_disk_keeps_the_last_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mvsearch.indexer.training import checkpoints

    train(Line(), OPTIONS, tmp_path / "whole")
    n_writes, write_own = 0, checkpoints.write_own

    def fill_up(target: Path, content: bytes) -> None:
        nonlocal n_writes
        n_writes += 1
        if n_writes > 5:
            raise OSError(28, "No space left on device")
        write_own(target, content)

    monkeypatch.setattr(checkpoints, "write_own", fill_up)
    with pytest.raises(TrainingError, match="No space left on device"):
        train(Line(), OPTIONS, tmp_path / "full")
    assert not RunFolder(tmp_path / "full").is_finished
    monkeypatch.setattr(checkpoints, "write_own", write_own)
    train(Line(), OPTIONS, tmp_path / "full")
    assert read_bytes(tmp_path / "full") == read_bytes(tmp_path / "whole")


@pytest.mark.parametrize("name", ["checkpoint.safetensors", "config.toml"])
def test_damaged_files_are_one_line(tmp_path: Path, name: str) -> None:
    ended = Line()
    ended.fails_at = 20
    with pytest.raises(KeyboardInterrupt):
        train(ended, OPTIONS, tmp_path)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-5])
    with pytest.raises(TrainingError, match=name.replace(".", r"\.")) as caught:
        train(Line(), OPTIONS, tmp_path)
    assert "\n" not in str(caught.value)


def test_changed_weights_are_not_used(tmp_path: Path) -> None:
    train(Line(), OPTIONS, tmp_path)
    run = RunFolder(tmp_path)
    assert set(run.load_weights()) == {"1.weight", "1.bias"}
    content = bytearray(run.weights.read_bytes())
    content[-1] ^= 1
    run.weights.write_bytes(bytes(content))
    with pytest.raises(TrainingError, match="is damaged"):
        run.load_weights()


def test_without_matplotlib_it_says_so_and_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    assert "matplotlib is missing" in curves.draw_curves([{"epoch": 1}], tmp_path / "curves.png")
    train(Line(), OPTIONS, tmp_path)
    assert RunFolder(tmp_path).is_finished
    assert not (tmp_path / "curves.png").exists()


def test_weights_that_are_no_plain_file_are_refused_at_once(tmp_path: Path) -> None:
    train(Line(), OPTIONS, tmp_path)
    run = RunFolder(tmp_path)
    run.weights.unlink()
    os.mkfifo(run.weights)
    with pytest.raises(TrainingError, match="not a plain file"):
        run.check_weights()


def test_a_cleared_run_keeps_nothing_that_is_used(tmp_path: Path) -> None:
    train(Line(), OPTIONS, tmp_path)
    for name in ("picture.safetensors", "sound.safetensors", "notes.txt"):
        (tmp_path / name).touch()
    RunFolder(tmp_path).clear()
    assert {path.name for path in tmp_path.iterdir()} <= {"notes.txt", "writer.lock"}


@pytest.mark.parametrize(("n", "sizes"), [(9, [4, 3, 2]), (8, [4, 4]), (10, [4, 4, 2]), (1, [1])])
def test_no_item_is_alone_in_a_batch(n: int, sizes: list[int]) -> None:
    batches = list(shuffle_rows(n, 4, np.random.default_rng(0)))
    assert [len(rows) for rows in batches] == sizes
    assert sorted(np.concatenate(batches).tolist()) == list(range(n))


@pytest.mark.parametrize("problem", ["shape", "missing", "figures", "best"])
def test_a_checkpoint_that_cannot_go_on_is_one_line(tmp_path: Path, problem: str) -> None:
    ended, options = Line(), replace(OPTIONS, optimiser="adamw")
    ended.fails_at = 20
    with pytest.raises(KeyboardInterrupt):
        train(ended, options, tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    tensors, state = load_tensors(path)
    moment = next(name for name in tensors if name.endswith("exp_avg"))
    if problem == "shape":
        tensors[moment] = tensors[moment].new_zeros(7)
    elif problem == "missing":
        del tensors[moment]
    elif problem == "figures":
        state["history"][0]["loss"] = ["x"]
    else:
        state["best_value"] = "nan"
    save_tensors(path, tensors, state)
    with pytest.raises(TrainingError) as caught:
        train(Line(), options, tmp_path)
    assert "checkpoint.safetensors" in str(caught.value)
    assert "\n" not in str(caught.value)
