"""Builds the two towers of the heads: from the evidence to the joint space and to moods."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.training.mood.examples import NEUTRAL, Reals, find_factors
from mvsearch.indexer.training.mood.kernels import Fitted
from mvsearch.indexer.training.mood.options import MoodOptions
from mvsearch.store.records import Side

if TYPE_CHECKING:
    import torch


def build_towers(
    fitted: Mapping[Side, Fitted], moods: Mapping[Side, Reals], options: MoodOptions
) -> "torch.nn.Module":
    """Build a tower for each side, by the names of the sides.

    A tower maps (n, e) evidence to places (n, k) and moods (n, 2). What was fitted in closed form
    is part of it and is not trained. The first weights give the moods of the evidence, and places
    whose squared distances are the expected ones of the moods, but for a constant of each picture:
    their first axes are the mood, and the third one is the uncertainty of a sound.
    """
    import torch

    class Tower(torch.nn.Module):
        def __init__(self, side: Fitted, stretched: Reals) -> None:
            super().__init__()
            for name, array in side.tensors.items():
                copy = torch.from_numpy(np.ascontiguousarray(array))
                self.register_buffer(name.replace(".", "_"), copy)
            n_evidence = side.evidence.shape[1]
            self.hidden = torch.nn.Linear(n_evidence, options.hidden)
            self.place = torch.nn.Linear(options.hidden + n_evidence, options.dim)
            self.mood = torch.nn.Linear(options.dim + n_evidence, 2)
            _start(self.place, side.tensors, stretched)
            _start(self.mood, side.tensors, None)

        def forward(self, evidence: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            centre, scale = self.get_buffer("evidence_centre"), self.get_buffer("evidence_scale")
            standard = (evidence - centre) / scale
            hidden = torch.tanh(self.hidden(standard))
            place = self.place(torch.cat([hidden, standard], dim=1))
            return place, self.mood(torch.cat([place, standard], dim=1))

    return torch.nn.ModuleDict(
        {side: Tower(fit, _find_factors(side, moods[side])) for side, fit in fitted.items()}
    )


def _find_factors(side: Side, moods: Reals) -> Reals:
    """The factors of valence, arousal and uncertainty in the first places."""
    return np.append(find_factors(moods), 1.0 if side == "sound" else 0.0)


def _start(
    layer: "torch.nn.Linear",
    tensors: Mapping[str, npt.NDArray[np.generic]],
    factors: Reals | None,
) -> None:
    """Let a layer copy the first numbers of the evidence, which are standardised.

    Args:
        layer: its last inputs are the evidence.
        tensors: "evidence.centre" and "evidence.scale".
        factors: of the deviations from neutral; None copies valence and arousal as they are.
    """
    import torch

    centre, scale = (tensors[f"evidence.{name}"].astype(np.float64) for name in ("centre", "scale"))
    n_copied = min(2 if factors is None else 3, layer.out_features)
    factors = np.ones(3) if factors is None else factors
    first = layer.in_features - len(centre)
    neutral = np.array([NEUTRAL, NEUTRAL, 0.0])
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.zero_()
        for axis in range(n_copied):
            layer.weight[axis, first + axis] = float(scale[axis] * factors[axis])
            moved = neutral[axis] + (centre[axis] - neutral[axis]) * factors[axis]
            layer.bias[axis] = float(moved)
