"""Lists the Whisper models of the profiles, and whether they can run."""

from mvsearch.indexer.encoders import list_profiles
from mvsearch.indexer.encoders.networks.weights import ModelStatus
from mvsearch.indexer.lyrics.whisper.checkpoints import (
    checkpoint_folders,
    explain_placement,
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
    name, origin = f"whisper-{model}", _name_engine(model)
    found = find_checkpoint(model)
    if found is None:
        problem = f"run `mvsearch models fetch {name}`, or {explain_placement(model)}"
        return ModelStatus(name, profiles, False, 0, checkpoint_folders()[0], origin, problem)
    return ModelStatus(name, profiles, True, found.stat().st_size, found.parent, origin)


def _name_engine(model: str) -> str:
    """Where a checkpoint comes from, and what runs it."""
    if choose_engine(model) == "faster":
        return "openai-whisper, run by faster-whisper"
    if is_installed("faster"):
        return "openai-whisper, run by it"
    return f"openai-whisper, run by it; 8-bit integers: {name_install('faster')}"
