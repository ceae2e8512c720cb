import pytest

from mvsearch.search.evaluation.queries.groups import Groups, group_by_tags, read_groups
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Location, Video

ALL = ("frames", "lyrics", "audio")


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path / "library", create=True) as library:
        for name in ("a/one.mp4", "a/two.mp4", "b/two.mp4", "b/three.mp4", "b/früh;ling.mp4"):
            path = tmp_path / name
            video = Video(name.replace("/", "-"), path, path.stem, "Artist")
            library.catalog.add_video(video, Location(path, video.id, tmp_path, 1, 1))
        yield library


def write(tmp_path, text, name="groups.csv"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def test_paths_are_known_in_full_by_their_end_and_by_their_name(library, tmp_path):
    file = write(
        tmp_path,
        f"path,group\n{tmp_path}/a/one.mp4,x\na/two.mp4,x;y\nelsewhere/three.mp4,y\n"
        "früh;ling.mp4,y\nnowhere.mp4,x\n",
    )
    groups = read_groups([file], library)
    assert groups.members == {
        "x": {"a-one.mp4", "a-two.mp4"},
        "y": {"a-two.mp4", "b-three.mp4", "b-früh;ling.mp4"},
    }
    assert groups.notes == ("1 rows of the groups name no video of the library",)
    assert groups.find_answers("a-two.mp4", ALL) == {
        "a-one.mp4", "b-three.mp4", "b-früh;ling.mp4"
    }  # fmt: skip
    assert groups.find_answers("b-two.mp4", ALL) == frozenset()


def test_several_files_add_up(library, tmp_path):
    files = [
        write(tmp_path, "\ufeffgroup,path,more\nx,one.mp4,\n", "1.csv"),
        write(tmp_path, "path,group\nthree.mp4,x\n", "2.csv"),
    ]
    assert read_groups(files, library).members == {"x": {"a-one.mp4", "b-three.mp4"}}


def test_kinds_count_where_they_should():
    groups = Groups(
        {
            "picture:p": frozenset("ab"),
            "sound:s": frozenset("ac"),
            "artist:r": frozenset("ad"),
            "cover:c": frozenset("ae"),
            "plain": frozenset("af"),
        }
    )
    assert groups.find_answers("a", ["frames"]) == set("bef")
    assert groups.find_answers("a", ["audio"]) == set("cef")
    assert groups.find_answers("a", ["frames", "audio"]) == set("ef")
    assert groups.find_answers("a", ["lyrics"]) == set("ef")
    assert groups.find_similar("a") == set("bcdef")
    assert groups.find_similar("z") == frozenset()
    assert groups.find_answers("b", ["frames"]) == {"a"}
    assert groups.find_answers("z", ["frames"]) == frozenset()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("file,group\na,b\n", "columns"),
        ("", "columns"),
        ("path,group\ntwo.mp4,x\n", "fits 2 videos"),
        ("path,group\n" + "x" * 140_000 + ",y\n", "not valid CSV"),
    ],
)
def test_wrong_files_are_one_line(library, tmp_path, text, complaint):
    with pytest.raises(QueryError, match=complaint):
        read_groups([write(tmp_path, text)], library)


def test_a_missing_file_and_a_folder_are_one_line(library, tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(QueryError, match="cannot read the groups"):
            read_groups([path], library)


def test_tags_tell_songs_and_artists(tmp_path):
    def video(video_id, artist, title):
        return Video(video_id, tmp_path / video_id, title, artist)

    groups = group_by_tags(
        [
            video("1", "Ada", "Song"), video("2", "ADA ", "song"), video("3", "Ada", "Other"),
            video("4", None, "Song"), video("5", "Bob", "Song"), video("6", None, "Song"),
        ]
    )  # fmt: skip
    assert set(groups.members.values()) == {frozenset("12"), frozenset("123")}
    assert groups.find_answers("1", ALL) == {"2"}
    assert groups.find_similar("1") == {"2", "3"}
