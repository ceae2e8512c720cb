import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import mvsearch
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.profiles import PROFILES, Profile
from mvsearch.indexer.pipeline.encoders.beside import describe_beside, encode_beside
from mvsearch.indexer.progress import Silence
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import CancelledError, EncoderMismatchError, MvsearchError, TrainingError
from mvsearch.store.library import Library
from mvsearch.store.records import Embeddings, Segment, Stage, Tag
from tests.other_encoders import AUDIO, FRAMES, LYRICS, register
from tests.toy_library import make_indexed

OWN = {FRAMES: "toy-frames", LYRICS: "toy-lyrics", AUDIO: "toy-audio"}
KINDS = {FRAMES: "frames", LYRICS: "lyrics", AUDIO: "audio"}
QUERIES = ({"lyric": "take me home along the river"}, {"text": "red"}, {"like": "first"})


@pytest.fixture(autouse=True)
def _other_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("beside")
    return make_indexed(folder / "videos", folder / "library")


@pytest.fixture
def library(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "library")
    return tmp_path / "library"


def read_contents(library: Path) -> dict[str, object]:
    """What searches read of a library: spaces, vectors, stages and tags of all videos."""
    with Library.open(library) as opened:
        catalog = opened.catalog
        spaces = catalog.spaces()
        return {
            "spaces": {space.key for space in spaces},
            "vectors": {
                (video_id, space.key): (made.vectors.tobytes(), list(read_times(made.segments)))
                for space in spaces
                for video_id, made in catalog.iter_embeddings(space.key)
            },
            "stages": {
                (stage.video_id, stage.stage, stage.encoder, stage.status, stage.origin)
                for video in catalog.videos()
                for stage in catalog.stages(video.id)
                if stage.encoder in {space.key for space in spaces}
            },
            "tags": {
                (video.id, tag.name, tag.probability, tag.modality, *read_times([tag]))
                for video in catalog.videos()
                for tag in catalog.tags(video.id)
            },
            "uniform": {(v.id, catalog.uniform_seconds(v.id)) for v in catalog.videos()},
        }


def read_times(spans: Sequence[Segment | Tag]) -> Iterator[tuple[float | None, float | None]]:
    """Times to a tenth: where sound is decoded too, the last frame ends with the longer stream."""
    for span in spans:
        end = span.end_seconds
        yield span.start_seconds, end if end is None else round(end, 1)


def answer(library: Path) -> str:
    """The answers to some queries, as the program prints them."""
    with mvsearch.open(library) as opened:
        return repr([ask(opened, **query) for query in QUERIES])


def ask(library: mvsearch.VideoLibrary, **query: str) -> str:
    """The answer to a query as JSON."""
    weights = {"frames": 1.0} if "like" in query else None
    found = library.search(weights=weights, **query)  # type: ignore[arg-type]
    return json.dumps([result.to_dict() for result in found])


def read_state(library: Path) -> dict[str, tuple[bool, int]]:
    with mvsearch.open(library) as opened:
        return {one.name: (one.is_in_use, one.n_lacking) for one in opened.encoders()}


