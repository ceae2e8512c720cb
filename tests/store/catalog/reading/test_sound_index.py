"""How lines sound is stored beside them, found by grams, and goes with them."""

from mvsearch.store.catalog.reading.sound_index import LineSounds, SoundMatch, UnreadLine
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.records import LyricLine, Lyrics, Stage
from tests.store.examples import LINES, add_song

SUNG = Lyrics(
    (
        LyricLine("one"),
        LyricLine("'; DROP TABLE lyric_sound; --"),
        LyricLine("no", rejected="loop"),
    ),
    "sidecar",
    "",
    "en",
)


def sing(catalog: Catalog, video_id: str, lyrics: Lyrics = SUNG) -> None:
    add_song(catalog, video_id)
    catalog.store_stage(Stage(video_id, "lyrics", LINES.key, "done"), (), lyrics)


def test_lines_wait_until_they_are_read_by_the_revision_of_now(catalog: Catalog) -> None:
    sing(catalog, "aa")
    unread = [UnreadLine("aa", n, SUNG.lines[n].text, "en") for n in (0, 1)]
    assert catalog.find_unread("1", 9) == unread
    assert catalog.find_unread("1", 1) == unread[:1]
    assert catalog.list_readings() == []
    catalog.store_sounds(
        [
            LineSounds("aa", 0, "en", "wan", "abcdef"),
            LineSounds("aa", 1, "-", "", " "),
            LineSounds("gone", 0, "en", "wan", "abcdef"),
        ],
        "1",
    )
    assert catalog.find_unread("1", 9) == []
    assert catalog.list_readings() == ["-", "en"]
    assert len(catalog.find_unread("2", 9)) == 2
    catalog.store_sounds([LineSounds("aa", 0, "de", "ons", "uvwxyz")], "2")
    assert catalog.find_sounding("en", "abcdef", 9) == []
    assert catalog.find_sounding("de", "uvw", 9) == [SoundMatch("aa", 0, "one", "ons")]


def test_lines_are_found_by_the_most_grams_in_common_and_go_with_their_song(
    catalog: Catalog,
) -> None:
    for video_id, grams in (("aa", "abcdef Āāă"), ("bb", "abcxyz Āāă"), ("cc", '"("*')):
        sing(catalog, video_id)
        catalog.store_sounds([LineSounds(video_id, 0, "en", "x", grams)], "1")

    def find(grams: str) -> list[str]:
        return [match.video_id for match in catalog.find_sounding("en", grams, 9)]

    assert find("abcdef") == ["aa", "bb"]
    assert find("abcxyz") == ["bb", "aa"]
    assert find("ABCDEF") == find("ab") == find("") == []
    assert find('"("*') == ["cc"]
    sing(catalog, "aa", Lyrics((LyricLine("another"),), "sidecar"))
    assert find("abcdef") == ["bb"]
    catalog.remove_videos(["bb", "cc"])
    assert catalog.list_readings() == []
