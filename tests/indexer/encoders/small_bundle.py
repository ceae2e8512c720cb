"""Writes small TensorFlow checkpoints, and one in the form of musicnn's."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

SHAPES = {
    "batch_normalization": (1,),
    **{f"batch_normalization_{n}": (204,) for n in (1, 2)},
    **{f"batch_normalization_{n}": (51,) for n in (3, 4, 5)},
    **{f"batch_normalization_{n}": (64,) for n in (6, 7, 8)},
    "batch_normalization_9": (1506,),
    "batch_normalization_10": (200,),
    "conv2d": (7, 38, 1, 204),
    "conv2d_1": (7, 67, 1, 204),
    **{f"conv2d_{n}": (size, 1, 1, 51) for n, size in ((2, 128), (3, 64), (4, 32))},
    "conv2d_5": (7, 561, 1, 64),
    "conv2d_6": (7, 64, 1, 64),
    "conv2d_7": (7, 64, 1, 64),
    "dense": (1506, 200),
    "dense_1": (200, 50),
}


def draw_musicnn(seed: int) -> dict[str, np.ndarray]:
    """Random tensors of musicnn's names and shapes, whose outputs stay within bounds."""
    rng = np.random.default_rng(seed)
    drawn = {}
    for layer, shape in SHAPES.items():
        if layer.startswith("batch"):
            parts = {"beta": 0.1, "gamma": 0.3, "moving_mean": 0.1}
            values = {part: rng.normal(part == "gamma", s, shape) for part, s in parts.items()}
            values["moving_variance"] = rng.uniform(0.5, 1.5, shape)
        else:
            scale = np.sqrt(2 / np.prod(shape[:-1]))
            values = {"kernel": rng.normal(0, scale, shape), "bias": rng.normal(0, 0.1, shape[-1])}
        drawn |= {f"{layer}/{part}": v.astype(np.float32) for part, v in values.items()}
    return drawn


def write_bundle(tensors: Mapping[str, np.ndarray], folder: Path, stem: str) -> tuple[Path, Path]:
    """Write the index and the data of a checkpoint; two keys a block, the second shortened."""
    data, entries = b"", {"": b"\x08\x01"}
    for name in sorted(tensors):
        value = np.asarray(tensors[name], "<f4")
        sizes = [b"\x08" + _varint(size) for size in value.shape]
        shape = b"".join(b"\x12" + _varint(len(size)) + size for size in sizes)
        entry = b"\x08\x01\x12" + _varint(len(shape)) + shape
        entry += b"\x20" + _varint(len(data)) + b"\x28" + _varint(value.nbytes) + b"\x35crc."
        entries[name] = entry
        data += value.tobytes()
    table, handles = b"", {}
    names = sorted(entries)
    for first in range(0, len(names), 2):
        block = _block({name: entries[name] for name in names[first : first + 2]})
        handles[names[first] + "~"] = _varint(len(table)) + _varint(len(block))
        table += block + bytes(5)
    index_block = _block(handles)
    footer = bytes(2) + _varint(len(table)) + _varint(len(index_block))
    magic = bytes.fromhex("57fb808b247547db")
    index, numbers = folder / f"{stem}.index", folder / f"{stem}.data-00000-of-00001"
    index.write_bytes(table + index_block + bytes(5) + footer.ljust(40, b"\0") + magic)
    numbers.write_bytes(data)
    return index, numbers


def write_musicnn_files(folder: Path) -> None:
    """Both networks of musicnn, with random weights."""
    write_bundle(draw_musicnn(1), folder, "mtt")
    write_bundle(draw_musicnn(2), folder, "msd")


def _block(entries: Mapping[str, bytes]) -> bytes:
    block, last = b"", b""
    for name, value in entries.items():
        key = name.encode()
        n_shared = next(
            (n for n, (a, b) in enumerate(zip(last, key, strict=False)) if a != b),
            min(len(last), len(key)),
        )
        block += _varint(n_shared) + _varint(len(key) - n_shared) + _varint(len(value))
        block += key[n_shared:] + value
        last = key
    return block + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")


def _varint(number: int) -> bytes:
    digits = b""
    while number > 0x7F:
        digits += bytes((number & 0x7F | 0x80,))
        number >>= 7
    return digits + bytes((number,))
