"""Insets are found by a part of the picture, and only where the whole is found nowhere."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mvsearch.search.closer_look import encode_views
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.store.records import Embeddings, Segment, Space
from tests.search.conftest import spans, unit

FRAMES = Space("frames", "planted-frames", "2", 147)
N_VIDEOS = 30
SIDE = 96


def draw(seed: int) -> np.ndarray:
    """A picture of 7 × 7 coloured squares that melt into each other."""
    small = np.random.default_rng(seed).integers(0, 256, (7, 7, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


class Squares:
    """Encodes frames by the colours of 7 × 7 squares."""

    spaces = (FRAMES,)
    frame_size = (56, 56)

    def encode(self, frames: np.ndarray) -> tuple[np.ndarray, ...]:
        means = frames.reshape(-1, 7, 8, 7, 8, 3).mean(axis=(2, 4)).reshape(-1, 147)
        return (unit(means - 127.5),)


class SquareEncoders:
    name = "planted"
    frames = Squares()
    profile = None

    def get(self, modality: str) -> Any:
        return self.frames if modality == "frames" else None


def encode(picture: np.ndarray) -> np.ndarray:
    return Squares().encode(np.asarray(Image.fromarray(picture).resize((56, 56)))[None])[0]


def analyse(part: QueryPart, encoders: Any, modalities: Any) -> list[Embeddings]:
    with Image.open(part.path) as image:
        return [Embeddings(FRAMES, (Segment(0.0, 0.0),), encode(np.asarray(image)))]


@pytest.fixture(scope="module")
def library(plant: Any) -> Any:
    """Videos of three pictures each; those of seed 0 to 2 are of the first."""
    return plant(
        {
            f"{at:02d}": {
                FRAMES: (np.concatenate([encode(draw(3 * at + n)) for n in range(3)]), spans(3))
            }
            for at in range(N_VIDEOS)
        },
        [FRAMES],
    )


@pytest.fixture
def inset(tmp_path: Path) -> Path:
    """A picture of the fifth video at half size in a picture of none."""
    picture = draw(1000).copy()
    small = Image.fromarray(draw(13)).resize((SIDE // 2, SIDE // 2))
    picture[45:93, 45:93] = np.asarray(small)
    Image.fromarray(picture).save(tmp_path / "inset.png")
    return tmp_path / "inset.png"


def ask(library: Any, path: Path, encode_views: Any = None, **given: Any) -> Any:
    engine = Engine(library, SquareEncoders(), analyse, encode_views)  # type: ignore[arg-type]
    query = Query((QueryPart("image", str(path)),))
    return engine.search(query, SearchOptions(top=N_VIDEOS), **given)


def test_an_inset_is_found_by_a_corner_of_the_picture(library: Any, inset: Path) -> None:
    whole = ask(library, inset, lambda *_: None)
    assert whole[0].is_weak
    closer = ask(library, inset)
    assert closer[0].video.id == "04"
    assert not closer[0].is_weak
    best = closer[0].contributions["frames"]
    assert best.similarity > 0.9
    hidden = ask(library, inset, hidden=frozenset({"04"}))
    assert "04" not in {result.video.id for result in hidden}
    assert hidden[0].is_weak


def test_views_cost_what_they_gain_by_chance(library: Any, inset: Path) -> None:
    tried = []

    def watch(*given: Any) -> Any:
        tried.append(encode_views(*given))
        return tried[-1]

    (found,) = (r for r in ask(library, inset, watch) if r.video.id == "04")
    (viewed,) = tried
    corner = viewed.parts[[view.name for view in viewed.views].index("lower right")]
    (plain,) = (r for r in ask_with(library, corner.vectors) if r.video.id == "04")
    cost = plain.contributions["frames"].calibrated - found.contributions["frames"].calibrated
    assert cost == pytest.approx(math.log10(len(viewed.views)))


def ask_with(library: Any, vectors: np.ndarray) -> Any:
    def give(*_: Any) -> list[Embeddings]:
        return [Embeddings(FRAMES, (Segment(0.0, 0.0),), vectors)]

    engine = Engine(library, SquareEncoders(), give, lambda *_: None)  # type: ignore[arg-type]
    return engine.search(Query((QueryPart("image", __file__),)), SearchOptions(top=N_VIDEOS))


def test_what_the_whole_picture_finds_is_not_looked_at_again(library: Any, tmp_path: Path) -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError

    Image.fromarray(draw(13)).save(tmp_path / "whole.png")
    found = ask(library, tmp_path / "whole.png", refuse)
    assert found[0].video.id == "04"
    assert not found[0].is_weak


def test_a_picture_of_no_video_stays_weak(library: Any, tmp_path: Path) -> None:
    for seed in (2001, 2002, 2003):
        Image.fromarray(draw(seed)).save(tmp_path / "other.png")
        assert ask(library, tmp_path / "other.png")[0].is_weak
