"""A folder of three short music videos, made by ffmpeg, and a library of it with toy encoders."""

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from filelock import FileLock

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.pipeline.index_options import IndexOptions
from mvsearch.indexer.pipeline.run import Summary, index_paths
from mvsearch.store.library import Library
from tests.limits import HANG_SECONDS
from tests.media import MADE_VARIABLE, run_ffmpeg
from tests.servers import over_postgres

PICTURES = {
    "Ada Lovelace - First Song.mp4": ("testsrc2=s=96x64:r=10:d=6", "sine=f=330:d=6"),
    "Grace Hopper - Second Song.mp4": ("mandelbrot=s=96x64:r=10", "sine=f=880:d=5"),
    "Mary Somerville - Third Song.mp4": ("smptebars=s=96x64:r=10:d=4", None),
}
LYRICS = {
    "Ada Lovelace - First Song.lrc": "[00:00.50]the engine weaves its patterns\n"
    "[00:02.00]as the loom weaves flowers and leaves\n[00:04.00]take me home along the river\n",
    "Grace Hopper - Second Song.srt": "1\n00:00:01,000 --> 00:00:03,000\n"
    "a moth is sleeping in the relay\n\n2\n00:00:03,000 --> 00:00:04,500\n"
    "ships in harbour are safe\n",
}


def make_clip(path: Path, picture: str | None, sound: str | None, seconds: float = 5.0) -> Path:
    """Make a clip from lavfi sources; None leaves a stream out."""
    inputs = [("-f", "lavfi", "-i", source) for source in (picture, sound) if source is not None]
    words = [word for words in inputs for word in words]
    words += ["-t", str(seconds), "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset"]
    words += ["ultrafast", "-g", "5", "-c:a", "aac", "-shortest"]
    run_ffmpeg(*words, path)
    return path


def make_folder(folder: Path) -> Path:
    """Make the three clips and the lyrics of two of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (picture, sound) in PICTURES.items():
        make_clip(folder / name, picture, sound)
    for name, text in LYRICS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def index(folder: Path, library_folder: Path, **options: Any) -> Summary:
    """Index a folder with the toy profile."""
    with Library.open(library_folder, create=True) as library:
        return index_paths([folder], library, Encoders("toy"), IndexOptions(**options))


def make_indexed(folder: Path, library_folder: Path) -> Path:
    """Make the three clips, and a library of them as `index` leaves it; returns the library's.

    They are indexed once in a run of the tests, by one of its workers, and copied. Of what the
    library holds, the paths alone are changed.
    """
    if over_postgres.is_chosen():  # whose databases no other process knows
        index(make_folder(folder), library_folder)
        return library_folder
    made = Path(os.environ[MADE_VARIABLE]) / "toy"
    with FileLock(made.with_suffix(".lock")):
        if not (made / "whole").exists():
            index(make_folder(made / "videos"), made / "library")
            (made / "whole").touch()
    shutil.copytree(made / "videos", folder, dirs_exist_ok=True)
    shutil.copytree(made / "library", library_folder)
    moved = [os.fsencode(made / "videos"), os.fsencode(folder)]
    with closing(sqlite3.connect(library_folder / "catalog.sqlite3")) as catalog, catalog:
        for column in ("key", "path", "folder"):
            change = f"update location set {column} = cast(replace({column}, ?, ?) as blob)"
            catalog.execute(change, moved)
        catalog.execute("update location set shown = replace(shown, ?, ?)", moved)
    return library_folder


def stop_decoder(folder: Path, name: str = "long.mp4") -> dict[str, str]:
    """An environment in which the decoder of a file begins and never ends by itself."""
    program = folder / "programs" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *{name}*) echo $$ >"{folder}/begun"; exec sleep 100000;; esac\n'
        f'exec "{shutil.which("ffmpeg")}" "$@"\n'
    )
    program.chmod(0o755)
    return os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def wait_for_decoder(folder: Path) -> int:
    """Wait until the decoder that `stop_decoder` holds back has begun; its process id."""
    begun = folder / "begun"
    deadline = time.monotonic() + HANG_SECONDS
    while not (begun.exists() and begun.read_text().endswith("\n")):
        assert time.monotonic() < deadline, "the decoder was never started"
        time.sleep(0.01)
    return int(begun.read_text())
