import hashlib
import os
import socket
import unicodedata
from pathlib import Path

import pytest

from mvsearch.indexer.media.files.content import content_id
from mvsearch.indexer.media.files.scan import Scan, ScanOptions, scan_places
from mvsearch.store.errors import MediaError, MvsearchError
from tests.media import make_colours, make_tone, run_ffmpeg

MIB = 2**20
NO_TAG = ("-id3v2_version", "0", "-write_xing", "0", "-f", "mp3")
SOUND_FORMATS = {
    "wav": ("-f", "wav"),
    "w64": ("-f", "w64"),
    "aiff": ("-f", "aiff"),
    "flac": ("-f", "flac"),
    "mp3 with tag": ("-f", "mp3"),
    "mp3 bare": NO_TAG,
    "mp2": ("-f", "mp2"),
    "adts": ("-f", "adts"),
    "ogg": ("-f", "ogg"),
    "m4a": ("-f", "ipod"),
    "wma": ("-f", "asf"),
    "caf": ("-f", "caf"),
}
VIDEO_FORMATS = ("mp4", "mov", "matroska", "webm", "avi", "flv", "mpeg", "mpegts", "ogv", "asf")


def names(scan: Scan) -> list[str]:
    return [file.path.name for file in scan.files]


def touch(folder: Path, *parts: str, content: bytes = b"x") -> Path:
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", SOUND_FORMATS)
def test_sound_is_told_by_content_when_the_name_says_nothing(tmp_path: Path, kind: str) -> None:
    made = make_tone(tmp_path / "nameless", 440, 0.3, options=SOUND_FORMATS[kind])
    assert [file.path for file in scan_places([tmp_path]).files] == [made]


@pytest.mark.parametrize("kind", VIDEO_FORMATS)
def test_video_is_told_by_content_when_the_name_says_nothing(tmp_path: Path, kind: str) -> None:
    made = make_colours(tmp_path / "nameless", [("red", 0.2)], options=("-f", kind))
    assert [file.path for file in scan_places([tmp_path]).files] == [made]


def test_other_content_is_no_candidate(tmp_path: Path) -> None:
    touch(tmp_path, "song.lrc", content=b"[00:01.00]words")
    touch(tmp_path, "song.srt", content=b"1\n00:00:01,000 --> 00:00:02,000\nwords\n")
    touch(tmp_path, "code.ts", content=b"const x: number = 1;\n" * 40)
    touch(tmp_path, "notes", content=b"plain words")
    touch(tmp_path, "wide", content="\ufeffwords".encode("utf-16"))
    touch(tmp_path, "nothing", content=b"")
    touch(tmp_path, "noise", content=b"\xff\xfb" * 2000)
    touch(tmp_path, "photo.heic", content=b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00")
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=d=1", "-frames:v", "1", tmp_path / "a.png")
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=d=1", "-frames:v", "1", tmp_path / "a.webp")
    assert scan_places([tmp_path]) == Scan((), (), folders=(tmp_path,))


def test_a_media_ending_is_enough_so_that_broken_files_are_reported(tmp_path: Path) -> None:
    for name in ("empty.mp4", "text.MKV", "garbage.mp3"):
        touch(tmp_path, name, content=b"" if name.startswith("empty") else b"words")
    assert names(scan_places([tmp_path])) == ["empty.mp4", "garbage.mp3", "text.MKV"]


def test_size_and_time_are_those_of_the_file(tmp_path: Path) -> None:
    path = touch(tmp_path, "a.mp4", content=b"12345")
    os.utime(path, ns=(1, 1_234_567_890_123_456_789))
    (file,) = scan_places([tmp_path]).files
    assert (file.size, file.mtime_ns) == (5, 1_234_567_890_123_456_789)


def test_the_order_is_that_of_the_bytes_of_the_paths(tmp_path: Path) -> None:
    for parts in (("b.mp4",), ("a", "z.mp4"), ("B.mp4",), ("a.mp4",), ("é.mp4",)):
        touch(tmp_path, *parts)
    found = [str(file.path.relative_to(tmp_path)) for file in scan_places([tmp_path]).files]
    assert found == ["B.mp4", "a.mp4", "a/z.mp4", "b.mp4", "é.mp4"]


def test_folders_below_count_only_when_asked_for(tmp_path: Path) -> None:
    touch(tmp_path, "top.mp4")
    touch(tmp_path, "deep", "er", "low.mp4")
    assert names(scan_places([tmp_path])) == ["low.mp4", "top.mp4"]
    assert names(scan_places([tmp_path], ScanOptions(recursive=False))) == ["top.mp4"]


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, ".hidden.mp4")
    touch(tmp_path, ".folder", "inside.mp4")
    touch(tmp_path, "seen.mp4")
    assert names(scan_places([tmp_path])) == ["seen.mp4"]


