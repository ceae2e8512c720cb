"""The published encoding: `python -m benchmarks.media.published SCRATCH PART PARTS VIDEO...`.

Full-size JPEG files by ffmpeg, each opened, transformed and put through ResNet-50 in eager torch.
Of each video half a minute is taken, from another place in each of PARTS runs, and what a frame
costs there is what each frame of the video would cost: files are read one by one, so that all cost
the same. Prints what the other frames would take in seconds.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.clips import read_duration
from mvsearch.indexer.media.decoding.sampling import choose_frame_rate

WINDOW_SECONDS = 30.0


def encode_as_published(videos: Sequence[Path], scratch: Path, part: int, n_parts: int) -> float:
    """Encode half a minute of each video.

    Args:
        videos: files.
        scratch: where the JPEG files go.
        part: of `n_parts`, the one that is begun with.
        n_parts: in so many runs, so many places of each video are taken.

    Returns:
        What the frames of the rest of these videos would take, in seconds.
    """
    import torch
    from PIL import Image
    from torchvision.models import ResNet50_Weights, resnet50

    network = resnet50().eval()  # random weights: the time does not depend on them
    network.fc = torch.nn.Identity()
    prepare = ResNet50_Weights.IMAGENET1K_V2.transforms()

    def encode(file: Path) -> Any:
        with torch.no_grad():
            return network(prepare(Image.open(file).convert("RGB"))[None])

    return sum(extend(video, encode, scratch, part / n_parts) for video in videos)


def extend(video: Path, encode: Callable[[Path], Any], scratch: Path, at: float) -> float:
    """Encode half a minute of one video, from a share of its length on; seconds for the rest."""
    duration = read_duration(video)
    rate = choose_frame_rate(duration)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=scratch) as place:
        # From the key frame before, so that nothing is decoded but what is written.
        words = ["ffmpeg", "-v", "error", "-nostdin", "-noaccurate_seek", "-ss", str(duration * at)]
        words += ["-i", str(video), "-t", str(WINDOW_SECONDS)]
        words += ["-vf", f"fps={rate}", "-q:v", "2", f"{place}/%06d.jpg"]
        subprocess.run(words, check=True)
        files = sorted(Path(place).glob("*.jpg"))
        for file in files:
            encode(file)
    took = time.perf_counter() - began
    return took / len(files) * max(0.0, duration * rate - len(files))


if __name__ == "__main__":
    scratch, part, n_parts, *videos = sys.argv[1:]
    print(encode_as_published(list(map(Path, videos)), Path(scratch), int(part), int(n_parts)))
