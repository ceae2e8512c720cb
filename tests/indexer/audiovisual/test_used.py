import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.audiovisual.used import drop_towers, find_towers, use_towers
from mvsearch.indexer.training.loop import train
from mvsearch.indexer.training.options import TrainingOptions
from mvsearch.store.errors import LibraryDamagedError, TrainingError
from mvsearch.store.files.in_folder import FolderFiles
from tests.indexer.training.audiovisual.planted import make_videos
from tests.indexer.training.audiovisual.test_task import QUICK, make_task
from tests.indexer.training.toy_task import Line


def test_a_library_uses_a_copy_until_it_is_dropped(tmp_path: Path) -> None:
    task, run = make_task(), tmp_path / "run"
    train(task, replace(QUICK, epochs=1), run)
    library = tmp_path / "library"
    library.mkdir()
    assert find_towers(FolderFiles(library)) is None
    use_towers(FolderFiles(library), run, "mine")
    for file in run.iterdir():
        file.unlink()

    used = find_towers(FolderFiles(library))
    assert used is not None
    assert (used.name, used.picture_space, used.sound_space) == ("mine", "toy@1", "toy@1")
    videos = make_videos(40)
    unseen = used.towers.find_unseen(video.video_id for video in videos)
    assert unseen == {video.video_id for video in task.split.tested}
    norms = np.linalg.norm(used.towers.picture.project(videos[0].pictures), axis=1)
    np.testing.assert_allclose(norms, 1, atol=1e-5)
    drop_towers(FolderFiles(library), library)
    assert find_towers(FolderFiles(library)) is None


def test_only_finished_whole_runs_of_towers_are_used(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="not finished"):
        use_towers(FolderFiles(tmp_path), tmp_path / "none", "none")
    train(Line(), TrainingOptions(epochs=1, device="cpu"), tmp_path / "line")
    with pytest.raises(TrainingError, match="of line, not of audiovisual"):
        use_towers(FolderFiles(tmp_path), tmp_path / "line", "line")
    train(make_task(), replace(QUICK, epochs=1), tmp_path / "run")
    weights = tmp_path / "run" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(TrainingError, match="not what its card describes"):
        use_towers(FolderFiles(tmp_path), tmp_path / "run", "run")
    assert find_towers(FolderFiles(tmp_path)) is None


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"\x02\0\0\0\0\0\0\0{}"])
def test_weights_that_only_their_card_describes_are_one_line(
    tmp_path: Path, content: bytes
) -> None:
    run = tmp_path / "run"
    train(make_task(), replace(QUICK, epochs=1), run)
    (run / "weights.safetensors").write_bytes(content)
    card = json.loads((run / "card.json").read_text())
    card["weights_sha256"] = hashlib.sha256(content).hexdigest()
    (run / "card.json").write_text(json.dumps(card))
    with pytest.raises(TrainingError) as caught:
        use_towers(FolderFiles(tmp_path), run, "run")
    assert "\n" not in str(caught.value)
    assert find_towers(FolderFiles(tmp_path)) is None


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"\x02\0\0\0\0\0\0\0{}"])
def test_a_damaged_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "audiovisual.safetensors").write_bytes(content)
    with pytest.raises(LibraryDamagedError, match="damaged") as caught:
        find_towers(FolderFiles(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "audiovisual.safetensors").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LibraryDamagedError, match="link"):
        find_towers(FolderFiles(tmp_path))
