"""Counts right answers marked weak: `python -m benchmarks.weak_marks LIBRARY --clips 27`.

The queries are those that `mvsearch evaluate` draws from the library, with its plain distortions:
of the picture, the sound (± a semitone among them), the stream and the speed, and lyric lines as
they are. Counted are the queries whose source comes first, and how many of them are weak.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.engine import Engine
from mvsearch.search.evaluation.queries.clip_extraction import cut_clip, cut_frame
from mvsearch.search.evaluation.queries.distortions import DISTORTIONS, names_of
from mvsearch.search.evaluation.queries.groups import group_by_tags
from mvsearch.search.evaluation.queries.originals import Originals
from mvsearch.search.evaluation.queries.sample import KnownQuery, SampleOptions, sample_queries
from mvsearch.search.query.encode import own_spaces
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library

PLAIN = names_of("none", "picture", "speed", "stream", "sound")


def make_parts(queries: list[KnownQuery], folder: Path) -> Iterator[tuple[KnownQuery, QueryPart]]:
    """Each query with what is asked; a file is there until the next one."""
    originals = Originals(folder, queries)
    for query in queries:
        distortion = DISTORTIONS[query.distortion]
        if query.kind == "clip":
            out = folder / "query.mkv"
            with originals.borrow(query) as original:
                cut_clip(original, 0.0, query.seconds, distortion, out, query.seed)
            yield query, QueryPart("clip", str(out))
        elif query.kind == "image":
            out = folder / "query.png"
            cut_frame(query.source.path, query.start_seconds, distortion, out)
            yield query, QueryPart("image", str(out))
        else:
            yield query, QueryPart("lyric", query.text)


def count_marks(engine: Engine, n_clips: int, folder: Path) -> Counter[tuple[str, str, str]]:
    """Results by kind of query, distortion, and what came: right, weak (and right), wrong."""
    library = engine.library
    options = SampleOptions(n_clips, distortions=PLAIN, kinds=("clip", "image", "lyric"))
    queries = sample_queries(
        library, list(own_spaces(library)), group_by_tags(library.catalog.videos()), options
    )
    counts: Counter[tuple[str, str, str]] = Counter()
    for query, part in make_parts(queries, folder):
        try:
            first = engine.search(Query((part,)))[0]
        except (MvsearchError, IndexError):  # such as a picture that is too dark
            counts[query.kind, query.distortion, "wrong"] += 1
            continue
        is_right = first.video.id == query.source.id
        told = "wrong" if not is_right else "weak" if first.is_weak else "right"
        counts[query.kind, query.distortion, told] += 1
    return counts


def main() -> None:
    """Print the share of weak marks by distortion, and over all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("--clips", type=int, default=27, help="clips, pictures and lines each")
    arguments = parser.parse_args()
    with Library.open(arguments.library) as library, tempfile.TemporaryDirectory() as folder:
        engine = Engine(library, Encoders(library.catalog.profile() or "embedded"))
        counts = count_marks(engine, arguments.clips, Path(folder))
    print(f"{'kind':8}{'distortion':18}{'asked':>6}{'first':>6}{'weak':>6}")
    for kind, name in dict.fromkeys((kind, name) for kind, name, _ in counts):
        right, weak, wrong = (counts[kind, name, told] for told in ("right", "weak", "wrong"))
        print(f"{kind:8}{name:18}{right + weak + wrong:6}{right + weak:6}{weak:6}")
    weak, right = (sum(n for key, n in counts.items() if key[2] == t) for t in ("weak", "right"))
    share = weak / max(weak + right, 1)
    print(f"{weak} of {weak + right} right answers at rank 1 are marked weak: {share:.1%}")


if __name__ == "__main__":
    main()
