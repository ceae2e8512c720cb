"""Finds videos and places that share landmarks with a query, by votes for offsets (Wang 2003)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.search.localization.landmark_agreement import Agreement, refine
from mvsearch.store.landmarks.index import LandmarkIndex
from mvsearch.store.landmarks.packing import STEP_SECONDS
from mvsearch.store.landmarks.pairs import Variant, iter_likely_keys, pair_peaks
from mvsearch.store.records.peaks import SoundPeaks

Integers = npt.NDArray[np.int64]

# Pairs of each peak of a query: those of a video must be among them though other sound has peaks
# between.
PAIRS_A_PEAK = 8
# Of a query that is asked for in many variants: else common keys of the many would be left out.
PAIRS_A_VARIANT = 3
# A longer query is heard in its middle.
MAX_SECONDS = 30.0
# Places that are looked at, those of rare keys first; and of a query in many variants, of which
# only those in crowded cells are looked at closely.
MAX_HITS = 400_000
MAX_VARIANT_HITS = 3_000_000
# Cells in which the offsets of all variants are counted, of eight steps each, and how many of them
# are crowded.
N_CELLS = 1 << 22
CELL_BITS = 3
N_CROWDED = 6000
# Votes this near are for one offset: by a rate that is 1.5 % off, five seconds are 2 steps off at
# both ends if their middle is right.
NEAR_STEPS = 2
# Offsets that are compared in full.
N_CANDIDATES = 15
# A query that agrees so well is not asked for in other variants.
SURE_NATS = 20.0

SEMITONE = 2 ** (1 / 12)
PLAIN: tuple[Variant, ...] = (Variant(),)
# Speed with pitch in steps of 3 %, pitch alone by up to two semitones, tempo alone in steps of 6 %.
CHANGED: tuple[Variant, ...] = (
    *(Variant(1.03**n, 1.03**-n) for n in range(-8, 9) if n),
    *(Variant(1.0, SEMITONE**n) for n in (-2, -1, 1, 2)),
    *(Variant(1.06**n, 1.0) for n in range(-4, 5) if n),
)
# An offset is kept above zero, and a variant beside it, in one number.
_BASE = 1 << 20
_BITS = 40


@dataclass(frozen=True, slots=True)
class LandmarkMatch:
    """A place of a video that a query shares landmarks with."""

    video_id: str
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An offset with many votes; `middle` is the step on the line where the query's middle lies."""

    n_votes: int
    middle: float
    variant: Variant


def find_matches(
    query: SoundPeaks,
    seconds: float,
    index: LandmarkIndex,
    read_peaks: Callable[[Sequence[str]], dict[str, SoundPeaks]],
    variants: Sequence[Variant] = CHANGED,
) -> list[LandmarkMatch]:
    """Find the places that a query may be from, the likeliest first, one for each video.

    Args:
        query: peaks of a clip, with times from its start.
        seconds: the length of the clip.
        index: of all videos.
        read_peaks: reads the peaks of videos.
        variants: that are asked for where the clip as it is agrees with nothing.
    """
    trimmed, origin, seconds = _trim(query, seconds)
    best: dict[str, Agreement] = {}
    for asked, n_pairs in ((PLAIN, PAIRS_A_PEAK), (variants, PAIRS_A_VARIANT)):
        found = _vote(trimmed, seconds, index, asked, n_pairs)
        places = index.find_videos(np.array([round(one.middle) for one in found], dtype=np.int64))
        ids = [index.video_ids[at] for at in places.tolist()]
        peaks = read_peaks(sorted(set(ids)))
        for video_id, at, one in zip(ids, places.tolist(), found, strict=True):
            if video_id in peaks:
                middle = (one.middle - int(index.firsts[at])) * STEP_SECONDS
                start = middle - seconds * one.variant.rate / 2
                agreement = refine(trimmed, peaks[video_id], start, one.variant, seconds)
                if video_id not in best or agreement.nats > best[video_id].nats:
                    best[video_id] = agreement
        if any(one.nats >= SURE_NATS for one in best.values()):
            break
    matches = [LandmarkMatch(one, _move(best[one], -origin)) for one in best]
    return sorted(matches, key=lambda match: -match.agreement.nats)


def _trim(query: SoundPeaks, seconds: float) -> tuple[SoundPeaks, float, float]:
    """The middle of a long query, with the second at which it begins, and its length."""
    if seconds <= MAX_SECONDS:
        return query, 0.0, seconds
    origin = (seconds - MAX_SECONDS) / 2
    return query.within(0.0, origin + MAX_SECONDS).since(origin), origin, MAX_SECONDS


