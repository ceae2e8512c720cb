"""Tags from planted posteriors, and from a clip whose colours are known."""

import numpy as np
import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.features.analysis import analyse_file
from mvsearch.indexer.features.tagging import Tagger, TagOptions
from mvsearch.store.records import Segment, Tag
from tests.toy_library import make_clip

LABELS = ("koala", "crane", "crane", "stage")


def tag(posterior: list[list[float]], segments: list[Segment] | None = None, n_batch: int = 99):
    matrix = np.array(posterior, dtype=np.float32).reshape(-1, len(LABELS))
    tagger = Tagger(LABELS, TagOptions(low_threshold=0.25, high_threshold=0.5, n_frames=2))
    for begin in range(0, len(matrix), n_batch):
        tagger.take(matrix[begin : begin + n_batch])
    return tagger.finish(segments or [Segment(i / 2, (i + 1) / 2) for i in range(len(matrix))])


def test_a_tag_lasts_from_the_first_likely_frame_to_the_last() -> None:
    koala = [0.0, 0.25, 0.5, 0.75, 0.25, 0.125, 0.5, 0.5]
    posterior = [[p, 0, 0, 0] for p in koala]
    expected = (Tag("koala", 0.5, 2.5, 0.75), Tag("koala", 3.0, 4.0, 0.5))
    assert tag(posterior) == expected
    assert tag(posterior, n_batch=3) == expected


def test_what_is_never_sure_or_seen_in_one_frame_only_is_no_tag() -> None:
    assert tag([[0.25, 0, 0, 0.875], [0.375, 0, 0, 0], [0.25, 0, 0, 0.125]]) == ()


def test_one_frame_is_enough_for_a_picture() -> None:
    assert tag([[0.5, 0, 0, 0.25]], [Segment(0, 0)]) == (Tag("koala", 0, 0, 0.5),)


def test_classes_of_one_name_add_up() -> None:
    assert tag([[0, 0.25, 0.25, 0], [0, 0.375, 0.25, 0]]) == (Tag("crane", 0, 1, 0.625),)


def test_a_tag_ends_where_frames_were_left_out() -> None:
    segments = [Segment(0, 1), Segment(1, 2), Segment(5, 6), Segment(6, 7)]
    assert tag([[0.75, 0, 0, 0]] * 4, segments) == (
        Tag("koala", 0, 2, 0.75),
        Tag("koala", 5, 7, 0.75),
    )


def test_no_frames_and_no_labels_give_no_tags() -> None:
    assert tag([]) == ()
    assert Tagger(()).finish([Segment(0, 1)]) == ()


@pytest.mark.parametrize(("name", "probability"), [("", 0.5), ("x", 0.0), ("x", 1.1)])
def test_a_tag_checks_itself(name: str, probability: float) -> None:
    with pytest.raises(ValueError, match="a name and a probability"):
        Tag(name, 0, 1, probability)


def test_a_clip_is_tagged_by_its_colours(tmp_path) -> None:
    # A small box keeps the frames from being of one colour.
    box = "drawbox=x=2:y=2:w=8:h=8:color=white:t=fill"
    picture = (
        f"color=red:s=96x64:r=10:d=3,{box}[a];color=blue:s=96x64:r=10:d=2,{box}[b];[a][b]concat"
    )
    clip = make_clip(tmp_path / "clip.mp4", picture, None)
    features = analyse_file(clip, Encoders("toy"))
    assert {(t.name, t.start_seconds, round(t.end_seconds, 1)) for t in features.tags} == {
        ("red", 0.0, 3.0),
        ("blue", 3.0, 5.0),
    }
    for found in features.tags:
        assert 0.9 < found.probability < 1
