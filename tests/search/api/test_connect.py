"""A library behind a server is used as one on this machine is, and no server can do harm."""

import inspect
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mvsearch
from mvsearch.indexer.progress import Silence
from mvsearch.search.api.remote.requests import server as remote_server
from mvsearch.search.evaluation.queries.sample import SampleOptions
from mvsearch.search.layout import Region
from mvsearch.search.output.report import ReportOptions
from mvsearch.search.output.tables.versions import VersionsReport
from mvsearch.store.library import Library
from mvsearch.store.records import SIDES, Failure
from tests import other_encoders, toy_library
from tests.planted_run import plant_run
from tests.search.api.conftest import TOKEN
from tests.search.mood.moods import forget_moods, make_track
from tests.serving import AnyLibrary, serving

FIRST = next(iter(toy_library.PICTURES))
# What they give instead is in docs/python.md.
OTHER_RETURNS = {"open_media"}


def list_public(kind: type) -> dict[str, Any]:
    names = [name for name in dir(kind) if not name.startswith("_")]
    return {name: inspect.getattr_static(kind, name) for name in names}


def test_both_have_the_same_methods() -> None:
    own, remote = list_public(mvsearch.VideoLibrary), list_public(mvsearch.RemoteLibrary)
    assert own.keys() == remote.keys()
    for name, method in own.items():
        if isinstance(method, property):
            assert isinstance(remote[name], property)
            continue
        wanted, found = inspect.signature(method), inspect.signature(remote[name])
        told = [str(one) for one in wanted.parameters.values()]
        assert told == [str(one) for one in found.parameters.values()], name
        if name not in OTHER_RETURNS:
            assert str(wanted.return_annotation) == str(found.return_annotation), name


def tell(found: Any) -> Any:
    """What a call returned, as JSON has it."""
    if hasattr(found, "to_dict"):
        return found.to_dict()
    if isinstance(found, dict):
        return {name: tell(one) for name, one in found.items()}
    return [tell(one) for one in found] if isinstance(found, list | tuple) else found


def tell_layout(layout: Any) -> Any:
    """A layout as far as a server tells it."""
    points = layout.points.round(4).tolist()
    return [layout.modality, layout.video_ids, points, round(layout.explained, 4)]


WHOLE = Region("frames", ((0.0, 0.0), (1.1, 0.0), (1.1, 1.1), (0.0, 1.1)))
# Every call that changes nothing.
CALLS: dict[str, Callable[[Any], Any]] = {
    "folder": lambda library: library.folder,
    "profile": lambda library: library.profile,
    "status": lambda library: library.status(),
    "videos": lambda library: library.videos(),
    "facets": lambda library: library.facets(),
    "find": lambda library: library.find(library.find("second")),
    "show": lambda library: library.show("first song"),
    "lyrics": lambda library: library.lyrics("second"),
    "no lyrics": lambda library: library.lyrics("third"),
    "all_lyrics": lambda library: library.all_lyrics(),
    "failures": lambda library: library.failures(),
    "removed": lambda library: library.removed(),
    "search": lambda library: library.search("river", weights={"lyrics": 2}, fusion="rrf", top=2),
    "similar": lambda library: library.similar("first", n_moments=1, per_artist=1),
    "versions": lambda library: library.versions(),
    "report_similar": lambda library: library.report_similar(ReportOptions("csv"), "first song"),
    "report_versions": lambda library: library.report_versions(VersionsReport("json")),
    "report_search": lambda library: library.report_search(library.search("river", top=1)),
    "negative": lambda library: library.search(
        "river", lyric="take me home", not_text="ships", unlike="third", look_of="second"
    ),
    "sides": lambda library: library.search(lyrics_of="first", sound_of="second"),
    "in time": lambda library: library.search(
        mvsearch.parse_query('lyric(take me home) while not text("snow") then "rain" within 9s')
    ),
    "explain": lambda library: library.explain(
        "first", mvsearch.make_query("river", lyric="take me home", like="second"), n_pairs=2
    ),
    "frame": lambda library: vars_of(library.frame(library.find("first").id, 2.0)),
    "still": lambda library: vars_of(library.still(library.find("first").id, 2.0)),
    "still_seconds": lambda library: library.still_seconds(library.videos()),
    "layout": lambda library: tell_layout(library.layout("frames")),
    "inside": lambda library: library.inside(WHOLE),
    "chosen": lambda library: library.search(filter=mvsearch.Filter(ids=library.inside(WHOLE))),
    "nobody": lambda library: [
        library.search("river", filter=mvsearch.Filter(ids=())),
        library.similar("first", filter=mvsearch.Filter(ids=())),
        library.videos(mvsearch.Filter(ids=())),
    ],
    "by mood": lambda library: [
        library.videos(mvsearch.Filter(mood="sad", max_arousal=0.9), sort="mood-gap"),
        library.search(filter=mvsearch.Filter(min_valence=0.1, max_valence=0.3)),
    ],
    "mix_through": lambda library: [
        library.mix_through("first", 5, by="look", filter=mvsearch.Filter(max_bpm=900, key="Am")),
        library.mix_through(["second", "first"], 1, harmonic=True, seed=3),
    ],
    "by tempo": lambda library: [
        library.videos(mvsearch.Filter(min_bpm=1, harmonic="8A"), sort="bpm"),
        library.facets(),
    ],
    "predict_mood": lambda library: library.predict_mood(Image.linear_gradient("L").convert("RGB")),
    "encoders": lambda library: library.encoders(),
    "holds_file": lambda library: [
        library.holds_file(path) for path in (library.find("first").path, Path("/nothing"))
    ],
}