def test_a_loop_of_links_ends_and_counts_each_file_once(tmp_path: Path) -> None:
    touch(tmp_path, "one", "a.mp4")
    (tmp_path / "one" / "back").symlink_to(tmp_path)
    (tmp_path / "one" / "self").symlink_to(tmp_path / "one" / "self")
    scan = scan_places([tmp_path])
    assert [file.path for file in scan.files] == [tmp_path / "one" / "a.mp4"]
    assert scan.failures == ()


def test_a_file_behind_several_links_counts_once_by_its_real_place(tmp_path: Path) -> None:
    real = touch(tmp_path, "z", "real.mp4")
    (tmp_path / "a-link.mp4").symlink_to(real)
    (tmp_path / "b-folder").symlink_to(tmp_path / "z")
    (tmp_path / "c-hard.mp4").hardlink_to(real)
    (file,) = scan_places([tmp_path]).files
    assert file.path == tmp_path / "c-hard.mp4"  # a hard link is as real: the first by name


def test_what_lies_elsewhere_is_reached_through_a_link(tmp_path: Path) -> None:
    outside = touch(tmp_path, "outside", "song.mp4").parent
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "linked").symlink_to(outside)
    (inside / "again").symlink_to(outside)
    (file,) = scan_places([inside]).files
    assert file.path == inside / "again" / "song.mp4"


def test_a_link_that_leads_nowhere_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "missing.mp4")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "missing.txt")
    scan = scan_places([tmp_path])
    assert scan.files == ()
    (failure,) = scan.failures
    assert (failure.path.name, failure.stage, failure.code) == ("gone.mp4", "scan", "unreadable")
    assert "leads nowhere" in failure.message


def test_pipes_and_sockets_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.mp4"))
        touch(tmp_path, "real.mp4")
        assert names(scan_places([tmp_path])) == ["real.mp4"]


def test_an_unreadable_folder_is_a_failure_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "locked", "a.mp4")
    touch(tmp_path, "open", "b.mp4")
    list_folder = os.scandir

    def refuse(folder: Path) -> object:  # file modes do not stop root, who runs tests in containers
        if folder.name == "locked":
            raise PermissionError(13, "Permission denied")
        return list_folder(folder)

    monkeypatch.setattr("mvsearch.indexer.media.files.scan.os.scandir", refuse)
    scan = scan_places([tmp_path])
    assert names(scan) == ["b.mp4"]
    (failure,) = scan.failures
    assert (failure.path, failure.code) == (tmp_path / "locked", "unreadable")
    assert "permission" in failure.message
    assert str(tmp_path) not in failure.message


@pytest.mark.parametrize(
    "name",
    [
        b"-rf.mp4",
        b"line\nbreak.mp4",
        b'it\'s "quoted".mp4',
        b"caf\xe9.mp4",
        b"$(x) %d %s.mp4",
        b"a'b\\c;d,e[f]:g.mp4",
    ],
)
def test_any_name_that_a_disk_can_hold_is_found_and_can_be_opened(
    tmp_path: Path, name: bytes
) -> None:
    made = make_tone(tmp_path / "plain.m4a", 440, 0.2).rename(
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    )
    (file,) = scan_places([tmp_path]).files
    assert file.path == made
    assert len(content_id(file.path)) == 40


