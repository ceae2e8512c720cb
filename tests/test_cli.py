import csv
import io
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mvsearch.indexer.encoders import PROFILES
from tests import toy_library
from tests.limits import HANG_SECONDS
from tests.media import make_picture
from tests.search.evaluation.made_once import queries_made_once

ROOT = Path(__file__).parents[1]
FIRST, SECOND, THIRD = toy_library.PICTURES
MODULES_OF_TORCH = ("torch", "transformers", "torchvision", "whisper")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return toy_library.make_folder(tmp_path_factory.mktemp("videos"))


@pytest.fixture(scope="module")
def home(folder, tmp_path_factory):
    """A library of the folder; tests here read it only."""
    return toy_library.make_indexed(folder, tmp_path_factory.mktemp("home") / "library")


@pytest.fixture
def run(shell, home):
    """Run a command as the shell would, on the library unless another or none is named."""

    def call(*words, library=home):
        return shell(*words, *(("--library", library) if library is not None else ()))

    return call


def test_search_json_keeps_its_contract(run, folder):
    code, out, err = run("search", "--clip", f"{folder / FIRST}@1-3", "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert set(answer) == {"query", "results", "notes"}
    best = answer["results"][0]
    assert set(best) == {"rank", "score", "is_weak", "video", "contributions", "moments", "copies"}
    assert best["rank"] == 1
    told = {"id", "path", "title", "artist", "duration_seconds", "is_duration_measured"}
    told |= {"has_picture", "has_sound", "year", "other_paths"}
    assert set(best["video"]) == told | {
        *("valence", "arousal", "moods", "mood_gap", "gain_db", "peak", "artwork"),
        *("bpm", "bpm_confidence", "key", "camelot", "key_confidence"),
    }
    assert (best["video"]["artist"], best["video"]["title"]) == ("Ada Lovelace", "First Song")
    assert best["video"]["path"] == str(folder / FIRST)
    assert set(best["contributions"]) == {"frames", "audio"}
    for contribution in best["contributions"].values():
        assert set(contribution) == {"similarity", "calibrated", "weight", "points"}
    weights = sum(one["weight"] for one in best["contributions"].values())
    assert weights == pytest.approx(1, abs=1e-3)
    moment = best["moments"][0]
    told = {"modality", "start_seconds", "end_seconds", "similarity", "text", "words"}
    told |= {"support", "rate", "is_calibrated"}
    assert set(moment) == told
    assert 0.5 < moment["support"] <= 1
    assert moment["start_seconds"] == pytest.approx(1, abs=0.5)
    assert moment["end_seconds"] == pytest.approx(3, abs=0.5)


def test_a_lyric_line_finds_its_song_and_second(run):
    code, out, _ = run("search", "--lyric", "a moth is sleeping in the relay", "--json")
    best = json.loads(out)["results"][0]
    assert code == 0
    assert best["video"]["title"] == "Second Song"
    assert best["moments"][0] == {
        "modality": "lyrics",
        "start_seconds": 1.0,
        "end_seconds": 3.0,
        "similarity": pytest.approx(1, abs=1e-3),
        "text": "a moth is sleeping in the relay",
        "support": None,
        "rate": 1.0,
        "is_calibrated": True,
        "words": ["a", "moth", "is", "sleeping", "in", "the", "relay"],
    }


def test_several_parts_are_one_query(run, folder):
    code, out, _ = run(
        "search", "--clip", folder / FIRST, "--lyric", "ships in harbour are safe",
        "--weights", "frames=0,lyrics=1", "--json",
    )  # fmt: skip
    results = json.loads(out)["results"]
    assert code == 0
    assert results[0]["video"]["title"] == "Second Song"
    assert results[0]["contributions"]["lyrics"]["weight"] == 1


def test_search_table_names_video_moment_and_reason(run):
    code, out, _ = run("search", "--lyric", "take me home along the river")
    assert code == 0
    assert "First Song" in out
    assert "0:04" in out
    assert "lyrics" in out


def test_search_csv_and_m3u(run, folder):
    code, out, _ = run("search", "--clip", folder / SECOND, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert rows[0]["title"] == "Second Song"
    code, out, _ = run("search", "--clip", folder / SECOND, "--m3u")
    assert out.startswith("#EXTM3U\n")
    assert str(folder / SECOND) in out.splitlines()


def test_like_leaves_the_video_itself_out(run):
    code, out, _ = run("search", "--like", "First Song", "--json")
    titles = {result["video"]["title"] for result in json.loads(out)["results"]}
    assert code == 0
    assert titles == {"Second Song", "Third Song"}


def test_similar_in_the_published_form(run):
    code, out, _ = run("similar", "First Song", "--format", "txt", "--top", "5")
    assert code == 0
    lines = [line for line in out.splitlines() if line.startswith("Song:")]
    found = [re.fullmatch(r"Song: (.+) Score: (-?\d+\.\d+)", line) for line in lines]
    assert len(found) == 2
    assert all("First Song" not in match[1] for match in found)
    scores = [float(match[2]) for match in found]
    assert scores == sorted(scores, reverse=True)


def test_similar_all_json_is_a_list_of_videos_with_theirs(run):
    code, out, _ = run("similar", "--all", "--format", "json")
    report = json.loads(out)
    assert code == 0
    assert [set(entry) for entry in report] == [{"video", "similar"}] * 3
    for entry in report:
        assert len(entry["similar"]) == 2
        assert entry["video"]["id"] not in {one["video"]["id"] for one in entry["similar"]}


def test_similar_html_needs_nothing_but_itself(run, tmp_path):
    page = tmp_path / "report.html"
    code, _, _ = run("similar", "--all", "--format", "html", "--out", page)
    text = page.read_text(encoding="utf-8")
    assert code == 0
    assert "data:image/webp;base64," in text
    assert not re.search(r"(?:src|href)=[\"'](?!data:|#)|url\((?!\"data:)", text)


def test_lyrics_are_printed_and_written(run, tmp_path):
    code, out, _ = run("lyrics", "Second Song", "--format", "lrc")
    assert code == 0
    assert "[00:01.00]a moth is sleeping in the relay" in out
    code, _, _ = run("lyrics", "--all", "--format", "csv", "--out", tmp_path / "lyrics")
    assert code == 0
    written = sorted(path.name for path in (tmp_path / "lyrics").iterdir())
    assert len([name for name in written if name.endswith(".csv")]) == 2
    assert len([name for name in written if name.endswith(".txt")]) == 2
    table = next((tmp_path / "lyrics").glob("*.csv")).read_text(encoding="utf-8")
    assert table.splitlines()[0] == (
        "id,seek,start,end,text,tokens,temperature,avg_logprob,compression_ratio,no_speech_prob"
    )


def test_files_that_are_there_stay_unless_that_is_asked(run, folder, tmp_path, monkeypatch):
    lrc = "[ar:by hand]\n"
    shutil.copytree(folder, tmp_path / "videos")
    for path in (tmp_path / "videos").glob("*.lrc"):
        path.write_text(lrc)
    words = ("lyrics", "--all", "--format", "lrc", "--out", tmp_path / "videos")
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "exists already: --force overwrites it" in err
    assert {path.read_text() for path in (tmp_path / "videos").glob("*.lrc")} == {lrc}
    code, out, _ = run(*words, "--force")
    assert (code, out) == (0, f"2 files written to {tmp_path / 'videos'}\n")
    assert lrc not in {path.read_text() for path in (tmp_path / "videos").glob("*.lrc")}

    page = tmp_path / "page.html"
    page.write_text("mine")
    monkeypatch.setattr(
        "mvsearch.search.output.report.write_report", lambda *_: pytest.fail("worked in vain")
    )
    monkeypatch.setattr(
        "mvsearch.search.output.tables.versions.write_versions", lambda *_: pytest.fail("in vain")
    )
    for words in (("similar", "--all", "--format", "html"), ("versions", "--format", "html")):
        code, out, err = run(*words, "--out", page)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "--force" in err
    code, out, err = run("evaluate", "--clips", "1", "--html", page)
    assert (code, out) == (2, "")
    assert "--force" in err
    assert page.read_text() == "mine"


def test_no_force_overwrites_a_video(run, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "mvsearch.search.output.files.has_media_signature", lambda _: False
    )  # the library knows them
    before = (folder / FIRST).read_bytes()
    (tmp_path / "linked").symlink_to(folder)
    for path in (folder / FIRST, tmp_path / "linked" / FIRST):
        code, out, err = run("similar", "--all", "--format", "html", "--out", path, "--force")
        assert (code, out) == (2, "")
        assert "is a media file, which is never overwritten" in err
        code, out, err = run("versions", "--out", path, "--force")
        assert (code, out) == (2, "")
    assert (folder / FIRST).read_bytes() == before


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("--fusion best", "'--fusion': 'best' is not one of 'weighted', 'calibrated', 'rrf'."),
        ("--top x", "'--top': it is a whole number, not 'x'"),
        ("--top 1.5", "'--top': it is a whole number, not '1.5'"),
        ("--top 0", "'--top': it is at least 1, not '0'"),
        ("--top " + "9" * 5000, "'--top': it is a whole number of fewer digits, not '999"),
    ],
)
def test_a_wrong_value_is_told_in_our_words(run, words, complaint):
    code, out, err = run("search", "--text", "a", *words.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"mvsearch: Invalid value for {complaint}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("x", "it is a number, not 'x'"),
        ("99", "it is at most 30, not '99'"),
        ("0", "it is at least 0.01, not '0'"),
        ("nan", "it is at most 30, not 'nan'"),
    ],
)
def test_a_frame_rate_is_told_in_our_words(run, folder, words, complaint):
    code, out, err = run("index", folder, "--frame-rate", words)
    assert (code, out) == (2, "")
    assert err == f"mvsearch: Invalid value for '--frame-rate': {complaint}\n"


