"""Tells whether an image shows anything, and names what, by the classes of the frame encoder."""

from pathlib import Path

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.protocols import NamesThings
from mvsearch.indexer.features.tagging import Tagger
from mvsearch.indexer.media.decoding.frames import find_uniform
from mvsearch.indexer.media.pictures import read_image
from mvsearch.store.records import Segment, Tag


def is_uniform_image(path: Path, encoders: Encoders) -> bool:
    """Whether an image has one colour only, as the frames that indexing leaves out.

    Raises:
        MediaError: it cannot be read.
    """
    frame = read_image(path, encoders.frames.frame_size)
    return bool(find_uniform(frame[np.newaxis])[0])


def name_image(path: Path, encoders: Encoders) -> tuple[Tag, ...]:
    """Name what an image shows; empty for an encoder without classes.

    Returns:
        Tags without duration, the most probable first.

    Raises:
        MediaError: it cannot be read.
    """
    encoder = encoders.frames
    if not isinstance(encoder, NamesThings):
        return ()
    tagger = Tagger(encoder.list_labels())
    frame = read_image(path, encoder.frame_size)
    tagger.take(encoder.encode_and_name(frame[np.newaxis])[1])
    return tagger.finish((Segment(0.0, 0.0),))
