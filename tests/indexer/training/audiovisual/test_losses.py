import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from mvsearch.indexer.training.audiovisual.losses import contrast_times, contrast_videos

SOURCES = [0, 0, 0, 1, 1, 2]


@pytest.mark.parametrize("is_temporal", [False, True])
def test_each_term_has_its_own_negatives(is_temporal: bool) -> None:
    similarities = np.random.default_rng(0).normal(size=(6, 6))
    losses = []
    for own in range(6):
        kept = [
            other
            for other in range(6)
            if other == own or (SOURCES[other] == SOURCES[own]) == is_temporal
        ]
        for scores in (similarities[own], similarities[:, own]):
            losses.append(logsumexp(scores[kept]) - scores[own])

    term = contrast_times if is_temporal else contrast_videos
    found = term(torch.from_numpy(similarities), torch.tensor(SOURCES))
    assert float(found) == pytest.approx(np.mean(losses))


def test_without_any_similarity_it_is_the_logarithm_of_the_number_of_choices() -> None:
    nothing = torch.zeros(5, 5)
    assert float(contrast_videos(nothing, torch.arange(5))) == pytest.approx(math.log(5))
    assert float(contrast_times(nothing, torch.zeros(5))) == pytest.approx(math.log(5))
    assert float(contrast_times(nothing, torch.arange(5))) == 0.0
