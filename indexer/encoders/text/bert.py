"""Encodes lyrics with BERT base, as the published system does."""

from mvsearch.indexer.encoders.networks.checkpoints import DownloadedWeights
from mvsearch.indexer.encoders.networks.tokens import TokenFrame
from mvsearch.indexer.encoders.text.sentence import SentenceEncoder


class Bert(SentenceEncoder):
    """BERT base uncased (Devlin et al. 2019), mean over tokens, at most 512; 768 numbers each."""

    name = "bert"
    weights = DownloadedWeights("bert", "google-bert/bert-base-uncased")
    frame = TokenFrame(start="[CLS]", end="[SEP]", pad="[PAD]", max_tokens=512)
