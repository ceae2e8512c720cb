"""Encodes lyrics with BERT base, as in the published system."""

from mvsearch.indexer.encoders.networks.files.checkpoints import DownloadedWeights
from mvsearch.indexer.encoders.networks.tokens import TokenFrame
from mvsearch.indexer.encoders.text.sentence import SentenceEncoder


class Bert(SentenceEncoder):
    """BERT base uncased (Devlin et al. 2019), mean over up to 512 tokens; 768 dimensions."""

    name = "bert"
    weights = DownloadedWeights("bert", "google-bert/bert-base-uncased")
    frame = TokenFrame(start="[CLS]", end="[SEP]", pad="[PAD]", max_tokens=512)
