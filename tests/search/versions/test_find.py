"""A planted library in which every kind of version occurs once, and strangers around."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from mvsearch.search.output.html.versions import render_versions
from mvsearch.search.output.tables.versions import print_versions
from mvsearch.search.versions.dedupe import open_copy_test
from mvsearch.search.versions.find import Versions, find_versions, open_comparison
from mvsearch.store.errors import MvsearchError, QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Segment, Space
from tests.search.still_sources import HeldStills

FRAMES = Space("frames", "wide-frames", "1", 96)
LYRICS = Space("lyrics", "wide-lyrics", "1", 64)
AUDIO = Space("audio", "wide-audio", "1", 80)
SPACES = (FRAMES, LYRICS, AUDIO)

Track = tuple[np.ndarray, list[Segment]]
RNG = np.random.default_rng(101)


def show(n: int, dim: int) -> np.ndarray:
    """Something that changes as it goes on."""
    return np.cumsum(RNG.normal(size=(n, dim)), axis=0)


def spoil(vectors: np.ndarray, strength: float) -> np.ndarray:
    scale = np.linalg.norm(vectors, axis=1, keepdims=True) / np.sqrt(vectors.shape[1])
    return np.asarray(vectors + strength * scale * RNG.normal(size=vectors.shape))


def frames(vectors: np.ndarray) -> Track:
    return vectors, [Segment(i * 0.5, i * 0.5 + 0.5) for i in range(len(vectors))]


def sound(vectors: np.ndarray) -> Track:
    return vectors, [Segment(i * 1.25, i * 1.25 + 5) for i in range(len(vectors))]


def lines(vectors: np.ndarray, late: float = 0.0) -> Track:
    spans = [Segment(4.0 * i + late, 4.0 * i + late + 3, f"line {i}") for i in range(len(vectors))]
    return vectors, spans


@pytest.fixture(scope="module")
def library(plant: Callable[..., Library]) -> Library:
    picture, heard, words = show(160, 96), show(61, 80), RNG.normal(size=(14, 64))
    still = np.repeat(RNG.normal(size=(1, 96)), 100, axis=0)
    content: dict[str, dict[Space, Track]] = {
        "0original": {
            FRAMES: frames(picture), AUDIO: sound(heard), LYRICS: lines(words)
        },
        "1copy": {FRAMES: frames(spoil(picture, 0.3)), AUDIO: sound(spoil(heard, 0.1))},
        "2excerpt": {
            FRAMES: frames(spoil(picture[40:100], 0.3)), AUDIO: sound(spoil(heard[16:37], 0.1))
        },
        "3lyricvideo": {FRAMES: frames(show(160, 96)), AUDIO: sound(spoil(heard, 0.1))},
        "4dub": {FRAMES: frames(spoil(picture, 0.3)), AUDIO: sound(show(61, 80))},
        "5silent": {FRAMES: frames(spoil(picture, 0.3))},
        "6cover": {
            FRAMES: frames(show(150, 96)), AUDIO: sound(show(60, 80)),
            LYRICS: lines(spoil(words, 0.4), 12.0),
        },
        "7still": {FRAMES: frames(spoil(still, 0.05)), AUDIO: sound(show(40, 80))},
        "8still": {FRAMES: frames(spoil(still, 0.05)), AUDIO: sound(show(40, 80))},
    }  # fmt: skip
    for at in range(20):
        content[f"stranger{at}"] = {
            FRAMES: frames(show(140, 96)), AUDIO: sound(show(55, 80)),
            LYRICS: lines(RNG.normal(size=(12, 64))),
        }  # fmt: skip
    return plant(content, SPACES)


@pytest.fixture(scope="module")
def versions(library: Library) -> Versions:
    return find_versions(library)


def test_each_kind_is_found_and_nothing_else(versions: Versions) -> None:
    found = {(one.kind, one.first.id, one.second.id) for one in versions.relations}
    same = ("0original", "1copy")
    assert found == {
        ("duplicate", *same),
        *(("excerpt", one, "2excerpt") for one in same),
        *(("same-sound", one, "3lyricvideo") for one in same),
        ("same-sound", "2excerpt", "3lyricvideo"),
        *(("same-picture", one, other) for one in same for other in ("4dub", "5silent")),
        *(("same-picture", "2excerpt", other) for other in ("4dub", "5silent")),
        ("same-picture", "4dub", "5silent"),
        ("same-lyrics", "0original", "6cover"),
    }


def test_offsets_say_where_the_part_begins_and_how_late_the_words_come(versions: Versions) -> None:
    offsets = {(one.first.id, one.second.id): one.offset_seconds for one in versions.relations}
    assert offsets["0original", "2excerpt"] == pytest.approx(20, abs=0.2)
    assert offsets["0original", "1copy"] == pytest.approx(0, abs=0.1)
    assert offsets["2excerpt", "4dub"] == pytest.approx(-20, abs=0.2)
    assert offsets["0original", "6cover"] == pytest.approx(-12)


def test_groups_hold_those_that_all_belong_together(versions: Versions) -> None:
    groups = {(group.kind, *(video.id for video in group.videos)) for group in versions.groups}
    assert ("duplicate", "0original", "1copy") in groups
    assert ("same-sound", "0original", "1copy", "3lyricvideo") in groups
    assert ("same-lyrics", "0original", "6cover") in groups
    assert not any("stranger" in name for group in groups for name in group[1:])


def test_a_missing_modality_is_said(versions: Versions) -> None:
    silent = next(r for r in versions.relations if r.second.id == "5silent")
    assert silent.evidence["audio"].verdict == "missing"
    assert not silent.evidence["audio"].second_has


def test_the_answer_is_the_same_every_time_and_progress_is_told(
    library: Library, versions: Versions
) -> None:
    told: list[tuple[int, int]] = []
    again = find_versions(library, progress=lambda *counts: told.append(counts))
    assert again.to_dict() == versions.to_dict()
    assert [n for n, _ in told] == list(range(1, told[-1][1] + 1))


def test_a_loop_is_joined_where_pictures_and_sound_meet(plant: Callable[..., Library]) -> None:
    """Pictures that repeat every 20 s agree at many offsets; the sound says which one is meant."""
    loop, heard = show(40, 96), show(61, 80)
    turns = np.tile(loop, (4, 1))
    content = {
        "a": {FRAMES: frames(turns), AUDIO: sound(heard)},
        "b": {FRAMES: frames(spoil(turns[80:], 0.2)), AUDIO: sound(spoil(heard[32:], 0.1))},
        "c": {FRAMES: frames(show(160, 96)), AUDIO: sound(show(61, 80))},
    }
    found = find_versions(plant(content, SPACES)).relations
    assert [(one.kind, one.first.id, one.second.id) for one in found] == [("excerpt", "a", "b")]


def test_a_library_without_videos_is_an_error(tmp_path: Path) -> None:
    with Library.open(tmp_path / "empty", create=True) as empty, pytest.raises(MvsearchError):
        find_versions(empty)


def test_one_tone_and_another_are_no_same_sound(plant: Callable[..., Library]) -> None:
    """What is alike at every offset is no evidence: constant tones under one moving pattern."""
    picture, tone = show(120, 96), RNG.normal(size=(1, 80))
    other = tone + 0.3 * RNG.normal(size=(1, 80))
    content = {
        "a": {FRAMES: frames(picture), AUDIO: sound(spoil(np.repeat(tone, 44, axis=0), 0.02))},
        "b": {
            FRAMES: frames(spoil(picture, 0.2)),
            AUDIO: sound(spoil(np.repeat(other, 44, axis=0), 0.02)),
        },
        "c": {
            FRAMES: frames(spoil(picture, 0.2)),
            AUDIO: sound(spoil(np.repeat(tone, 44, axis=0), 0.02)),
        },
        "d": {FRAMES: frames(show(120, 96)), AUDIO: sound(show(44, 80))},
    }
    comparison = open_comparison(library := plant(content, SPACES))
    a, b, c = (library.catalog.video(name) for name in "abc")
    (cosine,) = np.unique(np.round(comparison.collect_evidence(a, b)["audio"].similarity or 0.9, 1))
    assert 0.8 <= cosine < 0.96
    kinds = {pair: comparison.relate(*pair) for pair in ((a, b), (a, c))}
    assert [found and found.kind for found in kinds.values()] == ["same-picture", "duplicate"]


def test_an_encoder_that_was_not_calibrated_says_so_and_tells_nothing(
    plant: Callable[..., Library],
) -> None:
    strange = Space("frames", "strange-frames", "1", 96), Space("audio", "strange-audio", "1", 80)
    picture, heard = show(120, 96), show(44, 80)
    held = {strange[0]: frames(picture), strange[1]: sound(heard)}
    library = plant({"a": held, "b": held}, strange)
    found = find_versions(library)
    assert found.relations == ()
    with pytest.raises(
        QueryError, match=r"near-duplicates cannot be detected.*not calibrated for this encoder"
    ):
        open_copy_test(open_comparison(library).indexes)
    assert found.uncalibrated == ("strange-frames", "strange-audio")
    said = "strange-frames, strange-audio: not calibrated for this encoder, so not compared"
    assert found.to_dict()["uncalibrated"] == list(found.uncalibrated)
    page = io.StringIO()
    print_versions(found, Console(file=page, width=120))
    assert said in page.getvalue()
    assert said in render_versions(found, HeldStills())
