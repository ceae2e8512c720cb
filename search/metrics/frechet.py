"""Fréchet distance of two sets of embeddings: FAD for audio, FVD for video.

The rules, which hold for every function here:

- A set is a matrix with one row per sample; the rows of all files of a folder are pooled. A
  Gaussian with mean m and covariance S (`numpy.cov`, with N - 1) is fitted to each set, and
  d² = |m₁ - m₂|² + tr S₁ + tr S₂ - 2 tr (S₁ S₂)^½ (Dowson and Landau 1982; Heusel et al. 2017).
- The value is d², as in all publications. It is 0 for equal Gaussians.
- The trace of the root is the sum of the singular values of X₁ X₂ᵀ, where Xᵢ are the centred rows
  divided by √(Nᵢ - 1): S₁ S₂ = X₁ᵀ X₁ X₂ᵀ X₂ has the same nonzero eigenvalues as
  (X₁ X₂ᵀ)(X₁ X₂ᵀ)ᵀ. So no matrix root is needed, which is unstable for N ≤ d and may be complex.
  Negative rounding errors are set to zero.
- One sample has no covariance: a QueryError. With few samples the distance is too large. Its limit
  for infinite samples (FAD∞; Chong and Forsyth 2020, Gui et al. 2024) is the intercept of a line
  through the distances at several N over 1 / N.
- The kernel distance of `kernel` is optional; N does not bias it.
- Distances are comparable only for the same embedding, rate and N: all three are part of a result.
  Published FAD uses VGGish, published FVD I3D; neither is used here.
- Pictures are compared frame by frame, so order and motion do not count in FVD here.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from mvsearch.search.metrics.distances.gaussians import (
    Distance,
    Extrapolation,
    ExtrapolationOptions,
    extrapolate_frechet,
    measure_frechet,
)
from mvsearch.search.metrics.distances.kernel import KernelDistance, KernelOptions, measure_kernel
from mvsearch.search.metrics.media.folders import (
    EmbeddingOptions,
    EmbeddingSet,
    embed_folder,
    list_media,
)
from mvsearch.search.metrics.output.plots import Scatter
from mvsearch.search.metrics.output.tables import Table
from mvsearch.store.records import Modality

Name = Literal["FAD", "FVD"]

MODALITY_OF: dict[Name, Modality] = {"FAD": "audio", "FVD": "frames"}
CAVEATS: dict[Name, str] = {
    "FAD": "not VGGish: published figures are of another embedding",
    "FVD": "not I3D, and frame by frame: neither published figures nor movement compare",
}


@dataclass(frozen=True, slots=True)
class FrechetOptions:
    """The parameters of the distance.

    Attributes:
        embedding: of the files.
        extrapolation: None leaves FAD∞ out.
        kernel: None leaves the kernel distance out.
    """

    embedding: EmbeddingOptions = field(default_factory=EmbeddingOptions)
    extrapolation: ExtrapolationOptions | None = None
    kernel: KernelOptions | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FrechetResult:
    """A distance of two folders, and the parameters that it depends on."""

    name: Name
    distance: Distance
    reference: EmbeddingSet
    candidate: EmbeddingSet
    extrapolated: Extrapolation | None = None
    kernel: KernelDistance | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "metric": self.name.lower(),
            "value": self.distance.value,
            "means_part": self.distance.means,
            "covariances_part": self.distance.covariances,
            "extrapolated": None if self.extrapolated is None else self.extrapolated.to_dict(),
            "kernel": None if self.kernel is None else self.kernel.to_dict(),
            "embedding": self.reference.embedding.to_dict(),
            "reference": self.reference.to_dict(),
            "candidate": self.candidate.to_dict(),
        }

    def to_table(self) -> Table:
        """The figures, with notes on the embedding, its rate and N."""
        rows = [
            (self.name, f"{self.distance.value:.6g}"),
            ("of the means", f"{self.distance.means:.6g}"),
            ("of the covariances", f"{self.distance.covariances:.6g}"),
        ]
        if (line := self.extrapolated) is not None:
            rows.append((f"{self.name}∞", f"{line.value:.6g}"))
            rows.append(("R² of its line", f"{line.r_squared:.3f}"))
        if self.kernel is not None:
            rows.append(("kernel distance", f"{self.kernel.mean:.6g}"))
            rows.append(("its deviation over subsets", f"{self.kernel.deviation:.6g}"))
        title = f"{self.name}: Fréchet distance (squared)"
        return Table(title, ("part", "value"), tuple(rows), self._list_notes())

    def to_plot(self) -> Scatter:
        """Both sets by their principal components."""
        title = f"{self.name} {self.distance.value:.4g}: {self.reference.embedding.key}"
        sets = {"reference": self.reference.vectors, "candidate": self.candidate.vectors}
        return Scatter(title, sets)

    def _list_notes(self) -> tuple[str, ...]:
        sets = {"reference": self.reference, "candidate": self.candidate}
        notes = [
            f"embedding {self.reference.embedding.describe()}",
            *(f"{role} {made.describe()}" for role, made in sets.items()),
            CAVEATS[self.name],
        ]
        if self.kernel is not None:
            notes.append(f"kernel distance: {self.kernel.describe()}")
        dim = self.reference.embedding.dim
        if min(made.n_samples for made in sets.values()) <= dim:
            notes.append(f"N is at most the {dim} dimensions: too large; compare the same N only")
        return tuple(notes)


def evaluate_fad(reference: Path, candidate: Path, options: FrechetOptions) -> FrechetResult:
    """FAD of two folders of sound.

    Raises:
        QueryError: a folder or a file cannot be used, or there are too few samples.
        WeightsMissingError: the weights of the encoder are not installed.
    """
    return _evaluate("FAD", reference, candidate, options)


def evaluate_fvd(reference: Path, candidate: Path, options: FrechetOptions) -> FrechetResult:
    """FVD of two folders of videos; raises as `evaluate_fad`."""
    return _evaluate("FVD", reference, candidate, options)


def _evaluate(
    name: Name, reference: Path, candidate: Path, options: FrechetOptions
) -> FrechetResult:
    # Before the embedding, which takes long.
    listed = [(folder, list_media(folder)) for folder in (reference, candidate)]
    sets = [
        embed_folder(folder, paths, MODALITY_OF[name], options.embedding)
        for folder, paths in listed
    ]
    rows = sets[0].vectors, sets[1].vectors
    result = FrechetResult(name, measure_frechet(*rows), sets[0], sets[1])
    if options.extrapolation is not None:
        result = replace(result, extrapolated=extrapolate_frechet(*rows, options.extrapolation))
    if options.kernel is not None:
        result = replace(result, kernel=measure_kernel(*rows, options.kernel))
    return result
