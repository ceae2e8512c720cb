"""Outputs of reference implementations, in files that lie beside the checkout; else skipped."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ORACLES = Path(
    os.environ.get("MVSEARCH_TEST_ORACLES", Path(__file__).parents[3] / "../shared/oracles")
)

needs_oracles = pytest.mark.skipif(not ORACLES.is_dir(), reason=f"no reference data in {ORACLES}")


def read_oracle(name: str) -> dict[str, Any]:
    """Everything in a file such as `imsm.json`; the test is skipped where it is absent."""
    path = ORACLES / name
    if not path.is_file():
        pytest.skip(f"no reference data in {path}")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def read_case(name: str, described: str) -> dict[str, Any]:
    """The one case of a file whose description holds these words."""
    found = [case for case in read_oracle(name)["cases"] if described in case.get("desc", "")]
    assert len(found) == 1, f"{len(found)} cases of {name} are described by {described!r}"
    return found[0]


def unit(rows: Any) -> Any:
    """Rows of length 1, as the references take them."""
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)
