"""The two terms of contrastive audio-visual pre-training, each a symmetric InfoNCE loss.

Diff-Foley (Luo et al. 2023, arXiv 2306.17203) adds a semantic contrast, whose negatives are other
videos, and a temporal contrast, whose negatives are other times of the same video. Its training
code has those of the temporal term in the semantic one as well; here each term has its own alone,
so that one can be left out. InfoNCE: van den Oord et al. 2018, arXiv 1807.03748.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def contrast_videos(similarities: "torch.Tensor", sources: "torch.Tensor") -> "torch.Tensor":
    """Semantic contrast: a picture is nearer to its own sound than to that of other videos.

    Args:
        similarities: (n, n) of pictures in rows and sounds in columns, divided by the temperature;
            the pairs are on the diagonal.
        sources: (n,) numbers, equal for windows of one video.

    Returns:
        The loss, a scalar; log m for m videos of one window without any similarity.
    """
    return _contrast(similarities, sources[:, None] == sources[None, :])


def contrast_times(similarities: "torch.Tensor", sources: "torch.Tensor") -> "torch.Tensor":
    """Temporal contrast: a picture is nearer to its own sound than to the rest of its video's.

    Args:
        similarities: as in `contrast_videos`.
        sources: as in `contrast_videos`.

    Returns:
        The loss, a scalar; zero where each video has one window.
    """
    return _contrast(similarities, sources[:, None] != sources[None, :])


def _contrast(similarities: "torch.Tensor", is_left_out: "torch.Tensor") -> "torch.Tensor":
    """Cross entropy of the diagonal in rows and in columns, without some of the other pairs."""
    import torch
    from torch.nn.functional import cross_entropy

    is_pair = torch.eye(len(similarities), dtype=torch.bool, device=similarities.device)
    kept = similarities.masked_fill(is_left_out & ~is_pair, float("-inf"))
    own = torch.arange(len(kept), device=kept.device)
    return (cross_entropy(kept, own) + cross_entropy(kept.T, own)) / 2
