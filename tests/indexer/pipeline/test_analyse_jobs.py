"""What is loaded before files are analysed."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from mvsearch.indexer.encoders import ENCODERS, PROFILES, Encoders
from mvsearch.indexer.encoders.toy import ToyLyrics
from mvsearch.indexer.pipeline.analyse_jobs import _prepare
from mvsearch.indexer.progress import Silence
from mvsearch.store.records import Matrix


class SecondReader(ToyLyrics):
    """A second encoder of lyrics, which notes what it encodes."""

    name = "second-lyrics"
    spaces = (replace(ToyLyrics.spaces[0], encoder="second-lyrics"),)
    n_encoded = 0

    def encode(self, texts: Sequence[str]) -> tuple[Matrix, ...]:
        type(self).n_encoded += len(texts)
        return super().encode(texts)


def test_each_encoder_of_lyrics_is_loaded_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENCODERS, SecondReader.name, f"{__name__}:SecondReader")
    toy = replace(PROFILES["toy"], more_lyrics=(SecondReader.name,))
    monkeypatch.setitem(PROFILES, "toy", toy)
    encoders = Encoders("toy")
    _prepare(Silence(), encoders, encoders.frames)
    assert SecondReader.n_encoded == 0
    _prepare(Silence(), encoders, encoders.lyrics)
    assert SecondReader.n_encoded == 1
