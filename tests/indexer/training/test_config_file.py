import tomllib
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mvsearch.indexer.training.config_file import read_config, write_config

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.one_of(st.text(), st.integers(-(2**60), 2**60), st.booleans(), FLOATS)
SETTINGS = st.one_of(PLAIN, st.lists(st.text(), max_size=3))


@hypothesis.settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(), SETTINGS, max_size=5))
def test_any_setting_comes_back(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"  # config.toml is that of the suite
    write_config(path, {"settings": settings})
    with path.open("rb") as file:  # the standard library's reader is the oracle
        assert tomllib.load(file) == {"settings": settings}
    assert read_config(path) == {"settings": settings}


def test_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nan"):
        write_config(tmp_path / "config.toml", {"settings": {"rate": float("nan")}})