def _move(agreement: Agreement, seconds: float) -> Agreement:
    """An agreement for the whole query, of which a part that begins earlier or later was heard."""
    start = agreement.start_seconds + seconds * agreement.variant.rate
    return Agreement(
        start, agreement.variant, agreement.n_agreeing, agreement.n_compared, agreement.nats
    )


def _vote(
    query: SoundPeaks,
    seconds: float,
    index: LandmarkIndex,
    variants: Sequence[Variant],
    n_pairs: int,
) -> list[_Candidate]:
    """The offsets with most votes; each peak of the query has one vote for an offset."""
    pairs = pair_peaks(query, n_pairs)
    asked = [
        (keys, pairs.first[numbers], np.full(len(keys), at))
        for at, variant in enumerate(variants)
        for keys, numbers in iter_likely_keys(query, pairs, variant)
    ]
    if not asked or not index.video_ids:
        return []
    keys, peaks, numbers = (np.concatenate(parts) for parts in zip(*asked, strict=True))
    begins, counts = index.look_up(keys)
    order = np.argsort(counts, kind="stable")
    n_hits = MAX_HITS if len(variants) == 1 else MAX_VARIANT_HITS
    order = order[(counts[order] > 0) & (np.cumsum(counts[order]) <= n_hits)]
    begins, counts, peaks, numbers = begins[order], counts[order], peaks[order], numbers[order]
    rates = np.array([variant.rate for variant in variants])
    ahead = (query.seconds[peaks] - seconds / 2) * rates[numbers] / STEP_SECONDS
    ends = np.cumsum(counts)
    # Where each place lies: those of a key one after the other.
    places = np.arange(counts.sum()) + np.repeat(begins - (ends - counts), counts)
    middles = index.places[places] + np.repeat(_BASE - np.rint(ahead).astype(np.int64), counts)
    kept = np.arange(len(middles))
    if len(middles) > MAX_HITS:
        kept = _find_crowded(middles, np.repeat(numbers, counts))
    row = np.searchsorted(ends, kept, "right")
    votes = (numbers[row].astype(np.int64) << _BITS) + middles[kept]
    return _pick(_count_votes(votes, peaks[row]), variants)


def _find_crowded(middles: Integers, numbers: Integers) -> Integers:
    """The positions of the offsets that lie in or beside a cell with many; most lie alone.

    Counting takes a tenth of the time of sorting. Two cells of different variants may be counted as
    one, which adds some that lie alone.
    """
    cells = ((middles >> CELL_BITS) + numbers * 0x9E3779B1) & (N_CELLS - 1)
    sums = np.bincount(cells, minlength=N_CELLS)
    least = max(2, int(np.partition(sums, N_CELLS - N_CROWDED)[N_CELLS - N_CROWDED]))
    is_crowded = sums >= least
    is_near = is_crowded | np.roll(is_crowded, 1) | np.roll(is_crowded, -1)
    return np.flatnonzero(is_near[cells])


def _count_votes(votes: Integers, peaks: Integers) -> tuple[Integers, Integers]:
    """The different votes, rising, and how many peaks voted for each or nearly so."""
    once = _drop_repeated(np.sort(votes << 14 | (peaks & 0x3FFF))) >> 14
    different = _drop_repeated(once)
    sums = np.concatenate([np.searchsorted(once, different), [len(once)]])
    first = np.searchsorted(different, different - NEAR_STEPS, "left")
    end = np.searchsorted(different, different + NEAR_STEPS, "right")
    return different, sums[end] - sums[first]


def _drop_repeated(rising: Integers) -> Integers:
    """The different ones of rising numbers; `np.unique` takes several times as long."""
    return rising[np.concatenate([[True], rising[1:] != rising[:-1]])] if len(rising) else rising


def _pick(counted: tuple[Integers, Integers], variants: Sequence[Variant]) -> list[_Candidate]:
    """The votes with the highest counts, apart from each other."""
    votes, counts = counted
    picked: list[int] = []
    found: list[_Candidate] = []
    for at in np.argsort(-counts, kind="stable").tolist():
        vote = int(votes[at])
        if any(abs(vote - other) <= 2 * NEAR_STEPS for other in picked):
            continue
        picked.append(vote)
        number, middle = vote >> _BITS, (vote & ((1 << _BITS) - 1)) - _BASE
        found.append(_Candidate(int(counts[at]), float(middle), variants[number]))
        if len(found) == N_CANDIDATES:
            break
    return found
