"""How the times of lyrics are fitted to a video."""

import math
from dataclasses import dataclass
from typing import Any, Literal

# What was compared with the lyrics: words that Whisper heard, or the voice alone.
FitEvidence = Literal["words", "voice"]
# Below it a fit is shown, and never applied.
MIN_CONFIDENCE = 0.8
# Lines that move by less stay where they are.
MIN_MOVE_SECONDS = 0.35


@dataclass(frozen=True, slots=True)
class FitPiece:
    """Lines in a row that move alike.

    Attributes:
        start_seconds: when the first of its lines begins in the lyrics; it holds until the next.
        offset_seconds: how much later that line begins in the video.
    """

    start_seconds: float
    offset_seconds: float


@dataclass(frozen=True, slots=True)
class LyricFit:
    """How lyrics fit a video: where a time of theirs is in the video.

    Attributes:
        evidence: what they were compared with.
        confidence: estimated probability that nearly all lines are within half a second, if moved.
        rate: seconds of the video for a second of the lyrics.
        pieces: in the order of time; one, unless something was put in or left out.
        cuts: spans of the lyrics, in seconds, that are not in the video.
        n_lines: timed lines of the lyrics.
        n_heard: those of them of which a word was heard where it should be; 0 by the voice alone.
    """

    evidence: FitEvidence
    confidence: float
    rate: float
    pieces: tuple[FitPiece, ...]
    cuts: tuple[tuple[float, float], ...]
    n_lines: int
    n_heard: int

    def __post_init__(self) -> None:
        """Refuse what is no map of times."""
        if not 0 <= self.confidence <= 1 or not 0.5 < self.rate < 2 or not self.pieces:
            raise ValueError("this is no fit of lyrics")
        times = [(piece.start_seconds, piece.offset_seconds) for piece in self.pieces]
        if not all(math.isfinite(one) for pair in (*times, *self.cuts) for one in pair):
            raise ValueError("a fit of lyrics has times that are no numbers")

    @property
    def is_trusted(self) -> bool:
        """Whether it is sure enough to be applied."""
        return self.confidence >= MIN_CONFIDENCE

    @property
    def moves(self) -> bool:
        """Whether it changes anything that can be heard."""
        moved = max(abs(piece.offset_seconds) for piece in self.pieces) >= MIN_MOVE_SECONDS
        return moved or self.rate != 1 or bool(self.cuts)

    def find_time(self, seconds: float) -> float | None:
        """When something of the lyrics is in the video; None where it was cut."""
        if any(start <= seconds < end for start, end in self.cuts):
            return None
        piece = self._find_piece(seconds)
        begin = piece.start_seconds
        return begin + piece.offset_seconds + self.rate * (seconds - begin)

    def _find_piece(self, seconds: float) -> FitPiece:
        before = [piece for piece in self.pieces if piece.start_seconds <= seconds]
        return before[-1] if before else self.pieces[0]

    def to_dict(self) -> dict[str, Any]:
        """The fit in the form of the JSON output."""
        return {
            "evidence": self.evidence,
            "confidence": round(self.confidence, 3),
            "rate": round(self.rate, 5),
            "pieces": [
                {
                    "start_seconds": round(piece.start_seconds, 3),
                    "offset_seconds": round(piece.offset_seconds, 3),
                }
                for piece in self.pieces
            ],
            "cuts": [[round(start, 3), round(end, 3)] for start, end in self.cuts],
            "n_lines": self.n_lines,
            "n_heard": self.n_heard,
            "is_trusted": self.is_trusted,
            "moves": self.moves,
        }
