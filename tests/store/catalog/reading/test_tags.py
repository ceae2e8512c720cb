"""Tags come back as they were, go with their video, and come into libraries from before."""

import sqlite3
from pathlib import Path

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.library import Library
from mvsearch.store.records import Stage, Tag
from tests import toy_library
from tests.store.examples import FRAMES, LINES, SOUND, TAGS, add_song, drop_generations, fill_song


def test_tags_come_back_with_the_surest_first(catalog: Catalog) -> None:
    fill_song(catalog, "ab12", seed=1)
    assert catalog.tags("ab12") == TAGS
    assert catalog.tags("none") == ()
    assert catalog.tag_names() == ["drake, mallard", "seashore"]


def test_tags_are_replaced_with_the_frames_and_by_nothing_else(catalog: Catalog) -> None:
    fill_song(catalog, "ab12", seed=1)
    catalog.store_stage(Stage("ab12", "lyrics", LINES.key, "absent"))
    assert catalog.tags("ab12") == TAGS
    new = (Tag("'; DROP TABLE tag; --", 0, 1, 1.0),)
    catalog.store_stage(Stage("ab12", "frames", FRAMES.key, "done"), tags=new)
    assert catalog.tags("ab12") == new
    catalog.store_stage(Stage("ab12", "frames", FRAMES.key, "absent"))
    assert catalog.tag_names() == []


def test_tags_of_pictures_and_of_sound_are_replaced_each_by_its_own_stage(
    catalog: Catalog,
) -> None:
    fill_song(catalog, "ab12", seed=1)
    heard = (Tag("Trumpet", 2, 3, 0.9, "audio"), Tag("Seashore", 0, 3, 0.4, "audio"))
    catalog.store_stage(Stage("ab12", "audio", SOUND.key, "done"), tags=heard)
    assert catalog.tags("ab12") == TAGS + heard
    assert catalog.tagged(["Seashore", "seashore"], ["ab12"]) == {"ab12": TAGS[:1] + heard[1:]}
    catalog.store_stage(Stage("ab12", "frames", FRAMES.key, "absent"))
    assert catalog.tags("ab12") == heard
    catalog.store_stage(Stage("ab12", "audio", SOUND.key, "absent"))
    assert catalog.tags("ab12") == ()
    with pytest.raises(ValueError, match="of frames or audio"):
        Tag("home", 0, 1, 0.5, "lyrics")


def test_videos_are_found_by_the_names_of_their_tags(catalog: Catalog) -> None:
    fill_song(catalog, "ab12", seed=1)
    add_song(catalog, "cd34")
    tags = (Tag("seashore", 3, 4, 0.5), Tag("seashore", 7, 9, 0.25), Tag("koala", 0, 1, 0.125))
    catalog.store_stage(Stage("cd34", "frames", FRAMES.key, "done"), tags=tags)
    both = ("cd34", "ab12")
    assert catalog.tagged(["seashore"], both) == {"ab12": TAGS[:1], "cd34": tags[:2]}
    assert catalog.tagged(["seashore"], both[:1]) == {"cd34": tags[:2]}
    assert catalog.tagged(["koala", "drake, mallard"], both) == {"ab12": TAGS[1:], "cd34": tags[2:]}
    assert catalog.tagged([], both) == catalog.tagged(["Seashore", "%"], both) == {}


def test_the_name_is_looked_up_in_an_index(library: Library) -> None:
    with sqlite3.connect(library.folder / "catalog.sqlite3") as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM tag WHERE name = 'x'"
        ).fetchall()
    assert "ix_tag_name_video_id" in plan[0][3]


def go_back(folder: Path) -> None:
    """Make of a catalogue what it was before there were tags."""
    connection = sqlite3.connect(folder / "catalog.sqlite3")
    connection.execute("DROP TABLE tag")
    drop_generations(connection)
    connection.execute("UPDATE alembic_version SET version_num = '0002'")
    connection.commit()
    connection.close()


def test_a_library_from_before_gets_its_tags_with_the_next_run(tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    picture = "color=red:s=96x64:r=10,drawbox=x=2:y=2:w=8:h=8:color=white:t=fill"
    toy_library.make_clip(folder / "red.mp4", picture, "sine", 2)
    home = tmp_path / "library"
    toy_library.index(folder, home, lyrics="off")
    go_back(home)
    with Library.open(home) as library:
        catalog = library.catalog
        [video] = catalog.videos()
        own = Encoders("toy").frames.spaces[0]
        assert catalog.pending("frames", own.key) == {video.id}
        assert catalog.pending("audio", Encoders("toy").spaces()[-1].key) == set()
        before = catalog.embeddings(video.id, own.key)
        assert before is not None  # found as before, until the frames are seen again
        assert library.index(own).n == len(before.segments)
        index_paths([folder], library, Encoders("toy"), IndexOptions(lyrics="off"))
        assert catalog.pending("frames", own.key) == set()
        assert [tag.name for tag in catalog.tags(video.id)] == ["red"]
        after = catalog.embeddings(video.id, own.key)
        assert after is not None
        assert (after.vectors == before.vectors).all()


def test_frames_of_encoders_that_name_nothing_stay_done(catalog: Catalog, library: Library) -> None:
    fill_song(catalog, "ab12", seed=1)
    library.close()
    go_back(library.folder)
    with Library.open(library.folder) as again:
        assert again.catalog.pending("frames", FRAMES.key) == set()
        assert again.catalog.tags("ab12") == ()
