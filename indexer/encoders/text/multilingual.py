"""Encodes lyrics in fifty languages in one embedding space."""

from mvsearch.indexer.encoders.networks.files.checkpoints import DownloadedWeights
from mvsearch.indexer.encoders.networks.tokens import TokenFrame
from mvsearch.indexer.encoders.text.sentence import SentenceEncoder


class Multilingual(SentenceEncoder):
    """Multilingual paraphrase MiniLM (Reimers and Gurevych 2020); 384 dimensions."""

    name = "multilingual"
    weights = DownloadedWeights(
        "multilingual", "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
    )
    frame = TokenFrame(start="<s>", end="</s>", pad="<pad>", max_tokens=128)
