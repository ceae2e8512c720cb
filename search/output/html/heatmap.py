"""Draws the similarity matrix of a library as a heat map with clickable cells."""

import base64
import io
import math
from collections.abc import Collection, Mapping
from html import escape

import numpy as np
import numpy.typing as npt

from mvsearch.search.output.html.page import wrap_wide
from mvsearch.search.output.report import name_video
from mvsearch.search.retrieval.matrix import NearestScores, ScoreMap
from mvsearch.search.scoring.fusion import FloatArray

# The hue that similarity is shown in; its opacity is the value, so that it suits any background.
HUE = (0x2F, 0x6F, 0xB0)
# More songs than this leave no room for a name beside each row: rows are counted, and listed below.
MAX_NAMED = 60
# A picture has so many pixels a side at most; with more songs, one shows the best of several.
MAX_PAINTED = 1000
# In CSS pixels.
SIDE = 700
MAX_CELL = 52
LABEL_WIDTH = 250
COUNT_WIDTH = 44
COUNT_SIZE = 12
LABEL_HEIGHT = 24
LETTER_WIDTH = 7.2
# Numbers above narrow columns stand above every second or third, so that they can be read.
NUMBER_WIDTH = 22.0
COUNT_DISTANCE = 36.0


def draw_heatmap(matrix: ScoreMap, pairs: Collection[tuple[int, int]]) -> str:
    """Draw the scores of all videos, like beside like.

    The picture is one image; only rows, and cells that have an entry to go to, are links, which
    keeps the page light for hundreds of songs.

    Args:
        matrix: n videos, n >= 1.
        pairs: (song, similar song) positions that have an entry `p-SONG-SIMILAR`, the song then
            one `s-SONG`.

    Returns:
        A figure in HTML.
    """
    order, scores = _arrange(matrix)
    low, high = _scale(scores)
    n = len(order)
    cell = min(MAX_CELL, SIDE / n)
    is_named = n <= MAX_NAMED
    left, head = LABEL_WIDTH if is_named else COUNT_WIDTH, LABEL_HEIGHT
    side = n * cell
    # Half of the last count stands beyond the map.
    beyond = 0 if is_named else COUNT_SIZE
    picture = encode_png(_paint(scores, low, high))
    parts = [
        '<svg class="map" '
        f'viewBox="{-left:g} {-head:g} {side + left + beyond:g} {side + head + beyond:g}" '
        f'width="{side + left + beyond:g}" height="{side + head + beyond:g}" '
        'role="group" aria-label="Similarity of every song with every other">',
        f'<image width="{side:g}" height="{side:g}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{picture}"/>',
        *_link_rows(matrix, order, cell, {song for song, _ in pairs}),
        *([] if is_named else _count_rows(n, cell)),
        *_link_cells(matrix, order, cell, pairs),
        "</svg>",
    ]
    drawing = wrap_wide("".join(parts), "Map of similarity")
    names = "" if is_named else _list_names(matrix, order, {song for song, _ in pairs})
    return f"<figure>{drawing}{_draw_scale(low, high)}{names}</figure>"


def _arrange(matrix: ScoreMap) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """The videos, like beside like, and the scores to paint: in this order, NaN where unknown."""
    if not isinstance(matrix, NearestScores):
        order = order_by_likeness(matrix.scores)
        return order, matrix.scores[np.ix_(order, order)]
    n = len(matrix.videos)
    order = chain_by_likeness(n, matrix.scores)
    place = np.empty(n, dtype=np.intp)
    place[order] = np.arange(n)
    side = min(n, MAX_PAINTED)
    painted = np.full((side, side), -np.inf)
    if matrix.scores:
        pairs = place[np.array(list(matrix.scores))] * side // n
        np.maximum.at(painted, (pairs[:, 0], pairs[:, 1]), list(matrix.scores.values()))
    return order, np.where(np.isneginf(painted), np.nan, painted)


def chain_by_likeness(n: int, scores: Mapping[tuple[int, int], float]) -> npt.NDArray[np.intp]:
    """Put like beside like where few scores are known: chains are joined, the likest first.

    As Kruskal's spanning tree (1956), but each joint turns the chains so that the two that are
    alike come as near to each other as they can; about n log n steps.

    Args:
        n: how many there are.
        scores: of some pairs of positions.

    Returns:
        (n,) a permutation.
    """
    chains = {at: [at] for at in range(n)}
    chain_of = list(range(n))
    for (one, other), _ in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        first, second = chain_of[one], chain_of[other]
        if first == second:
            continue
        if len(chains[first]) < len(chains[second]):
            (one, first), (other, second) = (other, second), (one, first)
        small = chains.pop(second)
        is_at_end = chains[first].index(one) >= len(chains[first]) / 2
        if (small.index(other) >= len(small) / 2) == is_at_end:
            small.reverse()
        chains[first] = [*chains[first], *small] if is_at_end else [*small, *chains[first]]
        for at in small:
            chain_of[at] = first
    return np.array([at for chain in chains.values() for at in chain], dtype=np.intp)


def order_by_likeness(scores: FloatArray) -> npt.NDArray[np.intp]:
    """Put like beside like: the leaves of an average-linkage tree, in their optimal order.

    Args:
        scores: (n, n); NaN counts as the least similar.

    Returns:
        (n,) a permutation.
    """
    n = len(scores)
    if n < 3 or not np.isfinite(scores).any():
        return np.arange(n)
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    filled = np.where(np.isfinite(scores), scores, np.nanmin(scores))
    distances = filled.max() - (filled + filled.T) / 2
    np.fill_diagonal(distances, 0.0)
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=True)
    return np.asarray(leaves_list(tree), dtype=np.intp)


