"""Videos that are added with all stages equal those that are added stage by stage."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import EncoderMismatchError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import IndexedVideo, Location, Space, Stage, Video
from tests.store.examples import (
    FRAMES,
    LINES,
    LYRICS,
    SOUND,
    SPACES,
    STILLS,
    TAGS,
    WORDS,
    fill_song,
    make_embeddings,
    make_track,
)


def make_indexed(video_id: str, seed: int) -> IndexedVideo:
    """What `fill_song` adds."""
    place = Path(f"/music/{video_id}.mp4")
    return IndexedVideo(
        Video(video_id, place, "Song", "Artist", 61.5),
        Location(place, video_id, Path("/music"), 1000, 1_700_000_000_000_000_001),
        (
            Stage(video_id, "frames", FRAMES.key, "done"),
            Stage(video_id, "lyrics", LINES.key, "done", "", "sidecar", "1"),
            Stage(video_id, "audio", SOUND.key, "done"),
        ),
        (
            make_embeddings(FRAMES, 5, seed),
            make_embeddings(WORDS, 5, seed + 1),
            make_embeddings(LINES, 3, seed + 2, text="line"),
            make_embeddings(SOUND, 4, seed + 3),
        ),
        LYRICS,
        TAGS,
        STILLS,
        (make_track("picture", 0.25, 0.5), make_track("sound", 0.75, 0.5)),
    )


def test_indexed_videos_equal_those_added_stage_by_stage(catalog: Catalog, tmp_path: Path) -> None:
    names = ["ab12", "cd34", "ef56"]
    catalog.add_indexed([make_indexed(name, seed) for seed, name in enumerate(names)])
    with Library.open(tmp_path / "other", create=True) as other:
        other.catalog.adopt_profile("toy", SPACES)
        for seed, name in enumerate(names):
            fill_song(other.catalog, name, seed)
        by_stage = other.catalog
        assert catalog.videos() == by_stage.videos()
        assert catalog.locations() == by_stage.locations()
        for name in names:
            stages = [one for one in by_stage.stages(name) if one.stage != "ocr"]
            assert catalog.stages(name) == stages
            assert catalog.lyrics(name) == by_stage.lyrics(name)
            assert catalog.tags(name) == by_stage.tags(name)
            tracks = [track.to_dict() for track in by_stage.mood_tracks(name)]
            assert [track.to_dict() for track in catalog.mood_tracks(name)] == tracks
            assert catalog.still_seconds([name]) == by_stage.still_seconds([name])
            for space in SPACES:
                one, same = (
                    catalog.embeddings(name, space.key),
                    by_stage.embeddings(name, space.key),
                )
                assert one is not None
                assert same is not None
                assert one.segments == same.segments
                assert np.array_equal(one.vectors, same.vectors)


def test_indexes_and_words_know_whole_videos(library: Library) -> None:
    library.catalog.add_indexed([make_indexed("ab12", 1)])
    assert library.index(FRAMES).n == 5
    library.catalog.add_indexed([make_indexed("cd34", 9)])
    assert library.index(FRAMES).n == 10
    assert library.index(SOUND).video_ids == ("ab12", "cd34")
    assert library.catalog.pending("frames", FRAMES.key) == set()


def test_of_videos_that_cannot_all_be_added_none_is(catalog: Catalog) -> None:
    catalog.add_indexed([make_indexed("ab12", 1)])
    with pytest.raises(MvsearchError, match="ab12 is in the library already"):
        catalog.add_indexed([make_indexed("cd34", 2), make_indexed("ab12", 1)])
    stranger = make_embeddings(Space("frames", "stranger", "1", 4), 2, 0)
    with pytest.raises(EncoderMismatchError, match="stranger"):
        catalog.add_indexed([replace(make_indexed("ef56", 3), embeddings=(stranger,))])
    assert [video.id for video in catalog.videos()] == ["ab12"]


def test_a_whole_video_is_of_one_video() -> None:
    with pytest.raises(ValueError, match="not everything belongs"):
        replace(make_indexed("ab12", 1), video=Video("cd34", Path("/music/x.mp4"), "x"))
