"""What a worker needs to know to encode as the library is encoded, and what it says of itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mvsearch.indexer.distributed.settings import has_tokens
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.image.with_look import LookEncoder, WithLook
from mvsearch.indexer.encoders.profiles import Profile
from mvsearch.indexer.lyrics.whisper.transcribe import TranscribeOptions
from mvsearch.indexer.media.decoding.sampling import sampling_mark
from mvsearch.indexer.training.songs.look import ProjectedLook
from mvsearch.store.distribution import read_version
from mvsearch.store.errors import MvsearchError


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """The encoders of a run, by name.

    Attributes:
        name, profile: of the profile, with the encoders that the library uses in place of its own.
        look_name, look: the trained encoder of frames; None for none.
    """

    name: str
    profile: Profile
    look_name: str | None = None
    look: LookEncoder | None = None


@dataclass(frozen=True, slots=True)
class WhisperRecipe:
    """A Whisper model and its options; see `Transcriber`."""

    model: str
    language: str | None
    options: TranscribeOptions


def write_recipe(encoders: Encoders) -> Recipe:
    """The recipe of encoders.

    Raises:
        MvsearchError: a trained encoder is a network of its own, which lies in the library.
    """
    frames = encoders.frames
    look = frames.look if isinstance(frames, WithLook) else None
    if look is not None and not isinstance(look, ProjectedLook):
        raise MvsearchError(
            f"the trained encoder {encoders.look} is a network of its own, which only this machine"
            " has: index without a cluster"
        )
    return Recipe(encoders.name, encoders.profile, encoders.look, look)


def follow_recipe(recipe: Recipe) -> Encoders:
    """The encoders of a recipe.

    Raises:
        MvsearchError: there is no such profile here.
    """
    encoders = Encoders(recipe.name)
    encoders.profile = recipe.profile
    if (look := recipe.look) is not None:
        encoders.use_look(recipe.look_name, lambda base: look)
    return encoders


def describe(encoders: Encoders) -> dict[str, Any]:
    """What must be the same wherever a run works, as plain values that any version can read.

    Raises:
        WeightsMissingError: weights are missing.
    """
    return {
        "version": read_version(),
        "spaces": sorted(space.key for space in encoders.spaces()),
        "sampling": sampling_mark(),
        "has_tokens": has_tokens(),
    }


def explain_difference(node: str, own: dict[str, Any], found: dict[str, Any]) -> str | None:
    """One line on what a node has otherwise; None if nothing."""
    if found.get("version") != own["version"]:
        have, want = (one.get("version") or "no release" for one in (found, own))
        return f"node {node} has mvsearch {have}, and this machine {want}: install the same there"
    if found["spaces"] != own["spaces"]:
        here, there = _list_others(own["spaces"], found["spaces"])
        return (
            f"node {node} encodes by {there}, and this machine by {here}: install the same weights"
            " and plug-ins there"
        )
    if found["sampling"] != own["sampling"]:
        return f"node {node} samples frames by {found['sampling']}, not by {own['sampling']}"
    if own["has_tokens"] and not found["has_tokens"]:
        return (
            f"node {node} asks for no token, so anybody in its network can run code there: start it"
            " by `mvsearch workers start`, or set RAY_AUTH_MODE=disabled here if that is meant"
        )
    return None


def _list_others(own: Sequence[str], found: Sequence[str]) -> tuple[str, str]:
    """The spaces of both sides that the other lacks."""
    here = ", ".join(key for key in own if key not in found) or "nothing more"
    return here, ", ".join(key for key in found if key not in own) or "nothing else"
