"""Lyric lines in fifty languages, in one space."""

from mvsearch.indexer.encoders.checkpoints import DownloadedWeights
from mvsearch.indexer.encoders.sentence import SentenceEncoder
from mvsearch.indexer.encoders.tokens import TokenFrame


class Multilingual(SentenceEncoder):
    """Multilingual paraphrase MiniLM (Reimers and Gurevych 2020); 384 numbers each."""

    name = "multilingual"
    weights = DownloadedWeights(
        "multilingual", "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
    )
    frame = TokenFrame(start="<s>", end="</s>", pad="<pad>", max_tokens=128)
