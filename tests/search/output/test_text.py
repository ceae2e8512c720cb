"""Names of strangers: told exactly to programs, harmlessly to terminals."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mvsearch.search.output.text import format_seconds, write_json
from mvsearch.store.records import Failure, Video
from mvsearch.store.unicode import printable

NASTY = b"/m/\x1b]0;owned\x07 \xff\xfe\xc2\x9b31m new\nline \xe2\x80\xae.mp4"


@pytest.mark.parametrize(
    "text",
    ["夢の\u3000中へ", "می\u200cخواهم", "👩\u200d👧", "Screen\u202f1", "\u200fשלום", "co\u00adop"],
)
def test_what_shapes_words_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("letter", ["\x1b", "\n", "\r", "\t", "\x85", "\x9b", "\u202e", "\u2028"])
def test_what_moves_a_cursor_or_turns_text_round_is_marked(letter: str) -> None:
    assert printable(f"a{letter}b") == "a\ufffdb"


def test_json_holds_every_path_exactly_and_no_control_characters() -> None:
    path = Path(os.fsdecode(NASTY))
    video = Video("ab12", path, "Home", None, 1.0)
    failure = Failure(path, "probe", "unreadable", "no")
    text = write_json([video.to_dict(), failure.to_dict()])
    assert text.replace("\n", "").isprintable()
    text.encode()
    for entry in json.loads(text):
        assert os.fsencode(entry["path"]) == NASTY


def test_json_stays_readable() -> None:
    assert write_json({"title": "夢の\u3000中へ 🎬"}) == '{\n  "title": "夢の\u3000中へ 🎬"\n}'


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0.4, "0:00"), (59.7, "0:59"), (316, "5:16"), (3723, "1:02:03")],
)
def test_times_are_told_as_a_player_does(seconds: float | None, text: str) -> None:
    assert format_seconds(seconds) == text


def test_what_formats_for_light_commands_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from mvsearch.search.commands import last_results\n"
        "from mvsearch.search.output import player, text\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    modules = set(done.stdout.split())
    assert "mvsearch.search.output.text" in modules
    assert not {"numpy", "sqlalchemy"} & modules
