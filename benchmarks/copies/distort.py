"""Distorts pictures at random, in more ways and farther than `mvsearch evaluate` does."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageOps

Picture = Image.Image
Draw = np.random.Generator
Corners = npt.NDArray[np.floating[Any]]

LONGER_SIDE = 288
FRAME = (224, 224)
BICUBIC = Image.Resampling.BICUBIC
MIRRORED_SHARE = 0.12


def fit(picture: Picture) -> Picture:
    """Scale a picture to LONGER_SIDE."""
    factor = LONGER_SIDE / max(picture.size)
    width, height = (max(8, round(side * factor)) for side in picture.size)
    return picture.resize((width, height), BICUBIC, reducing_gap=3)


def to_frame(picture: Picture) -> npt.NDArray[np.uint8]:
    """The frame of an encoder, (224, 224, 3) RGB."""
    return np.asarray(picture.resize(FRAME, BICUBIC, reducing_gap=3))


def distort(picture: Picture, other: Picture, draw: Draw) -> Picture:
    """Film a picture, show it over another, cut it, or spoil it in one to three plain ways.

    Of filmed pictures and insets most are cut out again, as well as a search finds their corners.
    """
    picture, kind = fit(picture), draw.random()
    if draw.random() < MIRRORED_SHARE:
        picture = ImageOps.mirror(picture)
    if kind < 0.42:
        return _film_and_cut(picture, draw)
    if kind < 0.57:
        return _inset_and_cut(picture, fit(other), draw)
    if kind < 0.65:
        return _crop(picture, draw)
    return _spoil(picture, draw, int(draw.choice([1, 2, 3], p=[0.5, 0.35, 0.15])))


def _film_and_cut(picture: Picture, draw: Draw) -> Picture:
    if draw.random() < 0.25:
        picture = _spoil(picture, draw, 1)
    filmed, corners = _film(picture, draw)
    kind = draw.random()
    if kind < 0.3:
        return filmed
    if kind < 0.45:
        corners, spread = _box(0.1, 0.1, 0.9, 0.9), 0.03
    else:
        spread = draw.choice([0.01, 0.03, 0.05])
    cut = _cut(filmed, corners + draw.normal(0, spread, corners.shape))
    return cut.filter(ImageFilter.GaussianBlur(draw.uniform(0.5, 2)))


def _inset_and_cut(picture: Picture, behind: Picture, draw: Draw) -> Picture:
    if draw.random() < 0.3:
        picture = _spoil(picture, draw, 1)
    if draw.random() < 0.3:
        return _inset(picture, behind, draw, draw.uniform(0.33, 0.8))[0]
    shown, corners = _inset(picture, behind, draw, draw.uniform(0.4, 0.6))
    return _cut(shown, corners + draw.normal(0, 0.025, corners.shape))


def _film(picture: Picture, draw: Draw) -> tuple[Picture, Corners]:
    """A picture filmed from a screen, and the corners of the screen in it, as shares."""
    width, height = picture.size
    margin = draw.uniform(0, 0.2) if draw.random() < 0.8 else draw.uniform(-0.06, 0.03)
    across, down = round(width * (1 + 2 * margin)), round(height * (1 + 2 * margin))
    grey = 28 if draw.random() < 0.75 else 120
    wall = np.clip(draw.normal(grey, 20) + draw.normal(0, 6, 3), 0, 255).astype(int)
    inwards = draw.uniform(0, draw.uniform(0, 0.12), (4, 2))
    placed = np.abs(_box(0, 0, 1, 1) - inwards) * (across, down)
    room = _box(0, 0, across, down) - ((across - width) / 2, (down - height) / 2)
    mapped = _find_homography(placed, room)
    filmed = picture.transform(
        (across, down), Image.Transform.PERSPECTIVE, tuple(mapped), BICUBIC, fillcolor=tuple(wall)
    ).filter(ImageFilter.GaussianBlur(draw.uniform(0.6, 2.4) * width / 640))
    turned = np.linalg.inv(np.append(mapped, 1).reshape(3, 3))
    corners = turned @ np.column_stack([_box(0, 0, width, height), np.ones(4)]).T
    return _light(filmed, draw), (corners[:2] / corners[2]).T / (across, down)


def _light(picture: Picture, draw: Draw) -> Picture:
    """Add the tone of a camera, moiré, glare and noise."""
    pixels = np.asarray(picture, np.float64)
    cast = np.array([1, 1 + draw.normal(0, 0.06), 1 + draw.normal(0, 0.08)])
    gain = draw.uniform(0.7, 1.0) * cast
    lift = draw.uniform(0, 0.1)
    pixels = pixels * gain * (1 - lift) + 255 * lift * np.array([1, 1, 1.1])
    height, width = pixels.shape[:2]
    y, x = np.mgrid[:height, :width] / np.array([[[height]], [[width]]])
    if draw.random() < 0.85:
        pixels = pixels + 255 * draw.uniform(0, 0.13) * draw.choice([0.5, 1.0]) * _wave(x, y, draw)
    if draw.random() < 0.3:
        pixels = pixels * (1 - draw.uniform(0, 0.1) * _wave(x, y, draw))
    for _ in range(draw.integers(0, 3)):
        (at_x, at_y), (wide, high) = draw.uniform(0, 1, 2), draw.uniform(0.05, 0.3, 2)
        spot = np.exp(-(((x - at_x) / wide) ** 2 + ((y - at_y) / high) ** 2))[..., None]
        spot = spot * draw.uniform(0.1, 0.7)
        pixels = pixels * (1 - spot) + 255 * spot
    return _add_noise(pixels, draw, draw.uniform(2, 14))


def _wave(x: Corners, y: Corners, draw: Draw) -> Corners:
    """Bent waves of three colours between -1 and 1."""
    bend = draw.uniform(0, 0.05) * np.sin(
        2 * np.pi * (draw.uniform(0.3, 3) * x + draw.uniform(0.3, 3) * y)
    )
    across, down = draw.uniform(8, 90) * draw.choice([-1, 1]), draw.uniform(5, 60)
    phase = 2 * np.pi * (across * (x + bend) + down * (y - bend))
    waves: Corners = np.sin(phase[..., None] + draw.uniform(0, 2) * np.arange(3))
    return np.sign(waves) if draw.random() < 0.5 else waves


def _inset(picture: Picture, behind: Picture, draw: Draw, share: float) -> tuple[Picture, Corners]:
    """A picture over another, in a corner or anywhere, and its corners as shares."""
    across, down = behind.size
    width, height = round(across * share), round(down * share)
    x, y = (draw.uniform(0, 0.06) * side for side in behind.size)
    if draw.random() < 0.5:
        x = across - width - x
    if draw.random() < 0.5:
        y = down - height - y
    if draw.random() < 0.2:
        x, y = draw.uniform(0, across - width), draw.uniform(0, down - height)
    x, y, shown = int(x), int(y), behind.copy()
    shown.paste(picture.resize((width, height), BICUBIC, reducing_gap=3), (x, y))
    return shown, _box(x / across, y / down, (x + width) / across, (y + height) / down)


def _crop(picture: Picture, draw: Draw) -> Picture:
    """An upright middle, or any part of at least 0.45 of each side."""
    width, height = picture.size
    if draw.random() < 0.4:
        across, down = min(width, height * 9 / 16 * draw.uniform(0.9, 1.4)), float(height)
        x, y = (width - across) / 2 + draw.normal(0, 0.06) * width, 0.0
        x = min(max(x, 0), width - across)
    else:
        across, down = width * draw.uniform(0.45, 1), height * draw.uniform(0.45, 1)
        x, y = draw.uniform(0, width - across), draw.uniform(0, height - down)
    return picture.crop((int(x), int(y), int(x + across), int(y + down)))


def _spoil(picture: Picture, draw: Draw, n_times: int) -> Picture:
    for number in draw.choice(len(PLAIN), n_times, replace=False):
        picture = PLAIN[number](picture, draw)
    return picture


def _pad(picture: Picture, draw: Draw) -> Picture:
    width, height = picture.size
    factor, is_high = draw.uniform(1.1, 1.6), draw.random() < 0.6
    size = (width, round(height * factor)) if is_high else (round(width * factor), height)
    whole = Image.new("RGB", size)
    whole.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    return whole


def _change_tone(picture: Picture, draw: Draw) -> Picture:
    pixels = np.asarray(picture, np.float32) / 255
    strength = draw.choice([1.0, 1.6])
    gain = np.exp(draw.normal(0, 0.12 * strength, 3) + draw.normal(-0.1, 0.25) * strength)
    lift = abs(draw.normal(0, 0.05 * strength))
    made = pixels ** np.exp(draw.normal(0, 0.3 * strength)) * gain * (1 - lift) + lift
    return Image.fromarray((np.clip(made, 0, 1) * 255).astype(np.uint8))


def _darken(picture: Picture, draw: Draw) -> Picture:
    factor = draw.uniform(0.2, 0.6)
    return picture.point(lambda value: value * factor)


def _write_over(picture: Picture, draw: Draw) -> Picture:
    made = picture.copy()
    on, (width, height) = ImageDraw.Draw(made), made.size
    for _ in range(draw.integers(1, 4)):
        x = draw.uniform(0, 0.8) * width
        y = height * draw.choice([draw.uniform(0, 0.15), draw.uniform(0.7, 0.95)])
        if draw.random() < 0.5:
            end = x + draw.uniform(0.05, 0.5) * width, y + draw.uniform(0.03, 0.15) * height
            on.rectangle((x, y, *end), fill=tuple(draw.integers(0, 256, 3).tolist()))
        text = "".join(map(chr, draw.integers(65, 123, draw.integers(4, 24))))
        colour = tuple(draw.choice([0, 255], 3).tolist())
        on.text((x, y), text, fill=colour, font_size=float(draw.uniform(0.04, 0.14) * height))
    return made


def _make_small(picture: Picture, draw: Draw) -> Picture:
    factor = min(1.0, draw.uniform(90, 200) / min(picture.size))
    small = picture.resize([max(4, round(side * factor)) for side in picture.size], BICUBIC)
    return small.resize(picture.size, BICUBIC)


def _tilt(picture: Picture, draw: Draw) -> Picture:
    inwards = draw.uniform(0, draw.uniform(0.02, 0.15), (4, 2))
    return _cut(picture, np.abs(_box(0, 0, 1, 1) - inwards), picture.size)


def _compress(picture: Picture, draw: Draw) -> Picture:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=int(draw.uniform(8, 50)))
    return Image.open(file).convert("RGB")


def _add_noise(pixels: npt.NDArray[Any], draw: Draw, spread: float) -> Picture:
    height, width = pixels.shape[:2]
    noise = draw.standard_normal((height, width, draw.choice([1, 3])), np.float32) * spread
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


PLAIN: tuple[Callable[[Picture, Draw], Picture], ...] = (
    _crop, _crop, _pad, _change_tone, _change_tone, _darken, _write_over, _make_small, _make_small,
    _tilt, _compress,
    lambda picture, draw: ImageOps.mirror(picture),
    lambda picture, draw: picture.rotate(draw.uniform(-12, 12), BICUBIC),
    lambda picture, draw: ImageOps.grayscale(picture).convert("RGB"),
    lambda picture, draw: _add_noise(np.asarray(picture, np.float32), draw, draw.uniform(4, 30)),
    lambda picture, draw: picture.filter(ImageFilter.GaussianBlur(draw.uniform(0.5, 4))),
)  # fmt: skip


def _box(left: float, top: float, right: float, bottom: float) -> Corners:
    return np.array([(left, top), (right, top), (left, bottom), (right, bottom)], np.float64)


def _cut(picture: Picture, corners: Corners, size: tuple[int, int] = FRAME) -> Picture:
    """Make a quadrilateral rectangular; corners are shares of width and height."""
    mapped = _find_homography(_box(0, 0, *size), corners * picture.size)
    return picture.transform(size, Image.Transform.PERSPECTIVE, tuple(mapped), BICUBIC)


def _find_homography(points: Corners, sources: Corners) -> Corners:
    """The eight coefficients of Pillow that map points of the result to points of the source."""
    rows = []
    for (x, y), (u, v) in zip(points.tolist(), sources.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    return np.linalg.solve(np.array(rows), sources.ravel())
