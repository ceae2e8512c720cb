"""Cuts sound into the windows of an encoder."""

from mvsearch.indexer.encoders.protocols import AudioEncoder
from mvsearch.store.records import Matrix


def cut_windows(samples: Matrix, encoder: AudioEncoder) -> list[Matrix]:
    """The windows of (n,) samples at the encoder's rate, one per hop.

    The last window ends with the sound, so that none is padded. Sound shorter than a window is one
    shorter window.
    """
    n_window = round(encoder.window_seconds * encoder.sample_rate)
    n_hop = round(encoder.hop_seconds * encoder.sample_rate)
    last = max(0, len(samples) - n_window)
    return [samples[start : start + n_window] for start in (*range(0, last, n_hop), last)]
