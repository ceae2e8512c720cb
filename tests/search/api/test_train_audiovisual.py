"""Towers of a library whose videos share a hidden cause of picture and sound."""

import json
from pathlib import Path

import numpy as np
import pytest

import mvsearch
from mvsearch.search.evaluation.metric_values import RECALL_1
from mvsearch.search.evaluation.queries.sample import SampleOptions
from mvsearch.search.evaluation.tables import Topic, make_tables
from mvsearch.store.errors import TrainingError
from mvsearch.store.library import Library
from mvsearch.store.records import (
    Embeddings,
    IndexedVideo,
    Location,
    Matrix,
    Modality,
    Segment,
    Space,
    Stage,
    Video,
)
from tests.indexer.training.audiovisual.planted import PICTURE_DIM, SOUND_DIM, make_videos
from tests.indexer.training.audiovisual.quick import quick
from tests.search.commands.conftest import Run

SPACES: dict[Modality, Space] = {
    "frames": Space("frames", "toy-frames", "planted", PICTURE_DIM),
    "audio": Space("audio", "toy-audio", "planted", SOUND_DIM),
}
QUICK = {"epochs": 2, "device": "cpu"}
__all__ = ["quick"]


def embed(modality: Modality, vectors: Matrix) -> Embeddings:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    segments = tuple(Segment(float(at), float(at + 1)) for at in range(len(unit)))
    return Embeddings(SPACES[modality], segments, unit.astype(np.float32))


def make_library(folder: Path, n_sources: int) -> Path:
    """A library of so many sources, two videos each; one more has no sound."""
    videos = []
    for number, made in enumerate(make_videos(n_sources, copies=2)):
        path = Path(f"/videos/{made.video_id}.mp4")
        video_id = f"{number:08x}"
        sides = [embed("frames", made.pictures), embed("audio", made.sounds)]
        videos.append(
            IndexedVideo(
                Video(video_id, path, made.video_id, f"Artist {made.source}", 10.0, True),
                Location(path, video_id, path.parent, 1, 1),
                tuple(Stage(video_id, modality, "toy", "done") for modality in SPACES),
                tuple(sides if number else sides[:1]),
            )
        )
    with Library.open(folder, create=True) as library:
        library.catalog.adopt_profile("toy", tuple(SPACES.values()))
        library.catalog.add_indexed(videos)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("pairs") / "library", 30)


def test_a_trained_run_is_used_and_measured_on_what_it_did_not_see(place: Path) -> None:
    run = mvsearch.train_audiovisual(place, "pairs", tested_share=0.3, **QUICK)
    assert run.card is not None
    counts = run.card.counts
    assert counts["videos_without_picture_or_sound"] == 1
    assert counts["tested_sources"] == 9
    assert counts["trained_sources"] + counts["validated_sources"] == 21
    assert run.card.figures["test_behind"] > 0.8

    sample = SampleOptions(kinds=("own-sound",))
    with mvsearch.open(place) as opened:
        assert not opened.evaluate(sample)[0].outcomes
        mvsearch.use_towers("pairs", place)
        (evaluation,) = opened.evaluate(sample)
        row = make_tables(evaluation).find_row(Topic("own-sound", None, "none"), "trained")
        assert row is not None
        assert row.n_queries == counts["tested_videos"]
        figure = row.figures[RECALL_1]
        assert figure.interval is not None
        assert figure.chance is not None
        assert figure.interval.low > figure.chance
        asked = evaluation.outcomes[0].source
        title = opened.find(asked).title
        found = opened.music_for(mvsearch.make_query(like=title), way="trained", top=20)
        assert len(found.results) == 20
        mvsearch.drop_towers(place)
        assert not opened.evaluate(sample)[0].outcomes


def test_videos_of_a_group_or_an_artist_are_on_one_side(place: Path, tmp_path: Path) -> None:
    groups = tmp_path / "groups.csv"
    rows = [f"{source}-{copy}.mp4,{source // 3}" for source in range(30) for copy in range(2)]
    groups.write_text("\n".join(["path,group", *rows]))
    run = mvsearch.train_audiovisual(place, "grouped", groups=[groups], **QUICK)
    assert run.card is not None
    parts = ("trained", "validated", "tested")
    assert sum(run.card.counts[f"{part}_sources"] for part in parts) == 10
    alone = tmp_path / "alone.csv"
    alone.write_text("path,group\n0-0.mp4,x\n")
    other = mvsearch.train_audiovisual(place, "alone", groups=[alone], **QUICK)
    assert other.card is not None
    assert sum(other.card.counts[f"{part}_sources"] for part in parts) == 59


def test_the_commands_train_use_and_drop(
    shell: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MVSEARCH_LIBRARY", str(place))
    words = ("train", "audiovisual", "--name", "by-hand", "--epochs", "1", "--device", "cpu")
    code, out, _ = shell(*words, "--json")
    assert code == 0
    assert json.loads(out)["card"]["settings"]["temporal_weight"] == 1
    assert shell(*words, "--temporal", "0")[0] == 2  # another configuration
    code, out, _ = shell("train", "use", "by-hand")
    assert (code, (place / "audiovisual.safetensors").is_file()) == (0, True)
    assert shell("train", "drop-towers")[0] == 0
    assert not (place / "audiovisual.safetensors").exists()
    code, _, err = shell("train", "use", "nothing")
    assert code == 2
    assert err.startswith("mvsearch: no run is called nothing")


def test_too_few_videos_and_wrong_options_are_one_line(shell: Run, tmp_path: Path) -> None:
    few = make_library(tmp_path / "few", 4)
    for words in (
        ("--library", few),
        ("--library", few, "--temporal", "-1"),
        ("--library", few, "--semantic", "0", "--temporal", "0"),
        ("--library", few, "--groups", tmp_path / "none.csv"),
        ("--library", few, "--name", "../else"),
        ("--library", tmp_path / "none"),
    ):
        code, out, err = shell("train", "audiovisual", *words)
        assert (code, out) == (2, ""), words
        assert "Traceback" not in err
    with pytest.raises(TrainingError, match="4 different videos have picture and sound"):
        mvsearch.train_audiovisual(few)
    with Library.open(tmp_path / "empty", create=True):
        pass
    with pytest.raises(TrainingError, match="no vectors of frames and audio"):
        mvsearch.train_audiovisual(tmp_path / "empty")
