"""What is written comes back; what goes leaves nothing."""

import math
import os
import re
import sqlite3
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mvsearch.store.catalog.reading.sound_index import LineSounds
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.database.paths import path_key
from mvsearch.store.errors import EncoderMismatchError, VideoNotFoundError
from mvsearch.store.library import Library
from mvsearch.store.records import (
    Embeddings,
    Failure,
    Location,
    LyricLine,
    Lyrics,
    Segment,
    Space,
    Stage,
    Video,
    WhisperSegment,
)
from tests.store.examples import (
    FRAMES,
    LINES,
    LYRICS,
    SOUND,
    SPACES,
    WORDS,
    add_song,
    fill_song,
    make_embeddings,
    random_units,
)

HOSTILE = [
    "'; DROP TABLE video; --",
    '" OR 1=1 --',
    "100% _real_",
    "-rf",
    "a\nb\tc",
    "\\x00 %s {0} $HOME `id`",
    "日本語 ♥ \U0001f3b5",
]


def count_rows(folder: Path) -> dict[str, int]:
    """Rows of every table, counted without our code; of full-text indexes, how many lines."""
    connection = sqlite3.connect(folder / "catalog.sqlite3")
    try:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in tables
            if not re.search(r"_(data|idx|config|term)$", name)
        }
    finally:
        connection.close()


def test_a_video_comes_back_as_it_was(catalog: Catalog) -> None:
    video = Video("ab12", Path("/music/é.mp4"), "Title", "Artist", 12.625, True, False, True)
    location = Location(video.path, "ab12", Path("/music"), 2**40, 2**62 + 1)
    catalog.add_video(video, location)
    assert catalog.video("ab12") == video
    assert catalog.videos() == [video]
    assert catalog.location(video.path) == location
    assert catalog.has_video("ab12")
    assert not catalog.has_video("ab13")
    assert catalog.n_videos() == 1
    assert catalog.folders() == [Path("/music")]


def test_adding_again_updates(catalog: Catalog) -> None:
    video = add_song(catalog, "ab12", title="Old")
    catalog.add_video(
        replace(video, title="New", artist=None), Location(video.path, "ab12", Path("/m"), 7, 8)
    )
    assert catalog.video("ab12").title == "New"
    assert catalog.video("ab12").artist is None
    assert catalog.locations() == [Location(video.path, "ab12", Path("/m"), 7, 8)]
    with pytest.raises(ValueError, match="none of"):
        catalog.add_video(video, Location(video.path, "other", Path("/m"), 7, 8))


def test_videos_come_by_artist_title_and_id(catalog: Catalog) -> None:
    for video_id, artist, title in [
        ("4", "Zed", "A"),
        ("3", "abba", "B"),
        ("1", None, "Z"),
        ("2", "ABBA", "b"),
        ("5", "Abba", "a"),
    ]:
        add_song(catalog, video_id, artist=artist, title=title)
    assert [video.id for video in catalog.videos()] == ["1", "5", "2", "3", "4"]


def test_an_unknown_video_is_said_so(catalog: Catalog) -> None:
    with pytest.raises(VideoNotFoundError, match="'nope'"):
        catalog.video("nope")
    with pytest.raises(VideoNotFoundError, match="'nope'"):
        catalog.store_stage(Stage("nope", "frames", FRAMES.key, "done"))


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_strangers_are_data(catalog: Catalog, name: str) -> None:
    path = Path("/music") / name.replace("/", "_")
    video = add_song(catalog, "ab12", path=path, title=name, artist=name)
    catalog.record_failure(Failure(path, "scan", "unreadable", name.replace("\n", " ")))
    lyrics = Lyrics((LyricLine(name),), "sidecar", name)
    stage = Stage("ab12", "lyrics", LINES.key, "done", name)
    catalog.store_stage(stage, lyrics=lyrics)
    assert catalog.video("ab12") == video
    assert catalog.locations()[0].path == path
    assert catalog.failures()[0].path == path
    assert catalog.lyrics("ab12") == lyrics
    assert catalog.stages("ab12") == [stage]
    assert catalog.drop_locations([path]) == ["ab12"]


