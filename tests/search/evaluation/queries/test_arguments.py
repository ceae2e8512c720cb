"""Words of the command line that choose queries and profiles."""

import pytest

from mvsearch.search.evaluation.queries.arguments import parse_profiles
from mvsearch.store.errors import MvsearchError


def test_names_of_profiles_are_read_and_checked() -> None:
    assert parse_profiles("toy, paper,toy,") == ["toy", "paper"]
    with pytest.raises(MvsearchError, match="no profile is called '\\.\\./x'"):
        parse_profiles("toy,../x")
    with pytest.raises(MvsearchError, match="two profiles or more"):
        parse_profiles("toy")
