"""Lyric lines by BERT base, as the published system encoded them."""

from mvsearch.indexer.encoders.checkpoints import DownloadedWeights
from mvsearch.indexer.encoders.sentence import SentenceEncoder
from mvsearch.indexer.encoders.tokens import TokenFrame


class Bert(SentenceEncoder):
    """BERT base uncased (Devlin et al. 2019), mean over tokens, at most 512; 768 numbers each."""

    name = "bert"
    weights = DownloadedWeights("bert", "google-bert/bert-base-uncased")
    frame = TokenFrame(start="[CLS]", end="[SEP]", pad="[PAD]", max_tokens=512)