def test_what_a_database_cannot_hold_is_replaced(catalog: Catalog) -> None:
    add_song(catalog, "ab12", title="a\udcffb\ud800c\0d")
    assert catalog.video("ab12").title == "a\ufffdb\ufffdc\ufffdd"


def test_both_unicode_forms_of_a_name_are_one_file(catalog: Catalog) -> None:
    composed = Path("/music/Café.mp4")
    decomposed = Path(unicodedata.normalize("NFD", str(composed)))
    assert str(composed) != str(decomposed)
    assert path_key(composed) == path_key(decomposed)
    add_song(catalog, "ab12", path=decomposed)
    found = catalog.location(composed)
    assert found is not None
    assert str(found.path) == str(decomposed)  # the spelling that opens it
    add_song(catalog, "ab12", path=composed)
    assert len(catalog.locations()) == 1
    assert catalog.drop_locations([decomposed]) == ["ab12"]


def test_a_path_that_is_not_unicode_comes_back_byte_for_byte(catalog: Catalog) -> None:
    raw = b"/music/caf\xe9.mp4"
    path = Path(os.fsdecode(raw))
    add_song(catalog, "ab12", path=path)
    catalog.record_failure(Failure(path, "scan", "unreadable", "no"), 1, 2)
    assert os.fsencode(catalog.video("ab12").path) == raw
    assert os.fsencode(catalog.failures()[0].path) == raw
    assert catalog.failure_stamp(path) == (1, 2)


def test_a_path_key_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert path_key(Path("a/../b.mp4")) == str(tmp_path / "b.mp4")


def test_locations_below_a_folder_take_no_character_as_a_wildcard(catalog: Catalog) -> None:
    for number, name in enumerate(["a_b/1", "a_b/c/2", "axb/3", "a%/4", "a_b.mp4", "a_b0/5"]):
        add_song(catalog, f"id{number}", path=Path("/music") / name, folder=Path("/music"))
    below = [location.path for location in catalog.locations(Path("/music/a_b"))]
    assert below == [Path("/music/a_b/1"), Path("/music/a_b/c/2")]
    assert len(catalog.locations(Path("/music"))) == 6
    assert len(catalog.locations(Path("/"))) == 6
    assert [found.path.name for found in catalog.locations(video_id="id3")] == ["4"]
    assert catalog.locations(Path("/music/a%"), video_id="id0") == []


def test_embeddings_come_back_with_texts_and_times(catalog: Catalog) -> None:
    add_song(catalog, "ab12")
    vectors = random_units(3, LINES.dim, seed=1)
    segments = (Segment(0.1, 2.0, "one"), Segment(None, None, "två"), Segment(3.0, 3.0))
    stored = Embeddings(LINES, segments, vectors)
    catalog.store_stage(Stage("ab12", "lyrics", LINES.key, "done"), [stored])
    found = catalog.embeddings("ab12", LINES.key)
    assert found is not None
    assert found.space == LINES
    assert found.segments == segments
    np.testing.assert_allclose(found.vectors, vectors, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-6)
    assert catalog.embeddings("ab12", FRAMES.key) is None
    assert catalog.embeddings("cd34", LINES.key) is None


def test_embeddings_are_streamed_by_video_id(catalog: Catalog) -> None:
    for number, video_id in enumerate(["c", "a", "b"]):
        fill_song(catalog, video_id, seed=number * 10)
    streamed = list(catalog.iter_embeddings(FRAMES.key))
    assert [video_id for video_id, _ in streamed] == ["a", "b", "c"]
    for video_id, embeddings in streamed:
        alone = catalog.embeddings(video_id, FRAMES.key)
        assert alone is not None
        np.testing.assert_array_equal(embeddings.vectors, alone.vectors)


