import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.encoders.networks import runtime
from mvsearch.indexer.encoders.networks.runtime import NETWORK, OnnxNetwork, Recipe

SECOND = b"\x01" + b"\0" * 7
ADDED = b"\0\0\0\x80"


def write_taker(recipe: Recipe, path: Path) -> None:
    """A network that gives the second of its inputs, less 0: where is an int64 in the file."""
    import onnx
    from onnx import TensorProto, helper

    place = helper.make_tensor("place", TensorProto.INT64, [1], SECOND, raw=True)
    zero = helper.make_tensor("zero", TensorProto.FLOAT, [1], ADDED, raw=True)
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["x", "place"], ["taken"]),
            helper.make_node("Add", ["taken", "zero"], ["y"]),
        ],
        "taker",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
        [place, zero],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)


@pytest.fixture
def taker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """The recipe of that network, exported into an empty cache."""
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path))
    monkeypatch.setattr(runtime, "_export", write_taker)
    return Recipe("taker", "1", lambda: pytest.fail("built"), (np.zeros(3, np.float32),), ((),))


def rot(folder: Path, old: bytes, new: bytes) -> Path:
    """Change one of its numbers; the size and time of its file stand."""
    (path,) = folder.rglob(NETWORK)
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(old, new))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    return path


@pytest.mark.robustness
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(SECOND, b"\x01" + b"\x7f" * 7, id="a place out of reach"),
        pytest.param(ADDED, b"\0\0\x80\x7f", id="infinity"),
        pytest.param(b"Gather", b"Gatter", id="no such operator"),
        pytest.param(b"\x08\x09", b"\xff\xff", id="no such format"),
    ],
)
def test_a_damaged_network_that_fails_is_told_and_made_anew(
    taker: Recipe, tmp_path: Path, old: bytes, new: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    inputs = np.array([1, 2, 3], np.float32)
    for _ in range(2):
        assert OnnxNetwork(taker).run(inputs)[0] == [2]
    path = rot(tmp_path, old, new)
    assert OnnxNetwork(taker).run(inputs)[0] == [2]
    assert caplog.messages == [f"{path} is damaged and is made again"]


def test_a_whole_network_that_fails_says_why(taker: Recipe) -> None:
    network = OnnxNetwork(taker)
    with pytest.raises(Exception, match=r"[Ii]nvalid"):
        network.run(np.zeros((2, 2), np.float32))
    assert network.run(np.zeros(3, np.float32))[0] == [0]


def test_the_default_encoders_need_no_torch_from_the_first_use_on(tmp_path: Path) -> None:
    code = (
        "import sys; from mvsearch.indexer.encoders import load_encoder; import numpy as np;"
        "lite = load_encoder('efficientnet-lite0'); lite.encode_words(['a dog']);"
        "lite.encode(np.zeros((1, 224, 224, 3), np.uint8)); load_encoder('minilm').encode(['x']);"
        "print([name for name in ('torch', 'torchvision', 'transformers') if name in sys.modules])"
    )
    environment = os.environ | {"MVSEARCH_MODELS": str(tmp_path), "MVSEARCH_DEVICE": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys; import mvsearch.indexer.encoders.image.efficientnet;"
        "import mvsearch.indexer.encoders.audio.clap;"
        "import mvsearch.indexer.encoders.image.siglip, mvsearch.indexer.encoders.toy;"
        "heavy = ('torch', 'onnxruntime', 'transformers', 'tokenizers');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_network_that_needs_torch_says_so_where_there_is_none(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; sys.modules['torch'] = None\n"
        "from mvsearch.indexer.encoders.networks.runtime import OnnxNetwork, Recipe\n"
        "from mvsearch.store.errors import MvsearchError\n"
        "def build():\n    import torch\n"
        "try: OnnxNetwork(Recipe('net', '1', build, (np.zeros(1),), ((),)))\n"
        "except MvsearchError as error: print(error)"
    )
    environment = os.environ | {"MVSEARCH_MODELS": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert "torch is not installed, which this needs; type: pip install " in done.stdout
