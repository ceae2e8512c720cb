"""Measures how many pieces of edits are located: `python -m benchmarks.retrieval.edits LIBRARY`.

Pieces are cut at random places (seeded) from each video of a library, joined by ffmpeg, encoded
anew and searched for. The first piece is a little shorter, so that the sound windows of the edit
lie anywhere. A piece is located where a moment of its video begins within 1.2 seconds of it.
Printed are the pieces located, the moments that begin in no piece, and how many of the other
videos get moments, which is right where they show or play the same.
"""

import argparse
import random
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.store.library import Library
from mvsearch.store.records import Video

PIECE_SECONDS = 5.0
NEAR_SECONDS = 1.2
# Of each piece and modality, and more than all pieces have.
N_MOMENTS = 200


@dataclass(slots=True)
class Tally:
    """What the edits of one length came to."""

    n_pieces: int = 0
    n_located: int = 0
    n_wrong: int = 0
    n_others: int = 0
    n_others_with_moments: int = 0


def join_pieces(video: Video, starts: list[float], first_seconds: float, file: Path) -> None:
    """Write an edit of 320 × 240 pixels, with sound where the video has any."""
    lengths = [first_seconds] + [PIECE_SECONDS] * (len(starts) - 1)
    inputs: list[str] = []
    chains, joined = [], ""
    for n, (start, seconds) in enumerate(zip(starts, lengths, strict=True)):
        inputs += ["-ss", f"{start:.3f}", "-t", f"{seconds:.3f}", "-i", str(video.path)]
        chains.append(f"[{n}:v:0]scale=320:240,fps=25,setsar=1[v{n}]")
        chains.append(f"[{n}:a:0]aformat=r=44100:cl=stereo,apad,atrim=0:{seconds:.3f}[a{n}]")
        joined += f"[v{n}][a{n}]"
    both = ";".join(chains) + f";{joined}concat=n={len(starts)}:v=1:a=1[v][a]"
    silent = ";".join(chains[::2]) + ";" + "".join(f"[v{n}]" for n in range(len(starts)))
    silent += f"concat=n={len(starts)}:v=1[v]"
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "30", str(file)]
    command = ["ffmpeg", "-v", "error", "-y", *inputs, "-filter_complex"]
    heard = [*command, both, "-map", "[v]", "-map", "[a]", "-c:a", "aac", *codecs]
    if subprocess.run(heard, capture_output=True, check=False).returncode:
        subprocess.run([*command, silent, "-map", "[v]", *codecs], check=True)


def ask(engine: Engine, video: Video, seconds: float, seed: int, tally: Tally) -> None:
    """Search for one edit of a video."""
    choose = random.Random(f"{seed} {video.id}")
    n_pieces = round(seconds / PIECE_SECONDS)
    latest = video.duration_seconds - PIECE_SECONDS - 1
    starts = [choose.uniform(0, latest) for _ in range(n_pieces)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "edit.mp4"
        join_pieces(video, starts, PIECE_SECONDS - choose.uniform(0.1, 1.2), file)
        options = SearchOptions(top=engine.library.catalog.n_videos(), n_moments=N_MOMENTS)
        results = engine.search(Query((QueryPart("clip", str(file)),)), options)
    for result in results:
        times = [m.start_seconds for m in result.moments if m.start_seconds is not None]
        if result.video.id != video.id:
            tally.n_others += 1
            tally.n_others_with_moments += bool(times)
            continue
        tally.n_pieces += n_pieces
        tally.n_located += sum(
            any(abs(time - start) < NEAR_SECONDS for time in times) for start in starts
        )
        tally.n_wrong += sum(
            not any(-NEAR_SECONDS <= time - start <= PIECE_SECONDS for start in starts)
            for time in times
        )


def main() -> None:
    """Make edits of every video that is long enough, measure, print a row a length."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--seconds", type=float, nargs="+", default=[20.0, 40.0, 80.0])
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    print("seconds  pieces  located   wrong  other videos  of these with a time")
    with Library.open(options.library) as library:
        engine = Engine(library, Encoders(library.catalog.profile() or "embedded"))
        for seconds in options.seconds:
            tally = Tally()
            for video in library.catalog.videos():
                if video.duration_seconds >= max(seconds, 50.0):
                    ask(engine, video, seconds, options.seed, tally)
            share = tally.n_located / max(tally.n_pieces, 1)
            print(
                f"{seconds:7.0f} {tally.n_pieces:7d} {share:8.3f} {tally.n_wrong:7d} "
                f"{tally.n_others:13d} {tally.n_others_with_moments:21d}"
            )


if __name__ == "__main__":
    main()