def vars_of(still: Any) -> Any:
    return (still.seconds, still.image)


@pytest.mark.parametrize("name", CALLS)
def test_both_say_the_same(
    opened: mvsearch.VideoLibrary, connected: mvsearch.RemoteLibrary, name: str
) -> None:
    expected, found = CALLS[name](opened), CALLS[name](connected)
    assert type(found) is type(expected)
    assert tell(found) == tell(expected)


@pytest.fixture(params=["opened", "connected"])
def changing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyLibrary]:
    """A library of its own, to change."""
    place = toy_library.make_indexed(tmp_path / "videos", tmp_path / "library")
    with mvsearch.open(place) as library:
        if request.param == "opened":
            yield library
            return
        with serving(library) as url, mvsearch.connect(url) as remote:
            yield remote


def test_changes_are_made_there(changing: AnyLibrary, tmp_path: Path) -> None:
    (gone,) = (tmp_path / "videos").glob("*Third*")
    gone.unlink()
    assert changing.remove_missing() == 1
    assert changing.remove("second") == 1
    assert [video.title for video in changing.removed()] == ["Second Song"]
    summary = changing.index(tmp_path / "videos", lyrics="off", include_removed=True, workers=1)
    assert (summary.indexed, summary.unchanged, summary.is_interrupted) == (1, 1, False)
    with pytest.raises(mvsearch.MvsearchError, match="no Whisper model and no file 'absent'"):
        changing.transcribe("first", whisper_model="absent")
    assert [video.title for video in changing.videos()] == ["First Song", "Second Song"]
    first, second = changing.videos()
    changing.decide(first, second, kept=first)
    assert [changing.surplus(), *changing.decisions().pairs.values()] == [[second], first.id]
    (moved,) = changing.move_surplus(tmp_path / "videos" / "surplus")
    assert moved.parent.name == "surplus"
    assert moved.exists()
    lyrics = moved.with_suffix(".srt")
    assert sorted(move.target for move in changing.decisions().moves) == [moved, lyrics]
    assert sorted(changing.move_back()) == [second.path, second.path.with_suffix(".srt")]
    changing.undecide(first, second)
    assert changing.decisions().pairs == {}
    changing.save_playlist("Mine & more", ["first"])
    changing.mark("Mine & more", "first", is_in=False)
    changing.mark("Mine & more", "first")
    listed = changing.playlists()
    assert {k: [one.title for one in v] for k, v in listed.items()} == {
        "Mine & more": ["First Song"]
    }
    with pytest.raises(mvsearch.MvsearchError, match="already"):
        changing.save_playlist("Mine & more", [])
    changing.delete_playlist("Mine & more")
    assert changing.playlists() == {}
    with pytest.raises(mvsearch.MvsearchError, match=r"does not exist|in none of the folders"):
        changing.index(tmp_path / "absent")


