"""Makes hostile and odd media, side-cars and pictures; the same seed makes the same file."""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.campaign import hostile_containers, hostile_pictures, hostile_text
from tests.campaign.bases import Bases, freshen

# A file beside others that must be indexed; one that may fail; something that may be passed over.
Maker = Callable[[Bases, random.Random, Path, str], "Path"]


@dataclass(frozen=True, slots=True)
class Made:
    """What was made for a seed.

    Attributes:
        kind: of hostility.
        path: of the media file or picture; side-cars lie beside it.
        is_good: whether it is media that must be indexed all the same.
    """

    seed: int
    kind: str
    path: Path
    is_good: bool


def make_media(bases: Bases, folder: Path, seed: int) -> Made:
    """Make the hostile media of a seed in a folder, with its side-cars."""
    rng = random.Random(f"media {seed}")
    table = {**BYTES, **hostile_containers.MAKERS, **PLACES, **GOOD}
    kind = rng.choice(sorted(table))
    path = table[kind](bases, rng, folder, f"h{seed:06d}")
    return Made(seed, kind, path, kind in GOOD)


def make_picture(bases: Bases, folder: Path, seed: int) -> Made:
    """Make the hostile picture of a seed in a folder."""
    rng = random.Random(f"picture {seed}")
    kind = rng.choice(sorted(hostile_pictures.MAKERS))
    path = hostile_pictures.MAKERS[kind](bases, rng, folder, f"h{seed:06d}")
    return Made(seed, kind, path, is_good=False)


def mutate(content: bytes, rng: random.Random, n: int, end: int | None = None) -> bytes:
    """Set n bytes, among the first `end` of them, to others."""
    changed = bytearray(content)
    for _ in range(n):
        changed[rng.randrange(min(len(changed), end or len(changed)))] = rng.randrange(256)
    return bytes(changed)


def _on_bytes(change: Callable[[bytes, random.Random], bytes]) -> Maker:
    """A maker that changes the bytes of a file of any container."""

    def make(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
        base = rng.choice(bases.media)
        path = folder / f"{stem}{base.suffix}"
        path.write_bytes(change(freshen(base, rng), rng))
        return path

    return make


def _shuffle(content: bytes, rng: random.Random) -> bytes:
    size = rng.choice([64, 1024, 4096])
    blocks = [content[at : at + size] for at in range(0, len(content), size)]
    one, other = rng.randrange(len(blocks)), rng.randrange(len(blocks))
    blocks[one], blocks[other] = blocks[other], blocks[one]
    return b"".join(blocks)


def _blank(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content))
    n = rng.randrange(1, 20_000)
    return content[:start] + bytes(min(n, len(content) - start)) + content[start + n :]


BYTES: dict[str, Maker] = {
    "few bytes": _on_bytes(lambda content, rng: mutate(content, rng, rng.randrange(1, 30))),
    "header": _on_bytes(lambda content, rng: mutate(content, rng, rng.randrange(1, 12), 600)),
    "many bytes": _on_bytes(lambda content, rng: mutate(content, rng, len(content) // 50)),
    "truncated": _on_bytes(lambda content, rng: content[: rng.randrange(len(content))]),
    "beheaded": _on_bytes(lambda content, rng: content[rng.randrange(len(content)) :]),
    "blanked": _on_bytes(_blank),
    "shuffled": _on_bytes(_shuffle),
    "tripled": _on_bytes(lambda content, rng: content * 3),
    "noise": _on_bytes(lambda content, rng: rng.randbytes(rng.choice([1, 7, 512, 40_000]))),
    "nothing": _on_bytes(lambda content, rng: b""),
}


def _make_pipe(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    path = folder / f"{stem}.mp4"
    os.mkfifo(path)
    return path


def _make_link(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    path = folder / f"{stem}.mkv"
    path.symlink_to(rng.choice([path.name, "/dev/zero", "/dev/stdin", "nowhere", "..", "."]))
    return path


def _make_folder(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    path = folder / f"{stem}.mp4"
    path.mkdir()
    (path / f"{stem}.lrc").mkdir()
    return path


def _make_wrong_ending(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    path = folder / f"{stem}{rng.choice(bases.media).suffix}"
    path.write_bytes(freshen(rng.choice(bases.media), rng))
    return path


PLACES: dict[str, Maker] = {
    "pipe": _make_pipe,
    "link": _make_link,
    "folder": _make_folder,
    "wrong ending": _make_wrong_ending,
}

NAMES: tuple[bytes, ...] = (
    b"%s line\nfeed", b"%s \r\t tab", "%s \u202egnp.txt".encode(),
    "%s \U0001f469\u200d\U0001f3b5".encode(),
    b"%s \xff\xfe\xe9", b"-%s", b"%s %%d %%05d", b"concat:%s|x", b"%s [01:02.03] <b>&amp;",
    b"%s =cmd|' calc'!A0", b"%s \x1b[31m\x07", "%s e\u0301\u0327 \u00e9".encode(),
    b"%s " + b"long " * 40, b"file:%s", b"%s @1-2", b"\\\\%s\\", b"%s ';DROP TABLE video;--",
    "%s \u200b\ufeff\u2028".encode(), b"data:%s,", b"%s #?&",
)  # fmt: skip


def _make_odd_name(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    name = rng.choice(NAMES) % stem.encode() + b".mp4"
    path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    path.write_bytes(freshen(bases.good, rng))
    return path


def _make_side_car(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    path = folder / f"{stem}.mp4"
    path.write_bytes(freshen(bases.good, rng))
    for ending in rng.sample([".lrc", ".srt", ".vtt", ".txt", ".ass"], rng.choice([1, 1, 2])):
        (folder / f"{stem}{ending}").write_bytes(hostile_text.make_side_car(rng, ending))
    return path


def _make_side_car_of_odd_kind(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    path = folder / f"{stem}.mp4"
    path.write_bytes(freshen(bases.good, rng))
    beside = folder / f"{stem}{rng.choice(['.lrc', '.srt', '.txt'])}"
    odd = rng.randrange(4)
    if odd == 0:
        os.mkfifo(beside)
    elif odd == 1:
        beside.mkdir()
    else:
        beside.symlink_to(rng.choice(["/dev/zero", beside.name, "nowhere", "/dev/stdin"]))
    return path


GOOD: dict[str, Maker] = {
    "odd name": _make_odd_name,
    "side-car": _make_side_car,
    "side-car that is no file": _make_side_car_of_odd_kind,
    "tags": hostile_containers.make_tagged,
}
