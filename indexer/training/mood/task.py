"""The task of the heads of moods and their joint space (CDCML), for the loop."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mvsearch.indexer.training.mood.examples import Examples, Reals, number_quadrants, stretch
from mvsearch.indexer.training.mood.figures import measure_figures
from mvsearch.indexer.training.mood.kernels import Fitted, fit_pictures, fit_sounds
from mvsearch.indexer.training.mood.losses import compare_ratios, compare_squares, regress
from mvsearch.indexer.training.mood.network import build_towers
from mvsearch.indexer.training.mood.options import TERMS, MoodOptions
from mvsearch.indexer.training.mood.packing import pack_heads
from mvsearch.indexer.training.task import Rows, Setting, TrainingData, shuffle_rows
from mvsearch.store.records import SIDES, Side

if TYPE_CHECKING:
    import torch

N_QUADRANTS = 4
Batch = Mapping[Side, Rows]


@dataclass
class MoodTask:
    """Places pictures and sounds of near moods near each other, and predicts their moods.

    What the towers are given of an item is an estimate without it, so what they learn of errors
    holds for items that nothing was fitted to.

    Args:
        examples: of both sides.
        options: of the heads and the loss.
        batch_size: pictures and sounds of a step, together.
        seed: chooses the validation part.
    """

    examples: Examples
    options: MoodOptions
    batch_size: int
    seed: int = 0
    name: str = "mood"
    watched: str = "validation_loss"
    is_higher_better: bool = False
    fitted: dict[Side, Fitted] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Fit both sides in closed form, and divide them."""
        from threadpoolctl import threadpool_limits

        examples, options = self.examples, self.options
        quadrants = np.eye(N_QUADRANTS)[number_quadrants(examples.sound_moods)]
        # More threads add up in another order.
        with threadpool_limits(1):
            self.fitted = {
                "picture": fit_pictures(
                    examples.pictures,
                    examples.dims,
                    examples.picture_moods,
                    options.ridge_picture,
                ),
                "sound": fit_sounds(list(examples.windows), quadrants, options.ridge_sound),
            }
        self.moods: dict[Side, Reals] = {
            "picture": examples.picture_moods,
            "sound": examples.sound_moods,
        }
        self._stretched: dict[Side, Reals] = {
            side: stretch(moods) for side, moods in self.moods.items()
        }
        self.parts: dict[Side, tuple[Rows, Rows]] = {
            side: self._divide(len(moods)) for side, moods in self.moods.items()
        }

    def _divide(self, n: int) -> tuple[Rows, Rows]:
        """The numbers of the training part and of the validation part."""
        order = np.random.default_rng([self.seed, n]).permutation(n)
        n_validated = max(1, round(n * self.options.validated_share))
        return np.sort(order[n_validated:]), np.sort(order[:n_validated])

    @property
    def settings(self) -> Mapping[str, Setting]:
        """See `Task`."""
        return self.options.to_settings()

    @property
    def data(self) -> TrainingData:
        """See `Task`."""
        share = self.options.validated_share
        counts = {
            f"{part} {side}s": len(rows)
            for side in SIDES
            for part, rows in zip(("training", "validation"), self.parts[side], strict=True)
        }
        return TrainingData(
            self.examples.fingerprint,
            f"{len(self.moods['picture'])} pictures and {len(self.moods['sound'])} sounds with"
            " labels of valence and arousal",
            f"{share:.0%} of either at random choose the best epoch; what is fitted in closed form"
            " is fitted to all, and estimates each item without it",
            "that of the pictures and sounds, which mvsearch does not know",
            counts,
        )

    def build(self) -> "torch.nn.Module":
        """See `Task`."""
        import torch

        # More threads add up in another order; the loop restores the number.
        torch.set_num_threads(1)
        return build_towers(self.fitted, self.moods, self.options)

    def count_batches(self) -> int:
        """See `Task`."""
        n_items = sum(len(self.parts[side][0]) for side in SIDES)
        return max(1, round(n_items / self.batch_size))

    def draw_batches(self, generator: np.random.Generator) -> Iterator[Batch]:
        """See `Task`: numbers of pictures and of sounds, as many of each in every batch."""
        n_batches = self.count_batches()
        drawn: dict[Side, list[Rows]] = {}
        for side in SIDES:
            rows = self.parts[side][0]
            (order,) = shuffle_rows(len(rows), len(rows), generator)
            drawn[side] = np.array_split(rows[order], n_batches)
        for number in range(n_batches):
            yield {side: drawn[side][number] for side in SIDES}

    def compute_losses(self, network: Any, batch: Batch, device: str) -> dict[str, "torch.Tensor"]:
        """See `Task`."""
        terms, _ = self._compute_terms(network, batch, device)
        return terms

    def _compute_terms(
        self, network: Any, batch: Batch, device: str
    ) -> tuple[dict[str, "torch.Tensor"], dict[Side, Any]]:
        """The weighted terms of the loss, and what the towers made."""
        import torch

        def take(arrays: Mapping[Side, Any], side: Side) -> torch.Tensor:
            return torch.from_numpy(arrays[side][batch[side]].astype(np.float32)).to(device)

        evidence = {side: self.fitted[side].evidence for side in SIDES}
        made = {side: network[side](take(evidence, side)) for side in SIDES}
        moods = {side: take(self.moods, side) for side in SIDES}
        far = {side: take(self._stretched, side) for side in SIDES}
        terms = {}
        for side, other in (SIDES, SIDES[::-1]):
            place, mood = made[side]
            terms[f"regression_{side}"] = regress(mood, moods[side])
            terms[f"within_{side}"] = compare_ratios(
                place, place, far[side], far[side], self.options.floor
            )
            terms[f"across_{side}"] = compare_ratios(
                place, made[other][0], far[side], far[other], self.options.floor
            )
        terms["squares"] = compare_squares(
            *(made[side][0] for side in SIDES), *(far[side] for side in SIDES)
        )
        weighted = {
            term: getattr(self.options, term) * terms[term]
            for term in (*TERMS, "squares")
            if getattr(self.options, term)
        }
        return weighted, made

    def validate(self, network: Any, device: str) -> dict[str, float]:
        """See `Task`: loss and figures of the validation part."""
        return self._measure(network, 1, device, "validation")

    def evaluate(self, network: Any, device: str) -> dict[str, float]:
        """See `Task`: figures of both parts."""
        found = [
            self._measure(network, part, device, name)
            for part, name in enumerate(("training", "validation"))
        ]
        return found[0] | found[1]

    def make_files(self, network: Any) -> dict[str, bytes]:
        """See `Task`: the head of either side."""
        weights = {name: one.cpu().numpy() for name, one in network.state_dict().items()}
        return pack_heads(self.examples, self.fitted, weights)

    def _measure(self, network: Any, part: int, device: str, name: str) -> dict[str, float]:
        rows = {side: self.parts[side][part] for side in SIDES}
        terms, made = self._compute_terms(network, rows, device)
        loss = sum(float(term) for term in terms.values())
        places, moods = ([made[side][at].cpu().numpy() for side in SIDES] for at in (0, 1))
        truth = [self.moods[side][rows[side]] for side in SIDES]
        figures = measure_figures(places, moods, truth)
        return {f"{name}_{key}": value for key, value in {"loss": loss, **figures}.items()}
