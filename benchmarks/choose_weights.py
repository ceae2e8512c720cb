"""Measures which weights find clips best: `python -m benchmarks.choose_weights FOLDER...`.

Clips of five seconds are cut at random places (seeded) from every video of the folders, spoilt in
several ways, and searched for in a library of all of them with every pair of weights for frames and
sound. Printed are mean reciprocal rank and recall at 1 for each kind of spoiling, and the error of
the moment. Videos that show the same picture or sound may answer for one another: `--groups` names
them, as a CSV file with the columns `path` and `group`.
"""

import argparse
import csv
import random
import statistics
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from indexer.encoders import Encoders
from indexer.pipeline import IndexOptions, index_folder
from search.encode import analyse_part
from search.engine import Engine, SearchOptions
from search.query import Query, QueryPart
from store.errors import QueryError
from store.library import Library
from store.records import Embeddings, Modality, Result, Video

CLIP_SECONDS = 5.0
SHARES_OF_SOUND = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
LOW = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "34", "-c:a", "aac", "-b:a", "48k")
SPOILINGS: dict[str, tuple[str, ...]] = {
    "low rate": ("-vf", "scale=-2:180", *LOW),
    "crop 70 %": ("-vf", "crop=iw*.7:ih*.7,scale=-2:180", *LOW),
    "mirrored": ("-vf", "hflip,scale=-2:180", *LOW),
    "dark grey": ("-vf", "hue=s=0,eq=brightness=-0.2,scale=-2:180", *LOW),
    "noise 10 dB": ("-vf", "scale=-2:180", *LOW),
    "1.1x": ("-vf", "setpts=PTS/1.1,scale=-2:180", "-af", "atempo=1.1", *LOW),
}


def cut_clip(video: Video, start_seconds: float, spoiling: str, out: Path) -> Path:
    """Cut and spoil one clip; both streams where the video has both."""
    command = ["ffmpeg", "-v", "fatal", "-y", "-ss", f"{start_seconds:.3f}"]
    command += ["-t", str(CLIP_SECONDS), "-i", f"file:{video.path}"]
    options = list(SPOILINGS[spoiling])
    if spoiling == "noise 10 dB" and video.has_sound:
        # White noise at a tenth of the power that popular music has on average (-15 dBFS or so).
        noise = "anoisesrc=a=0.1:c=white:r=44100:seed=1"
        mix = f"{noise}[n];[0:a]aresample=44100[s];[s][n]amix=duration=first:normalize=0"
        command += ["-filter_complex", mix]
    if not video.has_sound and "-af" in options:
        at = options.index("-af")
        del options[at : at + 2]
    subprocess.run([*command, *options, str(out)], check=True, stdin=subprocess.DEVNULL)
    return out


def read_groups(file: Path | None) -> dict[str, set[str]]:
    """File name → groups that it is in; a column may hold several, with ";" between them."""
    groups: dict[str, set[str]] = defaultdict(set)
    if file is not None:
        with file.open(newline="", encoding="utf-8") as rows:
            for row in csv.DictReader(rows):
                groups[Path(row["path"]).name] |= set(filter(None, row["group"].split(";")))
    return groups


def find_rank(results: list[Result], video: Video, groups: dict[str, set[str]]) -> int | None:
    """Rank of the first result that is the video, or of its group."""
    own = groups.get(video.path.name, set())
    for result in results:
        if result.video.id == video.id or own & groups.get(result.video.path.name, set()):
            return result.rank
    return None


def measure(
    engine: Engine, clips: list[tuple[Video, float, str, Path]], groups: dict[str, set[str]]
) -> None:
    """Search for every clip with every pair of weights, and print a table."""
    ranks: dict[tuple[str, float], list[int | None]] = defaultdict(list)
    errors: dict[str, list[float]] = defaultdict(list)
    n_videos = engine.library.catalog.n_videos()
    for video, start_seconds, spoiling, path in clips:
        for share in SHARES_OF_SOUND:
            weights = {"frames": 1 - share, "audio": share, "lyrics": 0.0}
            options = SearchOptions(weights=weights, top=n_videos)
            try:
                results = engine.search(Query((QueryPart("clip", str(path)),)), options)
            except QueryError:  # nothing to compare: a silent clip where sound alone counts
                results = []
            ranks[spoiling, share].append(find_rank(results, video, groups))
            same = [result for result in results if result.video.id == video.id]
            if share == 0.4 and same and same[0].moments:
                found = same[0].moments[0].start_seconds
                if found is not None:
                    errors[spoiling].append(abs(found - start_seconds))
    print("MRR (recall@1); columns: weight of sound, the rest is the picture's")
    print(f"{'':12}" + "".join(f"{share:>13}" for share in SHARES_OF_SOUND) + "   moment error s")
    for spoiling in SPOILINGS:
        cells = [describe(ranks[spoiling, share]) for share in SHARES_OF_SOUND]
        error = statistics.median(errors[spoiling]) if errors[spoiling] else float("nan")
        print(f"{spoiling:12}" + "".join(f"{cell:>13}" for cell in cells) + f"   {error:.2f}")
    every = [[rank for s in SPOILINGS for rank in ranks[s, share]] for share in SHARES_OF_SOUND]
    print(f"{'all':12}" + "".join(f"{describe(found):>13}" for found in every))
    print(f"{len(clips)} clips, {n_videos} videos")


def describe(ranks: list[int | None]) -> str:
    """Mean reciprocal rank and recall at 1."""
    reciprocal = np.mean([1 / rank if rank else 0.0 for rank in ranks])
    return f"{reciprocal:.3f} ({np.mean([rank == 1 for rank in ranks]):.2f})"


def main() -> None:
    """Index the folders, make the clips, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--groups", type=Path)
    parser.add_argument("--clips", type=int, default=2, help="of each video")
    parser.add_argument("--library", type=Path, help="kept and used again; else a temporary one")
    options = parser.parse_args()
    choose = random.Random(2026)
    encoders = Encoders("embedded")
    known: dict[str, Sequence[Embeddings]] = {}

    def analyse(
        part: QueryPart, encoders: Encoders, modalities: Collection[Modality]
    ) -> Sequence[Embeddings]:
        """Analyse each clip once, for all modalities and all weights."""
        if part.value not in known:
            known[part.value] = analyse_part(part, encoders, ("frames", "audio"))
        return [made for made in known[part.value] if made.space.modality in modalities]

    with tempfile.TemporaryDirectory() as folder:
        place = options.library or Path(folder) / "library"
        with Library.open(place, create=True) as library:
            for source in options.folders:
                index_folder(source, library, encoders, IndexOptions())
            clips = []
            for video in library.catalog.videos():
                room = video.duration_seconds - CLIP_SECONDS
                for number in range(options.clips if room > 1 else 0):
                    start_seconds = choose.uniform(0, room)
                    for spoiling in SPOILINGS:
                        out = Path(folder) / f"{video.id}-{number}-{len(clips)}.mp4"
                        cut_clip(video, start_seconds, spoiling, out)
                        clips.append((video, start_seconds, spoiling, out))
            measure(Engine(library, encoders, analyse), clips, read_groups(options.groups))


if __name__ == "__main__":
    main()
