"""The year and the time of adding of what an older library holds."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import index_paths
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.database.schema import HEAD
from mvsearch.store.library import Library
from tests.media import run_ffmpeg
from tests.store.test_stage_columns import migrate

OPTIONS = IndexOptions(lyrics="off")


def test_an_older_library_is_filtered_by_what_it_held_and_learns_years(tmp_path: Path) -> None:
    folder, place = tmp_path / "music", tmp_path / "library"
    folder.mkdir()
    song = folder / "Björk - Jóga.ogg"
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=2", "-metadata", "date=1997-09-15", song)
    begun = datetime.now(UTC)
    with Library.open(place, create=True) as library:
        index_paths([folder], library, Encoders("toy"), OPTIONS)
        [video] = library.catalog.videos(Filter(first_year=1997, last_year=1997))
        assert library.catalog.passing(Filter(added_since=begun)) == {video.id}
    migrate(place, "0007")
    migrate(place, HEAD)
    with closing(sqlite3.connect(place / "catalog.sqlite3")) as opened, opened:
        opened.execute("UPDATE embedding SET peaks = x'00000000'")  # landmarks are not lacking
    with Library.open(place) as library:
        catalog = library.catalog
        assert catalog.passing(Filter(artist="bjork", title="joga")) == {video.id}
        assert catalog.passing(Filter(added_since=begun)) == {video.id}
        assert catalog.passing(Filter(last_year=9999)) == set()
        assert catalog.metadata_marks() == {video.id: None}
        done = index_paths([folder], library, Encoders("toy"), OPTIONS)
        assert (done.indexed, done.unchanged, done.failures) == (0, 1, [])
        assert catalog.video(video.id) == video
        assert None not in catalog.metadata_marks().values()
        again = index_paths([folder], library, Encoders("toy"), OPTIONS)
        assert (again.indexed, again.unchanged) == (0, 1)


def test_what_cannot_be_read_any_more_but_has_not_changed_stays(tmp_path: Path) -> None:
    folder, place = tmp_path / "music", tmp_path / "library"
    folder.mkdir()
    song = folder / "song.ogg"
    run_ffmpeg("-f", "lavfi", "-i", "sine=d=2", song)
    with Library.open(place, create=True) as library:
        index_paths([folder], library, Encoders("toy"), OPTIONS)
        known = library.catalog.video_ids()
    state = song.stat()
    song.write_bytes(bytes(state.st_size))
    os.utime(song, ns=(state.st_atime_ns, state.st_mtime_ns))
    with closing(sqlite3.connect(place / "catalog.sqlite3")) as opened, opened:
        opened.execute("UPDATE video SET metadata_mark = NULL")  # as of an older library
    with Library.open(place) as library:
        for _ in range(2):
            done = index_paths([folder], library, Encoders("toy"), OPTIONS)
            assert [failure.code for failure in done.failures] == ["unreadable"]
            assert (done.removed, library.catalog.video_ids()) == (0, known)


def test_the_sound_of_an_older_library_gets_landmarks(tmp_path: Path) -> None:
    folder, place = tmp_path / "music", tmp_path / "library"
    folder.mkdir()
    run_ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=3:seed=1", folder / "noise.flac")
    with Library.open(place, create=True) as library:
        index_paths([folder], library, Encoders("toy"), OPTIONS)
        [space] = [space for space in library.catalog.spaces() if space.modality == "audio"]
        [video] = library.catalog.videos()
        made = library.catalog.peaks([video.id], space.key)[video.id]
        assert len(made) > 50
    migrate(place, "0009")
    with Library.open(place) as library:
        assert library.catalog.without_peaks(space.key) == {video.id}
        assert library.landmarks(space).video_ids == ()
        done = index_paths([folder], library, Encoders("toy"), OPTIONS)
        assert (done.indexed, done.unchanged, done.failures) == (1, 0, [])
        again = library.catalog.peaks([video.id], space.key)[video.id]
        assert again.seconds.tolist() == made.seconds.tolist()
        assert library.landmarks(space).video_ids == (video.id,)