def test_encoders_are_switched_and_dropped_there(
    changing: AnyLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_run(changing.folder, "songs-1", monkeypatch)
    switched = changing.switch_encoder("songs-1")
    assert [(one.name, one.is_in_use) for one in switched[:2]] == [
        ("toy-frames", False),
        ("songs-1", True),
    ]
    with pytest.raises(mvsearch.EncoderMismatchError, match="in use"):
        changing.drop_encoder("songs-1")
    changing.switch_encoder("toy-frames")
    assert changing.drop_encoder("songs-1")[1].name == "toy-lyrics"
    with pytest.raises(mvsearch.TrainingError, match="not finished"):
        changing.switch_encoder("songs-2")


def test_encoders_are_added_and_rolled_back_there(
    changing: AnyLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_encoders.register(monkeypatch)
    (added,) = [one for one in changing.add_encoder("other-lyrics") if one.name == "other-lyrics"]
    assert (added.modality, added.is_in_use, added.n_lacking) == ("lyrics", False, 0)
    changing.switch_encoder("other-lyrics")
    after = {one.name: (one.is_in_use, one.was_before) for one in changing.rollback_encoder()}
    assert after["other-lyrics"] == (False, True)
    assert after["toy-lyrics"] == (True, False)
    with pytest.raises(mvsearch.MvsearchError, match="no encoder is called"):
        changing.add_encoder("absent")


def test_the_server_is_diagnosed(
    opened: mvsearch.VideoLibrary, connected: mvsearch.RemoteLibrary
) -> None:
    here, there = opened.diagnose(), connected.diagnose()
    assert [one.name for one in there.findings] == [one.name for one in here.findings]
    assert there.library == here.library


def test_vectors_and_videos_are_downloaded(
    opened: mvsearch.VideoLibrary, connected: mvsearch.RemoteLibrary, folder: Path, tmp_path: Path
) -> None:
    counts = opened.export_embeddings(tmp_path / "own.npz", modality="lyrics")
    assert connected.export_embeddings(tmp_path / "got.npz", modality="lyrics") == counts
    with np.load(tmp_path / "own.npz") as own, np.load(tmp_path / "got.npz") as got:
        np.testing.assert_equal(dict(got), dict(own))  # what is unknown is NaN in both
    with pytest.raises(mvsearch.MvsearchError, match="exists already"):
        connected.export_embeddings(tmp_path / "got.npz")
    media = connected.open_media(connected.find("first").id)
    assert (media.way, media.content_type, media.has_ranges) == ("file", "video/mp4", True)
    saved = media.download(tmp_path / "got.mp4")
    assert saved.read_bytes() == (folder / FIRST).read_bytes()
    with pytest.raises(mvsearch.MvsearchError, match="never overwritten"):
        media.download(saved, force=True)


def test_an_evaluation_comes_with_its_outcomes(
    opened: mvsearch.VideoLibrary, connected: mvsearch.RemoteLibrary, tmp_path: Path
) -> None:
    sample = SampleOptions(n_clips=1, distortions=("none",), kinds=("in-time", "similar"))
    groups = tmp_path / "groups.csv"
    names = "".join(f"{name},sung\n" for name in toy_library.PICTURES)
    groups.write_text(f"path,group\n{names}", encoding="utf-8")
    expected = opened.evaluate(sample, groups=[groups])
    assert expected[0].outcomes
    assert connected.evaluate(sample, groups=[groups]) == expected


def test_media_in_every_form_are_uploaded(
    opened: mvsearch.VideoLibrary, connected: mvsearch.RemoteLibrary, folder: Path
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (12, 32, 48, 3), np.uint8)
    sound = mvsearch.Samples(np.sin(np.arange(16_000, dtype=np.float32) / 9), 8000)
    query = mvsearch.make_query(
        "a line",
        image=Image.fromarray(pixels[1]),
        clip=mvsearch.Clip(mvsearch.Frames(pixels, 6), 0.5),
        audio=[sound, mvsearch.Clip(folder / FIRST, 1, 3)],
    )
    assert tell(connected.search(query)) == tell(opened.search(query))


def test_pairs_are_of_the_part_that_was_asked(
    opened: mvsearch.VideoLibrary, connected: mvsearch.RemoteLibrary
) -> None:
    query = mvsearch.make_query("river", image=np.full((32, 32, 3), 90, np.uint8))
    expected, found = (tell(library.explain("first", query)) for library in (opened, connected))
    assert found == expected
    assert {pair["part"] for pair in found} == {0, 1}


def test_music_and_chains_are_the_same(
    opened: mvsearch.VideoLibrary, connected: mvsearch.RemoteLibrary
) -> None:
    picture = np.full((32, 32, 3), 200, np.uint8)
    own, found = opened.music_for(picture, top=2), connected.music_for(picture, top=2)
    assert (found.way, found.words, tell(found.results)) == (own.way, own.words, tell(own.results))
    assert tell(connected.chain("first", length=2)) == tell(opened.chain("first", length=2))


def test_what_fits_by_mood_and_mixes_are_the_same(tmp_path: Path) -> None:
    place = toy_library.make_indexed(tmp_path / "videos", tmp_path / "library")
    forget_moods(place)
    with Library.open(place) as library:
        for at, video in enumerate(library.catalog.videos()):
            moods = (0.2 + 0.3 * at, 0.3, 0.8), (0.8 - 0.3 * at, 0.3, 0.8)
            for side, numbers in zip(SIDES, moods, strict=True):
                track = make_track(side, numbers, [(0.0, 0.5, 0.5), (1.0, *numbers[:2])])
                library.catalog.store_moods([(video.id, track)])
    first = mvsearch.make_query(like="first")
    with (
        mvsearch.open(place) as opened,
        serving(opened) as url,
        mvsearch.connect(url) as connected,
    ):
        for name in ("music_for", "pictures_for"):
            own, found = (getattr(one, name)(first, top=2) for one in (opened, connected))
            assert own.results[0].mood is not None
            assert (found.way, tell(found.results)) == (own.way, tell(own.results))
        for library_ in (opened, connected):
            with pytest.raises(mvsearch.QueryError, match="found by mood, not by look"):
                library_.music_for(first, way="look")
            with pytest.raises(mvsearch.QueryError, match="did you mean calm"):
                library_.mix("clam", "sad")
        own, found = (one.mix("sad", (0.8, 0.3), 1) for one in (opened, connected))
        assert len(own.songs) == 3
        assert (tell(found.songs), found.notes) == (tell(own.songs), own.notes)


def test_contrasts_are_the_same(
    opened: mvsearch.VideoLibrary, connected: mvsearch.RemoteLibrary
) -> None:
    picture = mvsearch.make_query(image=np.full((32, 32, 3), 200, np.uint8))
    for asked in (
        {"looks_like": "first", "sounds_unlike": mvsearch.Clip("first", 1, 3)},
        {"looks_unlike": picture, "sounds_like": "second", "top": 1},
    ):
        own, found = opened.contrast(**asked), connected.contrast(**asked)  # type: ignore[arg-type]
        assert tell(own.results)
        assert tell(found) == tell(own)
    for library in (opened, connected):
        with pytest.raises(mvsearch.QueryError, match="has no weights"):
            library.contrast(looks_like="a", sounds_unlike="b", weights={"frames": 1})


def test_files_of_a_query_are_uploaded_and_named(
    opened: mvsearch.VideoLibrary, connected: mvsearch.RemoteLibrary, tmp_path: Path
) -> None:
    picture = tmp_path / 'a "b" (c)@1-2.png'
    Image.linear_gradient("L").convert("RGB").save(picture)
    text = f'image({json.dumps(str(picture))}) * 2 while text("\\u00e9 \\"river\\"")'
    sides = mvsearch.make_query(
        "river", look_of=mvsearch.make_query(image=picture), unlike=mvsearch.Clip("first", 0, 2)
    )
    for query in (mvsearch.parse_query(text), sides):
        own, found = opened.search(query), connected.search(query)
        assert tell(own.results)
        assert tell(found) == tell(own)
    wanted = [mvsearch.parse_query("lyric(take me home) and text(river)"), sides]
    for query in wanted:
        assert tell(connected.explain("first", query)) == tell(opened.explain("first", query))
    for library in (opened, connected):
        with pytest.raises(mvsearch.QueryError, match="leave out the fusion"):
            library.search(sides, fusion="rrf")


def test_what_is_uploaded_is_dropped_unless_it_is_remembered(
    opened: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    fetch = remote_server.Server.fetch

    def note(self: Any, method: str, path: str, **given: Any) -> Any:
        asked.append((method, path.partition("/")[0]))
        return fetch(self, method, path, **given)

    picture = mvsearch.make_query(image=np.zeros((8, 8, 3), np.uint8))
    with serving(opened) as url, mvsearch.connect(url) as library:
        monkeypatch.setattr(remote_server.Server, "fetch", note)
        library.search(picture)
        assert asked == [("POST", "uploads"), ("POST", "search"), ("DELETE", "uploads")]
        asked.clear()
        memory: dict[Any, Any] = {}
        for weights in ({"frames": 1}, {"frames": 1, "audio": 1}):
            library.search(picture, memory=memory, weights=weights)
        assert asked.count(("POST", "uploads")) == 1
        assert ("DELETE", "uploads") not in asked
        memory[next(iter(memory))] = "forgotten"
        assert len(library.search(picture, memory=memory)) == 3


def test_names_that_are_not_utf_8_come_through(
    connected: mvsearch.RemoteLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [Failure(Path("/m/\udcff.mp4"), "scan", "unreadable", "no permission")]
    monkeypatch.setattr(mvsearch.VideoLibrary, "failures", lambda _: failures)
    assert connected.failures() == failures


def test_errors_are_those_of_the_library(connected: mvsearch.RemoteLibrary) -> None:
    with pytest.raises(mvsearch.VideoNotFoundError, match="no video matches 'nothing'"):
        connected.show("nothing")
    with pytest.raises(mvsearch.AmbiguousVideoError, match="may be"):
        connected.find("song")
    with pytest.raises(mvsearch.QueryError, match="less than or equal to 200"):
        connected.search("river", top=500)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(mvsearch.CancelledError):
        connected.versions(cancel=cancel)


def test_a_large_file_is_refused_before_it_is_sent(
    connected: mvsearch.RemoteLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connected, "_max_bytes", 2**16)
    with pytest.raises(mvsearch.QueryError, match="give a shorter clip"):
        connected.search(audio=mvsearch.Samples(np.zeros(30_000, np.float32), 8000))


def test_a_closed_library_refuses_and_ends_its_work(opened: mvsearch.VideoLibrary) -> None:
    with serving(opened) as url:
        library = mvsearch.connect(url)

        class Closing(Silence):
            def advance(self, stage: str) -> None:
                library.close()

        with pytest.raises(mvsearch.CancelledError):
            library.versions(progress=Closing())
        with pytest.raises(mvsearch.LibraryClosedError, match="was closed"):
            library.videos()


def test_the_token_is_needed(opened: mvsearch.VideoLibrary) -> None:
    with serving(opened, token=TOKEN) as url:
        for token in (None, "x" * 20):
            with pytest.raises(mvsearch.ServerError, match="asks for its token"):
                mvsearch.connect(url, token)
        with mvsearch.connect(url.replace("//", "//me:secret@"), TOKEN) as library:
            assert len(library.videos()) == 3
        with serving(opened, is_read_only=True) as reading, mvsearch.connect(reading) as library:
            assert library.versions().n_compared == 3
            with pytest.raises(mvsearch.ServerError, match="only reads"):
                library.remove("first")
