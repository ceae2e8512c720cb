"""Words of the command line that choose queries and profiles."""

import pytest

from mvsearch.search.evaluation.queries.arguments import parse_compared
from mvsearch.store.errors import MvsearchError


def test_names_to_compare_are_read_and_checked() -> None:
    assert parse_compared("toy, paper,toy,", "embedded") == ["toy", "paper"]
    assert parse_compared("paper", "toy") == ["toy", "paper"]
    for few in ("toy", "toy,toy", " , "):
        with pytest.raises(MvsearchError, match="two profiles or more"):
            parse_compared(few, "toy")
