"""A sound encoder without weights, which words can be compared with."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mvsearch.indexer.encoders.toy import ToyAudio

# Hertz that each word stands for; they are in different bands of 125 Hz.
HERTZ = {"low": 300.0, "middle": 1300.0, "high": 3300.0}


class Tones(ToyAudio):
    """The bands of `ToyAudio`; a word is the band of its tone, what names none is all of them."""

    def encode_words(self, texts: Sequence[str]) -> Any:
        seconds = np.arange(self.sample_rate) / self.sample_rate
        named = [[HERTZ[word] for word in text.split() if word in HERTZ] for text in texts]
        tones = [
            sum(np.sin(2 * np.pi * hertz * seconds) for hertz in heard or HERTZ.values())
            for heard in named
        ]
        return self.encode(np.array(tones, dtype=np.float32))[0]

    def read_logit_scale(self) -> float:
        return 7.0
