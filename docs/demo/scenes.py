"""Paints the scenes of the demo, from a starry night to a meadow."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docs.demo.canvas import (
    ASPECT,
    HEIGHT,
    WIDTH,
    Colour,
    Plane,
    X,
    Y,
    box,
    disc,
    gradient,
    noise,
    over,
    places,
    ridge,
    specks,
)

# A painter gives the picture that is seen `seconds` into a shot.
Painter = Callable[[float], Plane]


@dataclass(frozen=True, slots=True)
class Shot:
    """A scene seen by a camera that comes closer from `zoom` to `zoom_end`."""

    scene: str
    seed: int
    zoom: float = 1.0
    zoom_end: float = 1.15


def open_shot(shot: Shot, duration_seconds: float) -> Callable[[float], npt.NDArray[np.uint8]]:
    """Set up a shot; what comes back gives its (HEIGHT, WIDTH, 3) RGB frame at a time."""
    paint = SCENES[shot.scene](np.random.default_rng(shot.seed))

    def shoot(seconds: float) -> npt.NDArray[np.uint8]:
        share = seconds / duration_seconds
        zoom = shot.zoom + (shot.zoom_end - shot.zoom) * share
        rows = ((np.arange(HEIGHT) - HEIGHT / 2) / zoom + HEIGHT / 2).astype(int)
        columns = ((np.arange(WIDTH) - WIDTH / 2) / zoom + WIDTH / 2).astype(int)
        picture = paint(seconds)[rows][:, columns]
        frame: npt.NDArray[np.uint8] = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
        return frame

    return shoot


def _night(rng: np.random.Generator) -> Painter:
    """A starry sky with a cratered moon over dark hills."""
    sky = gradient((0.01, 0.02, 0.10), (0.10, 0.12, 0.32))
    x, y = places(rng, 260)
    stars = specks(x[:200], y[:200] * 0.8, 1) + specks(x[200:], y[200:] * 0.7, 2)
    hills = ridge(rng, 0.86, 0.05)
    craters = rng.uniform(-0.09, 0.09, (7, 2)).tolist()
    start = float(rng.uniform(0.5, 1.0))

    def paint(seconds: float) -> Plane:
        twinkle = 0.6 + 0.4 * np.sin(9 * X + 7 * Y + 3 * seconds)
        picture = over(sky, stars * twinkle, (1, 1, 0.92))
        at_x, at_y = start + 0.03 * seconds, 0.36 - 0.012 * seconds
        glow = np.exp(-((X - at_x) ** 2 + (Y - at_y) ** 2) / 0.05)
        picture = over(picture, 0.35 * glow, (0.8, 0.8, 0.7))
        picture = over(picture, disc(at_x, at_y, 0.16), (0.96, 0.94, 0.84))
        for right, down in craters:
            picture = over(picture, 0.3 * disc(at_x + right, at_y + down, 0.025), (0.6, 0.6, 0.55))
        return over(picture, hills, (0.02, 0.03, 0.06))

    return paint


def _sea(rng: np.random.Generator) -> Painter:
    """Waves under a low sun, with a sailing boat and a strip of sand."""
    sky = gradient((0.22, 0.50, 0.85), (1.0, 0.80, 0.55))
    boat, sun = rng.uniform(0.2, 0.9), rng.uniform(0.9, 1.4)
    horizon = 0.48
    depth = np.clip((Y - horizon) / (1 - horizon), 1e-3, 1)
    water = (horizon < Y).astype(np.float32)
    sand = np.clip((Y - 0.90 - 0.02 * np.sin(3 * X)) * HEIGHT, 0, 1).astype(np.float32)
    grain = 0.08 * noise(rng, 60, 100)

    def paint(seconds: float) -> Plane:
        picture = over(sky, disc(sun, 0.36, 0.09), (1, 0.95, 0.7))
        swell = np.sin(26 / (depth + 0.12) + 3 * seconds + 2 * np.sin(5 * X + seconds))
        picture = over(picture, water, (0.05, 0.33, 0.55))
        picture = over(picture, water * 0.4 * np.clip(swell, 0, 1), (0.55, 0.82, 0.90))
        path = np.exp(-((X - sun) ** 2) / (0.004 + 0.05 * depth)) * water * (swell > 0)
        picture = over(picture, 0.8 * path, (1, 0.9, 0.6))
        x, y = boat + 0.04 * seconds, 0.50 + 0.008 * np.sin(2 * seconds)
        hull = box(x - 0.07, y, 0.14, 0.025)
        sail = (X - x > 0) & (X - x < 0.09 * (1 - (y - Y) / 0.2)) & (y > Y) & (y - 0.2 < Y)
        picture = over(over(picture, hull, (0.35, 0.15, 0.1)), sail, (1, 1, 0.97))
        return over(picture, sand, (0.90, 0.78, 0.55)) - grain[..., None] * sand[..., None]

    return paint


def _city(rng: np.random.Generator) -> Painter:
    """A skyline by night, whose windows go on and off."""
    sky = gradient((0.05, 0.03, 0.16), (0.55, 0.25, 0.35))
    houses, panes = np.zeros_like(X), np.zeros_like(X)
    left = -0.05
    while left < ASPECT:
        width, height = rng.uniform(0.12, 0.28), rng.uniform(0.25, 0.78)
        tower = box(left, 1 - height, width - 0.015, height)
        houses = np.maximum(houses, tower * rng.uniform(0.6, 1.0))
        panes += tower * (np.mod(X - left, 0.04) > 0.018) * (np.mod(Y, 0.055) > 0.028)
        left += width
    phase = np.floor(X / 0.04) * 12.9898 + np.floor(Y / 0.055) * 78.233

    def paint(seconds: float) -> Plane:
        lit = np.mod(np.sin(phase) * 43758.5 + 0.05 * seconds, 1) > 0.45
        picture = over(sky, houses > 0, (0.05, 0.06, 0.11))
        picture = over(picture, np.clip(panes, 0, 1) * lit, (1.0, 0.82, 0.42))
        beam = 1.2 * np.mod(seconds / 4, 1.6)
        lamps = np.exp(-((X - beam) ** 2 + (Y - 0.97) ** 2 * 9) / 0.01)
        return over(picture, lamps, (1, 0.95, 0.85))

    return paint


def _forest(rng: np.random.Generator) -> Painter:
    """Trunks in three depths under leaves, with shafts of light."""
    leaves = noise(rng, 30, 52) * 0.6 + noise(rng, 70, 120) * 0.4
    ground = ridge(rng, 0.84, 0.02)
    trunks = [
        (rng.uniform(-0.3, ASPECT + 0.3, 9).tolist(), 0.012 + 0.016 * layer, layer)
        for layer in range(3)
    ]
    bend = 0.004 * np.sin(9 * Y)

    def paint(seconds: float) -> Plane:
        picture = gradient((0.45, 0.62, 0.25), (0.70, 0.80, 0.45))
        shaft = np.clip(np.sin(7 * (X + 0.6 * Y) + 0.4 * seconds), 0, 1) ** 3
        picture = over(picture, 0.4 * shaft, (1.0, 0.98, 0.75))
        for row, thickness, layer in trunks:
            for place in row:
                x = place - 0.02 * (layer + 1) * seconds
                bark = np.abs(X - x - bend) < thickness
                picture = over(picture, bark, (0.28 - 0.08 * layer, 0.20 - 0.06 * layer, 0.10))
        shade = np.roll(leaves, -int(6 * seconds), axis=1)
        crown = shade * (1.25 - 1.5 * Y) > 0.38
        picture = over(picture, crown, (0.08, 0.30, 0.08))
        return over(picture, ground, (0.16, 0.28, 0.08)) * (0.75 + 0.4 * shade[..., None])

    return paint


def _snow(rng: np.random.Generator) -> Painter:
    """Flakes that fall on white hills with fir trees."""
    sky = gradient((0.55, 0.63, 0.74), (0.86, 0.89, 0.94))
    far, near = ridge(rng, 0.58, 0.06), ridge(rng, 0.76, 0.04)
    picture = over(over(sky, far, (0.80, 0.85, 0.92)), near, (0.96, 0.97, 1.0))
    for x in rng.uniform(0, ASPECT, 11):
        foot, size = rng.uniform(0.70, 0.90), rng.uniform(0.15, 0.32)
        share = np.clip((Y - foot + size) / size, 0, 1)
        tier = 0.5 + 0.5 * np.mod(share * 4, 1)
        fir = (np.abs(X - x) < 0.26 * size * share * tier) & (foot > Y) & (foot - size < Y)
        picture = over(picture, fir, (0.10, 0.24, 0.20))
    still = picture
    x, y = places(rng, 420)
    speed = rng.uniform(0.10, 0.30, 420).astype(np.float32)

    def paint(seconds: float) -> Plane:
        drift = (x + 0.03 * np.sin(seconds + 40 * speed)) % ASPECT
        fallen = (y + speed * np.float32(seconds)) % 1.0
        small = specks(drift[:300], fallen[:300], 2)
        return over(over(still, small, (1, 1, 1)), specks(drift[300:], fallen[300:], 4), (1, 1, 1))

    return paint


def _rain(rng: np.random.Generator) -> Painter:
    """A wet street between dark houses, with lamps and umbrellas."""
    street = gradient((0.16, 0.19, 0.24), (0.28, 0.31, 0.36))
    street = over(street, box(0, 0, 0.45, 0.72) + box(1.35, 0, 0.5, 0.72), (0.13, 0.11, 0.12))
    lamps = [(0.52, 0.30), (0.70, 0.42), (1.25, 0.30), (1.08, 0.42)]
    for x, y in lamps:
        halo = np.exp(-((X - x) ** 2 + (Y - y) ** 2) / 0.006)
        mirror = np.exp(-((X - x) ** 2) / 0.002) * np.clip((Y - 0.72) * 4, 0, 1) * 0.5
        street = over(street, np.clip(halo + mirror, 0, 1), (1.0, 0.85, 0.55))
    people = list(
        zip(rng.uniform(0, ASPECT, 4).tolist(), rng.uniform(-0.12, 0.12, 4).tolist(), strict=True)
    )
    hues: list[Colour] = [(0.85, 0.12, 0.15), (0.95, 0.75, 0.1), (0.1, 0.4, 0.8), (0.6, 0.2, 0.6)]
    x0, y0 = places(rng, 700)

    def paint(seconds: float) -> Plane:
        picture = street
        for (start, speed), hue in zip(people, hues, strict=True):
            x, y = float((start + speed * seconds) % ASPECT), 0.60
            picture = over(picture, box(x - 0.045, y, 0.09, 0.30), (0.07, 0.07, 0.09))
            roof = disc(x, y, 0.16) * (y > Y)
            picture = over(picture, roof, hue)
            picture = over(picture, 0.3 * roof * np.cos(45 * (X - x)) ** 2, (0, 0, 0))
        drops = sum(specks(x0, (y0 + 1.7 * seconds + 0.006 * n) % 1.0, 1) for n in range(5))
        return over(picture, 0.35 * np.clip(drops, 0, 1).astype(np.float32), (0.8, 0.85, 0.95))

    return paint


def _fire(rng: np.random.Generator) -> Painter:
    """Flames over logs, with sparks that rise."""
    coarse, fine = noise(rng, 8, 16), noise(rng, 22, 40)
    centre = ASPECT / 2 + rng.uniform(-0.15, 0.15)
    x, y = places(rng, 60)
    logs = np.maximum(box(centre - 0.42, 0.86, 0.84, 0.06), box(centre - 0.30, 0.80, 0.6, 0.06))

    def paint(seconds: float) -> Plane:
        licks = np.roll(coarse, -int(70 * seconds), axis=0) * 0.6
        licks = licks + np.roll(fine, -int(150 * seconds), axis=0) * 0.4
        reach = 1.15 - ((X - centre) / 0.42) ** 2 - ((0.84 - Y) / 0.75) * 0.9
        heat = np.clip(reach + 1.1 * (licks - 0.6), 0, 1) * (Y < 0.86)
        picture = np.stack([heat * 2.2, heat**2 * 1.5, heat**4 * 0.9], axis=2)
        picture = picture + np.exp(-((X - centre) ** 2 + (Y - 0.8) ** 2) / 0.3)[..., None] * (
            np.asarray((0.22, 0.08, 0.02), np.float32)
        )
        sway = centre + (x - ASPECT / 2) * 0.5 + 0.04 * np.sin(3 * seconds + 9 * y)
        sparks = specks(sway.astype(np.float32), (y - np.float32(0.35 * seconds)) % 1.0, 2)
        picture = over(picture.astype(np.float32), sparks, (1, 0.75, 0.3))
        return over(picture, logs, (0.16, 0.08, 0.04))

    return paint


def _desert(rng: np.random.Generator) -> Painter:
    """Dunes under a hard sun, and a hot-air balloon."""
    sky = gradient((0.25, 0.55, 0.92), (0.98, 0.90, 0.72))
    dunes = [(ridge(rng, 0.55 + 0.13 * n, 0.05), 0.95 - 0.14 * n) for n in range(3)]
    ripples = 0.05 * np.sin(90 * Y + 14 * np.sin(4 * X))
    start = rng.uniform(0.3, 1.2)
    still = over(sky, disc(1.45, 0.14, 0.06), (1, 1, 0.85))
    for mask, light in dunes:
        still = over(still, mask, (light, light * 0.72, light * 0.42))
    still = still + (ripples * dunes[0][0])[..., None]

    def paint(seconds: float) -> Plane:
        x, y = start + 0.03 * seconds, 0.32 - 0.01 * seconds
        ball = disc(x, y, 0.15)
        stripes = np.sin(34 * (X - x)) > 0
        picture = over(still, box(x - 0.03, y + 0.20, 0.06, 0.05), (0.35, 0.2, 0.1))
        picture = over(picture, ball * stripes, (0.85, 0.15, 0.12))
        return over(picture, ball * ~stripes, (0.98, 0.82, 0.2))

    return paint


def _meadow(rng: np.random.Generator) -> Painter:
    """Daisies that sway in grass."""
    grass = noise(rng, 12, 160)
    lawn = gradient((0.45, 0.70, 0.28), (0.12, 0.38, 0.10)) * (0.7 + 0.5 * grass[..., None])
    flowers = sorted(rng.uniform((0.1, 0.15, 0.07), (1.7, 0.9, 0.15), (9, 3)).tolist())

    def paint(seconds: float) -> Plane:
        picture = lawn
        for x, y, size in flowers:
            right, down = X - x - 0.02 * np.sin(1.5 * seconds + 5 * x), Y - y
            radius = np.hypot(right, down)
            petals = radius < size
            angle = np.arctan2(down[petals], right[petals])
            petals[petals] = radius[petals] < size * (0.72 + 0.28 * np.cos(13 * angle))
            picture = over(picture, petals, (0.98, 0.98, 0.95))
            picture = over(picture, radius < size * 0.32, (0.98, 0.78, 0.08))
        return picture

    return paint


SCENES: dict[str, Callable[[np.random.Generator], Painter]] = {
    "night": _night,
    "sea": _sea,
    "city": _city,
    "forest": _forest,
    "snow": _snow,
    "rain": _rain,
    "fire": _fire,
    "desert": _desert,
    "meadow": _meadow,
}
