import os
import unicodedata
from pathlib import Path

import pytest

from mvsearch.indexer.lyrics.files.cleaning import MAX_LINE_LETTERS
from mvsearch.indexer.lyrics.files.sidecar import find_sidecars, read_sidecars, sidecar_fingerprint

LRC = "[00:01.00]timed {0}\n"
SRT = "1\n00:00:01,000 --> 00:00:02,000\ntimed {0}\n"
MARKS = "\u0301\u0327"
ULTRASTAR = "#TITLE:x\n#BPM:150\n#MP3:{0}\n: 0 5 0 sung\nE\n"


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "Artist - Song.mp4"
    path.touch()
    return path


def place(video: Path, ending: str, text: str) -> Path:
    path = video.with_name(video.stem + ending)
    path.write_text(text, encoding="utf-8")
    return path


def read(video: Path, language: str | None = None) -> tuple[str, str | None]:
    lyrics, problems = read_sidecars([video], language)
    assert lyrics is not None
    assert lyrics.source == "sidecar"
    assert problems == ()
    return lyrics.origin.removeprefix(video.stem), lyrics.language


@pytest.mark.parametrize(
    ("ending", "text", "language"),
    [
        (".lrc", LRC, None),
        (".LRC", LRC, None),
        (".srt", SRT, None),
        (".en.SRT", SRT, "en"),
        (".pt-BR.lrc", LRC, "pt"),
        (".vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\ntimed\n", None),
        (".txt", "a plain line\n", None),
        (".txt", ULTRASTAR, None),
        (".ass", "[Script Info]\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,timed\n", None),
    ],
)
def test_every_kind_is_found(video: Path, ending: str, text: str, language: str | None) -> None:
    place(video, ending, text)
    assert read(video) == (ending, language)


def test_others_files_are_none_of_ours(video: Path) -> None:
    for name in ("Song.lrc", "Artist - Song 2.lrc", "Artist - Song.live.lrc", "Artist - Song.json"):
        (video.parent / name).write_text(LRC)
    assert find_sidecars(video) == ()
    assert read_sidecars([video]) == (None, ())


def test_timed_comes_before_untimed(video: Path) -> None:
    place(video, ".txt", "plain")
    assert read(video) == (".txt", None)
    place(video, ".srt", SRT)
    assert read(video) == (".srt", None)
    place(video, ".lrc", LRC)
    assert read(video) == (".lrc", None)


def test_the_wanted_language_comes_first(video: Path) -> None:
    place(video, ".de.srt", SRT)
    place(video, ".en.srt", SRT)
    assert read(video) == (".de.srt", "de")
    assert read(video, "en") == (".en.srt", "en")
    place(video, ".srt", SRT)
    assert read(video) == (".srt", None)
    assert read(video, "de") == (".de.srt", "de")
    assert read(video, "fr") == (".srt", None)


def test_another_language_comes_after_untimed_lines_of_the_wanted_one(video: Path) -> None:
    place(video, ".lrc", "[la:en]\n" + LRC)
    place(video, ".de.txt", "ungetaktet")
    assert read(video, "de") == (".de.txt", "de")
    assert read(video, "en") == (".lrc", "en")


@pytest.mark.parametrize(("form", "other"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_match_in_any_normal_form(tmp_path: Path, form: str, other: str) -> None:
    video = tmp_path / (unicodedata.normalize(form, "Björk - Jóga") + ".mp4")
    name = unicodedata.normalize(other, "Björk - Jóga") + ".lrc"
    (tmp_path / name).write_text(LRC)
    lyrics, _ = read_sidecars([video])
    assert lyrics is not None


def test_a_name_that_is_not_utf8_does_no_harm(video: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(video.parent) + b"/\xff\xfe.lrc")).write_text(LRC)
    except OSError:
        pytest.skip("names are Unicode here")
    place(video, ".lrc", LRC)
    assert read(video) == (".lrc", None)
    odd = Path(os.fsdecode(os.fsencode(video.parent) + b"/\xff\xfe.mp4"))
    lyrics, _ = read_sidecars([odd])
    assert lyrics is not None
    assert lyrics.origin.isprintable()


def test_ultrastar_names_its_media(video: Path) -> None:
    (video.parent / "song.txt").write_text(ULTRASTAR.format(video.name))
    (video.parent / "other.txt").write_text(ULTRASTAR.format("else.mp3"))
    lyrics, problems = read_sidecars([video])
    assert lyrics is not None
    assert (lyrics.origin, problems) == ("song.txt", ())


def test_a_bad_sidecar_is_a_problem_and_the_next_one_is_read(video: Path) -> None:
    place(video, ".srt", "no cue at all")
    place(video, ".lrc", "x").write_bytes(bytes(range(256)) * 8)
    lyrics, problems = read_sidecars([video])
    assert lyrics is None
    assert sorted(str(problem).split(": ")[0] for problem in problems) == [
        "Artist - Song.lrc",
        "Artist - Song.srt",
    ]
    assert {problem.code for problem in problems} == {"bad_lyrics"}
    place(video, ".txt", "plain")
    lyrics, problems = read_sidecars([video])
    assert lyrics is not None
    assert lyrics.origin.endswith(".txt")
    assert len(problems) == 2


@pytest.mark.parametrize("ending", [".txt", ".lrc", ".srt"])
def test_endless_lines_of_marks_are_cut_and_told_once(video: Path, ending: str) -> None:
    start = "" if ending == ".txt" else "1\n00:00:01,000 --> 00:00:02,000\n"
    start = "[00:01.00]" if ending == ".lrc" else start
    place(video, ending, f"{start}a{MARKS * 2**19}\nsung\n")
    lyrics, (problem,) = read_sidecars([video])
    assert lyrics is not None
    assert max(len(line.text) for line in lyrics.lines) == MAX_LINE_LETTERS
    assert (problem.code, str(problem)) == (
        "too_long",
        f"Artist - Song{ending}: a line is longer than 5000 letters and cut to that",
    )


def test_an_empty_file_is_no_problem(video: Path) -> None:
    place(video, ".srt", " \n")
    assert read_sidecars([video]) == (None, ())


def test_fingerprint_changes_with_every_change(video: Path) -> None:
    seen = [sidecar_fingerprint([video])]
    (video.parent / "unrelated.lrc").write_text(LRC)
    assert sidecar_fingerprint([video]) == seen[0]
    path = place(video, ".en.lrc", LRC)
    seen.append(sidecar_fingerprint([video]))
    path.write_text(LRC + LRC)
    seen.append(sidecar_fingerprint([video]))
    os.utime(path, ns=(1, 1))
    seen.append(sidecar_fingerprint([video]))
    path.rename(video.with_suffix(".lrc"))
    seen.append(sidecar_fingerprint([video]))
    assert len(set(seen)) == 5
    assert sidecar_fingerprint([video]) == seen[-1]
    video.with_suffix(".lrc").unlink()
    assert sidecar_fingerprint([video]) == seen[0]


def test_a_folder_that_stands_still_is_listed_once_and_relisted_on_change(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(video, ".lrc", LRC)
    os.utime(video.parent, ns=(10**18, 10**18))
    before = sidecar_fingerprint([video])
    listed: list[Path] = []
    iterdir = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda path: listed.append(path) or iterdir(path))
    assert sidecar_fingerprint([video]) == before
    assert listed == []
    place(video, ".srt", SRT)
    assert sidecar_fingerprint([video]) != before
    assert listed == [video.parent]


def test_a_folder_that_is_gone_has_no_sidecars(tmp_path: Path) -> None:
    assert sidecar_fingerprint([tmp_path / "gone" / "Song.mp4"]) == ""
