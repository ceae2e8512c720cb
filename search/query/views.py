"""Makes views of query frames: parts of the picture, and bright quadrilaterals made rectangular."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.uint8]
Corners = npt.NDArray[np.float64]

# Twice the size of an encoder's frame, so that a quarter of the picture has all its pixels.
ZOOM = 2
# Removes moiré and noise of a filmed screen; in pixels of a frame of ZOOM times the encoder's size.
SMOOTHING = 3.0
# Parts of the picture as (left, top, right, bottom) in shares: the corners, where insets are, and
# the middle, where a filmed screen is.
CORNERS: tuple[tuple[str, tuple[float, float, float, float]], ...] = (
    ("upper left", (0.03, 0.03, 0.53, 0.53)),
    ("upper right", (0.47, 0.03, 0.97, 0.53)),
    ("lower left", (0.03, 0.47, 0.53, 0.97)),
    ("lower right", (0.47, 0.47, 0.97, 0.97)),
)
MIDDLE = ("middle", (0.1, 0.1, 0.9, 0.9))
# A screen that covers less of the picture has too few pixels; what covers more is the picture.
MIN_SCREEN_SHARE, MAX_SCREEN_SHARE = 0.15, 0.95
# A screen differs from the wall around it by so many times what the wall differs from itself, and
# by so many grey values.
WALL_SPREADS, WALL_DIFFERENCE = 4.0, 6.0
BORDER_SHARE = 0.02
_N_GREYS = 64


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A view of all frames of a query.

    Attributes:
        name: the part of the picture, for messages.
        corners: (4, 2) upper left, upper right, lower left and lower right corner, (x, y) as shares
            of width and height.
        is_smoothed: whether fine patterns are removed, such as moiré and noise.
    """

    name: str
    corners: Corners
    is_smoothed: bool = False

    def apply(self, frames: Frames, size: tuple[int, int]) -> Frames:
        """Cut this view out of frames.

        Args:
            frames: (n, h, w, 3) RGB.
            size: width and height of the result.

        Returns:
            (n, height, width, 3) RGB.
        """
        from PIL import Image, ImageFilter

        height, width = frames.shape[1:3]
        large = size[0] * ZOOM, size[1] * ZOOM
        coefficients = _find_homography(large, self.corners * (width, height))
        made = []
        for frame in frames:
            image = Image.fromarray(frame).transform(
                large, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC
            )
            if self.is_smoothed:
                image = image.filter(ImageFilter.GaussianBlur(SMOOTHING))
            made.append(np.asarray(image.resize(size, Image.Resampling.BOX)))
        return np.stack(made)


def list_views(frames: Frames) -> list[View]:
    """The views of a query that are tried where the whole picture is found nowhere.

    Args:
        frames: (n, h, w, 3) RGB of one query; a screen stays at its place in all of them.
    """
    views = [View(name, _to_corners(box)) for name, box in CORNERS]
    views.append(View(MIDDLE[0], _to_corners(MIDDLE[1]), is_smoothed=True))
    return views + [View("screen", corners, is_smoothed=True) for corners in find_screens(frames)]


def find_screens(frames: Frames) -> Iterator[Corners]:
    """Find the corners of a filmed screen, in two ways.

    A screen is what differs from the wall at the border of the picture, or what is bright. Its
    corners are where the sum and the difference of the coordinates of the largest such region are
    smallest and largest.

    Args:
        frames: (n, h, w, 3) RGB.

    Yields:
        (4, 2) corners as `View` has them, at most two quadrilaterals.
    """
    from scipy import ndimage

    small = frames[:, ::ZOOM, ::ZOOM].astype(np.float32)
    smooth = ndimage.gaussian_filter(small, (0, 2, 2, 0))
    height, width = smooth.shape[1:3]
    edge = max(2, round(BORDER_SHARE * height))
    is_border = np.ones((height, width), np.bool_)
    is_border[edge:-edge, edge:-edge] = False
    wall = np.median(smooth[:, is_border], axis=1)
    away = np.abs(smooth - wall[:, None, None]).max(axis=3)
    spread = float(np.median(away[:, is_border]))
    grey = smooth.mean(axis=3).max(axis=0)
    threshold = 0.6 * _find_otsu_threshold(grey) + 0.4 * float(np.quantile(grey, 0.02))
    is_other = away.max(axis=0) > max(WALL_DIFFERENCE, WALL_SPREADS * spread)
    for is_screen in (is_other, grey > threshold):
        corners = _find_corners(is_screen)
        if corners is not None:
            yield corners


def _find_corners(is_screen: npt.NDArray[np.bool_]) -> Corners | None:
    """The corners of the largest region of a mask; None if it is small, or the whole picture."""
    from scipy import ndimage

    labels, n_regions = ndimage.label(ndimage.binary_opening(is_screen, iterations=2))
    if not n_regions:
        return None
    largest = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    y, x = np.nonzero(ndimage.binary_closing(np.pad(largest, 10), iterations=8)[10:-10, 10:-10])
    if not MIN_SCREEN_SHARE <= x.size / is_screen.size <= MAX_SCREEN_SHARE:
        return None
    ends = ((x + y).argmin(), (x - y).argmax(), (x - y).argmin(), (x + y).argmax())
    height, width = is_screen.shape
    corners: Corners = np.array([(x[at] + 0.5, y[at] + 0.5) for at in ends]) / (width, height)
    return corners


def _find_otsu_threshold(grey: npt.NDArray[np.float32]) -> float:
    """The threshold that maximises the variance between dark and bright pixels."""
    counts, edges = np.histogram(grey, _N_GREYS)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts) / counts.sum()
    sums = np.cumsum(counts * middles) / counts.sum()
    spread = np.maximum(below * (1 - below), 1e-9)
    return float(middles[np.argmax((sums[-1] * below - sums) ** 2 / spread)])


def _to_corners(box: tuple[float, float, float, float]) -> Corners:
    left, top, right, bottom = box
    return np.array([(left, top), (right, top), (left, bottom), (right, bottom)])


def _find_homography(size: tuple[int, int], corners: Corners) -> tuple[float, ...]:
    """The eight coefficients that map a rectangle of a size to corners, as Pillow has them.

    A point (x, y) of the result is taken from ((ax + by + c), (dx + ey + f)) / (gx + hy + 1).
    """
    width, height = size
    rows, values = [], []
    for (x, y), (u, v) in zip(
        ((0, 0), (width, 0), (0, height), (width, height)), corners.tolist(), strict=True
    ):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    solved = np.linalg.lstsq(np.array(rows, np.float64), np.array(values), rcond=None)[0]
    return tuple(solved.tolist())