@pytest.mark.parametrize(("group", "command"), [("metric", "av-align"), ("models", "fetch")])
def test_a_group_alone_shows_its_commands(run, group, command):
    code, out, err = run(group, library=None)
    assert (code, out) == (2, "")
    assert command in err
    assert len(err.splitlines()) > 5
    code, out, _ = run(group, "--help", library=None)
    assert (code, out) == (0, err)


def test_search_by_tag_finds_the_videos_that_show_it(run):
    _, out, _ = run("list", "--json")
    shown = [json.loads(run("show", video["id"], "--json")[1]) for video in json.loads(out)]
    having = {}
    for entry in shown:
        for tag in entry["tags"]:
            having.setdefault(tag["name"], set()).add(entry["video"]["id"])
    assert having
    for name, ids in having.items():
        code, out, _ = run("search", "--tag", name.upper(), "--json")
        assert code == 0
        assert {result["video"]["id"] for result in json.loads(out)["results"]} == ids
    code, out, err = run("search", "--text", "river", "--tag", "no such thing")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "no video has the tag 'no such thing'" in err


def test_list_show_status_failures(run, folder):
    code, out, _ = run("list", "--json")
    videos = json.loads(out)
    assert code == 0
    assert [video["title"] for video in videos] == ["First Song", "Second Song", "Third Song"]
    code, out, _ = run("show", videos[1]["id"][:10])
    assert code == 0
    assert "Second Song" in out
    assert "sidecar" in out
    code, out, _ = run("show", folder / THIRD, "--json")
    entry = json.loads(out)
    assert {stage["stage"]: stage["status"] for stage in entry["stages"]} == {
        "frames": "done",
        "audio": "absent",
        "lyrics": "absent",
    }
    code, out, _ = run("status", "--json")
    assert json.loads(out)["videos"] == 3
    code, out, _ = run("failures")
    assert (code, out) == (0, "no failures\n")


