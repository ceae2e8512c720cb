"""A small numpy canvas: colours, masks, hills and noise for the scenes of the demo."""

from typing import Any

import numpy as np
import numpy.typing as npt

# Places are in heights of the picture: y runs from 0 (top) to 1, x from 0 to ASPECT. Pictures are
# (HEIGHT, WIDTH, 3) in [0, 1], masks (HEIGHT, WIDTH); float32 where it matters for speed.
Plane = npt.NDArray[Any]
Colour = tuple[float, float, float]

WIDTH, HEIGHT = 384, 216
ASPECT = WIDTH / HEIGHT
Y, X = np.meshgrid(
    np.linspace(0, 1, HEIGHT, dtype=np.float32),
    np.linspace(0, ASPECT, WIDTH, dtype=np.float32),
    indexing="ij",
)


def gradient(top: Colour, bottom: Colour) -> Plane:
    """A picture that fades from the top downwards."""
    ends = np.asarray((top, bottom), np.float32)
    return np.asarray(ends[0] * (1 - Y[..., None]) + ends[1] * Y[..., None])


def over(picture: Plane, mask: Plane, colour: Colour) -> Plane:
    """The picture with a colour laid over it where the mask is 1."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    painted = picture.astype(np.float32)
    if rows.size:
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        share = mask[part][..., None].astype(np.float32)
        painted[part] += (np.asarray(colour, np.float32) - painted[part]) * share
    return painted


def disc(x: float, y: float, radius: float, softness: float = 0.01) -> Plane:
    """A round mask with a soft rim."""
    distance = np.hypot(X - x, Y - y)
    return np.asarray(np.clip((radius - distance) / softness + 0.5, 0, 1), np.float32)


def box(x: float, y: float, width: float, height: float) -> Plane:
    """A mask that is 1 inside a box whose top left corner is at (x, y)."""
    return ((x <= X) & (x + width > X) & (y <= Y) & (y + height > Y)).astype(np.float32)


def ridge(rng: np.random.Generator, height: float, roughness: float, x: Plane = X) -> Plane:
    """A mask that is 1 below a line of hills."""
    line = np.full_like(x, height)
    for octave in range(1, 6):
        phase, sway = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 1.3)
        line += roughness / octave**1.3 * np.sin(2.1 * octave * sway * x + phase)
    return np.clip((Y - line) * HEIGHT, 0, 1).astype(np.float32)


def noise(rng: np.random.Generator, n_rows: int, n_columns: int) -> Plane:
    """Smooth random blotches in [0, 1]; the right edge continues at the left one."""
    grid = rng.random((n_rows + 1, n_columns)).astype(np.float32)
    grid = np.concatenate([grid, grid[:, :1]], axis=1)
    rows = np.linspace(0, n_rows, HEIGHT, endpoint=False)
    columns = np.linspace(0, n_columns, WIDTH, endpoint=False)
    top, left = rows.astype(int), columns.astype(int)
    down, right = (rows - top)[:, None], (columns - left)[None]
    upper = grid[top][:, left] * (1 - right) + grid[top][:, left + 1] * right
    lower = grid[top + 1][:, left] * (1 - right) + grid[top + 1][:, left + 1] * right
    return np.asarray(upper * (1 - down) + lower * down, np.float32)


def specks(x: Plane, y: Plane, size: int) -> Plane:
    """A mask with a square of `size` pixels at each place; places outside are left out."""
    mask = np.zeros((HEIGHT + size, WIDTH + size), np.float32)
    rows, columns = (y * HEIGHT).astype(int), (x * HEIGHT).astype(int)
    inside = (rows >= 0) & (rows < HEIGHT) & (columns >= 0) & (columns < WIDTH)
    for down in range(size):
        for right in range(size):
            mask[rows[inside] + down, columns[inside] + right] = 1
    return mask[:HEIGHT, :WIDTH]


def places(rng: np.random.Generator, n: int) -> tuple[Plane, Plane]:
    """Random places, as x and y."""
    return rng.uniform(0, ASPECT, n).astype(np.float32), rng.random(n).astype(np.float32)
