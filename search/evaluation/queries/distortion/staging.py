"""Films pictures from a screen, and shows them as an inset over another video."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from mvsearch.indexer.media.probe import probe_file
from mvsearch.indexer.media.programs import open_raw
from mvsearch.search.evaluation.queries.distortion.distortions import Filter, Setting
from mvsearch.search.evaluation.queries.source import Source, apply_filters, fit_size
from mvsearch.store.errors import MediaError

# A wall in a dark room.
WALL = "0x1c1a18"
# Twice as much hides four of five clips from a search by whole pictures, this much half of them.
MOIRE_ALPHA = 0.06
# The inset, and its distance from the edges, as shares of the backdrop's width and height.
INSET_SHARE, INSET_MARGIN = 0.5, 0.03


@dataclass(frozen=True, slots=True)
class Backdrop:
    """Another video, from a time on: it is seen behind an inset, or heard in a mix."""

    path: Path
    start_seconds: float


@dataclass(frozen=True, slots=True)
class Camera:
    """How a screen is filmed.

    Attributes:
        margin: around the screen on each side, as a share of its size.
        corners: how far each corner of what is filmed is moved inwards, as shares of width and
            height: (x, y) of the upper left, upper right, lower left and lower right one.
        blur: standard deviation in pixels, of a picture 640 pixels wide.
        noise: of the sensor, in grey values.
        glare: its centre (x, y) as shares of the picture, and its opacity.
        moire: waves across the width and the height.
    """

    margin: float
    corners: tuple[tuple[float, float], ...]
    blur: float
    noise: int
    glare: tuple[float, float, float]
    moire: tuple[float, float]

    @classmethod
    def draw(cls, seed: int) -> Self:
        """Draw a camera; the same seed gives the same one."""
        rng = np.random.default_rng(seed)
        moved = rng.uniform(0.0, 0.09, (4, 2)).round(4).tolist()
        return cls(
            float(rng.uniform(0.04, 0.16).__round__(3)),
            tuple((x, y) for x, y in moved),
            float(rng.uniform(1.0, 1.8).__round__(2)),
            int(rng.integers(8, 17)),
            tuple(rng.uniform((0.2, 0.15, 0.35), (0.8, 0.7, 0.6)).round(3).tolist()),
            tuple(rng.uniform((20.0, 12.0), (70.0, 40.0)).round(2).tolist()),
        )

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """The even size of what is filmed, of a screen of this size."""
        factor = 1 + 2 * self.margin
        return round(width * factor / 2) * 2, round(height * factor / 2) * 2

    def list_filters(self, width: int, height: int) -> list[Filter]:
        """What stands before glare and moiré: the room, the camera's place, and its blur."""
        across, down = self.fit(width, height)
        room: dict[str, Setting] = {"w": across, "h": down, "x": "(ow-iw)/2", "y": "(oh-ih)/2"}
        # A camera lifts the blacks, and takes a screen for colder than it is.
        tone: dict[str, Setting] = {"rr": 0.80, "gg": 0.86, "bb": 0.92}
        tone |= {"ra": 0.05, "ga": 0.05, "ba": 0.06}
        return [
            Filter("pad", {**room, "color": WALL}),
            Filter("perspective", self._place_corners()),
            Filter("gblur", {"sigma": round(self.blur * width / 640, 3)}),
            Filter("colorchannelmixer", tone),
        ]

    def _place_corners(self) -> dict[str, Setting]:
        """Where the corners of the room come to lie in the picture."""
        placed: dict[str, Setting] = {"sense": "destination"}
        for number, (inwards, down) in enumerate(self.corners):
            x = inwards if number % 2 == 0 else 1 - inwards
            y = down if number < 2 else 1 - down
            placed |= {f"x{number}": f"W*{x:.4f}", f"y{number}": f"H*{y:.4f}"}
        return placed

    def draw_light(self, width: int, height: int) -> bytes:
        """Glare over moiré; height × width × 4 bytes, RGBA, of the size of what is filmed."""
        y, x = np.mgrid[:height, :width]
        x, y = x / width, y / height
        bend = 0.02 * np.sin(2 * np.pi * (1.3 * x + 0.7 * y))
        phase = 2 * np.pi * (self.moire[0] * (x + bend) + self.moire[1] * (y - bend))
        waves = np.sin(phase[..., None] + np.array([0.0, 0.9, 1.8]))
        at_x, at_y, opacity = self.glare
        spot = opacity * np.exp(-(((x - at_x) / 0.13) ** 2 + ((y - at_y) / 0.18) ** 2))
        moire = MOIRE_ALPHA * np.abs(waves).mean(axis=2) * (1 - spot)
        alpha = spot + moire
        colour = (spot[..., None] * 255 + moire[..., None] * 255 * (waves > 0)) / alpha[..., None]
        return np.dstack([colour, 255 * alpha]).round().astype(np.uint8).tobytes()


def film(stream: Any, size: tuple[int, int], seed: int) -> tuple[Any, bytes]:
    """Film a picture from a screen: askew, blurred, with moiré, glare and noise.

    Args:
        stream: the picture, of `size`.
        size: width and height.
        seed: draws the camera.

    Returns:
        The stream, and the input of its graph on standard input.
    """
    camera = Camera.draw(seed)
    width, height = camera.fit(*size)
    light = open_raw(f="rawvideo", pix_fmt="rgba", s=f"{width}x{height}")
    lit = apply_filters(stream, camera.list_filters(*size)).overlay(light)
    return lit.filter("noise", alls=camera.noise, allf="t", all_seed=seed % 2**31), (
        camera.draw_light(width, height)
    )


def inset(stream: Any, backdrop: Backdrop, seconds: float, seed: int) -> Any:
    """Show a picture at half size in a corner of another video.

    Args:
        stream: the picture.
        backdrop: a shorter one stands still at its end.
        seconds: how long the picture is.
        seed: draws the corner.

    Raises:
        MediaError: the backdrop has no picture.
    """
    picture = probe_file(backdrop.path).picture
    if picture is None:
        raise MediaError("no_media", "the backdrop has no picture")
    width, height = fit_size(picture.width, picture.height)
    behind = Source(backdrop.path, backdrop.start_seconds, seconds, picture).picture(picture)
    small = stream.filter(
        "scale", round(width * INSET_SHARE / 2) * 2, round(height * INSET_SHARE / 2) * 2
    )
    right, below = divmod(seed % 4, 2)
    x = f"W*{INSET_MARGIN}" if not right else f"W-w-W*{INSET_MARGIN}"
    y = f"H*{INSET_MARGIN}" if not below else f"H-h-H*{INSET_MARGIN}"
    stopped = behind.filter("tpad", stop=-1, stop_mode="clone")
    return stopped.overlay(small, x=x, y=y, shortest=1, eof_action="endall")