def test_both_normal_forms_of_a_name_are_found(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        touch(tmp_path, unicodedata.normalize(form, "né.mp4"))
    assert len(scan_places([tmp_path]).files) == 2


def test_paths_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "sub", "a.mp4")
    monkeypatch.chdir(tmp_path)
    (file,) = scan_places([Path("sub")]).files
    assert file.path == tmp_path / "sub" / "a.mp4"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.mp4", "does not exist"),
        ("notes.txt", "is neither a video nor a sound file"),
        ("pipe.mp4", "is neither a folder nor a readable file"),
        ("dangling.mp4", "does not exist"),
        ("a\0b", "is no path"),
        ("x" * 300, "cannot be read"),
    ],
)
def test_what_is_no_place_is_the_users_error(tmp_path: Path, name: str, reason: str) -> None:
    touch(tmp_path, "notes.txt")
    (tmp_path / "dangling.mp4").symlink_to("nowhere.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(MvsearchError, match=reason):
        scan_places([tmp_path, tmp_path / name])


def test_a_place_inside_another_or_named_twice_counts_once(tmp_path: Path) -> None:
    song, low = touch(tmp_path, "a", "b", "song.mp4"), touch(tmp_path, "a", "b", "c", "low.mp4")
    hidden = touch(tmp_path, "a", ".hidden", "h.mp4")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    (tmp_path / "song link.mp4").symlink_to(song)
    places = [tmp_path / name for name in ("link", "a/b", "a", "a", "song link.mp4", "a/b/c")]
    scan = scan_places([*places, hidden.parent])
    assert [file.path for file in scan.files] == [hidden, low, song]
    assert set(scan.folders) == {tmp_path / "a", hidden.parent}
    assert scan.named == {song}
    flat = scan_places([tmp_path / "a", tmp_path / "a/b"], ScanOptions(recursive=False))
    assert [file.path for file in flat.files] == [song]
    assert set(flat.folders) == {tmp_path / "a", tmp_path / "a" / "b"}


def test_what_is_named_is_taken_though_it_is_ignored(tmp_path: Path) -> None:
    song, other = touch(tmp_path, "song.mp4"), touch(tmp_path, "other.mp4")
    inside = touch(tmp_path, "low", "inside.mp4")
    (tmp_path / ".mvsearchignore").write_text("*.mp4\nlow/\n")
    assert scan_places([tmp_path]).ignored == {song, other, inside.parent}
    scan = scan_places([tmp_path, song, inside.parent])
    assert [file.path for file in scan.files] == [inside, song]
    assert scan.ignored == {other}


def test_the_id_is_the_hash_of_size_and_content(tmp_path: Path) -> None:
    content = b"some bytes" * 1000
    expected = hashlib.blake2b(
        len(content).to_bytes(8, "little") + content, digest_size=20, person=b"mvsearch-1"
    )
    assert content_id(touch(tmp_path, "a.mp4", content=content)) == expected.hexdigest()


def test_the_id_survives_a_new_name_and_no_new_content(tmp_path: Path) -> None:
    path = touch(tmp_path, "a.mp4", content=b"1" * 5 * MIB)
    before = content_id(path)
    assert content_id(path.rename(tmp_path / "b.mp4")) == before
    touch(tmp_path, "b.mp4", content=b"1" * (5 * MIB + 1))
    assert content_id(tmp_path / "b.mp4") != before


@pytest.mark.parametrize("at", [0, MIB - 1, 2 * MIB, 4 * MIB - 1])
def test_every_byte_of_a_small_file_counts(tmp_path: Path, at: int) -> None:
    content = bytearray(4 * MIB)
    before = content_id(touch(tmp_path, "a.mp4", content=bytes(content)))
    content[at] ^= 1
    assert content_id(touch(tmp_path, "a.mp4", content=bytes(content))) != before


def test_of_a_large_file_the_ends_count_and_any_stretch_of_a_seventeenth(tmp_path: Path) -> None:
    size = 40 * MIB
    path = touch(tmp_path, "a.mp4", content=bytes(size))
    before = content_id(path)
    stretch = size // 17
    places = [(0, 1), (MIB - 1, 1), (size - MIB, 1), (size - 1, 1)]
    places += [(start, stretch) for start in range(MIB, size - MIB - stretch, stretch // 2)]
    for start, length in places:
        with path.open("r+b") as file:
            file.seek(start)
            file.write(b"\x01" * length)
        assert content_id(path) != before, (start, length)
        with path.open("r+b") as file:
            file.seek(start)
            file.write(bytes(length))
    assert content_id(path) == before


def test_an_enormous_file_costs_no_more_than_its_sample(tmp_path: Path) -> None:
    path = tmp_path / "huge.mkv"
    with path.open("wb") as file:
        file.truncate(2**38)  # 256 GiB, sparse
    assert len(content_id(path)) == 40


def test_what_cannot_be_read_says_so_without_its_path(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "missing.mp4", tmp_path, tmp_path / "pipe"):
        with pytest.raises(MediaError) as caught:
            content_id(path)
        assert caught.value.code == "unreadable"
        assert str(tmp_path) not in str(caught.value)
