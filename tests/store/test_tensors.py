"""Files of tensors are parsed with their metadata, and damaged ones refused."""

import numpy as np
import pytest
from safetensors.numpy import save

from mvsearch.store.tensors import parse_tensors

WHOLE = save({"vectors": np.arange(6, dtype=np.float32).reshape(2, 3)}, {"name": "é"})


def test_tensors_come_with_the_metadata() -> None:
    tensors, about = parse_tensors(WHOLE)
    assert tensors["vectors"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert about == {"name": "é"}


@pytest.mark.parametrize(
    "content",
    [b"", b"-" * 100, WHOLE[:-1], WHOLE[:20], save({"vectors": np.zeros(1, np.float32)})],
    ids=["empty", "text", "short", "header", "no metadata"],
)
def test_damaged_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="no file of tensors"):
        parse_tensors(content)
