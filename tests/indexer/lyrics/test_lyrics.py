from dataclasses import dataclass
from pathlib import Path

import pytest

from mvsearch.indexer.lyrics import find_lyrics
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Lyrics

SRT = "1\n00:00:01,000 --> 00:00:02,000\n{}\n"


@dataclass(frozen=True)
class Stream:
    index: int
    codec: str = "subrip"
    language: str | None = None


def refuse(index: int) -> str:
    raise AssertionError(f"stream {index} must not be read")


def find(
    video: Path,
    tags: dict[str, str] | None = None,
    streams: dict[Stream, str] | None = None,
    language: str | None = None,
) -> Lyrics:
    texts = {stream.index: text for stream, text in (streams or {}).items()}
    found = find_lyrics([video], tags or {}, list(streams or {}), texts.__getitem__, language)
    assert found.lyrics is not None
    assert found.problems == ()
    return found.lyrics


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return tmp_path / "Song.mp4"


def test_sources_in_order(video: Path) -> None:
    tags = {"lyrics": "from the tag"}
    streams = {Stream(2): SRT.format("from the stream")}
    assert find(video, tags) == find(video, tags, {Stream(3, "dvd_subtitle"): ""})
    from_tag = find(video, tags)
    assert (from_tag.source, from_tag.origin) == ("tag", "lyrics")
    assert from_tag.lines[0].text == "from the tag"
    from_stream = find(video, tags, streams)
    assert (from_stream.source, from_stream.origin) == ("subtitles", "stream 2")
    video.with_suffix(".txt").write_text("from the file")
    assert find(video, tags, streams).lines[0].text == "from the file"
    assert find_lyrics([video], tags, list(streams), refuse).problems == ()


def test_nothing_found(video: Path) -> None:
    found = find_lyrics([video], {"title": "Song", "lyrics": " \n"}, [], refuse)
    assert (found.lyrics, found.problems) == (None, ())


def test_a_bad_sidecar_is_told_and_the_tag_is_taken(video: Path) -> None:
    video.with_suffix(".srt").write_text("broken")
    found = find_lyrics([video], {"lyrics": "words"}, [], refuse)
    assert found.lyrics is not None
    assert found.lyrics.source == "tag"
    (problem,) = found.problems
    assert problem.code == "bad_lyrics"
    assert str(problem).startswith("Song.srt: ")


def test_a_stream_that_cannot_be_read_is_told_and_the_next_is_taken(video: Path) -> None:
    def read(index: int) -> str:
        if index == 1:
            raise MediaError("decode_failed", "broken")
        return SRT.format("words")

    found = find_lyrics([video], {}, [Stream(1), Stream(2, "mov_text", "ger")], read)
    assert found.lyrics is not None
    assert (found.lyrics.origin, found.lyrics.language) == ("stream 2", "de")
    assert [(bad.code, str(bad)) for bad in found.problems] == [
        ("decode_failed", "subtitle stream 1: broken")
    ]


def test_the_stream_in_the_wanted_language(video: Path) -> None:
    streams = {
        Stream(1, language="eng"): SRT.format("hello"),
        Stream(2, language="ger"): SRT.format("hallo"),
        Stream(3): SRT.format("?"),
    }
    assert find(video, streams=streams).lines[0].text == "hello"
    assert find(video, streams=streams, language="German").lines[0].text == "hallo"
    assert find(video, streams=streams, language="fr").lines[0].text == "?"


@pytest.mark.parametrize(
    "key", ["lyrics", "unsyncedlyrics", "lyrics-eng", "lyrics-xxx", "©lyr", "unsyncedlyrics-eng"]
)
def test_tags_that_hold_lyrics(video: Path, key: str) -> None:
    lyrics = find(video, {key: "one\r\ntwo\r[Chorus]\rthree"})
    assert [line.text for line in lyrics.lines] == ["one", "two", "three"]
    assert lyrics.language == ("en" if key.endswith("-eng") else None)
    assert not lyrics.is_timed


def test_tags_that_hold_none(video: Path) -> None:
    assert find_lyrics([video], {"lyricist": "Someone", "comment": "x"}, [], refuse).lyrics is None


def test_lrc_in_a_tag_has_times_and_comes_first(video: Path) -> None:
    lyrics = find(video, {"lyrics": "plain", "syncedlyrics": "[00:01.50]timed"})
    assert (lyrics.origin, lyrics.lines[0].start_seconds) == ("syncedlyrics", 1.5)


def test_a_tag_that_would_swamp_the_index_is_told(video: Path) -> None:
    found = find_lyrics([video], {"lyrics": "line\n" * 30_000}, [], refuse)
    assert found.lyrics is None
    assert [str(problem).split(":")[0] for problem in found.problems] == ["lyrics tag"]


def test_the_name_of_a_tag_is_bounded(video: Path) -> None:
    found = find_lyrics((video,), {"lyrics-" + "x" * 100_000: "sung"}, [], refuse)
    assert found.lyrics is not None
    assert len(found.lyrics.origin) == 500


def test_the_tag_in_the_wanted_language(video: Path) -> None:
    tags = {"lyrics-eng": "hello", "lyrics-deu": "hallo"}
    assert find(video, tags, language="de").lines[0].text == "hallo"
    assert find(video, tags, language="en").lines[0].text == "hello"
