import os
from pathlib import Path

import pytest

import mvsearch
from mvsearch.indexer.training.mood import labels
from mvsearch.indexer.training.mood.labels import read_labels
from mvsearch.store.errors import TrainingError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty pictures and twenty clips, all empty, in the order of their numbers."""
    lines = ["kind,file,valence,arousal,category"]
    for kind, name in (("image", "images"), ("music", "music")):
        (tmp_path / name).mkdir()
        for number in range(20):
            (tmp_path / name / f"{number}.x").touch()
            lines.append(f"{kind},{number}.x,{number / 20},0.5,Q1")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    return tmp_path


def test_labels_are_read_with_their_files(folder: Path) -> None:
    found = read_labels(folder)
    assert len(found) == 40
    assert found[3].path == folder / "images" / "3.x"
    assert (found[23].kind, found[23].valence, found[23].arousal) == ("music", 0.15, 0.5)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("image,0.x,1.01,0.5,", "line 42: valence is a number from 0 to 1, not '1.01'"),
        ("image,0.x,0.5,nan,", "arousal is a number from 0 to 1, not 'nan'"),
        ("image,0.x,0.5", "arousal is a number from 0 to 1, not ''"),
        ("video,0.x,0.5,0.5,", "the kind is image or music, not 'video'"),
        ("image,20.x,0.5,0.5,", "images has no file '20.x'"),
        ("music,../images/0.x,0.5,0.5,", "is no name of a file"),
        ("music,,0.5,0.5,", "'' is no name of a file"),
        ("image,0.x,0.5,0.5,", "'0.x' is labelled twice"),
        ('image,"0.x,0.5', "is no table"),
        ("image," + "x" * 200_000, "is no table"),
    ],
)
def test_a_bad_line_is_named(folder: Path, line: str, message: str) -> None:
    with (folder / "labels.csv").open("a") as file:
        file.write(f"\n{line}")
    with pytest.raises(TrainingError) as caught:
        read_labels(folder)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no column kind"),
        (b"kind,file,valence\n", "has no column arousal"),
        (b"\xff\xfe\x00", "is not text in UTF-8"),
        (b"kind,file,valence,arousal\nimage,0.x,.5,.5", "labels 1 files of kind image: 20 are"),
    ],
)
def test_a_bad_table_is_refused(folder: Path, content: bytes, message: str) -> None:
    (folder / "labels.csv").write_bytes(content)
    with pytest.raises(TrainingError, match=message):
        read_labels(folder)


def test_a_table_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "MAX_ROWS", 39)
    with pytest.raises(TrainingError, match="more than 39 lines"):
        read_labels(folder)
    monkeypatch.setattr(labels, "MAX_BYTES", 9)
    with pytest.raises(TrainingError, match="has more than"):
        read_labels(folder)
    (folder / "labels.csv").unlink()
    with pytest.raises(TrainingError, match="cannot be read: No such file"):
        read_labels(folder)


def test_a_file_that_cannot_be_read_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MVSEARCH_TRAINING", str(tmp_path / "runs"))
    with pytest.raises(TrainingError, match=r"images/0\.x: it is not a picture"):
        mvsearch.train_mood(folder)
    assert not list((tmp_path / "runs").glob("*/*"))


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_plain_file_is_refused_at_once(folder: Path, kind: str) -> None:
    table = folder / "labels.csv"
    table.unlink()
    if kind == "pipe":
        os.mkfifo(table)
    else:
        table.symlink_to("/dev/zero")
    with pytest.raises(TrainingError, match="not a plain file"):
        read_labels(folder)


def test_a_table_may_be_a_link(folder: Path) -> None:
    (folder / "labels.csv").rename(folder / "elsewhere.csv")
    (folder / "labels.csv").symlink_to(folder / "elsewhere.csv")
    assert len(read_labels(folder)) == 40
