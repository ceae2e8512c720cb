"""How options that are given take the place of those of a recipe."""

import math

import pytest

from mvsearch.indexer.training.audiovisual.full_options import FullOptions
from mvsearch.indexer.training.audiovisual.options import AudiovisualOptions
from mvsearch.indexer.training.options import TrainingOptions, replace_given
from mvsearch.store.errors import TrainingError


def test_each_option_goes_to_the_record_that_has_it() -> None:
    given = {"dim": 4, "trunk": "resnet50", "seed": 0, "patience": 0, "epochs": None}
    bases = AudiovisualOptions(), FullOptions(), TrainingOptions(seed=3, patience=2, epochs=7)
    assert replace_given(given, *bases) == (
        AudiovisualOptions(dim=4),
        FullOptions(trunk="resnet50"),
        TrainingOptions(seed=0, patience=0, epochs=7),
    )


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(TypeError, match="to_settings"):
        replace_given({"to_settings": 1, "seed": 1}, TrainingOptions())


@pytest.mark.parametrize("value", [0, 513, math.nan, math.inf])
def test_a_number_out_of_its_range_is_refused(value: float) -> None:
    with pytest.raises(TrainingError, match="the channels must be from 1 to 512, not"):
        replace_given({"channels": value}, FullOptions())
