"""The similarity thresholds of an encoder."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperatingPoints:
    """Cosines of one encoder's vectors, as an index places them; another's mean something else.

    Attributes:
        same: parts what is the same, such as a frame and its copy, from what is not.
        certain: at which that is certain.
        alone: needed where nothing is there to compare with; None for what has no times.
        trusted: mean best match at which a clip is as likely of a video as not; None for encoders
            of text.
        reach: how far from `trusted` that is nearly certain.
    """

    same: float
    certain: float
    alone: float | None = None
    trusted: float | None = None
    reach: float = 0.125


# What is said where an encoder has none.
NOT_CALIBRATED = "not calibrated for this encoder"
