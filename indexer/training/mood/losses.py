"""The terms of CDCML: regression of moods, and ratios of distances between them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

# Distances are at least so long before their logarithm is taken: its slope is infinite at 0.
SHORTEST = 1e-3


def regress(predicted: "torch.Tensor", moods: "torch.Tensor") -> "torch.Tensor":
    """Mean square of the error of (n, 2) valence and arousal."""
    return (predicted - moods).square().mean()


def compare_ratios(
    anchors: "torch.Tensor",
    others: "torch.Tensor",
    anchor_moods: "torch.Tensor",
    other_moods: "torch.Tensor",
    floor: float,
) -> "torch.Tensor":
    """The log-ratio loss (Kim et al. 2019, arXiv 1904.09626) over all triplets of a batch.

    For an anchor a and two others i and j, it is the square of
    log(d(a, i) / d(a, j)) - log(D(a, i) / D(a, j)), with the distances d of places and D of moods.
    The mean over all i and j is twice the variance of log d - log D of the anchor's row.

    Args:
        anchors: (n, k) places in the joint space.
        others: (m, k).
        anchor_moods: (n, 2).
        other_moods: (m, 2).
        floor: what is added to both distances: moods are not known more exactly, and two of one
            quadrant have no distance.

    Returns:
        The loss, a scalar.
    """
    far = measure_distances(anchors, others) + floor
    truly = measure_distances(anchor_moods, other_moods) + floor
    # The anchor itself, where both are of one side, is at distance 0 in both.
    return 2 * (far.log() - truly.log()).var(dim=1, correction=0).mean()


def compare_squares(
    anchors: "torch.Tensor",
    others: "torch.Tensor",
    anchor_moods: "torch.Tensor",
    other_moods: "torch.Tensor",
) -> "torch.Tensor":
    """Mean square of the error of the squared distances of all pairs.

    The optimum is the expected squared distance, so that what may have any mood is near to nothing.
    Log-ratios are led by the shortest distances instead, and draw what is unsure to all.
    """
    made = measure_distances(anchors, others).square()
    truly = measure_distances(anchor_moods, other_moods).square()
    return (made - truly).square().mean()


def measure_distances(rows: "torch.Tensor", others: "torch.Tensor") -> "torch.Tensor":
    """Euclidean distances (n, m), with a slope also where rows are equal."""
    squares = (rows[:, None] - others[None]).square().sum(dim=2)
    return (squares + SHORTEST**2).sqrt()
