"""Asks pictures for their own sound by towers that were trained on other videos.

    python -m benchmarks.audiovisual.own_sound MEDIA [--groups GROUPS.csv] [--library DIR]
        [--alike GROUP,…]

MEDIA is a folder of videos, GROUPS.csv has the columns path and group: videos of one group have one
source and are on one side of every split. The sources are divided into folds at random, several
times; each is held out once each time, and its picture ranks the sounds of those held out with it.
Printed are, for each way to train and for parts of the training sources, the share of other sounds
behind the own one (0.5 by chance), recall@1, and 95 % intervals over the sources. With --alike,
which names groups of one kind, the first is also printed among sources of one kind, and of two.
"""

import argparse
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

import mvsearch
from mvsearch.indexer.audiovisual.ranking import OwnRank, rank_own_sound
from mvsearch.indexer.audiovisual.towers import Towers, read_towers
from mvsearch.indexer.audiovisual.windows import VideoWindows, read_windows
from mvsearch.indexer.training.audiovisual.options import TRAINING, AudiovisualOptions
from mvsearch.indexer.training.audiovisual.sampling import group_by_source
from mvsearch.indexer.training.audiovisual.splitting import (
    Split,
    fold_sources,
    join_sources,
    split_videos,
)
from mvsearch.indexer.training.audiovisual.task import AudiovisualTask, find_towers
from mvsearch.indexer.training.loop import train
from mvsearch.search.evaluation.intervals import (
    average_resamples,
    draw_resamples,
    span_interval,
)
from mvsearch.search.evaluation.queries.arguments import choose_groups
from mvsearch.search.query.spaces import own_spaces
from mvsearch.store.library import Library
from mvsearch.store.records import Space

VALIDATED = AudiovisualOptions()
# Of few sources all are trained on.
BOTH = replace(VALIDATED, validated_share=0.0)
WAYS: dict[str, AudiovisualOptions | None] = {
    "closed form (CCA)": None,
    "both terms": BOTH,
    "both terms, a part validates": VALIDATED,
    "semantic term alone": replace(BOTH, temporal_weight=0.0),
    "temporal term alone": replace(BOTH, semantic_weight=0.0),
    "both terms, random start": replace(BOTH, start="random"),
    "semantic term alone, random start": replace(BOTH, start="random", temporal_weight=0.0),
}
SHARES = (0.25, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Data:
    """The windows of a library, and its spaces."""

    videos: list[VideoWindows]
    spaces: tuple[Space, Space]


def read_data(library: Library, groups: Path | None) -> Data:
    """The windows of a library, with the sources of a file of groups."""
    members = choose_groups(library, [groups] if groups else []).members
    sources = join_sources(members)
    spaces = own_spaces(library)
    pair = spaces["frames"], spaces["audio"]
    return Data(read_windows(library, *pair, sources)[0], pair)


def hold_out(data: Data, n_folds: int, seeds: Sequence[int]) -> Iterator[tuple[Split, int]]:
    """Each split, whose tested part is a fold, and its seed."""
    for seed in seeds:
        for fold in fold_sources([video.source for video in data.videos], n_folds, seed):
            rest = [video for video in data.videos if video.source not in fold]
            kept = split_videos(rest, VALIDATED.validated_share, 0.0, seed)
            tested = tuple(video for video in data.videos if video.source in fold)
            yield replace(kept, tested=tested), seed


def keep_share(split: Split, share: float, seed: int) -> Split:
    """A split with a part of its training sources, two at least."""
    of_source = group_by_source((*split.trained, *split.validated))
    order = np.random.default_rng(seed).permutation(list(of_source))
    kept = sorted(order[: max(2, round(share * len(order)))])
    trained = tuple(video for source in kept for video in of_source[source])
    return Split(trained, (), split.tested)


def make_towers(
    split: Split, data: Data, options: AudiovisualOptions | None, seed: int, epochs: int
) -> Towers:
    """Train on a split, or find the closed form."""
    if options is None or not options.validated_share:
        split = replace(split, trained=(*split.trained, *split.validated), validated=())
    task = AudiovisualTask(split, data.spaces, options or BOTH, TRAINING.batch_size)
    if options is None:
        return find_towers(task.build())
    with tempfile.TemporaryDirectory() as folder:
        train(task, replace(TRAINING, seed=seed, epochs=epochs, device="cpu"), Path(folder))
        return read_towers(load_file(Path(folder) / "weights.safetensors"))


def rank_tested(towers: Towers, split: Split) -> list[OwnRank]:
    """The rank of each held-out video's sound among those held out with it."""
    pictures = np.stack([towers.picture.summarise(video.pictures) for video in split.tested])
    sounds = np.stack([towers.sound.summarise(video.sounds) for video in split.tested])
    ids, sources = [v.video_id for v in split.tested], [v.source for v in split.tested]
    return rank_own_sound(ids, sources, pictures @ sounds.T)


def format_mean(values: Sequence[float], sources: Sequence[str]) -> str:
    """The mean over sources, each of which weighs the same, and its interval over them."""
    names = sorted(set(sources))
    means = np.array(
        [np.mean([v for v, s in zip(values, sources, strict=True) if s == name]) for name in names]
    )
    resamples = draw_resamples(names)
    interval = span_interval(average_resamples(means, resamples), len(names))
    span = "" if interval is None else f" ({interval.low:.2f}–{interval.high:.2f})"
    return f"{means.mean():.2f}{span}"


def format_row(name: str, ranks: Sequence[OwnRank]) -> str:
    """One row of the table."""
    sources = [one.source for one in ranks]
    behind = format_mean([one.share_behind for one in ranks], sources)
    first = format_mean([float(one.rank == 1) for one in ranks], sources)
    median = np.median([one.rank for one in ranks])
    return f"| {name} | {behind} | {first} | {median:g} |"


def format_kinds(pairs: Sequence[tuple[str, str, bool]], alike: frozenset[str]) -> str:
    """How often an own sound fits better than another one, of the same kind and of the other.

    Args:
        pairs: source, other source, and whether the own one fits better.
        alike: the sources of one kind; all others are of the second.
    """
    parts = []
    for is_same in (True, False):
        some = [pair for pair in pairs if ((pair[0] in alike) == (pair[1] in alike)) == is_same]
        parts.append(format_mean([float(pair[2]) for pair in some], [pair[0] for pair in some]))
    return f"of one kind {parts[0]}, of two {parts[1]}"


def compare_tested(towers: Towers, split: Split) -> list[tuple[str, str, bool]]:
    """The pairs of each held-out video with each other source, as `format_kinds` takes them."""
    pairs = []
    for video in split.tested:
        for other in {one.source for one in split.tested} - {video.source}:
            both = tuple(one for one in split.tested if one.source in (video.source, other))
            ranks = rank_tested(towers, replace(split, tested=both))
            own = next(one for one in ranks if one.video_id == video.video_id)
            pairs.append((video.source, other, own.rank == 1))
    return pairs


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audiovisual.own_sound")
    parser.add_argument("media", type=Path)
    parser.add_argument("--groups", type=Path)
    parser.add_argument("--library", type=Path, help="of these videos; default: a new one")
    parser.add_argument("--alike", default="", help="groups of one kind, separated by commas")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=TRAINING.epochs)
    return parser.parse_args()


