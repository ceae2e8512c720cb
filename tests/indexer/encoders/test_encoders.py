"""The encoders of a profile together."""

import pytest

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.toy import ToyFrames, ToyLyrics
from mvsearch.store.errors import WeightsMissingError


def test_each_encoder_without_weights_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise WeightsMissingError("they are not installed: run pip install them")

    for kind in (ToyFrames, ToyLyrics):
        monkeypatch.setattr(kind, "__init__", fail)
    with pytest.raises(WeightsMissingError, match="the weights of toy-frames, toy-lyrics: run"):
        Encoders("toy").check_weights()