@pytest.mark.parametrize(
    "name",
    [
        FRAMES,
        pytest.param(LYRICS, marks=pytest.mark.robustness),
        pytest.param(AUDIO, marks=pytest.mark.robustness),
    ],
)
def test_after_a_switch_all_is_as_if_it_had_been_indexed_so(
    library: Path, made: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, contents = answer(library), read_contents(library)
    with mvsearch.open(library) as opened:
        opened.add_encoder(name)
    assert answer(library) == before
    assert read_state(library)[name] == (False, 0)
    with mvsearch.open(library) as opened:
        opened.switch_encoder(name)
    assert read_state(library)[name] == (True, 0)
    parts = {"frames": "toy-frames", "lyrics": "toy-lyrics", "audio": "toy-audio"}
    changed: dict[str, str] = {**parts, KINDS[name]: name}
    monkeypatch.setitem(PROFILES, "fresh", Profile(**changed, whisper_model="tiny"))
    with mvsearch.open(tmp_path / "fresh", profile="fresh") as fresh:
        fresh.index(made.parent / "videos")
    assert read_contents(library) == read_contents(tmp_path / "fresh")
    with mvsearch.open(library) as opened:
        opened.rollback_encoder()
    assert read_contents(library) == contents
    assert answer(library) == before


def test_a_run_after_a_switch_keeps_the_encoder_in_use(library: Path, made: Path) -> None:
    with mvsearch.open(library) as opened:
        opened.add_encoder(FRAMES)
        opened.switch_encoder(FRAMES)
        opened.remove("second")
        summary = opened.index(made.parent / "videos", include_removed=True, lyrics="off")
    assert (summary.indexed, summary.unchanged) == (1, 2)
    # The one of before has not seen the video that came since; going back encodes it.
    assert read_state(library)["toy-frames"] == (False, 1)
    with mvsearch.open(library) as opened:
        opened.rollback_encoder("frames")
        assert [one.name for one in opened.encoders() if one.was_before] == [FRAMES]
    assert read_state(library)["toy-frames"] == (True, 0)


def test_an_open_library_follows_a_switch_of_another_process(library: Path) -> None:
    with mvsearch.open(library) as server, mvsearch.open(library) as other:
        before = ask(server, like="first")
        other.add_encoder(FRAMES)
        assert ask(server, like="first") == before
        other.switch_encoder(FRAMES)
        assert ask(server, like="first") != before
        other.rollback_encoder()
        assert ask(server, like="first") == before


@pytest.mark.robustness
def test_searches_go_on_while_encoders_are_exchanged(library: Path) -> None:
    problems: list[BaseException] = []
    ended = threading.Event()
    with mvsearch.open(library) as opened:
        opened.add_encoder(FRAMES)
        expected = {ask(opened, like="first")}
        opened.switch_encoder(FRAMES)
        expected.add(ask(opened, like="first"))

        def keep_asking() -> None:
            try:
                while not ended.is_set():
                    assert ask(opened, like="first") in expected
            except BaseException as error:  # noqa: BLE001  told to the test
                problems.append(error)

        asking = [threading.Thread(target=keep_asking) for _ in range(2)]
        for thread in asking:
            thread.start()
        for _ in range(3):
            opened.rollback_encoder()
        ended.set()
        for thread in asking:
            thread.join()
    assert not problems


def test_what_was_done_is_kept_and_the_old_one_serves(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, stop, store = answer(library), threading.Event(), Catalog.store_beside

    def store_and_stop(self: Catalog, results: object) -> None:
        store(self, results)  # type: ignore[arg-type]
        stop.set()

    with monkeypatch.context() as patch, mvsearch.open(library) as opened:
        patch.setattr(Catalog, "store_beside", store_and_stop)
        with pytest.raises(CancelledError):
            opened.add_encoder(FRAMES, cancel=stop)
    assert 0 < read_state(library)[FRAMES][1] < 3
    assert answer(library) == before
    with mvsearch.open(library) as opened:
        opened.add_encoder(FRAMES)
    assert read_state(library)[FRAMES] == (False, 0)


@pytest.mark.robustness
def test_new_lyrics_are_encoded_anew_beside(library: Path, made: Path) -> None:
    with mvsearch.open(library) as opened:
        opened.add_encoder(LYRICS)
    song = next((made.parent / "videos").glob("Ada*.lrc"))
    old = song.read_text()
    try:
        song.write_text("[00:01.00]a quite different line of words\n")
        with mvsearch.open(library) as opened:
            opened.index(made.parent / "videos")
            assert read_state(library)[LYRICS] == (False, 1)
            opened.switch_encoder(LYRICS)
            found = opened.search(lyric="a quite different line of words")
        assert found[0].video.artist == "Ada Lovelace"
    finally:
        song.write_text(old)


def test_a_switch_of_another_process_meanwhile_is_no_mixture(library: Path) -> None:
    with Library.open(library) as catalogue:
        beside = describe_beside(catalogue, Encoders("toy"), FRAMES)
        with mvsearch.open(library) as other:
            other.add_encoder(LYRICS)
            other.switch_encoder(LYRICS)
        with pytest.raises(EncoderMismatchError, match="another process"):
            encode_beside(catalogue.catalog, beside, Silence(), threading.Event())


def test_text_in_pictures_is_encoded_as_lyrics_are(library: Path) -> None:
    old, new = Encoders("toy").ocr.spaces[0], Encoders("toy").replacing("lyrics", LYRICS)
    text = Segment(0.0, 1.0, "read me")
    with Library.open(library) as catalogue, catalogue.writing():
        catalog, video = catalogue.catalog, catalogue.catalog.find_video("first")
        catalog.adopt_profile("toy", [*Encoders("toy").spaces(), old])
        vectors = Encoders("toy").ocr.encode([text.text])[0]
        stage = Stage(video.id, "ocr", old.key, "done")
        catalog.store_stage(stage, [Embeddings(old, (text,), vectors)])
    with mvsearch.open(library) as opened:
        opened.add_encoder(LYRICS)
        opened.switch_encoder(LYRICS)
    (space,) = new.ocr.spaces
    with Library.open(library) as catalogue:
        made = catalogue.catalog.embeddings(video.id, space.key)
        assert [one for one in catalogue.catalog.spaces() if one.modality == "ocr"] == [space]
        assert catalogue.catalog.stage(video.id, "ocr", space.key) is not None
    assert made is not None
    np.testing.assert_allclose(made.vectors, new.ocr.encode(["read me"])[0], atol=1e-3)


def test_what_it_has_made_is_dropped_but_not_what_is_in_use(library: Path) -> None:
    with mvsearch.open(library) as opened:
        opened.add_encoder(FRAMES)
        opened.switch_encoder(FRAMES)
        for name in (FRAMES, "toy-lyrics"):
            with pytest.raises(EncoderMismatchError, match="in use"):
                opened.drop_encoder(name)
        names = [one.name for one in opened.drop_encoder("toy-frames")]
        assert names == [FRAMES, "toy-lyrics", "toy-audio"]
        with pytest.raises(EncoderMismatchError, match="no encoder was switched"):
            opened.rollback_encoder()
        with pytest.raises(TrainingError, match="no trained encoder"):
            opened.drop_encoder("toy-frames")
    with Library.open(library) as catalogue:
        assert not [s for s in catalogue.catalog.all_spaces() if s.encoder == "toy-frames"]


def test_files_that_are_gone_keep_the_old_one_in_use(library: Path, made: Path) -> None:
    gone = next((made.parent / "videos").glob("Grace*.mp4"))
    away = gone.rename(gone.with_suffix(".away"))
    try:
        with mvsearch.open(library) as opened:
            opened.add_encoder(FRAMES)
            with pytest.raises(TrainingError, match=r"1 videos cannot.*Second Song"):
                opened.switch_encoder(FRAMES)
            assert opened.encoders()[0].is_in_use
    finally:
        away.rename(gone)


@pytest.mark.parametrize(
    ("call", "name", "said"),
    [
        ("add_encoder", "toy-frames", "is in use"),
        ("add_encoder", "absent", "no encoder is called"),
        ("add_encoder", "../x\n", "no encoder is called"),
        ("add_encoder", "bert", "mvsearch models fetch bert"),
        ("switch_encoder", FRAMES, f"type mvsearch encoders add {FRAMES}"),
        ("switch_encoder", "absent", "is not finished"),
        ("drop_encoder", FRAMES, "no trained encoder"),
        ("rollback_encoder", "lyrics", "no encoder was switched"),
    ],
)
def test_what_cannot_be_is_one_line(
    library: Path, call: str, name: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path / "none"))
    with mvsearch.open(library) as opened:
        with pytest.raises(MvsearchError, match=said) as caught:
            getattr(opened, call)(name)
        assert "\n" not in str(caught.value)
        assert [one.name for one in opened.encoders()] == list(OWN.values())
