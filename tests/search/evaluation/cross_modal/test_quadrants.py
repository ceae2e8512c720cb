from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.progress import Silence
from mvsearch.search.evaluation.cross_modal.labels import Label, Labels, read_labels
from mvsearch.search.evaluation.cross_modal.quadrants import rank_quadrants
from mvsearch.search.evaluation.evaluation import Evaluation
from mvsearch.search.evaluation.metric_values import PRECISION_1, PRECISION_5
from mvsearch.search.evaluation.report.table import print_evaluation
from mvsearch.search.evaluation.tables import Topic, make_tables
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from tests.search.joint.tables import make_table
from tests.toy_library import make_indexed

HAPPY, SAD, CALM = Label(0.9, 0.8), Label(0.1, 0.2), Label(0.8, 0.3)


def test_videos_are_asked_for_other_sound_of_their_quadrant() -> None:
    pictures = {"a": [1.0, 0.0], "b": [0.0, 1.0], "c": [0.6, 0.8], "unknown": [1.0, 0.0]}
    sounds = {"a": [1.0, 0.0], "b": [0.8, 0.6], "c": [0.0, 1.0], "unknown": [1.0, 0.0]}
    labels = Labels({}, {"a": HAPPY, "b": Label(0.5, 0.5), "c": SAD})
    outcomes, notes = rank_quadrants(
        [make_table(pictures, sounds)], labels, Encoders("toy"), Silence()
    )

    # a likes b more than c; b likes c more than a; of c's quadrant there is no other sound.
    assert notes == []
    found = {one.source: (one.relevant_ranks, one.n_relevant, one.n_videos) for one in outcomes}
    assert found == {"a": ((1,), 1, 2), "b": ((2,), 1, 2), "c": ((), 0, 2)}
    evaluation = Evaluation("library", "toy", 1, 4, tuple(outcomes))
    row = make_tables(evaluation).find_row(Topic("quadrant", None, "none"), "trained")
    assert row is not None
    assert (row.n_queries, row.n_left_out) == (2, 1)
    assert row.figures[PRECISION_1].value == 0.5
    assert row.figures[PRECISION_5].value == row.figures[PRECISION_1].chance == 0.5
    printed = StringIO()
    print_evaluation(evaluation, Console(file=printed, width=200))
    assert "Sound of the same quadrant" in printed.getvalue()


def test_pictures_beside_the_labels_are_asked(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "images" / "beach.png")
    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    (tmp_path / "labels.csv").write_text(
        "kind,file,valence,arousal\nimage,beach.png,0.9,0.8\nimage,broken.jpg,0.9,0.8\n"
        "image,../labels.csv,0.1,0.1\nimage,/etc/passwd,0.1,0.1\n"
        "music,Ada Lovelace - First Song.mp4,0.7,0.9\nmusic,none.mp3,0.7,0.9\n"
    )
    with Library.open(make_indexed(tmp_path / "videos", tmp_path / "library")) as library:
        labels = read_labels([tmp_path / "labels.csv"], library)
        (song,) = labels.videos
        assert library.catalog.video(song).title == "First Song"
    assert {path.name for path in labels.pictures} == {"beach.png", "broken.jpg"}
    assert labels.notes == ("3 rows of the labels name no file here",)

    # The toy encoder's vector of the picture is its place.
    dim = Encoders("toy").frames.spaces[0].dim
    axes = np.eye(dim)[:2].tolist()
    sounds = {song: axes[0], "other": axes[1]}
    known = Labels(labels.pictures, {**labels.videos, "other": SAD})
    outcomes, notes = rank_quadrants([make_table({}, sounds)], known, Encoders("toy"), Silence())
    assert notes == ["1 labelled pictures cannot be read"]
    assert [(one.source, one.n_relevant, one.n_videos) for one in outcomes] == [("beach.png", 1, 2)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("file,valence\na,1\n", "need the columns"),
        ("file,valence,arousal\na,1,2\n", "line 2"),
        ("file,valence,arousal\na,nan,0\n", "from 0 to 1"),
        ("file,valence,arousal\na,,0\n", "from 0 to 1"),
        (None, "cannot read the labels"),
    ],
)
def test_bad_labels_are_one_line(tmp_path: Path, text: str | None, reason: str) -> None:
    if text is not None:
        (tmp_path / "labels.csv").write_text(text)
    library = Library.open(make_indexed(tmp_path / "videos", tmp_path / "library"))
    with library, pytest.raises(QueryError, match=reason) as caught:
        read_labels([tmp_path / "labels.csv"], library)
    assert "\n" not in str(caught.value)