def test_a_stage_replaces_only_what_it_made_before(catalog: Catalog) -> None:
    fill_song(catalog, "ab12", seed=1)
    assert catalog.uniform_seconds("ab12") == (0.0, 0.5)
    again = Stage("ab12", "frames", FRAMES.key, "absent", "one colour all through")
    catalog.store_stage(again, uniform_seconds=(2.0,))
    assert catalog.stage("ab12", "frames", FRAMES.key) == again
    assert catalog.embeddings("ab12", FRAMES.key) is None
    assert catalog.embeddings("ab12", WORDS.key) is None
    assert catalog.uniform_seconds("ab12") == (2.0,)
    assert catalog.embeddings("ab12", SOUND.key) is not None
    assert catalog.lyrics("ab12") == LYRICS


def test_lyrics_come_back_whole_and_go_with_their_stage(catalog: Catalog) -> None:
    add_song(catalog, "ab12")
    stage = Stage("ab12", "lyrics", LINES.key, "done")
    catalog.store_stage(stage, lyrics=LYRICS)
    assert catalog.lyrics("ab12") == LYRICS
    shorter = Lyrics(LYRICS.lines[:1], "sidecar", "a.lrc")
    catalog.store_stage(stage, lyrics=shorter)
    assert catalog.lyrics("ab12") == shorter
    catalog.store_stage(replace(stage, status="absent"))
    assert catalog.lyrics("ab12") is None


def test_a_number_that_is_none_stays_none(catalog: Catalog) -> None:
    add_song(catalog, "ab12")
    said = WhisperSegment(0, 0, (), math.nan, -math.inf, math.inf, 0.0)
    lyrics = Lyrics((LyricLine("la", 0.0, 1.0, whisper=said),), "whisper")
    catalog.store_stage(Stage("ab12", "lyrics", LINES.key, "done"), lyrics=lyrics)
    found = catalog.lyrics("ab12")
    assert found is not None
    assert str(found) == str(lyrics)  # NaN differs from itself, its spelling does not


def test_a_generation_grows_with_every_change_of_its_space_alone(catalog: Catalog) -> None:
    fill_song(catalog, "ab12", seed=1)
    before = {space.key: catalog.generation(space.key) for space in SPACES}
    add_song(catalog, "cd34")
    catalog.clear_failures([Path("/music/ab12.mp4")])
    catalog.store_stage(Stage("cd34", "audio", SOUND.key, "absent"))
    assert before == {space.key: catalog.generation(space.key) for space in SPACES}
    catalog.store_stage(
        Stage("cd34", "audio", SOUND.key, "done"), [make_embeddings(SOUND, 2, seed=9)]
    )
    after = {space.key: catalog.generation(space.key) for space in SPACES}
    assert after.pop(SOUND.key) > before[SOUND.key]
    assert after.items() <= before.items()
    catalog.drop_locations([Path("/music/ab12.mp4")])
    assert all(catalog.generation(space.key) > before[space.key] for space in SPACES)
    assert catalog.generation("unknown") == 0


def test_a_space_has_vectors_only_while_a_video_has_some(catalog: Catalog) -> None:
    add_song(catalog, "cd34")
    catalog.store_stage(Stage("cd34", "audio", SOUND.key, "done"), [make_embeddings(SOUND, 0, 1)])
    assert not any(catalog.has_vectors(space.key) for space in SPACES)
    fill_song(catalog, "ab12", seed=1)
    assert all(catalog.has_vectors(space.key) for space in SPACES)
    catalog.drop_locations([Path("/music/ab12.mp4")])
    assert not any(catalog.has_vectors(space.key) for space in SPACES)


def test_some_videos_are_those_that_there_are(catalog: Catalog) -> None:
    ids = [f"{at:04x}" for at in range(600)]
    for video_id in ids[::100]:
        add_song(catalog, video_id)
    found = catalog.some_videos([*ids, "unknown"])
    assert found == {video_id: catalog.video(video_id) for video_id in ids[::100]}
    assert catalog.some_videos([]) == {}


