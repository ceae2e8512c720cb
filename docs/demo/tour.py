"""Runs the tour of the README on the demo library: `make demo`."""

import os
import shlex
import shutil
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

from docs.demo.library import make_library
from docs.demo.speech import can_speak

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / ".demo"
VIDEOS, STILL, CLIP, REPORT = "videos", "queries/still.jpg", "queries/clip.mp4", "report.html"
QUERY = 'image(queries/still.jpg) then lyric("salt and sunlight on my skin") within 12s'
FILMED, PICTURE = "queries/filmed.mkv", "queries/meadow.jpg"
NO_VOICE = (
    "This ffmpeg was built without flite: the song that has its words only in its sound stays "
    "without a voice, and its two searches find nothing."
)


@dataclass(frozen=True, slots=True)
class Step:
    """A command of the tour, and what it shows."""

    told: str
    words: tuple[str, ...]

    @property
    def command(self) -> str:
        """As it is typed."""
        return shlex.join(["mvsearch", *self.words])


# README.md shows it: `make tour` writes it there.
TOUR = (
    Step("Index a folder:", ("index", VIDEOS)),
    Step(
        "Search with a frame of one of the videos. Each modality shows its cosine, its score "
        "(−log10 of the chance that unrelated videos reach this cosine: 2 is one pair in a "
        "hundred, 3 one in a thousand) and its weight:",
        ("search", "--image", STILL, "--top", "2"),
    ),
    Step(
        "Search with a clip of four seconds at low quality:",
        ("search", "--clip", CLIP, "--top", "3"),
    ),
    Step(
        "Search with four seconds that a telephone filmed from a screen, askew and blurred:",
        ("search", "--clip", FILMED, "--top", "1"),
    ),
    Step(
        "Search with a lyric line that is not quite right:",
        ("search", "--lyric", "I made a moon out of paper", "--top", "2"),
    ),
    Step(
        "Search with a line as it was heard, not as it is sung:",
        ("search", "--lyric", "strange hearse under bread umbrellas", "--top", "1"),
    ),
    Step(
        "One song has its words in its sound alone. Whisper heard them:",
        ("lyrics", "green cathedral"),
    ),
    Step(
        "Search for one of them in other words, in French:",
        ("search", "--lyric", "écoute la rivière qui chante", "--top", "1"),
    ),
    Step(
        "The lyric file of another song was made for a recording that begins later. Its lines are "
        "moved to where they are heard:",
        ("lyrics", "embers", "--fit", "--apply"),
    ),
    Step(
        "Search with words that are shown or sung:",
        ("search", "--text", "trees in winter", "--top", "1"),
    ),
    Step(
        "Search with a picture and a lyric line at once:",
        ("search", "--image", STILL, "--lyric", "strangers with red umbrellas", "--top", "2"),
    ),
    Step(
        "Refine it: the look of the second is liked, what is not liked counts as not chosen:",
        ("refine", "--like", "2:look"),
    ),
    Step(
        "Search for a line that comes soon after a picture; each part has its time:",
        ("search", "--query", QUERY, "--top", "1"),
    ),
    Step(
        "Search for light, but not for the moon:",
        ("search", "--text", "light", "--not-text", "moon", "--top", "1"),
    ),
    Step(
        "Find the lyrics of one song with the look of another:",
        ("search", "--lyrics-of", "desert session", "--look-of", "first snow", "--top", "1"),
    ),
    Step(
        "Find the music whose mood fits a picture that is in none of the videos (without `--by "
        "mood` a song that looks like it would come first):",
        ("search", "--image", PICTURE, "--for-music", "--by", "mood", "--top", "2"),
    ),
    Step(
        "Find what looks like one song and sounds unlike it:",
        (
            "search",
            "--looks-like",
            "desert session",
            "--sounds-unlike",
            "desert session",
            "--top",
            "1",
        ),
    ),
    Step(
        "Mix songs from calm to energetic, as far as these go (`--m3u` prints a playlist):",
        ("mix", "--from", "calm", "--to", "energetic", "--minutes", "1"),
    ),
    Step(
        "Mix songs through two videos, each near the one before in sound:",
        ("mix", "embers", "first snow", "--by", "sound", "--minutes", "2"),
    ),
    Step(
        "List what a DJ would look for, by tempo:",
        ("list", "--bpm", "100-130", "--sort", "bpm"),
    ),
    Step(
        "Find the songs most similar to one (`--format txt` gives the published format):",
        ("similar", "desert session", "--top", "2"),
    ),
    Step(
        "Write a report on all songs, one page with pictures and a clickable heat map:",
        ("similar", "--all", "--format", "html", "--out", REPORT),
    ),
    Step("Find versions of the same song, by the modality that agrees over time:", ("versions",)),
    Step(
        "Write what is known for Kodi and Jellyfin:",
        ("export", "nfo", "--all", "--out", "nfo"),
    ),
    Step(
        "See by which encoders the library was encoded; others are added and compared beside them:",
        ("encoders", "list"),
    ),
    Step(
        "Index again: names, sizes and times tell that nothing is new, so nothing is decoded:",
        ("index", VIDEOS),
    ),
    Step(
        "Watch the folder from now on; `--once` looks once and ends:",
        ("watch", VIDEOS, "--once"),
    ),
)


def run_tour(place: Path = PLACE, *, is_kept: bool = False) -> list[str]:
    """Make the library and run the tour; ends the program where a command fails.

    Args:
        place: the folder for all of it; what is there is removed.
        is_kept: whether to keep what the commands print, besides showing it.

    Returns:
        What each step printed on standard output; empty texts unless it is kept.
    """
    began = time.monotonic()
    shutil.rmtree(place, ignore_errors=True)
    say("Make eight short music videos")
    make_library(place)
    say(f"{time.monotonic() - began:.0f} s")
    if not can_speak():
        say(textwrap.fill(NO_VOICE))
    printed = []
    for step in TOUR:
        say("\n" + textwrap.fill(step.told, initial_indent="# ", subsequent_indent="# "))
        say(f"$ {step.command}")
        printed.append(run_command(step.words, place, is_kept=is_kept))
    say(f"\nAll of it took {time.monotonic() - began:.0f} s. The report: {place / REPORT}")
    program = shlex.quote(str(find_program()))
    say(f"In the browser: {program} serve --library {shlex.quote(str(place / 'library'))} --open")
    return printed


def run_command(words: tuple[str, ...], place: Path, *, is_kept: bool) -> str:
    """Run the command as a user would, with a library of its own."""
    own = {"MVSEARCH_LIBRARY": place / "library", "XDG_STATE_HOME": place / "state"}
    environment = os.environ | {name: str(folder) for name, folder in own.items()}
    done = subprocess.run(
        [find_program(), *words],
        cwd=place,
        env=environment,
        stdout=subprocess.PIPE if is_kept else None,
        encoding="utf-8",
        check=False,
    )
    if is_kept:
        say(done.stdout)
    if done.returncode:
        raise SystemExit(done.returncode)
    return done.stdout or ""


def find_program() -> Path:
    """The command of this environment."""
    return Path(sys.executable).with_name("mvsearch")


def say(text: str) -> None:
    """Print at once, so that it stands before what the command prints."""
    print(text, flush=True)


if __name__ == "__main__":
    run_tour()
