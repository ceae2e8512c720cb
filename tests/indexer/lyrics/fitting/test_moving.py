"""Moved lyrics have the times of the video, and what was beside it is never lost."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from mvsearch.indexer.lyrics.files.sidecar import find_sidecars, read_sidecars
from mvsearch.indexer.lyrics.fitting import files
from mvsearch.indexer.lyrics.fitting.files import WrittenFile, restore_original, write_fitted
from mvsearch.indexer.lyrics.fitting.moving import CUT, OUTSIDE, mark_lyrics, move_lyrics
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import FitPiece, LyricFit, LyricLine, Lyrics, Video, Word

FIT = LyricFit(
    "words", 0.9, 1.01, (FitPiece(0.0, 5.0), FitPiece(30.0, -5.0)), ((20.0, 30.0),), 6, 6
)
LYRICS = Lyrics(
    (
        LyricLine("first", 1.0, 3.0, (Word("first", 1.0, 2.0),)),
        LyricLine("lasts too long", 10.0, 40.0),
        LyricLine("is cut", 22.0, 24.0),
        LyricLine("after", 31.0, 33.0),
        LyricLine("beyond", 100.0, 103.0),
        LyricLine("no time"),
    ),
    "sidecar",
    "song.lrc",
)
OLD = "[00:01.00]first\n[00:10.00]second\n"


def make_video(folder: Path) -> Video:
    (folder / "song.mp4").write_bytes(b"a video")
    return Video("0" * 32, folder / "song.mp4", "So]ng\n[x", "An Artist")


def test_lines_move_or_are_left_out() -> None:
    first, long, after, cut, beyond, untimed = move_lyrics(LYRICS, FIT, 60.0).lines
    assert (first.start_seconds, first.end_seconds) == (6.01, 8.03)
    assert first.words == (Word("first", 6.01, 7.02),)
    assert (long.start_seconds, long.end_seconds) == (15.1, after.start_seconds)
    assert after.start_seconds == 26.01
    assert (cut.rejected, beyond.rejected) == (CUT, OUTSIDE)
    assert {cut.start_seconds, beyond.start_seconds, untimed.start_seconds} == {None}
    assert untimed.rejected is None


def test_marks_tell_changes() -> None:
    marks = {mark_lyrics(None), mark_lyrics(LYRICS), mark_lyrics(move_lyrics(LYRICS, FIT, 60.0)),
             mark_lyrics(replace(LYRICS, source="fetched"))}  # fmt: skip
    assert len(marks) == 4


def test_a_file_is_written_and_put_back(tmp_path: Path) -> None:
    video = make_video(tmp_path)
    (tmp_path / "song.lrc").write_text(OLD)
    (tmp_path / "song.original.lrc").write_text("somebody's own")
    moved = move_lyrics(LYRICS, FIT, 60.0)
    written = write_fitted([video.path], moved, video, "a note]")
    assert written.kept == "song.original-2.lrc"
    assert (tmp_path / written.kept).read_text() == OLD
    assert (tmp_path / "song.original.lrc").read_text() == "somebody's own"
    read, problems = read_sidecars([video.path])
    assert read is not None
    assert not problems
    assert [(one.text, one.start_seconds) for one in read.lines] == [
        ("first", 6.01), ("lasts too long", 15.1), ("after", 26.01),
    ]  # fmt: skip
    assert read.lines[0].words == moved.lines[0].words
    assert len(find_sidecars(video.path)) == 1  # the kept ones are no lyrics of the video
    restore_original([video.path], written)
    assert (tmp_path / "song.lrc").read_text() == OLD
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "song.lrc", "song.mp4", "song.original.lrc",
    ]  # fmt: skip


def test_subtitles_stay_and_get_a_lyric_file_beside_them(tmp_path: Path) -> None:
    video = make_video(tmp_path)
    (tmp_path / "song.en.srt").write_text("1\n00:00:01,000 --> 00:00:03,000\nfirst\n")
    written = write_fitted([video.path], replace(LYRICS, origin="song.en.srt"), video, "")
    assert (written.name, written.kept) == ("song.en.lrc", "")
    read, _ = read_sidecars([video.path])
    assert read is not None
    assert read.origin == "song.en.lrc"
    restore_original([video.path], written)
    assert {file.name for file in tmp_path.iterdir()} == {"song.mp4", "song.en.srt"}


def test_nothing_is_lost_where_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = make_video(tmp_path)
    outside = tmp_path / "outside.txt"
    outside.write_text("not yours")
    (tmp_path / "song.lrc").symlink_to(outside)
    with pytest.raises(MvsearchError, match="link"):
        write_fitted([video.path], LYRICS, video, "")
    (tmp_path / "song.lrc").unlink()
    (tmp_path / "song.lrc").write_text(OLD)
    written = write_fitted([video.path], LYRICS, video, "")
    (tmp_path / "song.lrc").write_text("edited since")
    with pytest.raises(MvsearchError, match="changed since"):
        restore_original([video.path], written)
    assert outside.read_text() == "not yours"
    assert (tmp_path / written.kept).read_text() == OLD

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(files, "replacing", refuse)
    with pytest.raises(MvsearchError, match=r"^cannot write .*Read-only[^\n]*$"):
        write_fitted([video.path], LYRICS, video, "")
    assert (tmp_path / "song.lrc").read_text() == "edited since"


def test_a_run_that_was_killed_is_done_again_and_undone(tmp_path: Path) -> None:
    """Killed before the file is replaced, after that, and before the undoing was noted."""
    video = make_video(tmp_path)
    lrc = tmp_path / "song.lrc"
    lrc.write_text(OLD)
    told: list[WrittenFile] = []

    def kill(written: WrittenFile) -> None:
        told.append(written)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_fitted([video.path], LYRICS, video, "", kill)
    assert lrc.read_text() == OLD
    restore_original([video.path], told[0])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["song.lrc", "song.mp4"]
    first = write_fitted([video.path], LYRICS, video, "")
    again = write_fitted([video.path], LYRICS, video, "")
    assert told[0] == first == again
    lrc.unlink()
    restore_original([video.path], first)
    restore_original([video.path], first)
    assert lrc.read_text() == OLD
    assert sorted(file.name for file in tmp_path.iterdir()) == ["song.lrc", "song.mp4"]


def test_of_several_places_the_written_one_is_put_back(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    video, other = make_video(tmp_path), make_video(tmp_path / "other")
    (other.path.with_suffix(".lrc")).write_text("somebody's own")
    written = write_fitted([video.path], LYRICS, video, "")
    restore_original([other.path, video.path], written)
    assert other.path.with_suffix(".lrc").read_text() == "somebody's own"
    assert not video.path.with_suffix(".lrc").exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [("../song.lrc", ""), ("song.lrc", "../../x.lrc"), ("song.lrc", "other.lrc"),
     ("song.mp4", ""), ("song.lrc", "song.originalx.lrc")],
)  # fmt: skip
def test_a_strangers_record_touches_no_other_file(tmp_path: Path, name: str, kept: str) -> None:
    video = make_video(tmp_path)
    digest = hashlib.sha256(b"a video").hexdigest()
    with pytest.raises(MvsearchError, match="by hand"):
        restore_original([video.path], WrittenFile(name, digest, kept))
    assert video.path.read_bytes() == b"a video"
