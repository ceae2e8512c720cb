"""Lists and checks the networks that read text in pictures."""

from dataclasses import replace

import numpy as np

from mvsearch.indexer.encoders.model_cards import CARDS
from mvsearch.indexer.encoders.networks.files.weights import ModelStatus, check_signature
from mvsearch.indexer.ocr.choose import explain_absence, is_installed, open_reader
from mvsearch.indexer.ocr.rapid_reader import RapidReader
from mvsearch.indexer.ocr.reader import Frame, TextReader
from mvsearch.store.errors import MvsearchError, WeightsMissingError
from mvsearch.store.records import Matrix

NAME = RapidReader.name
EXAMPLE_SIZE = (192, 320)


def find_reader_status() -> ModelStatus:
    """The state of the networks; none is loaded."""
    weights = RapidReader.weights
    status = ModelStatus(
        NAME, (), True, weights.n_bytes, weights.place(), weights.origin, "", weights.packages,
        weights.sha256, CARDS[NAME],
    )  # fmt: skip
    try:
        weights.locate()
    except WeightsMissingError as error:
        problem = str(error) if is_installed() else explain_absence()
        return replace(status, is_present=False, n_bytes=0, problem=problem)
    return status


def check_reader(*, is_named: bool = True) -> ModelStatus:
    """Verify the checksums, load the networks and read an example.

    Args:
        is_named: whether missing weights are a problem.
    """
    status = find_reader_status()
    if not status.is_present:
        return status if is_named else replace(status, problem="")
    try:
        RapidReader.weights.verify()
        check_signature(status.card, read_example(open_reader()))
    except MvsearchError as error:
        return replace(status, problem=str(error))
    return status


def read_example(reader: TextReader) -> Matrix:
    """What is read of a known picture, as numbers: (1, n) places of letters, then box and trust."""
    (found, *_) = reader.read(draw_example()) or (None,)
    if found is None:
        return np.ones((1, 1), np.float32)
    box = found.box
    numbers = [*map(ord, found.text), 100 * box.left, 100 * box.top, 100 * box.right]
    return np.array([[*numbers, 100 * found.probability]], np.float32)


def draw_example() -> Frame:
    """The letters H, T and L as white bars on grey: (192, 320, 3) RGB."""
    frame = np.full((*EXAMPLE_SIZE, 3), 60, np.uint8)
    for left, parts in ((100, "H"), (145, "T"), (190, "L")):
        bars = {
            "H": ((16, 48, 0, 6), (16, 48, 20, 26), (29, 35, 0, 26)),
            "T": ((16, 22, 0, 28), (16, 48, 11, 17)),
            "L": ((16, 48, 0, 6), (42, 48, 0, 24)),
        }[parts]
        for top, bottom, first, last in bars:
            frame[64 + top : 64 + bottom, left + first : left + last] = 255
    return frame
