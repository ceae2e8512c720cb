"""One query as a path, bytes, a picture of Pillow, and arrays: the same answer."""

import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

import mvsearch
from mvsearch.search.query import encode
from tests import toy_library
from tests.media import run_ffmpeg
from tests.serving import AnyLibrary

FIRST, SECOND, _ = toy_library.PICTURES
SIZE = (96, 64)
RATE = 22_050


def decode(path: Path, start_seconds: float, n_frames: int) -> np.ndarray:
    """Frames of a video, by ffmpeg itself."""
    raw = run_ffmpeg(
        *("-ss", start_seconds, "-i", path, "-frames:v", n_frames),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"),
    )
    return np.frombuffer(raw, np.uint8).reshape(n_frames, SIZE[1], SIZE[0], 3)


def tell(results: mvsearch.SearchResults) -> list[dict[str, Any]]:
    return [result.to_dict() for result in results]


def find_similarities(results: mvsearch.SearchResults) -> dict[str, float]:
    return {one.video.title: one.contributions["frames"].similarity for one in results}


@pytest.fixture(scope="module")
def frames(folder: Path) -> np.ndarray:
    return decode(folder / FIRST, 1, 20)


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_a_picture_is_the_same_in_every_form(
    opened: mvsearch.VideoLibrary, frames: np.ndarray, tmp_path: Path, own_folder: Path
) -> None:
    picture = Image.fromarray(frames[0])
    path = tmp_path / "still@1-2.png"  # a path is a path
    picture.save(path)
    expected = tell(opened.search(image=path))
    assert expected[0]["video"]["title"] == "First Song"
    for form in (str(path), path.read_bytes(), picture, frames[0], np.asfortranarray(frames[0])):
        assert tell(opened.search(image=form)) == expected
    assert list(own_folder.iterdir()) == []


def test_a_turned_picture_is_turned_as_its_file_is(
    opened: mvsearch.VideoLibrary, frames: np.ndarray, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: shown turned by a quarter
    path = tmp_path / "turned.webp"
    Image.fromarray(frames[3]).save(path, exif=exif, lossless=True)
    with Image.open(path) as picture:
        # Pillow scales the picture of the file, and ffmpeg that in memory.
        expected = find_similarities(opened.search(image=path))
        assert find_similarities(opened.search(image=picture)) == pytest.approx(expected, abs=0.02)
    plain = find_similarities(opened.search(image=frames[3]))
    assert max(abs(plain[name] - expected[name]) for name in expected) > 0.1


def test_a_clip_is_the_same_in_every_form(
    opened: mvsearch.VideoLibrary, frames: np.ndarray, tmp_path: Path, own_folder: Path
) -> None:
    path = tmp_path / "clip.mkv"
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "96x64", "-r", 10, "-i", "pipe:0")
    run_ffmpeg(*raw, "-c:v", "ffv1", "-pix_fmt", "bgr0", path, given=frames.tobytes())
    expected = tell(opened.search(clip=path))
    assert expected[0]["video"]["title"] == "First Song"
    moment = expected[0]["moments"][0]
    assert moment["start_seconds"] == pytest.approx(1, abs=0.5)
    for form in (path.read_bytes(), mvsearch.Frames(frames, 10)):
        assert tell(opened.search(clip=form)) == expected
    part = tell(opened.search(clip=mvsearch.Clip(path, 0.5, 1.5)))
    assert part != expected
    assert tell(opened.search(clip=mvsearch.Clip(mvsearch.Frames(frames, 10), 0.5, 1.5))) == part
    assert list(own_folder.iterdir()) == []


def test_sound_is_the_same_in_every_form(
    opened: mvsearch.VideoLibrary, tmp_path: Path, own_folder: Path
) -> None:
    seconds = np.arange(3 * RATE, dtype=np.float32) / RATE
    samples = np.float32(0.1) * np.sin(np.float32(2 * np.pi * 880) * seconds, dtype=np.float32)
    path = tmp_path / "sound.wav"
    wavfile.write(path, RATE, samples)
    expected = tell(opened.search(audio=path))
    assert expected[0]["video"]["title"] == "Second Song"
    for form in (path.read_bytes(), memoryview(path.read_bytes()), mvsearch.Samples(samples, RATE)):
        assert tell(opened.search(audio=form)) == expected
    assert list(own_folder.iterdir()) == []


def test_several_parts_of_a_kind_are_one_query(
    opened: mvsearch.VideoLibrary, frames: np.ndarray
) -> None:
    both = opened.search(image=[frames[0], frames[9]], lyric="take me home", top=1)
    kinds = [part["kind"] for part in both.to_dict()["query"]["parts"]]
    assert kinds == ["lyric", "image", "image"]
    query = mvsearch.make_query(
        mvsearch.make_query(lyric="take me home"), image=list(frames[[0, 9]])
    )
    assert tell(opened.search(query, top=1)) == tell(both)


