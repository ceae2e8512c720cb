"""The thresholds of cosine similarity that belong to an encoder."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperatingPoints:
    """Thresholds of one encoder, as cosines in [-1, 1] of its vectors in the vector index.

    They are measured for each encoder (decision 0045) and do not apply to another one.

    Attributes:
        same: two frames, lines or windows with a cosine above it are taken as copies.
        certain: mean cosine of aligned parts from which on the confidence is full.
        alone: mean cosine that parts need where no background was measured, or where they agree at
            every offset, as a still picture does; None for text encoders.
        trusted: mean best match of a clip in a video at which the probability that it comes from
            that video is 0.5; None for text encoders.
        reach: distance from `trusted` at which that probability is about 0.08 or 0.92 (the
            logistic function at ±2.5).
    """

    same: float
    certain: float
    alone: float | None = None
    trusted: float | None = None
    reach: float = 0.125


# Shown instead of a verdict for encoders that have no operating points.
NOT_CALIBRATED = "not calibrated for this encoder"
