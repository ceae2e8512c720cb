"""Lists, verifies and downloads the weights of encoders and Whisper models."""

from collections.abc import Sequence
from dataclasses import replace

from mvsearch.indexer.encoders.networks.files import weights
from mvsearch.indexer.encoders.networks.files.weights import ModelStatus
from mvsearch.indexer.lyrics.whisper.status import check_whisper_model, list_whisper_models
from mvsearch.indexer.lyrics.whisper.transcribe import fetch_weights
from mvsearch.indexer.ocr.rapid_reader import RapidReader
from mvsearch.indexer.ocr.status import NAME as READER
from mvsearch.indexer.ocr.status import check_reader, find_reader_status

__all__ = ["ModelStatus", "check_models", "fetch_model", "list_models"]

_WHISPER = "whisper-"


def list_models() -> list[ModelStatus]:
    """Every encoder, classifier, Whisper model and reader of text, with the state of its weights.

    None is loaded; a plug-in that cannot be used is listed with its problem.

    Raises:
        MvsearchError: the Whisper engine of `MVSEARCH_WHISPER_ENGINE` is not installed.
    """
    return [*weights.list_models(), *list_whisper_models(), find_reader_status()]


def check_models(names: Sequence[str] | None = None) -> list[ModelStatus]:
    """Verify checksums, load the networks with installed weights, and encode a known example.

    Args:
        names: which encoders and Whisper models; all by default. Absent weights are a problem of
            named ones only.

    Raises:
        MvsearchError: no such encoder or model.
    """
    if names is None:
        models = [check_whisper_model(each.name, is_named=False) for each in list_whisper_models()]
        return [*weights.check_models(), *models, check_reader(is_named=False)]
    return [_check(name) for name in names]


def _check(name: str) -> ModelStatus:
    """Check one encoder, Whisper model or reader of text by its name."""
    if name == READER:
        return check_reader()
    return (
        check_whisper_model(name) if name.startswith(_WHISPER) else weights.check_models([name])[0]
    )


def fetch_model(name: str) -> ModelStatus:
    """Download the weights of an encoder, or of `whisper-MODEL`, unless they are there.

    Raises:
        MvsearchError: no such encoder or model.
        WeightsMissingError: the download failed; the message says how to place them by hand.
    """
    if name == READER:
        RapidReader.weights.verify()
        return find_reader_status()
    if not name.startswith(_WHISPER):
        return weights.fetch_model(name)
    file = fetch_weights(name.removeprefix(_WHISPER))
    known = next((each for each in list_whisper_models() if each.name == name), None)
    if known is None:
        return ModelStatus(name, (), True, file.stat().st_size, file, "openai-whisper")
    return replace(known, folder=file)
