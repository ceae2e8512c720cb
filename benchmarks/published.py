"""The published way to encode a video: `python -m benchmarks.published VIDEO RATE SCRATCH STRIDE`.

Full-size JPEG files by ffmpeg, each opened, transformed and put through ResNet-50 in eager torch.
One by one, so that every file costs the same: of STRIDE files one is encoded, and what the others
would take is added up.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path


def encode_as_published(
    video: Path, frames_per_second: float, scratch: Path, stride: int = 1
) -> float:
    """Encode one of `stride` of a video's frames; returns what the others would take in seconds."""
    import torch
    from PIL import Image
    from torchvision.models import ResNet50_Weights, resnet50

    network = resnet50().eval()  # random weights: the time does not depend on them
    network.fc = torch.nn.Identity()
    prepare = ResNet50_Weights.IMAGENET1K_V2.transforms()
    with tempfile.TemporaryDirectory(dir=scratch) as place, torch.no_grad():
        words = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(video)]
        words += ["-vf", f"fps={frames_per_second}", "-q:v", "2", f"{place}/%06d.jpg"]
        subprocess.run(words, check=True)
        files = sorted(Path(place).glob("*.jpg"))
        encoded = files[::stride]
        began = time.perf_counter()
        for file in encoded:
            network(prepare(Image.open(file).convert("RGB"))[None])
        took = time.perf_counter() - began
    return took / len(encoded) * (len(files) - len(encoded))


if __name__ == "__main__":
    video, rate, scratch, stride = sys.argv[1:]
    print(encode_as_published(Path(video), float(rate), Path(scratch), int(stride)))
