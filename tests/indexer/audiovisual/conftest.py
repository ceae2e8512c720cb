from tests.indexer.training.audiovisual.quick import quick

__all__ = ["quick"]
