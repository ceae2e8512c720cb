"""Lists and checks the Whisper models of the profiles."""

from dataclasses import replace

import numpy as np

from mvsearch.indexer.encoders import list_profiles
from mvsearch.indexer.encoders.model_cards import CARDS
from mvsearch.indexer.encoders.networks.examples import make_tone
from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.files.weights import ModelStatus, check_signature
from mvsearch.indexer.lyrics.whisper.engines.checkpoints import (
    Checkpoint,
    checkpoint_folders,
    explain_fetching,
    find_checkpoint,
)
from mvsearch.indexer.lyrics.whisper.engines.engine import Engine, choose_engine, is_installed
from mvsearch.indexer.lyrics.whisper.transcribe import WHISPER_SAMPLE_RATE, Transcriber
from mvsearch.store.distribution import name_install
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Matrix


def list_whisper_models() -> list[ModelStatus]:
    """The Whisper model of each profile; loads none of them.

    Raises:
        MvsearchError: the engine that is asked for does not exist or is not installed.
    """
    models = {profile.whisper_model: None for profile in list_profiles().values()}
    return [_look(model) for model in models]


def check_whisper_model(name: str, *, is_named: bool = True) -> ModelStatus:
    """Verify the checksums of a Whisper model, load it and encode an example.

    Args:
        name: "whisper-" and the model.
        is_named: whether missing weights are a problem.

    Returns:
        Its status; `problem` says what failed.

    Raises:
        MvsearchError: there is no such model, or its engine is not installed.
    """
    model = name.removeprefix("whisper-")
    status, found = _look(model), find_checkpoint(model)
    if found is None:
        return status if is_named else replace(status, problem="")
    try:
        if isinstance(found, PackagedWeights):
            found.verify()
        check_signature(status.card, _encode_example(Transcriber(model).load()))
    except MvsearchError as error:
        return replace(status, problem=str(error))
    return status


def _encode_example(engine: Engine) -> Matrix:
    """The mean over time of what the encoder makes of a tone of 30 s: (1, n_state)."""
    mel = engine.measure_mel(make_tone(WHISPER_SAMPLE_RATE, 30)[0])
    (encoded,) = engine.encode(np.ascontiguousarray(mel)[None])
    mean: Matrix = np.asarray(encoded, np.float32).mean(axis=0, keepdims=True)
    return mean


def _look(model: str) -> ModelStatus:
    profiles = tuple(
        name for name, profile in list_profiles().items() if profile.whisper_model == model
    )
    found = find_checkpoint(model)
    name, origin = f"whisper-{model}", f"{_name_source(found)}, run by {_name_engine()}"
    card = CARDS.get(name)
    if found is None:
        folder, problem = checkpoint_folders()[0], explain_fetching(model)
        return ModelStatus(name, profiles, False, 0, folder, origin, problem, card=card)
    if isinstance(found, PackagedWeights):
        pinned = (found.packages, found.sha256, card)
        return ModelStatus(name, profiles, True, found.n_bytes, found.place(), origin, "", *pinned)
    size, folder = found.stat().st_size, found.parent
    return ModelStatus(name, profiles, True, size, folder, origin, card=card)


def _name_source(found: Checkpoint | None) -> str:
    """Where a checkpoint comes from."""
    return found.origin if isinstance(found, PackagedWeights) else "openai-whisper"


def _name_engine() -> str:
    """What runs the models."""
    if choose_engine() == "faster":
        return "faster-whisper"
    how = "" if is_installed("faster") else f"; 8-bit integers: {name_install('faster')}"
    return f"openai-whisper{how}"
