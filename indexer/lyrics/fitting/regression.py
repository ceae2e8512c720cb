"""Fits straight pieces to heard words: an offset for each piece, and a rate for all."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.lyrics.fitting.words import Times, Tokens
from mvsearch.store.records import Matrix

# A word heard so far from where its line should be is another one.
NEAR_SECONDS = 0.9
# Beyond it, a deviation counts in proportion only (Huber).
SOFT_SECONDS = 0.15
# Of words behind the first, whose times within the line are guessed.
LATER_WEIGHT = 0.3
# Rates that players and television make; others are slips of what was heard.
MAX_DRIFT = 0.06
# A drift that moves nothing by more is none, and one must be sure.
MIN_DRIFT_SECONDS, MIN_SIGMAS = 0.3, 4.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """Words of lyrics that were heard, in the order of the lyrics.

    Attributes:
        pieces: (n,) the piece of each.
        lines: (n,) the line of each.
        starts: (n,) of its line, in seconds of the lyrics.
        delays: (n,) how much later than its line it is expected.
        heard: (n,) when it was heard.
        weights: (n,) how sure that is.
    """

    pieces: npt.NDArray[np.intp]
    lines: npt.NDArray[np.intp]
    starts: Times
    delays: Times
    heard: Times
    weights: Times

    def __len__(self) -> int:
        """The number of pairs."""
        return len(self.heard)


@dataclass(frozen=True, slots=True)
class Straight:
    """A map from the times of lyrics to those of a video: rate times lyrics plus offset.

    Attributes:
        offsets: of each piece, where a lyric time is 0.
        residuals: (n,) of the pairs.
    """

    rate: float
    offsets: Times
    residuals: Times


def pair_words(
    sung: Tokens,
    heard: Tokens,
    alike: Matrix,
    starts: Times,
    late: Times,
    pieces: npt.NDArray[np.intp],
) -> Pairs:
    """Pair each word with the one that was heard nearest to where its line is.

    Args:
        sung: words of the lyrics.
        heard: words that were heard.
        alike: how alike they are.
        starts: of the lines.
        late: by how much each line is late.
        pieces: the piece of each line, -1 for one that is left out.
    """
    expected = sung.seconds + late[sung.lines]
    apart = np.abs(heard.seconds[None, :] - expected[:, None])
    apart[(alike <= 0) | ~(apart <= NEAR_SECONDS)] = np.inf
    if not apart.size:
        apart = np.full((len(sung), 1), np.inf)
    nearest = apart.argmin(axis=1)
    rows = np.flatnonzero(np.isfinite(apart.min(axis=1)) & (pieces[sung.lines] >= 0))
    begins = starts[sung.lines[rows]]
    return Pairs(
        pieces[sung.lines[rows]],
        sung.lines[rows],
        begins,
        sung.seconds[rows] - begins,
        heard.seconds[nearest[rows]],
        np.where(sung.places[rows] == 0, 1.0, LATER_WEIGHT),
    )


def fit_straight(pairs: Pairs, n_pieces: int) -> Straight:
    """Fit offsets and, where it is clear, a rate.

    Robust least squares with a pace of the words within their lines, as singers keep their own.
    """
    free, spread = _solve(pairs, n_pieces, has_rate=True)
    fixed, _ = _solve(pairs, n_pieces, has_rate=False)
    drift = free.rate - 1
    span = max(
        (
            np.ptp(pairs.starts[pairs.pieces == one])
            for one in range(n_pieces)
            if (pairs.pieces == one).any()
        ),
        default=0.0,
    )
    is_clear = abs(drift) * span > MIN_DRIFT_SECONDS and abs(drift) > MIN_SIGMAS * spread
    return free if is_clear and abs(drift) <= MAX_DRIFT else fixed


def _solve(pairs: Pairs, n_pieces: int, *, has_rate: bool) -> tuple[Straight, float]:
    """The robust solution, and the standard error of its rate."""
    from scipy.optimize import least_squares

    n = len(pairs)
    member = np.zeros((n, n_pieces))
    member[np.arange(n), pairs.pieces] = 1
    middle = float(pairs.starts.mean()) if n else 0.0
    columns = [member, pairs.delays[:, None]]
    if has_rate:
        columns.append((pairs.starts - middle)[:, None])
    design = np.concatenate(columns, axis=1)
    target = pairs.heard - pairs.starts - pairs.delays
    scale = np.sqrt(pairs.weights)

    def deviate(given: Times) -> Times:
        deviation: Times = (design @ given - target) * scale
        return deviation

    first = np.zeros(design.shape[1])
    for piece in range(n_pieces):
        own = target[pairs.pieces == piece]
        first[piece] = np.median(own) if len(own) else 0.0
    found = least_squares(deviate, first, loss="soft_l1", f_scale=SOFT_SECONDS)
    drift = float(found.x[-1]) if has_rate else 0.0
    offsets: Times = found.x[:n_pieces] - drift * middle
    spread = np.inf
    if has_rate and n > design.shape[1]:
        noise = max(float(np.median(np.abs(found.fun))) * 1.4826, 0.03)
        information = np.linalg.pinv(design.T @ (design * pairs.weights[:, None]))
        spread = noise * float(np.sqrt(information[-1, -1]))
    return Straight(1 + drift, offsets, target - design @ found.x), float(spread)
