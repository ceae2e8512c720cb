"""Pictures that are damaged, claim to be huge, are of rare kinds, or are none."""

import os
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.campaign.bases import Bases

Maker = Callable[[Bases, random.Random, Path, str], Path]


def _mutate(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    base = rng.choice(bases.pictures)
    content = bytearray(base.read_bytes())
    end = rng.choice([60, len(content)])
    for _ in range(rng.randrange(1, 25)):
        content[rng.randrange(min(end, len(content)))] = rng.randrange(256)
    path = folder / f"{stem}{base.suffix}"
    path.write_bytes(content)
    return path


def _truncate(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    base = rng.choice(bases.pictures)
    content = base.read_bytes()
    path = folder / f"{stem}{base.suffix}"
    path.write_bytes(content[: rng.randrange(len(content))])
    return path


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _claim(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    """A PNG that claims to be huge; its pixels may even be there, as zeros well packed."""
    width, height = rng.choice(
        [(60_000, 60_000), (2**31 - 1, 1), (1, 2**31 - 1), (0, 0), (30_000, 9_000)]
    )
    head = struct.pack(
        ">IIBBBBB", width, height, *rng.choice([(8, 2), (1, 0), (16, 6), (7, 9)]), 0, 0, 0
    )
    body = zlib.compress(bytes(rng.choice([10, 10_000_000])), 9)
    path = folder / f"{stem}.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    )
    return path


def _rare(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    """A lawful picture of a rare kind."""
    mode, size = rng.choice(
        [
            ("CMYK", (40, 30)),
            ("P", (40, 30)),
            ("1", (40, 30)),
            ("I;16", (40, 30)),
            ("LA", (40, 30)),
            ("RGB", (16_000, 8)),
            ("RGB", (8, 16_000)),
            ("RGB", (1, 1)),
            ("RGBA", (40, 30)),
            ("F", (40, 30)),
        ]
    )
    ending = {"CMYK": ".jpg", "F": ".tiff"}.get(mode, ".png")
    path = folder / f"{stem}{ending}"
    Image.new(mode, size).save(path)
    return path


def _turned(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    """A JPEG whose EXIF says odd things of its orientation, and holds a heap of other entries."""
    exif = Image.Exif()
    exif[0x0112] = rng.choice([0, 1, 3, 6, 8, 9, 65535])
    exif[0x010E] = "x" * rng.choice([1, 60_000])
    path = folder / f"{stem}.jpg"
    Image.radial_gradient("L").convert("RGB").save(path, exif=exif)
    content = bytearray(path.read_bytes())
    for _ in range(rng.choice([0, 3])):
        content[rng.randrange(12, 80)] = rng.randrange(256)
    path.write_bytes(content)
    return path


def _moving(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    """Many pictures in one file."""
    frames = [Image.new("RGB", (64, 64), (n * 5 % 256, 0, 0)) for n in range(rng.choice([2, 300]))]
    path = folder / f"{stem}{rng.choice(['.gif', '.webp', '.png', '.tiff'])}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    return path


def _none(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    """No picture at all."""
    path = folder / f"{stem}.png"
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    content = rng.choice(
        [b"", b"x", b"%PDF-1.4\n", b"GIF89a", b"BM" + bytes(60), svg, rng.randbytes(3000)]
    )
    path.write_bytes(content)
    return path


def _no_file(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    path = folder / f"{stem}.png"
    odd = rng.randrange(3)
    if odd == 0:
        os.mkfifo(path)
    elif odd == 1:
        path.mkdir()
    else:
        path.symlink_to(rng.choice(["/dev/zero", path.name, "nowhere"]))
    return path


MAKERS: dict[str, Maker] = {
    "mutant": _mutate,
    "truncated": _truncate,
    "claim": _claim,
    "rare": _rare,
    "turned": _turned,
    "moving": _moving,
    "none": _none,
    "no file": _no_file,
}
