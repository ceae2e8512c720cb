"""Files of torch's old form, read without torch; torch itself says what is in them."""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvsearch.indexer.encoders.networks.files.torch_file import MAGIC, read_tensors
from mvsearch.store.errors import WeightsMissingError


def save(path: Path, content: Any) -> Path:
    import torch

    torch.save(content, path, _use_new_zipfile_serialization=False)
    return path


def test_tensors_are_those_that_torch_saved(tmp_path: Path) -> None:
    import torch

    whole = torch.arange(24.0)
    module = torch.nn.Conv2d(3, 4, 1).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    made = {
        "whole": whole,
        "part": whole[6:18].reshape(3, 4),
        "turned": torch.randn(2, 5).t(),
        "one": torch.tensor(7),
        "none": torch.zeros(0, 3),
    } | module.state_dict()
    read = read_tensors(save(tmp_path / "x.pth", made))
    assert list(read) == list(made)
    for name, tensor in made.items():
        np.testing.assert_array_equal(read[name], tensor.detach().numpy())
        assert read[name].dtype == tensor.numpy().dtype


@pytest.mark.parametrize("length", [0, 10, 200, -1])
def test_a_file_that_is_cut_off_is_told(tmp_path: Path, length: int) -> None:
    import torch

    path = save(tmp_path / "x.pth", {"x": torch.ones(100)})
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(WeightsMissingError, match="has no plain tensors"):
        read_tensors(path)


def test_another_form_is_told(tmp_path: Path) -> None:
    import torch

    torch.save({"x": torch.ones(2)}, tmp_path / "new.pth")
    save(tmp_path / "sparse.pth", {"x": torch.ones(3, 3).expand(2, 3, 3)})
    for path in tmp_path.iterdir():
        with pytest.raises(WeightsMissingError, match="has no plain tensors"):
            read_tensors(path)


def test_nothing_else_is_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (tmp_path.joinpath("sprung").touch, ())

    file = io.BytesIO()
    for part in (MAGIC, 1001, {}, {"x": Trap()}, []):
        pickle.dump(part, file, protocol=2)
    (tmp_path / "x.pth").write_bytes(file.getvalue())
    with pytest.raises(WeightsMissingError, match="not part of a table of tensors"):
        read_tensors(tmp_path / "x.pth")
    assert not (tmp_path / "sprung").exists()
