from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mvsearch.indexer.encoders.text.minilm import MiniLM

LINES = [
    "Take me home, country roads",
    "",
    "I want to break free",
    "Ein Männlein steht im Walde",
    "la " * 600,
]


def test_vectors_are_those_of_the_reference(encoder: Callable[[str], Any]) -> None:
    import torch
    from transformers import AutoTokenizer, BertModel

    folder = MiniLM().folder
    split = AutoTokenizer.from_pretrained(folder)
    model = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    ours = encoder("minilm").encode(LINES)[0]
    for line, vector in zip(LINES, ours, strict=True):
        given = split(line, truncation=True, max_length=256, padding=False, return_tensors="pt")
        with torch.inference_mode():
            mean = model(**given).last_hidden_state.mean(1)[0].numpy()
        assert vector @ mean / np.linalg.norm(mean) > 0.9999


@pytest.mark.slow
def test_vectors_are_those_of_sentence_transformers(encoder: Callable[[str], Any]) -> None:
    library = pytest.importorskip("sentence_transformers")
    model = library.SentenceTransformer(str(MiniLM().folder), device="cpu")
    theirs = model.encode(LINES, normalize_embeddings=True)
    assert np.sum(encoder("minilm").encode(LINES)[0] * theirs, axis=1).min() > 0.9999


def test_a_paraphrase_is_nearer_than_the_same_words(encoder: Callable[[str], Any]) -> None:
    lines = ["Bring me back to my house", "Take me home", "Take the money from me"]
    paraphrase, line, words = encoder("minilm").encode(lines)[0]
    assert paraphrase @ line > words @ line