def print_tables(data: Data, given: argparse.Namespace) -> None:
    """Train and rank by every way, then with parts of the sources."""
    splits = list(hold_out(data, given.folds, range(given.seeds)))
    n_sources = len({video.source for video in data.videos})
    chance = np.mean([1 / len({video.source for video in split.tested}) for split, _ in splits])
    print(f"{len(data.videos)} videos with picture and sound, {n_sources} sources")
    print("| trained by | others behind | recall@1 | median rank |\n|---|---|---|---|")
    for name, options in WAYS.items():
        found, pairs = [], []
        for split, seed in splits:
            towers = make_towers(split, data, options, seed, given.epochs)
            found += rank_tested(towers, split)
            pairs += compare_tested(towers, split) if given.alike else []
        print(format_row(name, found), flush=True)
        if given.alike:
            alike = frozenset(given.alike.split(","))
            print(f"  {name}: {format_kinds(pairs, alike)}", file=sys.stderr)
    middle = (1 / chance + 1) / 2
    print(f"| chance | 0.50 | {chance:.2f} | {middle:.1f} |\n")
    print("| share of the training sources | others behind | recall@1 | median rank |")
    print("|---|---|---|---|")
    for share in SHARES:
        found = []
        for split, seed in splits:
            part = keep_share(split, share, seed)
            found += rank_tested(make_towers(part, data, BOTH, seed, given.epochs), part)
        print(format_row(f"{share:.0%}", found), flush=True)


def main() -> None:
    """Run the program."""
    given = parse_arguments()
    warnings.filterwarnings("ignore")
    with tempfile.TemporaryDirectory() as folder:
        place = given.library or Path(folder) / "library"
        if given.library is None:
            with mvsearch.open(place) as opened:
                opened.index(given.media, lyrics="off")
        with Library.open(place, is_read_only=True) as library:
            data = read_data(library, given.groups)
        print_tables(data, given)


if __name__ == "__main__":
    main()
