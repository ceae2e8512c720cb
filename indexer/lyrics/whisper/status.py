"""Lists the Whisper models of the profiles, and whether they can run."""

from mvsearch.indexer.encoders import list_profiles
from mvsearch.indexer.encoders.networks.packaged import PackagedWeights
from mvsearch.indexer.encoders.networks.weights import ModelStatus
from mvsearch.indexer.lyrics.whisper.checkpoints import (
    Checkpoint,
    checkpoint_folders,
    explain_fetching,
    find_checkpoint,
)
from mvsearch.indexer.lyrics.whisper.engines import choose_engine, is_installed
from mvsearch.store.distribution import name_install


def list_whisper_models() -> list[ModelStatus]:
    """The Whisper model of each profile; loads none of them.

    Raises:
        MvsearchError: the engine that is asked for does not exist or is not installed.
    """
    models = {profile.whisper_model: None for profile in list_profiles().values()}
    return [_look(model) for model in models]


def _look(model: str) -> ModelStatus:
    profiles = tuple(
        name for name, profile in list_profiles().items() if profile.whisper_model == model
    )
    found = find_checkpoint(model)
    name, origin = f"whisper-{model}", f"{_name_source(found)}, run by {_name_engine()}"
    if found is None:
        folder, problem = checkpoint_folders()[0], explain_fetching(model)
        return ModelStatus(name, profiles, False, 0, folder, origin, problem)
    if isinstance(found, PackagedWeights):
        return ModelStatus(name, profiles, True, found.n_bytes, found.place(), origin)
    return ModelStatus(name, profiles, True, found.stat().st_size, found.parent, origin)


def _name_source(found: Checkpoint | None) -> str:
    """Where a checkpoint comes from."""
    return found.origin if isinstance(found, PackagedWeights) else "openai-whisper"


def _name_engine() -> str:
    """What runs the models."""
    if choose_engine() == "faster":
        return "faster-whisper"
    how = "" if is_installed("faster") else f"; 8-bit integers: {name_install('faster')}"
    return f"openai-whisper{how}"
