"""The encoder of frames that a training on songs has made."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.image.batches import (
    check_frames,
    example_frames,
    run_in_batches,
)
from mvsearch.indexer.encoders.image.with_look import LookEncoder
from mvsearch.indexer.encoders.networks.runtime import Network, Recipe, open_network
from mvsearch.indexer.encoders.unit import to_unit_rows
from mvsearch.indexer.once import cached_once
from mvsearch.indexer.training.cards import Card
from mvsearch.indexer.training.run_folder import RunFolder
from mvsearch.indexer.training.songs.options import SongOptions
from mvsearch.indexer.training.songs.trunks import find_trunk
from mvsearch.store.errors import TrainingError
from mvsearch.store.records import LOOK, Matrix, Space

if TYPE_CHECKING:
    import torch

# Part of the revision: raise it with each change that changes the vectors.
VERSION = 1
MAX_SIDE = 4096
# A stranger's card would fill the memory with a layer for more.
MAX_SONGS = 1_000_000


class ProjectedLook:
    """A trained projection of the vectors of the profile's own encoder; numpy alone.

    Vectors that are stored already are projected without a look at the media.
    """

    frame_size = None

    def __init__(self, space: Space, projection: Matrix) -> None:
        self.space = space
        self._projection = projection

    def encode(self, frames: npt.NDArray[np.uint8], features: Matrix) -> Matrix:
        """See `LookEncoder.encode`."""
        return self.project(features)

    def project(self, features: Matrix) -> Matrix:
        """Project (n, features) float32 as (n, dim) float32 unit vectors."""
        return to_unit_rows(features @ self._projection.T)


class NetworkLook:
    """A trained network of its own; ONNX Runtime runs it on a CPU."""

    def __init__(self, space: Space, run: RunFolder, options: SongOptions, card: Card) -> None:
        self.space = space
        self.frame_size = _read_size(card)
        self._run, self._options, self._n_songs = run, options, card.counts["songs"]

    def encode(self, frames: npt.NDArray[np.uint8], features: Matrix) -> Matrix:
        """See `LookEncoder.encode`."""
        check_frames(frames, self.frame_size)
        (made,) = run_in_batches(self._network, frames, (self.space.dim,))
        return to_unit_rows(made)

    @cached_once
    def _network(self) -> Network:
        fingerprint = self.space.revision
        examples = (example_frames(self.frame_size),)
        recipe = Recipe(self.space.encoder, fingerprint, self._build, examples, ((0,),))
        return open_network(recipe, in_batches=True)

    def _build(self) -> "torch.nn.Module":
        import torch

        from mvsearch.indexer.training.checkpoints import load_network
        from mvsearch.indexer.training.songs.network import build_song_network

        network: Any = build_song_network(self._options, self._n_songs, is_filled=False)
        load_network(self._run.weights, network, self._run.load_weights())

        class Features(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.network = network

            def forward(self, frames: torch.Tensor) -> torch.Tensor:
                made: torch.Tensor = self.network.embed(frames)
                return made

        return Features()


def open_look(folder: Path, base: Space) -> LookEncoder:
    """Open the encoder of a finished run.

    Args:
        folder: of the run, whose name is that of the encoder.
        base: first space of the profile's encoder of frames.

    Raises:
        TrainingError: the run is not finished or damaged, or trained something else.
    """
    run = RunFolder(folder)
    card = run.read_card()
    options = _read_options(folder, card)
    n_features = find_trunk(options.trunk).n_features
    space = Space(
        "frames",
        folder.name,
        f"{card.weights_sha256[:12]}-{VERSION}",
        options.projection or n_features,
        LOOK,
    )
    is_own = options.trunk == base.encoder and options.weights is None
    if is_own and options.part == "projection":
        return ProjectedLook(space, _read_projection(run, (space.dim, base.dim)))
    return NetworkLook(space, run, options, card)


def _read_options(folder: Path, card: Card) -> SongOptions:
    """The options of the network of a run on songs."""
    if card.task != "songs":
        raise TrainingError(
            f"{folder.name} is no encoder of frames: it was trained for {card.task}"
        )
    try:
        wanted = ("trunk", "part", "projection")
        options = SongOptions(**{name: card.settings[name] for name in wanted})
        n_songs = card.counts["songs"]
        if not (isinstance(options.projection, int) and isinstance(n_songs, int)):
            raise TypeError("a number of the card is none")
        if not (isinstance(options.trunk, str) and 0 < n_songs <= MAX_SONGS):
            raise TypeError("it names no trunk, or no number of songs that there can be")
    except (KeyError, TypeError) as error:
        raise TrainingError(f"the card of {folder.name} is damaged: {error}") from error
    # Only whether there was a file matters, as the run holds the weights.
    return replace(options, weights=Path("file") if card.settings.get("weights") else None)


def _read_size(card: Card) -> tuple[int, int]:
    """Width and height of the frames that a network was trained on."""
    size: object = card.settings.get("frame_size")
    if not isinstance(size, list) or not all(
        isinstance(side, int) and 0 < side <= MAX_SIDE for side in size
    ):
        size = []
    if len(size) != 2:
        raise TrainingError("the card of a run is damaged: it names no size of frames")
    return size[0], size[1]


def _read_projection(run: RunFolder, shape: tuple[int, int]) -> Matrix:
    """Read the projection of a run without torch.

    Raises:
        TrainingError: the weights are damaged, or have another shape.
    """
    from safetensors import SafetensorError, safe_open

    run.check_weights()
    try:
        with safe_open(run.weights, framework="np") as file:
            projection: Matrix = file.get_tensor("projection.weight")
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"{run.weights} is damaged: {error}") from error
    if projection.shape != shape or projection.dtype != np.float32:
        raise TrainingError(f"{run.weights} has a projection of another encoder of frames")
    if not np.isfinite(projection).all():
        raise TrainingError(f"{run.weights} has numbers that are not finite")
    return projection
