"""Names what an image shows, by the classes of the encoder of frames."""

from pathlib import Path

import numpy as np

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.protocols import NamesThings
from mvsearch.indexer.features.tagging import Tagger
from mvsearch.indexer.media.pictures import read_image
from mvsearch.store.records import Segment, Tag


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
