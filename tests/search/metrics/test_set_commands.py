import json
import shutil

import pytest

from tests.media import make_colours, make_picture, make_silence, make_slides, make_tone
from tests.toy_library import make_clip


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """Folders of videos: `one` and `same` hold the same, `other` differs, `empty` is empty."""
    root = tmp_path_factory.mktemp("media")
    for name in ("one", "other", "empty", "short", "silent", "broken"):
        (root / name).mkdir()
    make_clip(root / "one" / "0.mp4", "testsrc2=s=64x48:r=10", "sine=f=300", 3)
    make_clip(root / "other" / "0.mp4", "rgbtestsrc=s=64x48:r=10", "sine=f=2500", 3)
    shutil.copytree(root / "one", root / "same")
    make_tone(root / "short" / "short.wav", 300, 1)
    make_silence(root / "silent" / "silent.wav", 3)
    make_picture(root / "picture.png")
    make_slides(root / "still.mkv", [("red", 0)], sound_seconds=3)
    make_colours(root / "mute.mp4", [("red", 1), ("blue", 1)])
    (root / "broken" / "broken.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(200))
    return root


@pytest.mark.parametrize("name", ["fad", "fvd"])
def test_distances_of_folders(run, media, tmp_path, name):
    pytest.importorskip("matplotlib")
    plot = tmp_path / "plot.png"
    words = (name, "--profile", "toy", "--reference", media / "one")
    code, out, err = run(*words, "--candidate", media / "same", "--json", "--plot", plot)
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["metric"] == name
    assert told["value"] == pytest.approx(0, abs=1e-9)
    assert told["reference"]["samples"] == told["candidate"]["samples"] > 1
    assert "toy" in told["embedding"]["name"]
    assert plot.read_bytes().startswith(b"\x89PNG")
    code, out, _ = run(*words, "--candidate", media / "other", "--kernel", "--json")
    told = json.loads(out)
    assert told["value"] > 0.1
    assert told["kernel"]["mean"] > 0


def test_divergences_of_pairs_of_files(run, media):
    words = ("kl", "--classifier", "toy-audio", "--reference", media / "one", "--candidate")
    code, out, err = run(*words, media / "same", "--epsilon", 0, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["metric"] == "kl"
    assert told["kl_target_candidate"] == pytest.approx(0, abs=1e-9)
    code, out, _ = run(*words, media / "other", "--json")
    told = json.loads(out)
    assert min(told["kl_target_candidate"], told["kl_candidate_target"]) > 1
    code, out, _ = run(*words, media / "other")
    assert "KL(candidate ‖ target)" in out


def test_inception_score_of_videos(run, media):
    words = ("inception-score", "--videos", media / "one", "--classifier", "toy-frames")
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["metric"] == "inception-score"
    assert told["mean"] == pytest.approx(1, abs=0.1)  # the same picture in all frames
    assert told["deviation"] == 0
    assert run(*words, "--splits", 2, "--sample", "video")[0] == 2


def test_timbre_of_pairs(run, media, tmp_path):
    pytest.importorskip("librosa")
    clips = [media / folder / "0.mp4" for folder in ("one", "same", "other")]
    words = ("timbre", "--audio", *clips, "--seconds", 1)
    code, out, err = run(*words, "--json", "--plot", tmp_path / "plot.png")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["metric"] == "timbre"
    assert told["distances"][0][1] == 0 < told["distances"][0][2]
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    table = tmp_path / "table.csv"
    rows = [["clip", *map(str, clips)]]
    rows += [[str(clip), *map(str, told["distances"][at])] for at, clip in enumerate(clips)]
    table.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    code, out, _ = run(*words, "--compare", table, "--json")
    assert json.loads(out)["correlation"] == pytest.approx(1)
    for old in (("--warp", "fast", "--radius", 2), ("--warp", "exact"), ("--radius", 1)):
        code, out, err = run(*words, *old, "--json")
        assert (code, json.loads(out)) == (0, told)
        assert err == "mvsearch: --warp and --radius change nothing: warping is always exact\n"
    assert "--warp" not in run("timbre", "--help")[1]


def test_alignment_of_sound_and_motion(run, tmp_path):
    pytest.importorskip("librosa")
    pytest.importorskip("cv2")
    path = tmp_path / "blinks.mkv"
    make_clip(path, "testsrc2=s=64x48:r=10", "sine=f=300:beep_factor=4", 3)
    for match in ("greedy", "optimal", "paper"):
        code, out, err = run("av-align", "--video", path, "--match", match, "--json")
        assert (code, err) == (0, "")
        told = json.loads(out)
        assert told["metric"] == "av-align"
        assert told["match"] == match
        assert 0 <= told["score"] <= 1


BAD = [
    ("fad --profile toy --reference one --candidate empty", "holds no media file"),
    ("fad --profile toy --reference one --candidate absent", "absent"),
    ("fad --profile toy --reference one --candidate short", "candidate has 1"),
    ("fad --profile toy --reference one --candidate silent", "silent"),
    ("fad --profile toy --reference one --candidate broken", "broken.mp4"),
    ("fad --profile toy --reference one --candidate other --infinity", "more than 500"),
    ("fad --profile toy --reference one --candidate other --plot x.gif", "x.png"),
    ("fad --profile nobody --reference one --candidate other", "no profile is called"),
    ("fvd --profile toy --reference one --candidate short", "short.wav"),
    ("fvd --profile toy --reference one --candidate other --frame-rate 0", "0.01 to 60"),
    ("fvd --profile toy --reference one --candidate other --frame-rate nan", "0.01 to 60"),
    ("inception-score --videos empty", "holds no media file"),
    ("inception-score --videos one --classifier toy-audio", "does not classify pictures"),
    ("kl --classifier ast --reference one --candidate same", "ast has no model.safetensors in "),
    ("kl --classifier toy-audio --reference one --candidate short", "pair"),
    ("kl --classifier toy-audio --reference one --candidate same --segment nan", "0.5 to 3600"),
    ("kl --classifier toy-audio --reference one --candidate same --epsilon nan", "epsilon"),
    ("timbre --audio one/0.mp4", "two clips or more"),
    ("timbre --audio one/0.mp4 silent/silent.wav", "silent"),
    ("timbre --audio one/0.mp4 mute.mp4", "mute.mp4"),
    ("timbre --audio one/0.mp4 same/0.mp4 --seconds nan", "seconds"),
    ("av-align --video still.mkv", "still.mkv"),
    ("av-align --video mute.mp4", "mute.mp4"),
    ("av-align --video silent/silent.wav", "silent.wav"),
    ("av-align --video absent.mp4", "absent.mp4"),
]


@pytest.mark.parametrize(("words", "complaint"), BAD)
def test_bad_input_is_one_line_and_no_number(run, media, monkeypatch, words, complaint):
    if words.startswith(("timbre", "av-align")):
        pytest.importorskip("librosa")
        pytest.importorskip("cv2")
    monkeypatch.chdir(media)
    code, out, err = run(*words.split())
    assert (code, out) == (2, "")
    assert complaint in err
    assert len(err.splitlines()) == 1
