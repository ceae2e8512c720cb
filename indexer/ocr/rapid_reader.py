"""Reads text in frames with RapidOCR, whose package carries PaddleOCR's networks."""

from pathlib import PurePosixPath
from typing import Any, ClassVar

import numpy as np

from mvsearch.indexer.encoders.networks.device import count_threads
from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.files.packaged_files import PackagedFile
from mvsearch.indexer.ocr.reader import Box, Frame, Reading
from mvsearch.indexer.once import cached_once
from mvsearch.store.unicode import normalise

# Raise it with each change that changes the readings.
VERSION = 1

_PACKAGE = "rapidocr==3.10.0"
_DETECTION = PackagedFile(
    _PACKAGE,
    "rapidocr/models/PP-OCRv6_det_small.onnx",
    9_929_594,
    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
)
_RECOGNITION = PackagedFile(
    _PACKAGE,
    "rapidocr/models/PP-OCRv6_rec_small.onnx",
    21_234_383,
    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
)

# Pixels of the longer side in which `shows_text` looks.
GLANCE_PIXELS = 320
# The largest boxes of a frame are read; a frame full of letters would take a second and more.
MAX_BOXES = 12
# Width by height: longer strips are no lines, and the cost grows with it; letters alone neither.
MAX_RATIO, MIN_RATIO = 30.0, 1.2
# A share of the height of the frame: what is higher is a wheel, a head or a lamp.
MAX_HEIGHT = 0.45
MIN_PIXELS = 6
_MAX_REGIONS = 100


class RapidReader:
    """PP-OCRv6 small: DB finds lines (Liao et al. 2020), SVTR reads them (Du et al. 2022).

    It reads Latin letters, Chinese and Japanese. The paths of both networks are given, so that
    RapidOCR never downloads.
    """

    name: ClassVar[str] = "rapidocr"
    weights: ClassVar[PackagedWeights] = PackagedWeights(
        name="rapidocr", contents=(_RECOGNITION, _DETECTION), licence="Apache-2.0"
    )

    def __init__(self) -> None:
        """Check the networks; they are loaded at the first frame.

        Raises:
            WeightsMissingError: the package is not installed, or is another.
        """
        self._folder = self.weights.prepare()
        self.key = f"{self.name}@{self.weights.sha256[:8]}-{VERSION}"

    def shows_text(self, frame: Frame) -> bool:
        """See `TextReader.shows_text`."""
        step = max(1, round(max(frame.shape[:2]) / GLANCE_PIXELS))
        return bool(len(self._find(_shrink(frame, step))))

    def read(self, frame: Frame) -> tuple[Reading, ...]:
        """See `TextReader.read`."""
        found = (self._recognise(frame, box) for box in self._find(frame)[:MAX_BOXES])
        return tuple(sorted(filter(None, found), key=lambda one: (one.box.top, one.box.left)))

    def _find(self, frame: Frame) -> list[tuple[int, int, int, int]]:
        """The left, top, right and bottom of what looks like a line, the largest first."""
        found = self._engine(frame[..., ::-1], use_det=True, use_cls=False, use_rec=False)
        if found.boxes is None:
            return []
        height, width = frame.shape[:2]
        corners = np.asarray(found.boxes, np.float64).reshape(-1, 4, 2)
        low = np.floor(np.clip(corners.min(axis=1), 0, (width, height))).astype(int)
        high = np.ceil(np.clip(corners.max(axis=1), 0, (width, height))).astype(int)
        boxes = [(*first, *last) for first, last in zip(low.tolist(), high.tolist(), strict=True)]
        kept = [box for box in boxes if _is_line(box, height)]
        return sorted(kept, key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))

    def _recognise(self, frame: Frame, place: tuple[int, int, int, int]) -> Reading | None:
        """Read a part of a frame."""
        left, top, right, bottom = place
        crop = np.ascontiguousarray(frame[top:bottom, left:right, ::-1])
        found = self._engine(crop, use_det=False, use_cls=False, use_rec=True)
        if not found.txts:
            return None
        height, width = frame.shape[:2]
        box = Box(left / width, top / height, right / width, bottom / height)
        # Some letters come as wide as Chinese ones.
        return Reading(normalise(str(found.txts[0]), "NFKC"), float(found.scores[0]), box)

    @cached_once
    def _engine(self) -> Any:
        from rapidocr import RapidOCR

        n_threads = count_threads()
        return RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "Det.model_path": str(self._folder / PurePosixPath(_DETECTION.path).name),
                "Rec.model_path": str(self._folder / PurePosixPath(_RECOGNITION.path).name),
                "Det.limit_type": "max",
                "Det.max_candidates": _MAX_REGIONS,
                "EngineConfig.onnxruntime.intra_op_num_threads": n_threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )


def _is_line(box: tuple[int, int, int, int], frame_height: int) -> bool:
    """Whether a box has the shape of a line of text."""
    width, height = box[2] - box[0], box[3] - box[1]
    if min(width, height) < MIN_PIXELS or height > MAX_HEIGHT * frame_height:
        return False
    return MIN_RATIO <= width / height <= MAX_RATIO


def _shrink(frame: Frame, step: int) -> Frame:
    """Average blocks of step × step pixels."""
    height, width = (side // step * step for side in frame.shape[:2])
    blocks = frame[:height, :width].reshape(height // step, step, width // step, step, 3)
    small: Frame = blocks.mean(axis=(1, 3), dtype=np.float32).astype(np.uint8)
    return small
