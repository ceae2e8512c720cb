"""Asks with filmed screens, insets and 9:16 crops.

`python -m benchmarks.retrieval.hard_pictures LIBRARY`

Of each video of a library clips and stills are drawn as `mvsearch evaluate` draws them. They are
searched by whole pictures alone, and with a closer look (`search.closer_look`), by pictures alone
and with sound; then once more with the right answers hidden. Printed are, for two halves of the
videos (by a hash of the group), recall@1, the share of right answers marked weak, the share of
right clips without a time, and the share of queries without an answer that are not marked weak.
"""

import argparse
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.evaluation.queries.arguments import (
    choose_groups,
    parse_distortions,
    parse_kinds,
)
from mvsearch.search.evaluation.queries.clip_extraction import cut_clip, cut_frame
from mvsearch.search.evaluation.queries.distortion.distortions import DISTORTIONS
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.known_query import KnownQuery
from mvsearch.search.evaluation.queries.originals import Originals
from mvsearch.search.evaluation.queries.sample import SampleOptions, sample_queries
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.query.spaces import own_spaces
from mvsearch.search.results import Result
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library

PICTURES = SearchOptions(weights={"frames": 1.0, "lyrics": 0.0, "audio": 0.0})
NAMES = "none,filmed,picture-in,9:16"
MEASURES = ("right", "weak", "no time", "unmarked")


def make_parts(
    queries: Sequence[KnownQuery], folder: Path
) -> Iterator[tuple[KnownQuery, QueryPart]]:
    """Each query with its file, which is there until the next one."""
    originals = Originals(folder, queries)
    for query in queries:
        distortion = DISTORTIONS[query.distortion]
        spoilt = (distortion, folder / "query.mkv", query.seed, query.backdrop)
        if query.kind == "clip":
            with originals.borrow(query) as original:
                out = cut_clip(original, 0.0, query.seconds, *spoilt)
            yield query, QueryPart("clip", str(out))
        else:
            out = cut_frame(query.source.path, query.start_seconds, *spoilt)
            yield query, QueryPart("image", str(out))


def find_half(video_id: str, groups: Groups) -> int:
    """0 or 1; the same for all videos of a group."""
    return zlib.crc32(min({video_id, *groups.find_similar(video_id)}).encode()) % 2


def search_first(
    engine: Engine, query: Query, options: SearchOptions, hidden: frozenset[str]
) -> Result | None:
    """The first result; None where nothing can be compared, such as a dark picture."""
    try:
        return next(iter(engine.search(query, options, hidden)), None)
    except MvsearchError:
        return None


def judge(
    engine: Engine, known: KnownQuery, query: Query, options: SearchOptions, groups: Groups
) -> Iterator[tuple[str, bool]]:
    """Ask once with and once without the answers in the library."""
    source = known.source.id
    answers = groups.find_answers(source, known.modalities) | {source}
    first = search_first(engine, query, options, known.hidden)
    is_right = first is not None and first.video.id in answers
    yield "right", is_right
    if first is not None and is_right:
        yield "weak", first.is_weak
        if known.kind == "clip" and first.video.id == source:
            yield "no time", first.best_moment is None
    related = groups.find_similar(source) | answers
    first = search_first(engine, query, options, known.hidden | related)
    if first is not None:
        yield "unmarked", not first.is_weak


def main() -> None:
    """Print a row for each half, kind, distortion and system."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--groups", type=Path, nargs="*", default=[])
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--kinds", default="clip,image")
    parser.add_argument("--distortions", default=NAMES)
    given = parser.parse_args()
    with Library.open(given.library) as library, tempfile.TemporaryDirectory() as folder:
        encoders = Encoders(library.catalog.profile() or "embedded")
        groups = choose_groups(library, given.groups)
        names = parse_distortions(given.distortions)
        options = SampleOptions(given.clips, distortions=names, kinds=parse_kinds(given.kinds))
        queries = sample_queries(library, list(own_spaces(library)), groups, options)
        engines = {
            "whole": Engine(library, encoders, encode_views=lambda *_: None),
            "closer": Engine(library, encoders),
        }
        counts: defaultdict[tuple[int, str, str, str, str], list[bool]] = defaultdict(list)
        for known, part in make_parts(queries, Path(folder)):
            asked = ["pictures"] + (["both"] if len(known.modalities) > 1 else [])
            for by, name in ((by, name) for by in asked for name in engines):
                query = Query((QueryPart(part.kind, part.value),))
                chosen = PICTURES if by == "pictures" else SearchOptions()
                row = (find_half(known.source.id, groups), known.kind, known.distortion)
                for measure, value in judge(engines[name], known, query, chosen, groups):
                    counts[*row, f"{by} {name}", measure].append(value)
    print("half kind  distortion            system           asked " + " ".join(MEASURES))
    for half, kind, distortion, system in dict.fromkeys(key[:4] for key in sorted(counts)):
        values = [counts.get((half, kind, distortion, system, m), []) for m in MEASURES]
        shares = " ".join(f"{sum(v) / max(len(v), 1):8.3f}" for v in values)
        print(f"{half:4} {kind:5} {distortion:21} {system:16} {len(values[0]):5} {shares}")


if __name__ == "__main__":
    main()
