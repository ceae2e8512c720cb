import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from mvsearch.indexer.media.files.naming import name_media
from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.media.programs import find_program
from mvsearch.store.errors import MediaError, ToolMissingError
from tests.media import (
    add_cover,
    cut_off,
    make_colours,
    make_picture,
    make_tone,
    probe_duration,
    run_ffmpeg,
    turn_quarter,
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("probe") / "clip.mp4"
    return make_colours(path, [("red", 1.0), ("blue", 0.6)], tone_hertz=440)


def refusal(path: Path, **options: float) -> MediaError:
    with pytest.raises(MediaError) as caught:
        probe_file(path, **options)
    message = str(caught.value)
    assert str(path.parent) not in message
    assert "\n" not in message
    assert "Invalid data" not in message
    return caught.value


def install(folder: Path, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    find_program.cache_clear()
    yield folder
    find_program.cache_clear()


def test_streams_and_duration_are_those_of_the_file(clip: Path) -> None:
    probe = probe_file(clip)
    assert probe.picture is not None
    assert probe.sound is not None
    assert (probe.picture.codec, probe.picture.width, probe.picture.height) == ("h264", 96, 64)
    assert (probe.picture.frame_rate, probe.picture.rotation_degrees) == (25.0, 0)
    assert (probe.sound.codec, probe.sound.sample_rate) == ("aac", 44100)
    assert probe.duration_seconds == pytest.approx(probe_duration(clip))


def test_a_header_without_duration_gives_none(tmp_path: Path) -> None:
    live = ("-f", "webm", "-live", "1")
    path = make_colours(tmp_path / "live.webm", [("red", 0.4)], options=live)
    assert probe_file(path).duration_seconds is None


def test_a_turned_picture_has_the_size_it_is_shown_with(clip: Path, tmp_path: Path) -> None:
    picture = probe_file(turn_quarter(tmp_path / "turned.mp4", clip)).picture
    assert picture is not None
    assert (picture.width, picture.height, picture.rotation_degrees) == (64, 96, 90)


@pytest.mark.parametrize("ending", ["mp3", "m4a", "flac"])
def test_cover_art_is_no_picture(tmp_path: Path, ending: str) -> None:
    sound = make_tone(tmp_path / f"bare.{ending}", 440, 0.5)
    cover = make_picture(tmp_path / "cover.png")
    probe = probe_file(add_cover(tmp_path / f"song.{ending}", sound, cover))
    assert probe.picture is None
    assert probe.sound is not None


def test_of_several_pictures_the_default_one_is_taken_then_the_largest(tmp_path: Path) -> None:
    small = make_colours(tmp_path / "small.mp4", [("red", 0.2)], size=(32, 32))
    large = make_colours(tmp_path / "large.mp4", [("blue", 0.2)], size=(64, 64))
    maps = ("-i", small, "-i", large, "-map", "0", "-map", "1", "-c", "copy")
    for name, flags, width in (
        ("largest.mkv", ("-disposition:v:0", "0", "-disposition:v:1", "0"), 64),
        ("default.mkv", ("-disposition:v:0", "default", "-disposition:v:1", "0"), 32),
    ):
        run_ffmpeg(*maps, *flags, tmp_path / name)
        picture = probe_file(tmp_path / name).picture
        assert picture is not None
        assert picture.width == width, name


def test_the_default_sound_comes_first(tmp_path: Path) -> None:
    tones = [make_tone(tmp_path / f"{hertz}.flac", hertz, 0.2) for hertz in (300, 400)]
    flags = ("-map", "0", "-map", "1", "-disposition:a:0", "0", "-disposition:a:1", "default")
    path = tmp_path / "two.mkv"
    run_ffmpeg("-i", tones[0], "-i", tones[1], "-c", "copy", *flags, path)
    assert [sound.index for sound in probe_file(path).sounds] == [1, 0]


def test_subtitles_are_listed_with_language_and_title(clip: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,100 --> 00:00:00,900\nwords\n")
    maps = ("-i", clip, "-i", words, "-i", words, "-map", "0:v", "-map", "1", "-map", "2")
    tags = ("-metadata:s:s:0", "language=eng", "-metadata:s:s:0", "title=For all")
    run_ffmpeg(*maps, "-c:v", "copy", *tags, tmp_path / "with.mkv")
    first, second = probe_file(tmp_path / "with.mkv").subtitles
    assert (first.index, first.language, first.title) == (1, "eng", "For all")
    assert (second.index, second.language, second.title) == (2, None, None)


@pytest.mark.parametrize("ending", ["mkv", "ogg", "mp3", "mp4"])
def test_title_artist_and_tags_come_from_the_tags(tmp_path: Path, ending: str) -> None:
    tags = ("-metadata", "title=Élan vital", "-metadata", "artist=The Band")
    codec = ("-c:a", "libvorbis") if ending == "ogg" else ()
    extra = ("-metadata", "LYRICS=first line") if ending == "mkv" else ()
    path = tmp_path / f"Other - Name.{ending}"
    make_tone(path, 440, 0.3, options=(*codec, *tags, *extra))
    probe = probe_file(path)
    assert (probe.artist, probe.title) == ("The Band", "Élan vital")
    assert all(key == key.lower() for key in probe.tags)
    if extra:
        assert probe.tags["lyrics"] == "first line"


def test_the_title_of_a_track_is_not_the_title_of_the_video(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "Her - Song.mkv"
    run_ffmpeg("-i", clip, "-c", "copy", "-metadata:s:a:0", "title=Stereo mix", path)
    probe = probe_file(path)
    assert (probe.artist, probe.title) == ("Her", "Song")


def test_a_tag_of_several_lines_becomes_one_line(tmp_path: Path) -> None:
    path = make_tone(tmp_path / "a.flac", 440, 0.2, options=("-metadata", "title=two\n\tlines\x07"))
    assert probe_file(path).title == "two lines"


@pytest.mark.parametrize(
    ("name", "artist", "title"),
    [
        ("Artist - Title.mp4", "Artist", "Title"),
        ("07. Artist - Title (Official Video).mp4", "Artist", "Title"),
        ("07 - Artist - Title [1080p].mkv", "Artist", "Title"),
        ("Artist - Title (Official Music Video) [dQw4w9WgXcQ].webm", "Artist", "Title"),
        ("Artist - Title [dQw4w9WgXcQ].webm", "Artist", "Title"),
        ("Artist – Title (Lyrics).mp4", "Artist", "Title"),
        ("Artist_-_Long_Title.mp4", "Artist", "Long Title"),
        ("Artist - Title (Live in Paris).mp4", "Artist", "Title (Live in Paris)"),
        ("Artist - Title (Remix) [Official Audio].mp4", "Artist", "Title (Remix)"),
        ("Artist - Title - Part 2.mp4", "Artist", "Title - Part 2"),
        ("Jay-Z - 99 Problems.mp4", "Jay-Z", "99 Problems"),
        ("2 Unlimited - No Limit.mp4", "2 Unlimited", "No Limit"),
        ("03 - Alone.mp3", None, "Alone"),
        ("99 Luftballons.mp4", None, "99 Luftballons"),
        ("1979.mp4", None, "1979"),
        ("plain_name.mp4", None, "plain_name"),
        ("semi-detached.mp4", None, "semi-detached"),
        ("[official].mp4", None, "[official]"),
        (" - .mp4", None, "-"),
        ("Title [discography].mp4", None, "Title [discography]"),
    ],
)
def test_names_are_read_with_care(name: str, artist: str | None, title: str) -> None:
    assert name_media(Path("/somewhere") / name) == (artist, title)


def test_a_name_that_is_not_utf8_still_makes_a_printable_title() -> None:
    artist, title = name_media(Path(os.fsdecode(b"Caf\xe9 - Cr\xe8me.mp4")))
    assert f"{artist} {title}".encode()
    assert "Cr" in title


def test_empty_garbage_and_missing_files_are_unreadable(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "garbage.mp4").write_bytes(bytes(range(256)) * 40)
    assert refusal(tmp_path / "empty.mp4").code == "unreadable"
    assert "empty" in str(refusal(tmp_path / "empty.mp4"))
    assert refusal(tmp_path / "garbage.mp4").code == "unreadable"
    assert refusal(tmp_path / "missing.mp4").code == "unreadable"


def test_a_file_without_its_index_is_truncated(clip: Path, tmp_path: Path) -> None:
    error = refusal(cut_off(tmp_path / "part.mp4", clip, 0.5))
    assert (error.code, "incomplete" in str(error)) == ("truncated", True)


def test_a_container_of_words_alone_is_no_media(tmp_path: Path) -> None:
    (tmp_path / "words.srt").write_text("1\n00:00:00,100 --> 00:00:00,900\nwords\n")
    run_ffmpeg("-i", tmp_path / "words.srt", tmp_path / "words.mkv")
    assert refusal(tmp_path / "words.mkv").code == "no_media"


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{target}'\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    ],
)
@pytest.mark.parametrize("ending", ["mp4", "m3u8"])
def test_a_list_of_other_files_is_refused_and_never_followed(
    tmp_path: Path, content: str, ending: str
) -> None:
    target = make_tone(tmp_path / "target.mp3", 440, 0.3)
    path = tmp_path / f"list.{ending}"
    path.write_text(content.format(target=target.name))
    assert refusal(path).code == "unreadable"


@pytest.mark.parametrize("name", ["-i.mp4", "http:x.mp4", "concat:a|b.mp4", "%03d.mp4", "a\nb.mp4"])
def test_a_name_is_never_an_option_a_protocol_or_a_pattern(
    clip: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(clip.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert probe_file(Path(name)).picture is not None


def test_a_probe_that_hangs_times_out(clip: Path, programs: Path) -> None:
    install(programs, "ffmpeg", "exit 1")
    install(programs, "ffprobe", "exec /bin/sleep 1000")
    assert refusal(clip, timeout_seconds=0.5).code == "timed_out"


def test_a_missing_program_says_what_to_type(clip: Path, programs: Path) -> None:
    with pytest.raises(ToolMissingError, match=r"ff\w+ is not installed; type: \w+ .*ffmpeg"):
        probe_file(clip)


REAL = Path(os.environ.get("MVSEARCH_TEST_MEDIA", Path(__file__).parents[3] / "../shared/media"))


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no collection of real files at {REAL}")
def test_real_files_keep_their_tags_and_turns() -> None:
    nasty = REAL / "nasty"
    tagged = probe_file(nasty / "beets" / "full.alac.m4a")
    assert (tagged.artist, tagged.title) == ("the artist", "full")
    assert probe_file(nasty / "beets" / "image.flac").picture is None
    for degrees in (0, 90, 180, 270):
        picture = probe_file(nasty / "decord" / f"video_{degrees}.mov").picture
        assert picture is not None
        assert picture.rotation_degrees == degrees
        assert (picture.width > picture.height) == (degrees in (0, 180))