def test_index_says_unchanged_and_ends_with_its_account(run, folder, home):
    code, out, err = run("index", folder, "--json")
    account = json.loads(out)
    assert (code, err) == (0, "")
    counts = {"indexed", "unchanged", "removed", "kept_out", "ignored", "failed", "unfinished"}
    counts |= {"pending", "transcribed", "unfinished_files", "is_interrupted", "with_text"}
    assert set(account) == counts | {"failures", "seconds"}
    assert (account["indexed"], account["unchanged"]) == (0, 3)
    code, out, _ = run("index", folder)
    assert "3 unchanged" in out


def test_failures_end_with_code_one_and_one_line_each(run, tmp_path):
    folder = tmp_path / "videos"
    home = toy_library.make_indexed(folder, tmp_path / "library")
    (folder / "bad [bold]name.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(4000))
    code, out, _ = run("index", folder, "--json", library=home)
    account = json.loads(out)
    assert code == 1
    assert account["failed"] == 1
    assert set(account["failures"][0]) == {"path", "stage", "code", "message"}
    code, out, _ = run("failures", library=home)
    assert code == 0
    assert "bad [bold]name.mp4" in out
    code, out, _ = run("remove", "First Song", library=home)
    assert (code, out) == (0, "1 video removed\n")
    (folder / SECOND).unlink()
    assert run("remove", "--missing", library=home)[1] == "1 video removed\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["serach"], "search"),
        (["search", "--tpo", "3"], "--tpo"),
        (["search"], "nothing to search"),
        (["search", "--top", "0", "--text", "x"], "--top"),
        (["search", "--text", " "], "empty"),
        (["search", "--lyric", "x", "--weights", "frames=-1"], "from 0 up"),
        (["search", "--lyric", "x", "--weights", "frames=0,lyrics=0"], "zero"),
        (["search", "--lyric", "x", "--weights", "smell=1"], "smell"),
        (["search", "--lyric", "x", "--fusion", "magic"], "magic"),
        (["search", "--lyric", "x", "--json", "--csv"], "exclude"),
        (["search", "--image", "nowhere.jpg"], "nowhere.jpg"),
        (["search", "--clip", "nowhere.mp4@5-2"], "section"),
        (["search", "--like", "no such song"], "no such song"),
        (["similar", "Song"], "may be"),
        (["similar"], "--all"),
        (["show", "'; DROP TABLE videos; --"], "DROP TABLE"),
        (["show", "%"], "%"),
        (["index", "nowhere"], "does not exist"),
        (["lyrics", "Third Song"], "no lyrics"),
        (["models", "fetch", "../../etc/passwd"], "passwd"),
    ],
)
def test_wrong_use_is_one_line_and_code_two(run, words, complaint):
    is_own = words[0] in ("serach", "models")
    code, out, err = run(*words, **({"library": None} if is_own else {}))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("mvsearch: ")
    assert complaint.lower() in err.lower()


