"""The published way to encode a video: `python -m benchmarks.published VIDEO RATE SCRATCH`.

Full-size JPEG files by ffmpeg, each opened, transformed and put through ResNet-50 in eager torch.
"""

import subprocess
import sys
import tempfile
from pathlib import Path


def encode_as_published(video: Path, frames_per_second: float, scratch: Path) -> int:
    """Encode a video's frames; returns how many there were."""
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
        for file in files:
            network(prepare(Image.open(file).convert("RGB"))[None])
    return len(files)


if __name__ == "__main__":
    print(encode_as_published(Path(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])))
