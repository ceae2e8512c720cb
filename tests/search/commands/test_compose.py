"""Music for a picture from the shell, by tiny random networks, or the song instead of it."""

import json
import os
import signal
import wave
from pathlib import Path

import pytest

from mvsearch.indexer.composing import musicgen
from mvsearch.search.api import composing as composing_api
from mvsearch.store.records import Mood
from tests.media import make_picture, make_tone
from tests.search.commands.conftest import Run
from tests.tiny_composers import SAMPLE_RATE

MOOD_NUMBERS = {"valence", "arousal", "confidence"}


@pytest.fixture
def picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MVSEARCH_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    return make_picture(tmp_path / "a lake.png")


@pytest.fixture
def composing(composers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVSEARCH_MODELS", str(composers))


@pytest.mark.usefixtures("composing")
def test_music_is_written_and_the_same_for_the_same_seed(
    shell: Run, picture: Path, tmp_path: Path
) -> None:
    ask = ("compose", "--image", picture, "--caption", "calm music", "--seconds", "1.5")
    code, out, err = shell(*ask)
    assert (code, err.splitlines()[0]) == (0, "composing: 76 steps"), err
    assert "written: a lake.wav" in out
    assert "by the words: calm music (your words)" in out
    with wave.open("a lake.wav") as file:
        assert (file.getframerate(), file.getnframes()) == (SAMPLE_RATE, round(1.5 * SAMPLE_RATE))
    assert str(tmp_path).encode() not in Path("a lake.wav").read_bytes()
    code, out, _ = shell(*ask, "--seed", 0, "--out", "b.wav", "--json")
    told = json.loads(out)
    assert told["path"] == str(tmp_path / "b.wav")
    assert (told["duration_seconds"], told["seed"]) == (1.5, 0)
    assert told["true_peak_dbtp"] <= -1
    assert Path("b.wav").read_bytes() == Path("a lake.wav").read_bytes()
    assert shell(*ask, "--seed", 1, "--out", "b.wav")[0] == 2
    assert shell(*ask, "--seed", 1, "--out", "b.wav", "--force")[0] == 0
    assert Path("b.wav").read_bytes() != Path("a lake.wav").read_bytes()


@pytest.mark.usefixtures("composing")
def test_without_a_caption_the_picture_is_described_with_its_mood(
    shell: Run, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composing_api, "_predict_mood", lambda part: Mood(0.8, 0.2, 0.5))
    code, out, _ = shell("compose", "--image", picture, "--seconds", 1, "--json")
    caption = json.loads(out)["caption"]
    assert (code, caption["source"]) == (0, "blip")
    assert caption["text"] == f"calm, slow music for a picture of {caption['seen']}"


@pytest.mark.slow
def test_without_a_caption_and_without_blip_classes_and_mood_are_taken(
    shell: Run, picture: Path, composers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = Path(os.environ["MVSEARCH_MODELS"], "exported")
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "musicgen-small").symlink_to(composers / "musicgen-small")
    if exported.is_dir():  # the encoder's network, which takes seconds to export
        (tmp_path / "models" / "exported").symlink_to(exported)
    code, out, _ = shell("compose", "--image", picture, "--seconds", 1, "--json")
    caption = json.loads(out)["caption"]
    assert (code, caption["source"], set(caption["mood"])) == (0, "tags", MOOD_NUMBERS)
    assert " music" in caption["text"]


@pytest.mark.usefixtures("composing")
def test_ctrl_c_leaves_nothing(
    shell: Run, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(musicgen._Counter, "__call__", interrupt)
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    code, _, err = shell("compose", "--image", picture, "--caption", "music")
    signal.signal(signal.SIGINT, before[0])
    signal.signal(signal.SIGTERM, before[1])
    assert (code, "Traceback" in err) == (130, False)
    assert [each.name for each in tmp_path.iterdir()] == ["a lake.png"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--image", "nowhere.png"), "nowhere.png"),
        (("--image", "tone.flac"), "not a picture"),
        (("--image", "."), "folder"),
        (("--seconds", "31"), "at most 30"),
        (("--seconds", "nan"), "seconds"),
        (("--seed", "-1"), "at least 0"),
        (("--caption", " "), "1 to 1000 letters"),
        (("--out", "x.mp3"), "call it x.wav"),
        (("--out", "nowhere/x.wav"), "not a folder"),
    ],
)
def test_bad_input_is_one_line(
    shell: Run, picture: Path, words: tuple[str, ...], complaint: str
) -> None:
    make_tone(Path("tone.flac"), 440, 0.1)
    image = () if "--image" in words else ("--image", picture)
    code, out, err = shell("compose", *image, *words)
    assert (code, out) == (2, "")
    assert err.startswith("mvsearch: ")
    assert (err.count("\n"), complaint in err) == (1, True), err
    assert not list(Path().glob("*lake.wav"))


def test_without_weights_the_song_that_fits_is_named(run: Run, shell: Run, picture: Path) -> None:
    code, out, err = run("compose", "--image", picture)
    assert code == 2
    assert "Of your library fits best: " in out
    assert err.splitlines()[-1].startswith("mvsearch: musicgen-small has no model.safetensors in ")
    assert "mvsearch models fetch musicgen-small" in err
    code, out, _ = run("compose", "--image", picture, "--json")
    assert json.loads(out)["instead"][0]["rank"] == 1
    code, out, err = shell("compose", "--image", picture, "--library", "nowhere")
    assert (code, out, "With --library" in err) == (2, "", True)


@pytest.mark.usefixtures("composing")
def test_the_networks_are_listed_with_their_licences_and_tried(shell: Run, picture: Path) -> None:
    _, out, _ = shell("models", "list", "--json")
    cards = {each["name"]: each for each in json.loads(out)}
    assert cards["musicgen-small"]["is_present"]
    assert cards["musicgen-small"]["card"]["licence"] == "CC-BY-NC-4.0"
    code, out, _ = shell("models", "check", "musicgen-small")
    assert code == 0
