"""The encoders of a profile together."""

from dataclasses import replace

import pytest

from mvsearch.indexer.encoders import ENCODERS, PROFILES, Encoders
from mvsearch.indexer.encoders.toy import ToyAudio, ToyFrames, ToyLyrics
from mvsearch.store.errors import WeightsMissingError


def test_each_encoder_without_weights_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise WeightsMissingError("they are not installed: run pip install them")

    for kind in (ToyFrames, ToyLyrics):
        monkeypatch.setattr(kind, "__init__", fail)
    with pytest.raises(WeightsMissingError, match="the weights of toy-frames, toy-lyrics: run"):
        Encoders("toy").check_weights()


def test_each_of_several_encoders_of_lyrics_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise WeightsMissingError("they are not installed: run pip install them")

    monkeypatch.setattr(ToyAudio, "__init__", fail)
    for name in ("first", "second"):
        monkeypatch.setitem(ENCODERS, name, ENCODERS["toy-audio"])
    profile = replace(PROFILES["toy"], audio=None, more_lyrics=("first", "toy-lyrics", "second"))
    monkeypatch.setitem(PROFILES, "more", profile)
    with pytest.raises(WeightsMissingError, match="the weights of first, second: run"):
        Encoders("more").check_weights()
