"""A small task for the loop: a line through points, by least squares."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from mvsearch.indexer.training.task import Setting, TrainingData, shuffle_rows

SLOPE, OFFSET = 3.0, -1.0


class Line:
    """Fits y = 3 x - 1; the exact solution is known."""

    name = "line"
    watched, is_higher_better = "error", False

    def __init__(self, n_points: int = 64, noise: float = 0.0, fingerprint: str = "points") -> None:
        generator = np.random.default_rng(1)
        self.x = generator.uniform(-1, 1, (n_points, 1)).astype(np.float32)
        self.y = SLOPE * self.x + OFFSET + noise * generator.normal(size=self.x.shape)
        self.y = self.y.astype(np.float32)
        self.settings: Mapping[str, Setting] = {"width": 1, "terms": ["squares"]}
        self.data = TrainingData(
            fingerprint, "points of a line", "all in both parts", "CC0-1.0", {"points": n_points}
        )
        self.fails_at = -1
        self.n_steps = 0
        self.files: dict[str, bytes] = {}

    def build(self) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Dropout(0.1), torch.nn.Linear(1, 1))

    def count_batches(self) -> int:
        return -(-len(self.x) // 8)

    def draw_batches(self, generator: np.random.Generator) -> Iterator[Any]:
        yield from shuffle_rows(len(self.x), 8, generator)

    def compute_losses(
        self, network: torch.nn.Module, batch: Any, device: str
    ) -> dict[str, torch.Tensor]:
        self.n_steps += 1
        if self.n_steps == self.fails_at:
            raise KeyboardInterrupt
        made = network(torch.from_numpy(self.x[batch]).to(device))
        error = made - torch.from_numpy(self.y[batch]).to(device)
        return {"squares": error.square().mean(), "sizes": 1e-6 * error.abs().mean()}

    def validate(self, network: torch.nn.Module, device: str) -> dict[str, float]:
        made = network(torch.from_numpy(self.x).to(device)).cpu().numpy()
        return {"error": float(np.abs(made - self.y).mean())}

    def evaluate(self, network: torch.nn.Module, device: str) -> dict[str, float]:
        return {"error": self.validate(network, device)["error"], "n_points": float(len(self.x))}

    def make_files(self, network: torch.nn.Module) -> dict[str, bytes]:
        return self.files
