"""A reader that reads the colour of the middle of a frame as words."""

import numpy as np

from mvsearch.indexer.ocr.reader import Box, Frame, Reading

COLOURS = {
    "red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0),
    "cyan": (0, 255, 255), "magenta": (255, 0, 255),
}  # fmt: skip
PLACE = Box(0.2, 0.8, 0.8, 0.9)


class ToyReader:
    """Reads `texts` by the name of the colour in the middle; other colours are no text."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.key = "toy-reader@1"
        self.texts = texts
        self.n_glances = self.n_read = 0

    def shows_text(self, frame: Frame) -> bool:
        self.n_glances += 1
        return self._find(frame) in self.texts

    def read(self, frame: Frame) -> tuple[Reading, ...]:
        self.n_read += 1
        text = self.texts.get(self._find(frame) or "")
        return () if text is None else (Reading(text, 0.99, PLACE),)

    @staticmethod
    def _find(frame: Frame) -> str | None:
        middle = frame[frame.shape[0] // 2, frame.shape[1] // 2].astype(int)
        name, colour = min(COLOURS.items(), key=lambda one: np.abs(middle - one[1]).sum())
        return name if np.abs(middle - colour).sum() < 150 else None


def draw_spans(spans: list[tuple[str, float, float]], seconds: float) -> str:
    """A picture for ffmpeg, with a box of a colour in the middle while each span lasts."""
    boxes = [
        f"drawbox=x=30:y=16:w=36:h=32:color={colour}:t=fill:enable='between(t,{start},{end})'"
        for colour, start, end in spans
    ]
    return ",".join([f"smptebars=s=96x64:r=10:d={seconds},hue=s=0,format=rgb24", *boxes])
