"""Words find the real recordings that sound so; skipped where media or YAMNet are absent.

`words_and_sounds.csv` was written by the names of the recordings, before anything was searched.
"""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.encoders.audio.named_signal import NamedSignal
from mvsearch.indexer.media.decoding.audio import read_sound
from mvsearch.indexer.media.probe import probe_file
from mvsearch.store.errors import WeightsMissingError
from mvsearch.store.records import Matrix

MEDIA = Path(os.environ.get("MVSEARCH_TEST_MEDIA", Path(__file__).parents[1] / "../shared/media"))
ENDINGS = (".flac", ".mp3", ".ogg")
SECONDS = 60
# A recording is as near as its best windows.
N_BEST = 3

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not MEDIA.is_dir(), reason=f"no real media in {MEDIA}"),
]


def encode_recordings(encoder: NamedSignal) -> dict[str, Matrix]:
    """The word vectors of windows, one each 1.25 s, by folder and name without spaces."""
    found = {}
    for path in sorted((MEDIA / "audio").rglob("*")):
        is_copy = path.suffix == ".ogg" and path.with_suffix(".hq.ogg").exists()
        if path.suffix in ENDINGS and not is_copy:
            samples = read_sound(path, probe_file(path), encoder.sample_rate)
            n_hop = round(encoder.hop_seconds * encoder.sample_rate)
            n_windows = min(SECONDS * encoder.sample_rate, len(samples)) // n_hop
            windows = samples[: n_windows * n_hop].reshape(n_windows, n_hop)
            name = f"{path.parent.name}/{path.name}".replace(" ", "_")
            found[name] = encoder.encode(windows)[1]
    return found


def test_words_find_what_sounds_so() -> None:
    try:
        encoder = NamedSignal()
    except WeightsMissingError as error:
        pytest.skip(str(error))
    recordings = encode_recordings(encoder)
    with Path(__file__).with_name("words_and_sounds.csv").open(encoding="utf-8") as rows:
        queries = {row["words"]: row["recordings"].split() for row in csv.DictReader(rows)}
    ranks = []
    for words, marks in queries.items():
        (vector,) = encoder.encode_words([words])
        scores = {
            name: np.sort(made @ vector)[-N_BEST:].mean() for name, made in recordings.items()
        }
        ranked = sorted(scores, key=lambda name: -scores[name])
        ranks.append(1 + next(n for n, name in enumerate(ranked) if any(m in name for m in marks)))
    mean_reciprocal_rank = float(np.mean(1 / np.array(ranks)))
    assert (len(queries), len(recordings)) == (24, 23)
    assert mean_reciprocal_rank > 0.75
