import csv
import json
import subprocess
import sys

import pytest

from mvsearch.search.commands.metrics.options import repeat_options
from tests.media import make_colours, make_picture, make_slides, make_tone


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """Pictures, tones, and a video that is red for a second and blue for another."""
    folder = tmp_path_factory.mktemp("media")
    for colour in ("red", "blue"):
        make_picture(folder / f"{colour}.png", f"color={colour}")
    for hertz in (300, 3300):
        make_tone(folder / f"{hertz}.wav", hertz, 1)
    colours = [("red", 1), ("blue", 1.5)]
    make_colours(folder / "video.mp4", colours, frame_rate="10", tone_hertz=300)
    make_slides(folder / "still.mkv", [("red", 0)], sound_seconds=1)
    return folder


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--image a b --text x", "--image a --image b --text x"),
        ("--image a --image b c", "--image a --image b --image c"),
        ("--image=a b --json", "--image=a --image b --json"),
        ("--image -a b", "--image -a --image b"),
        ("--image - b", "--image - --image b"),
        ("--image --text x", "--image --text --image x"),
        ("--plot a b", "--plot a b"),
        ("--image a -- b c", "--image a -- b c"),
        ("--image", "--image"),
        ("a b", "a b"),
    ],
)
def test_values_are_those_up_to_the_next_option(typed, meant):
    assert repeat_options(typed.split(), {"--image", "--text"}) == meant.split()


def test_pictures_are_scored_in_json(run, media):
    pictures = [media / "red.png", media / "blue.png"]
    words = ("clip-score", "--profile", "toy", "--image", *pictures, "--text", "red", "a blue hat")
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["metric"] == "clip-score"
    assert told["texts"] == ["red", "a blue hat"]
    assert told["files"] == [str(path) for path in pictures]
    assert told["cosines"][0][0] > 0.9 > told["cosines"][0][1]


def test_pictures_are_scored_in_a_table_and_a_plot(run, media, tmp_path):
    pytest.importorskip("matplotlib")
    plot = tmp_path / "plot.png"
    words = (
        "clip-score",
        "--profile",
        "toy",
        "--image",
        media / "red.png",
        "--text",
        "red",
        "blue",
    )
    code, out, err = run(*words, "--plot", plot)
    assert (code, err) == (0, "")
    assert "red.png" in out
    assert "toy-frames" in out
    assert f"written: {plot}" in out
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_sounds_are_scored(run, media, joint_profile):
    sounds = [media / "300.wav", media / "3300.wav"]
    words = ("clap-score", "--profile", joint_profile, "--audio", *sounds, "--text", "high", "low")
    code, out, _ = run(*words, "--json")
    assert code == 0
    ((high, low), (other_high, other_low)) = json.loads(out)["probabilities"]
    assert low > 0.9 > high
    assert other_high > 0.9 > other_low


def test_triples_and_videos_are_matched(run, media, joint_profile):
    files = ("--images", media / "red.png", media / "blue.png", "--audios", media / "300.wav")
    words = ("--texts", "red low", "blue high", "--profile", joint_profile, "--json")
    code, out, _ = run("imsm", *files, media / "3300.wav", *words)
    assert code == 0
    told = json.loads(out)
    assert told["metric"] == "imsm"
    assert told["mean_diagonal_match"] > 0.7
    video = ("--video", media / "video.mp4", "--interval", 1, "--audio-length", 0.5)
    code, out, _ = run("imsm", *video, *words)
    assert code == 0
    first, second, third = json.loads(out)["matches"]
    assert first[0] > second[0] == pytest.approx(third[0], abs=1e-3)


def test_videos_are_compared_with_a_text(run, media):
    words = ("clipsim", "--profile", "toy", "--video", media / "video.mp4", "--text", "red")
    code, out, _ = run(*words, "--json")
    assert code == 0
    (video,) = json.loads(out)["videos"]
    assert video["mean_cosine"] == pytest.approx(10 / 25, abs=0.02)
    code, out, _ = run(*words, "--reference", media / "video.mp4")
    assert code == 0
    assert "relative 1.0000" in out


def test_emotions_are_matched(run, media, tmp_path):
    table = tmp_path / "values.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = [("red.png", 1, 1), ("blue.png", 9, 9), ("300.wav", 0, 0), ("3300.wav", 1, 1)]
        csv.writer(file).writerows([("file", "valence", "arousal"), *rows])
    files = ("--image", media / "red.png", media / "blue.png", "--audio", media / "300.wav")
    words = ("--values", table, "--image-range", "1", "9", "--audio-range", "0", "1", "--json")
    code, out, err = run("emotion-match", *files, media / "3300.wav", *words)
    assert (code, err) == (0, "")
    assert json.loads(out)["similarities"][0] == pytest.approx([1, 0.1353352832], abs=1e-9)


BAD = [
    ("clip-score --image red.png --text red", "clip has no model.safetensors in "),
    ("clap-score --audio 300.wav --text red", "clap has no model.safetensors in "),
    ("clip-score --profile toy --image absent.png --text red", "no file is called"),
    ("clip-score --profile toy --image 300.wav --text red", "it is video or sound, not a picture"),
    ("clip-score --profile toy --image red.png", "--text"),
    ("clip-score --profile toy --image red.png --text red --plot a.jpg", "call it a.png"),
    ("clip-score --profile toy --image red.png --text red --scale 0", "positive"),
    ("clap-score --profile toy --audio 300.wav --text red", "cannot compare sound with words"),
    ("imsm", "name --images, --texts and --audios, or a --video"),
    ("imsm --images red.png blue.png --texts a b --audios 300.wav", "not equally many"),
    ("imsm --images red.png --texts a --audios 300.wav", "give two or more"),
    ("imsm --video video.mp4 --images red.png", "has its own images"),
    ("imsm --video video.mp4 --interval 0", "the interval is a positive number"),
    ("imsm --video video.mp4 --interval nan", "the interval is a positive number"),
    ("clipsim --profile toy --video still.mkv --text red", "has a single frame"),
    ("clipsim --profile toy --video 300.wav --text red", "no picture"),
    ("clipsim --profile toy --video video.mp4 --text red blue", "2 texts"),
    ("clipsim --profile toy --video video.mp4 --text red --frame-rate nan", "frame rate"),
    ("emotion-match --image red.png --audio 300.wav --values red.png", "cannot be read as CSV"),
]


@pytest.mark.parametrize(("words", "complaint"), BAD)
def test_bad_input_is_one_line_and_no_number(run, media, monkeypatch, words, complaint):
    monkeypatch.chdir(media)
    code, out, err = run(*words.split())
    assert (code, out) == (2, "")
    assert complaint in err
    assert len(err.splitlines()) == 1


def test_help_loads_nothing_heavy():
    heavy = ("numpy", "scipy", "torch", "matplotlib", "librosa", "cv2")
    told = (
        "import sys, cli; sys.argv = ['mvsearch', 'metric', '--help']\n"
        "cli.run_app(cli.app)\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