def test_pending_is_what_is_neither_done_nor_absent(catalog: Catalog) -> None:
    for video_id, status in [("a", "done"), ("b", "absent"), ("c", "pending"), ("d", None)]:
        add_song(catalog, video_id)
        if status is not None:
            catalog.store_stage(Stage(video_id, "lyrics", LINES.key, status))  # type: ignore[arg-type]  # mypy widens the list
    assert catalog.pending("lyrics", LINES.key) == {"c", "d"}
    assert catalog.pending("lyrics", "another@1") == {"a", "b", "c", "d"}
    assert catalog.pending("frames", LINES.key) == {"a", "b", "c", "d"}


def test_a_video_goes_with_its_last_file_and_leaves_nothing(library: Library) -> None:
    catalog = library.catalog
    empty = count_rows(library.folder)
    fill_song(catalog, "ab12", seed=1)
    copy = Path("/music/copy.mp4")
    add_song(catalog, "ab12", path=copy)
    catalog.record_failure(Failure(copy, "lyrics", "bad_lyrics", "broken side-car"))
    catalog.store_sounds([LineSounds("ab12", 0, "en", "DIs", "abc")], "1")
    full = count_rows(library.folder)
    assert all(
        full[name] > 0 for name in full if name not in ("removed", "unused_tag")
    )  # else the end of this test would show nothing
    assert catalog.drop_locations([Path("/music/ab12.mp4"), Path("/music/never.mp4")]) == []
    assert catalog.video("ab12").path == copy
    assert catalog.drop_locations([copy]) == ["ab12"]
    assert count_rows(library.folder) == empty
    assert catalog.drop_locations([copy]) == []


def test_a_video_that_is_removed_by_its_name_leaves_this_and_its_places(library: Library) -> None:
    catalog = library.catalog
    empty = count_rows(library.folder)
    fill_song(catalog, "ab12", seed=1)
    copy = Path("/music/copy.mp4")
    add_song(catalog, "ab12", path=copy)
    catalog.record_failure(Failure(copy, "lyrics", "bad_lyrics", "broken side-car"))
    known = catalog.video("ab12")
    assert catalog.remove_videos(["ab12", "ab13"]) == ["ab12"]
    assert count_rows(library.folder) == empty | {"removed": 2}
    (removed,) = catalog.removed_videos()
    assert (removed.id, removed.title, removed.artist) == ("ab12", known.title, known.artist)
    assert {removed.path, *removed.other_paths} == {Path("/music/ab12.mp4"), copy}
    add_song(catalog, "ab12", path=copy)
    assert catalog.removed_videos() == []


def test_more_files_than_a_statement_takes_values_are_dropped(catalog: Catalog) -> None:
    paths = [Path(f"/music/{number}.mp4") for number in range(1201)]
    for path in paths:
        catalog.record_failure(Failure(path, "scan", "unreadable", "no"))
    fill_song(catalog, "ab12", seed=1)
    assert catalog.drop_locations([*paths, Path("/music/ab12.mp4")]) == ["ab12"]
    assert catalog.failures() == []


def test_other_content_at_a_path_takes_the_old_videos_place(library: Library) -> None:
    fill_song(library.catalog, "ab12", seed=1)
    add_song(library.catalog, "cd34", path=Path("/music/ab12.mp4"))
    assert [video.id for video in library.catalog.videos()] == ["cd34"]
    assert count_rows(library.folder)["embedding"] == 0


