"""Learns the projection for copies: `python -m benchmarks.copies.learn OUT IMAGES VIDEO...`.

Pictures are half of those of a folder, and a frame every two seconds of the videos. Each is encoded
as it is and in some distorted versions. The projection makes the difference between a picture and
its versions equally large in all directions (within-class covariance normalisation, Hatch et al.
2006), and keeps the directions in which pictures then vary most. It takes
minutes of one core.
"""

import argparse
import itertools
import re
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from safetensors.numpy import save_file

from benchmarks.copies.distort import Picture, distort, fit, to_frame
from mvsearch.indexer.encoders.image.batches import example_frames
from mvsearch.indexer.encoders.image.copy_projection import N_COPIES
from mvsearch.indexer.encoders.image.efficientnet import EfficientNetLite0
from mvsearch.indexer.encoders.image.efficientnet_graph import COPY_BLOCK, write_efficientnet
from mvsearch.indexer.encoders.networks.files.torch_file import read_tensors
from mvsearch.indexer.encoders.networks.runtime import OnnxNetwork, Recipe

Matrix = npt.NDArray[np.float32]

N_POOLED = 672
SECONDS_APART, VIDEO_SIDE = 2.0, 480
# Of the mean variance of the differences: added to that of each direction.
SHRINKAGE = 0.2
# Frames with a smaller deviation in grey values show nothing.
MIN_DEVIATION = 12.0
BATCH = 16


def is_learned_from(path: Path) -> bool:
    """Whether a picture is of the half that is learned from; the same for a numbered series."""
    series = re.sub(r"[ \d]*$", "", path.stem).lower()
    return zlib.crc32(series.encode()) % 2 == 0


def read_pictures(folder: Path, videos: list[Path]) -> list[Picture]:
    """All pictures to learn from."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".jpg")
    pictures = [Image.open(path).convert("RGB") for path in files if is_learned_from(path)]
    with tempfile.TemporaryDirectory() as place:
        for number, video in enumerate(videos):
            rate = f"fps={1 / SECONDS_APART},scale={VIDEO_SIDE}:-2:flags=bicubic"
            command = ["ffmpeg", "-v", "error", "-i", str(video), "-map", "0:v:0", "-vf", rate]
            subprocess.run([*command, f"{place}/{number:02d}-%04d.png"], check=True)
        shown = [Image.open(path).convert("RGB") for path in sorted(Path(place).iterdir())]
    return pictures + [one for one in shown if np.asarray(one).std() > MIN_DEVIATION]


def make_frames(pictures: list[Picture], n_versions: int) -> Iterator[npt.NDArray[np.uint8]]:
    """The frames of all pictures, as they are and then distorted in versions."""
    draw = np.random.default_rng(1000)
    for version, picture in itertools.product(range(1 + n_versions), pictures):
        other = pictures[draw.integers(len(pictures))]
        yield to_frame(distort(picture, other, draw) if version else fit(picture))


def open_pooled() -> OnnxNetwork:
    """The network, with the pooled channels themselves instead of their projection."""
    lite = EfficientNetLite0()
    kept = {"weight": np.eye(N_POOLED, dtype=np.float32), "bias": np.zeros(N_POOLED, np.float32)}

    def write(path: Path) -> None:
        tensors = read_tensors(lite.weights.prepare() / lite.weights.files[0])
        write_efficientnet(tensors, kept, path, lite.frame_size)

    example, revision = example_frames(lite.frame_size), f"{lite.weights.sha256[:8]}-{COPY_BLOCK}"
    return OnnxNetwork(Recipe("lite0-pooled", revision, None, (example,), ((0,),), write))


def encode(network: OnnxNetwork, frames: Iterator[npt.NDArray[np.uint8]]) -> Matrix:
    """The pooled channels of frames, (n, 672) unit vectors."""
    made = []
    while batch := list(itertools.islice(frames, BATCH)):
        made.append(network.run(np.stack(batch))[2])
    return np.concatenate(made)


def learn(plain: Matrix, distorted: Matrix) -> tuple[Matrix, Matrix]:
    """Learn the projection.

    Args:
        plain: (n, 672) of pictures as they are.
        distorted: (versions, n, 672).

    Returns:
        (d, 672) weight and (d,) bias.
    """
    mean = np.concatenate([plain[None], distorted]).mean(axis=(0, 1))
    away = (distorted - plain).reshape(-1, N_POOLED).astype(np.float64)
    variances, axes = np.linalg.eigh(away.T @ away / len(away))
    scale = 1 / np.sqrt(np.maximum(variances, 0) + SHRINKAGE * variances.mean())
    whiten = (axes * scale) @ axes.T
    placed = (np.concatenate([plain, *distorted]) - mean) @ whiten
    placed /= np.linalg.norm(placed, axis=1, keepdims=True)
    _, spread = np.linalg.eigh(np.cov(placed.T))
    weight = spread[:, ::-1][:, :N_COPIES].T @ whiten
    weight /= np.linalg.norm((plain - mean) @ weight.T, axis=1).mean()
    return weight.astype(np.float32), (-weight @ mean).astype(np.float32)


def main() -> None:
    """Write the projection."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("videos", type=Path, nargs="*")
    parser.add_argument("--versions", type=int, default=8)
    given = parser.parse_args()
    pictures = read_pictures(given.images, given.videos)
    made = encode(open_pooled(), make_frames(pictures, given.versions))
    made = made.reshape(1 + given.versions, len(pictures), N_POOLED)
    weight, bias = learn(made[0], made[1:])
    tensors: dict[str, npt.NDArray[Any]] = {"weight": weight.astype(np.float16), "bias": bias}
    save_file(tensors, given.out, {"pictures": str(len(pictures)), "versions": str(given.versions)})
    print(f"{len(pictures)} pictures, {given.versions} versions of each")


if __name__ == "__main__":
    main()