def _scale(scores: FloatArray) -> tuple[float, float]:
    known = scores[np.isfinite(scores)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)


def _paint(scores: FloatArray, low: float, high: float) -> npt.NDArray[np.uint8]:
    """Scores as (n, n, 4) pixels; nothing is known where nothing is painted."""
    height = np.nan_to_num((scores - low) / max(high - low, 1e-9), nan=0.0)
    opacity = np.where(np.isfinite(scores), 0.06 + 0.94 * height**1.4, 0.0)
    pixels = np.empty((*scores.shape, 4), dtype=np.uint8)
    pixels[..., :3] = HUE
    pixels[..., 3] = np.rint(255 * opacity)
    return pixels


def encode_png(pixels: npt.NDArray[np.uint8]) -> str:
    """Write (height, width, 4) RGBA as a PNG in base64."""
    from PIL import Image

    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "PNG", optimize=True)
    return base64.b64encode(written.getvalue()).decode("ascii")


def _link_rows(
    matrix: ScoreMap, order: npt.NDArray[np.intp], cell: float, songs: Collection[int]
) -> list[str]:
    is_named = len(order) <= MAX_NAMED
    left = LABEL_WIDTH if is_named else COUNT_WIDTH
    rows = []
    for row, song in enumerate(order):
        name = name_video(matrix.videos[song])
        # The list below the map has the same links for keys.
        keys = "" if is_named else ' tabindex="-1"'
        rows.append(
            f'<a class="row"{_link(int(song), songs)}{keys}><title>{escape(name)}</title>'
            f"{_name_row(row, int(song), name, cell) if is_named else ''}"
            f'<rect x="{-left:g}" y="{row * cell:.2f}" width="{len(order) * cell + left:g}" '
            f'height="{cell:.3f}"/></a>'
        )
    return rows


def _name_row(row: int, song: int, name: str, cell: float) -> str:
    """The name and the number of a song beside its row, and the number above its column."""
    middle = (row + 0.5) * cell
    size = min(13.0, 0.95 * cell)
    beside = (
        f'y="{middle:.2f}" font-size="{size:.1f}" text-anchor="end" dominant-baseline="central"'
    )
    labels = (
        f'<text x="-8" {beside}>{song + 1}</text>'
        f'<text x="-38" {beside}>{escape(_shorten(name))}</text>'
    )
    if row % math.ceil(NUMBER_WIDTH / cell) == 0:
        labels += (
            f'<text x="{middle:.2f}" y="-8" font-size="{size:.1f}" text-anchor="middle">'
            f"{song + 1}</text>"
        )
    return labels


def _count_rows(n: int, cell: float) -> list[str]:
    """The places along the map, as the list of names counts them, at round numbers."""
    step = next(
        step * 10**power
        for power in range(10)
        for step in (1, 2, 5)
        if step * 10**power * cell >= COUNT_DISTANCE
    )
    parts = []
    for place in [1, *range(step, n + 1, step)]:
        middle = (place - 0.5) * cell
        size = f'font-size="{COUNT_SIZE}"'
        parts.append(
            f'<text x="-8" y="{middle:.2f}" {size} text-anchor="end" '
            f'dominant-baseline="central">{place}</text>'
            f'<text x="{middle:.2f}" y="-8" {size} text-anchor="middle">{place}</text>'
        )
    return parts


def _list_names(matrix: ScoreMap, order: npt.NDArray[np.intp], songs: Collection[int]) -> str:
    """The songs in the order of the map, folded."""
    items = "".join(
        f'<li dir="auto"><a{_link(int(song), songs)}>'
        f"{escape(name_video(matrix.videos[song]))}</a></li>"
        for song in order
    )
    return (
        f'<details class="names"><summary>The {len(order)} songs in the order of the map, from its '
        f"top</summary><ol>{items}</ol></details>"
    )


def _link(song: int, songs: Collection[int]) -> str:
    return f' href="#s-{song}"' if song in songs else ""


def _shorten(name: str) -> str:
    room = int(LABEL_WIDTH / LETTER_WIDTH) - 5
    return name if len(name) <= room else name[: room - 1].rstrip() + "…"


def _link_cells(
    matrix: ScoreMap,
    order: npt.NDArray[np.intp],
    cell: float,
    pairs: Collection[tuple[int, int]],
) -> list[str]:
    place = {int(song): at for at, song in enumerate(order)}
    # In a large map names would take a tenth of the page; the list below it has them.
    is_named = len(order) <= MAX_NAMED
    names = [
        escape(name_video(video)) if is_named else str(at + 1)
        for at, video in enumerate(matrix.videos)
    ]
    return [
        # Keys reach the same entries by the rows; a stop at every cell would be endless.
        f'<a class="cell" tabindex="-1" href="#p-{song}-{other}">'
        f"<title>{names[song]} → {names[other]}: {matrix.scores[song, other]:.3f}</title>"
        f'<path d="M{place[other] * cell:.2f} {place[song] * cell:.2f}h{cell:.2f}v{cell:.2f}'
        f'h-{cell:.2f}z"/></a>'
        for song, other in sorted(pairs)
    ]


def _draw_scale(low: float, high: float) -> str:
    ramp = encode_png(_paint(np.linspace(low, high, 64)[None, :], low, high))
    return (
        f'<figcaption class="scale"><span>{low:.2f}</span><img alt="" '
        f'src="data:image/png;base64,{ramp}"><span>{high:.2f}</span> similarity; click a cell for '
        "the pair, a row for the song. Songs that are alike stand beside each other.</figcaption>"
    )