def test_a_damaged_picture_of_pillow_is_refused(library: AnyLibrary, frames: np.ndarray) -> None:
    whole = io.BytesIO()
    Image.fromarray(frames[0]).save(whole, "PNG")
    for data in (whole.getvalue()[:200], whole.getvalue()):
        with Image.open(io.BytesIO(data)) as picture:
            if data == whole.getvalue():
                picture.close()
            with pytest.raises(mvsearch.QueryError, match="cannot read the image"):
                library.search(image=picture)


PIXELS = np.zeros((4, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({"image": b""}, "1 to 1073741824 bytes, not 0"),
        ({"image": PIXELS[..., 0]}, r"\(height, width, 3\) of uint8, not \(4, 4\) of uint8"),
        ({"image": PIXELS.astype(np.float32)}, "not .* of float32"),
        ({"image": 3}, "image takes a path, bytes, .* not int"),
        ({"clip": PIXELS}, r"clip takes .*Frames\(pixels, frame_rate\).* not ndarray"),
        ({"audio": mvsearch.Frames(PIXELS[None], 1)}, "audio takes .* not Frames"),
        ({"lyric": Path("song.txt")}, "lyric takes words, not PosixPath"),
        ({"text": "a", "weights": {"pictures": 1}}, "no weight is called 'pictures'"),
        ({"text": "a", "weights": {"frames": -1}}, "a number from 0 up"),
        ({"text": "a", "top": 0}, "at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    library: AnyLibrary, part: dict[str, Any], reason: str
) -> None:
    with pytest.raises(mvsearch.QueryError, match=reason) as caught:
        library.search(**part)
    assert "\n" not in str(caught.value)


def test_arrays_are_checked_where_they_are_given() -> None:
    for pixels, rate in ((PIXELS, 25), (PIXELS[None], 0), (PIXELS[:0][None], 25)):
        with pytest.raises(mvsearch.QueryError):
            mvsearch.Frames(pixels, rate)
    ones = np.ones(8, np.float32)
    for samples, rate in ((ones * np.nan, 8000), (ones, 0), (ones[:0], 8000), (ones[None], 8000)):
        with pytest.raises(mvsearch.QueryError):
            mvsearch.Samples(samples, rate)
    with pytest.raises(mvsearch.QueryError, match="float64"):
        mvsearch.Samples(np.ones(8), 8000)  # type: ignore[arg-type]


def test_bytes_of_something_else_are_refused(library: AnyLibrary, own_folder: Path) -> None:
    playlist = b"ffconcat version 1.0\nfile '/etc/passwd'\n"
    for kind in ("image", "clip", "audio"):
        with pytest.raises(mvsearch.QueryError, match=f"cannot read the {kind}: "):
            library.search(**{kind: playlist})
    assert list(own_folder.iterdir()) == []


def test_a_memory_keeps_what_was_encoded_and_no_file(
    opened: mvsearch.VideoLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = Image.new("RGB", (32, 32), "red")
    query = mvsearch.make_query(image=picture, text="red")
    memory: dict[Any, Any] = {}
    first = opened.search(query, memory=memory)
    picture.save(tmp_path / "q.png")
    opened.search(image=tmp_path / "q.png", memory=memory)
    assert {part.kind for part, *_ in memory} == {"image", "text"}
    assert len({part for part, *_ in memory}) == 2

    def fail(*_: object) -> None:
        raise AssertionError("a picture is decoded again")

    monkeypatch.setattr("mvsearch.search.query.encode.analyse_part", fail)
    again = opened.search(query, memory=memory)
    assert tell(again) == tell(first)
    weighed = opened.search(query, memory=memory, weights={"frames": 1, "lyrics": 3, "audio": 1})
    assert tell(weighed) != tell(first)


def test_a_clip_is_encoded_once_for_each_modality(
    opened: mvsearch.VideoLibrary, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    analyse = encode.analyse_part
    monkeypatch.setattr(
        encode, "analyse_part", lambda *given: (asked.append(tuple(given[2])), analyse(*given))[1]
    )
    query = mvsearch.make_query(clip=(folder / FIRST).read_bytes())
    memory: dict[Any, Any] = {}
    for weights in ({"frames": 1}, {"frames": 1, "audio": 1}, {"audio": 1}, {"frames": 2}):
        found = opened.search(query, memory=memory, weights=weights)
        assert found[0].video.title == "First Song"
    assert asked == [("frames",), ("audio",)]


def test_stills_are_found_by_time(library: AnyLibrary) -> None:
    video = library.find("First Song")
    assert list(library.still_seconds([video])[video.id]) == [0.0, 3.0]
    found = [library.still(video.id, at) for at in (1.4, 1.6, 99)]
    assert [one.seconds for one in found if one] == [0.0, 3.0, 3.0]
    for one in found:
        assert one is not None
        assert Image.open(io.BytesIO(one.image)).format == "WEBP"
    with pytest.raises(mvsearch.VideoNotFoundError):
        library.still("nothing", 0)
