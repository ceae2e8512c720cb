"""Draws and cuts the queries of `old_and_new`, so that one answer alone is right."""

import random
import zlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.retrieval.hard_pool import is_given, is_shared, list_files
from mvsearch.search.evaluation.queries.clip_extraction import cut_clip, cut_frame
from mvsearch.search.evaluation.queries.distortion.distortions import (
    DISTORTIONS,
    FASTER_AND_HIGHER,
    NONE,
)
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.known_query import KnownQuery
from mvsearch.search.evaluation.queries.originals import Originals
from mvsearch.search.evaluation.queries.sample import SampleOptions, sample_queries
from mvsearch.search.query.spaces import own_spaces
from mvsearch.store.library import Library

# What a query is compared by: all there is, or one modality.
BOTH, PICTURES, SOUND = "", "frames=1,lyrics=0,audio=0", "audio=1,lyrics=0,frames=0"
NAMES = {BOTH: "", PICTURES: "pictures alone", SOUND: "sound alone"}


def draw_queries(
    library: Library, groups: Groups, media: Path, n: int, seed: int
) -> list[KnownQuery]:
    """About n clips, pictures and lines with every distortion, of what no distractor has.

    Of videos that share a group, the first by path is asked for.
    """
    wanted: set[str] = set()
    allowed = {path.absolute() for path in list_files(media)}
    for video in sorted(library.catalog.videos(), key=lambda video: str(video.path)):
        if video.path.absolute() in allowed and not groups.find_similar(video.id) & wanted:
            wanted.add(video.id)
    # Of each source that gives to distractors two fifths are left out, and queries are thinned.
    options = SampleOptions(
        n_clips=6 * library.catalog.n_videos(), seed=seed, kinds=("clip", "image", "lyric")
    )
    drawn = sample_queries(library, list(own_spaces(library)), groups, options)
    kept = thin_out([query for query in drawn if is_fair(query, wanted)], n)
    # In random order, so that a run that is ended early has asked some of each.
    random.Random(seed).shuffle(kept)
    return kept


def is_fair(query: KnownQuery, wanted: set[str]) -> bool:
    """Whether a query is of a source that is asked for, and no distractor answers it as well.

    Left out are the parts that distractors have; of sources of which they have all, what is as
    fast and high as they are; and lyric lines of which one half is left.
    """
    if query.source.id not in wanted or not query.is_source_right:
        return False
    if query.kind == "lyric":
        return not is_half(query.text, query.label.partition(":")[2])
    duration = query.source.duration_seconds
    is_left_out = query.distortion == FASTER_AND_HIGHER and not is_shared(duration)
    return not is_left_out and not is_given(query.start_seconds, duration)


def is_half(text: str, line: str) -> bool:
    """Whether all words are of the first half of a line, or of the second."""
    words = line.split()
    halves = words[: len(words) // 2], words[len(words) // 2 :]
    return any(set(text.split()) <= set(half) for half in halves)


def thin_out(queries: Sequence[KnownQuery], n: int) -> list[KnownQuery]:
    """Keep n labels of each kind, half as many clips without a picture, and as many of each source.

    Sources with few queries give what they have.
    """
    labels: dict[tuple[str, bool], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for query in queries:
        is_heard = query.kind == "clip" and query.modalities == ("audio",)
        if query.distortion == NONE:
            labels[query.kind, is_heard][query.source.id].append(query.label)
    kept: set[tuple[str, str]] = set()
    for (kind, is_heard), sources in labels.items():
        turns = max(len(own) for own in sources.values())
        order = [own[turn] for turn in range(turns) for own in sources.values() if turn < len(own)]
        kept |= {(kind, label) for label in order[: n // 2 if is_heard else n]}
    return [query for query in queries if (query.kind, query.label) in kept]


def list_ways(query: KnownQuery) -> list[str]:
    """What a query is compared by: one row of the table each."""
    if query.kind != "clip":
        return [BOTH]
    family = DISTORTIONS[query.distortion].family
    if family == "sound":
        return [SOUND]
    if family == "hard picture":
        return [PICTURES, BOTH] if "audio" in query.modalities else [PICTURES]
    return [BOTH]


def cut_query(query: KnownQuery, originals: Originals, folder: Path) -> list[str]:
    """Make the file of a query; the words of the command line for it."""
    if query.kind == "lyric":
        return ["--lyric", query.text]
    distortion = DISTORTIONS[query.distortion]
    ending = "mkv" if query.kind == "clip" else "png"
    name = zlib.crc32(f"{query.kind} {query.label} {query.distortion}".encode())
    out = folder / f"{name:08x}.{ending}"
    if out.exists():
        return [f"--{query.kind}", str(out)]
    made = out.with_name(f"unfinished-{out.name}")
    if query.kind == "clip":
        with originals.borrow(query) as original:
            cut_clip(original, 0.0, query.seconds, distortion, made, query.seed, query.backdrop)
    else:
        start = query.start_seconds
        cut_frame(query.source.path, start, distortion, made, query.seed, query.backdrop)
    made.replace(out)
    return [f"--{query.kind}", str(out)]
