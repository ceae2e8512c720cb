import subprocess
import sys
from collections.abc import Callable
from typing import Any


def test_a_query_imports_no_torch(encoder: Callable[[str], Any]) -> None:
    encoder("efficientnet-lite0")
    encoder("minilm")
    code = (
        "import sys; from indexer.encoders import load_encoder; import numpy as np;"
        "lite = load_encoder('efficientnet-lite0'); lite.encode_words(['a dog']);"
        "lite.encode(np.zeros((1, 224, 224, 3), np.uint8)); load_encoder('minilm').encode(['x']);"
        "print([name for name in ('torch', 'torchvision', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys; import indexer.encoders.efficientnet, indexer.encoders.clap;"
        "import indexer.encoders.siglip, indexer.encoders.toy;"
        "heavy = ('torch', 'onnxruntime', 'transformers', 'tokenizers');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