def test_no_library_yet_says_how_to_begin(run, tmp_path):
    code, _, err = run("list", library=tmp_path / "nowhere")
    assert code == 2
    assert "mvsearch index" in err


def test_query_file_that_is_no_media(run, tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_text("no film")
    code, _, err = run("search", "--clip", bad)
    assert code == 2
    assert err.count("\n") == 1
    assert "bad.mp4" in err


def test_empty_folder_is_told(run, tmp_path):
    (tmp_path / "empty").mkdir()
    home = tmp_path / "library"
    toy_library.index(tmp_path / "empty", home)
    code, out, err = run("index", tmp_path / "empty", "--json", library=home)
    assert (code, out) == (2, "")
    assert "has no video and no sound file" in err
    code, _, err = run("search", "--lyric", "x", library=home)
    assert code == 2
    assert err.count("\n") == 1


SMALLEST_PROGRAM = """
import typer
app = typer.Typer()
app.command("one")(lambda: None)
app.command("other")(lambda: None)
"""


def ask_for_help(program):
    """What a program prints, its processor seconds, and what it imports."""
    script = (
        f"import sys, time; start = time.process_time(); {program}\n"
        "try: app(['--help'], standalone_mode=False)\n"
        "finally: print(time.process_time() - start, *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds, *modules = done.stderr.split()
    return done.stdout, float(seconds), modules


def test_help_is_instant_and_imports_nothing_heavy():
    out, seconds, modules = ask_for_help("from mvsearch.cli import app")
    assert "Commands" in out
    assert not {"numpy", "faiss", "sqlalchemy", *MODULES_OF_TORCH} & set(modules)
    _, at_least, _ = ask_for_help(SMALLEST_PROGRAM)
    assert seconds < 2 * at_least + 0.2


def test_commands_import_no_more_than_they_need(home):
    """A list does without the engine, a search without torch and without all of indexing."""
    script = (
        "import sys\nfrom mvsearch.cli import app\n"
        "for words in (['list'], ['search', '--lyric', 'river']):\n"
        "    app([*words, '--library', sys.argv[1]], standalone_mode=False)\n"
        "    print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    listing, searching = (set(line.split()) for line in done.stderr.splitlines())
    assert not {"mvsearch.search.engine", "mvsearch.indexer.encoders"} & listing
    indexing = {"mvsearch.indexer.pipeline.run", "mvsearch.indexer.lyrics.whisper.transcribe"}
    assert not {*indexing, *MODULES_OF_TORCH} & searching


def test_reader_that_goes_away_is_no_error(home):
    command = f"{sys.executable} -m mvsearch.cli list --library '{home}' | true"
    done = subprocess.run(
        command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_soon_and_keeps_what_is_done(tmp_path):
    """The decoder that is at work then ends by no other means."""
    folder = tmp_path / "videos"
    home = toy_library.make_indexed(folder, tmp_path / "library")
    toy_library.make_clip(folder / "long.mp4", "testsrc2=s=96x64:r=10", "sine", 3)
    run = subprocess.Popen(
        [sys.executable, "-m", "mvsearch.cli", "index", str(folder), "--library", str(home)],
        cwd=ROOT, env=toy_library.stop_decoder(tmp_path), text=True,
        stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    decoder = toy_library.wait_for_decoder(tmp_path)
    run.send_signal(2)
    out, err = run.communicate(timeout=HANG_SECONDS)
    assert not Path(f"/proc/{decoder}").exists()
    assert run.returncode == 130
    assert "Traceback" not in err
    assert "stopped early" in out
    with_rest = toy_library.index(folder, home)
    assert (with_rest.indexed, with_rest.unchanged) == (1, 3)


def test_versions_are_reported_in_every_form(folder, tmp_path, run):
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / FIRST).symlink_to(folder / FIRST)
    copied = ["-i", str(folder / FIRST), "-c", "copy", str(videos / "copy.mkv")]
    subprocess.run(["ffmpeg", "-v", "error", *copied], check=True)
    toy_library.index(videos, tmp_path / "library")
    code, out, err = run("versions", "--format", "json", library=tmp_path / "library")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert set(answer) == {
        "videos", "compared", "uncalibrated", "identical", "relations", "groups",
    }  # fmt: skip
    assert [one["kind"] for one in answer["relations"]] == ["duplicate"]
    assert len(answer["groups"][0]["videos"]) == 2
    code, out, _ = run("versions", library=tmp_path / "library")
    assert code == 0
    assert "First Song [mp4]" in out
    assert "copy [mkv]" in out
    page = tmp_path / "page.html"
    code, out, _ = run("versions", "--format", "html", "--out", page, library=tmp_path / "library")
    assert (code, out) == (0, f"written: {page}\n")
    assert page.read_text().count("data:image/webp") == 2


def test_versions_of_an_empty_library_are_an_error(run, tmp_path):
    toy_library.index(tmp_path, tmp_path / "library")
    code, out, err = run("versions", library=tmp_path / "library")
    assert (code, out) == (2, "")
    assert "the library is empty" in err
    assert run("versions", "--format", "pdf")[0] == 2


def test_evaluate_measures_the_library(run, folder, tmp_path):
    groups = tmp_path / "groups.csv"
    groups.write_text(f"path,group\n{FIRST},song:1\n{SECOND},song:1\n", encoding="utf-8")
    words = ("evaluate", "--clips", 1, "--lengths", "2", "--distortions", "none,mirrored")
    page = tmp_path / "page.html"
    with queries_made_once():
        code, out, err = run(*words, "--groups", groups, "--json", "--html", page, "--seed", 3)
        assert (code, err) == (0, "")
        assert json.loads(out)["seed"] == 3
        assert "<svg" in page.read_text(encoding="utf-8")
        code, out, err = run(*words, "--kinds", "clip", "--seed", 3)
    assert code == 0
    assert "mirrored" in out
    assert "queries from 3 videos" in err


@pytest.fixture
def own_home(home, tmp_path, monkeypatch):
    """A library to write beside, no weights, and a second profile that needs none."""
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path / "models"))
    few = replace(PROFILES["toy"], audio=None, frames_a_video=3, is_lyrics_whole=True, fusion="rrf")
    monkeypatch.setitem(PROFILES, "toy-few", few)
    return shutil.copytree(home, tmp_path / "library")


SMALL = ("evaluate", "--clips", 2, "--lengths", "2", "--distortions", "none", "--kinds", "clip")


def test_evaluate_under_another_profile(run, own_home):
    with queries_made_once():
        code, out, _ = run(*SMALL, "--profile", "toy-few", "--json", library=own_home)
    assert code == 0
    measured = json.loads(out)
    assert (measured["profile"], measured["n_videos"]) == ("toy-few", 3)
    assert any(note.startswith("toy-few: lyrics of 2 of 3 videos") for note in measured["notes"])
    assert (own_home / "profiles" / "toy-few" / "catalog.sqlite3").is_file()


def test_evaluate_compares_profiles(run, own_home):
    with queries_made_once():
        code, out, _ = run(*SMALL, "--compare", "toy,toy-few", "--json", library=own_home)
    assert code == 0
    evaluations = json.loads(out)["evaluations"]
    assert [each["profile"] for each in evaluations] == ["toy", "toy-few"]
    with queries_made_once():
        code, out, _ = run(*SMALL, "--compare", "toy,toy-few", library=own_home)
    assert code == 0
    assert "Side by side" in out
    assert "toy-few, rrf" in out


def test_evaluate_says_in_one_line_which_weights_are_missing(run, own_home):
    for words in (("--profile", "paper"), ("--compare", "toy,paper,semantic")):
        code, out, err = run(*SMALL, *words, library=own_home)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "`mvsearch models fetch resnet50`, `mvsearch models fetch bert`" in err
    assert not (own_home / "profiles").exists()


def test_a_profile_has_its_own_fusion_unless_another_is_asked_for(run, tmp_path, monkeypatch):
    monkeypatch.setitem(PROFILES, "toy", replace(PROFILES["toy"], fusion="rrf"))
    words = ("search", "--image", make_picture(tmp_path / "cover.png"), "--json")
    scores = {}
    for asked in ((), ("--fusion", "rrf"), ("--fusion", "weighted")):
        code, out, _ = run(*words, *asked)
        assert code == 0
        scores[asked] = [result["score"] for result in json.loads(out)["results"]]
    own, ranks, cosines = scores.values()
    assert own == ranks != cosines
    assert max(own) == pytest.approx(1 / 61, abs=1e-6)


@pytest.mark.parametrize(
    "words",
    [
        ("--profile", "x"), ("--compare", ""), ("--compare", "toy"), ("--compare", "toy,../x"),
        ("--profile", "toy", "--compare", "toy,paper"),
        ("--distortions", "sepia"), ("--lengths", "long"), ("--lengths", "0.1"), ("--kinds", "all"),
        ("--groups", "nowhere.csv"), ("--clips", "0"),
    ],
)  # fmt: skip
def test_evaluate_refuses_in_one_line_what_it_cannot_do(run, words):
    code, out, err = run("evaluate", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