def test_failures_are_kept_by_file_and_stage(catalog: Catalog) -> None:
    path = Path("/music/bad.mp4")
    assert catalog.failure_stamp(path) is None
    catalog.record_failure(Failure(path, "probe", "truncated", "first"), 10, 20)
    catalog.record_failure(Failure(path, "probe", "no_media", "second"), 11, 21)
    catalog.record_failure(Failure(path, "lyrics", "bad_lyrics", "third"), 11, 21)
    catalog.record_failure(Failure(Path("/other/bad.mp4"), "scan", "unreadable", "fourth"))
    assert [failure.message for failure in catalog.failures(Path("/music"))] == ["third", "second"]
    assert catalog.failure_stamp(path) == (11, 21)
    catalog.clear_failures([path], stage="lyrics")
    assert [failure.message for failure in catalog.failures()] == ["second", "fourth"]
    catalog.clear_failures([path])
    assert [failure.message for failure in catalog.failures()] == ["fourth"]


def test_a_library_keeps_the_encoders_it_was_begun_with(catalog: Catalog) -> None:
    assert catalog.profile() == "toy"
    assert catalog.spaces() == SPACES
    fill_song(catalog, "ab12", seed=1)
    catalog.adopt_profile("toy", SPACES)
    assert catalog.embeddings("ab12", FRAMES.key) is not None
    other = [Space("frames", "seer", "2", 8), *SPACES[1:]]
    for refuse in (catalog.check_spaces, catalog.adopt_profile):
        with pytest.raises(EncoderMismatchError) as caught:
            refuse("newer", other)
        message = str(caught.value)
        assert "\n" not in message
        for part in ("profile toy", "seer@1", "profile newer", "seer@2", "--library OTHER_FOLDER"):
            assert part in message
    assert catalog.spaces() == SPACES


def test_a_library_without_videos_may_change_its_mind(catalog: Catalog) -> None:
    other = [Space("frames", "seer", "2", 8), LINES]
    kept = catalog.generation(LINES.key)
    catalog.adopt_profile("newer", other)
    assert catalog.profile() == "newer"
    assert set(catalog.spaces()) == set(other)
    assert catalog.generation(LINES.key) == kept
    assert catalog.generation(FRAMES.key) == 0


def test_a_stage_whose_encoder_has_no_space_replaces_too(catalog: Catalog) -> None:
    add_song(catalog, "ab12")
    for n in (3, 2):
        made = make_embeddings(SOUND, n, seed=n)
        catalog.store_stage(Stage("ab12", "audio", "another name", "done"), [made])
    found = catalog.embeddings("ab12", SOUND.key)
    assert found is not None
    assert len(found.segments) == 2


def test_vectors_of_an_unknown_space_stay_out(catalog: Catalog) -> None:
    add_song(catalog, "ab12")
    other = Space("frames", "stranger", "1", 8)
    with pytest.raises(EncoderMismatchError, match="stranger@1"):
        catalog.store_stage(
            Stage("ab12", "frames", other.key, "done"), [make_embeddings(other, 2, seed=1)]
        )
    assert catalog.stages("ab12") == []


def test_a_video_is_given_with_a_place_where_it_still_is(catalog: Catalog, tmp_path: Path) -> None:
    here = tmp_path / "z.mp4"
    here.touch()
    for path in (Path("/gone/a.mp4"), here, Path("/gone/zz.mp4")):
        add_song(catalog, "ab12", path=path)
    assert catalog.video("ab12").path == here
    here.unlink()
    assert catalog.videos()[0].path == Path("/gone/a.mp4")


def test_stages_of_all_videos_come_in_one_answer(catalog: Catalog) -> None:
    fill_song(catalog, "ab12", seed=1)
    add_song(catalog, "cd34")
    catalog.store_stage(Stage("cd34", "lyrics", LINES.key, "pending", "no model"))
    assert catalog.video_ids() == {"ab12", "cd34"}
    assert catalog.stages_of("lyrics", LINES.key) == {
        "ab12": catalog.stage("ab12", "lyrics", LINES.key),
        "cd34": Stage("cd34", "lyrics", LINES.key, "pending", "no model"),
    }
    assert catalog.stages_of("lyrics", "other@1") == {}
