"""The registry of encoders and classifiers, and the encoders of a profile."""

import gc
import logging
from collections.abc import Collection
from dataclasses import replace
from importlib import import_module
from typing import Any, TypeVar, cast

from mvsearch.indexer import plugins
from mvsearch.indexer.encoders.operating_points import OperatingPoints
from mvsearch.indexer.encoders.plugin_encoders import find_plugin_class, make_plugin_encoder
from mvsearch.indexer.encoders.profiles import (
    PROFILES,
    Profile,
    find_profile,
    list_profile_names,
    list_profiles,
)
from mvsearch.indexer.encoders.protocols import (
    AudioEncoder,
    Classifier,
    Encoder,
    FrameClassifier,
    FrameEncoder,
    NamesThings,
    ReadsWords,
    ScalesLogits,
    SoundClassifier,
    TextEncoder,
)
from mvsearch.indexer.once import cached_once
from mvsearch.store.errors import MvsearchError, WeightsMissingError
from mvsearch.store.records import MODALITIES, Modality, Space

__all__ = [
    "CLASSIFIERS",
    "ENCODERS",
    "PROFILES",
    "AudioEncoder",
    "Classifier",
    "Encoder",
    "Encoders",
    "FrameClassifier",
    "FrameEncoder",
    "NamesThings",
    "Profile",
    "ReadsWords",
    "ScalesLogits",
    "SoundClassifier",
    "TextEncoder",
    "find_points",
    "find_profile",
    "import_class",
    "list_names",
    "list_profile_names",
    "list_profiles",
    "load_classifier",
    "load_encoder",
]

logger = logging.getLogger(__name__)

# Adding an encoder: a file of its own, a line here, a line in the contract test
# (tests/indexer/encoders/test_contract.py).
ENCODERS: dict[str, str] = {
    "efficientnet-lite0": "mvsearch.indexer.encoders.image.efficientnet:EfficientNetLite0",
    "minilm": "mvsearch.indexer.encoders.text.minilm:MiniLM",
    "signal": "mvsearch.indexer.encoders.audio.signal:Signal",
    "resnet50": "mvsearch.indexer.encoders.image.resnet:ResNet50",
    "bert": "mvsearch.indexer.encoders.text.bert:Bert",
    "multilingual": "mvsearch.indexer.encoders.text.multilingual:Multilingual",
    "clip": "mvsearch.indexer.encoders.image.clip:Clip",
    "siglip2": "mvsearch.indexer.encoders.image.siglip:SigLIP2",
    "clap": "mvsearch.indexer.encoders.audio.clap:Clap",
    "toy-frames": "mvsearch.indexer.encoders.toy:ToyFrames",
    "toy-lyrics": "mvsearch.indexer.encoders.toy:ToyLyrics",
    "toy-audio": "mvsearch.indexer.encoders.toy:ToyAudio",
}

# Networks that say which of their classes they are shown or hear; some are encoders too.
CLASSIFIERS: dict[str, str] = {
    "efficientnet-lite0": "mvsearch.indexer.encoders.image.efficientnet:EfficientNetLite0",
    "ast": "mvsearch.indexer.encoders.audio.audioset:AudioSetClassifier",
    "toy-frames": "mvsearch.indexer.encoders.toy:ToyFrames",
    "toy-audio": "mvsearch.indexer.encoders.toy:ToyAudio",
}


AnyEncoder = TypeVar("AnyEncoder", bound=Encoder)


def load_encoder(name: str) -> Encoder:
    """Load an encoder by its name: of the table, else of a plug-in; it is imported only now.

    Raises:
        MvsearchError: no such encoder.
        PluginError: the plug-in fails.
        WeightsMissingError: its weights are not there.
    """
    logger.info("loading the encoder %s", name)
    if name in ENCODERS:
        encoder: Encoder = import_class(ENCODERS[name])()
        return encoder
    plugin = None if name in CLASSIFIERS else plugins.find_plugin(plugins.ENCODERS, name)
    if plugin is None:
        there = ", ".join(list_names(ENCODERS))
        raise MvsearchError(f"no encoder is called {name!r}; there are {there}")
    return make_plugin_encoder(plugin)


def list_names(table: Collection[str]) -> list[str]:
    """The names of a table that are not for tests alone, then the encoders of plug-ins."""
    own = [name for name in table if not name.startswith("toy-")]
    return own + [plugin.name for plugin in plugins.list_plugins(plugins.ENCODERS, table)]


def load_classifier(name: str) -> Classifier:
    """Load a classifier by its name in the table; its library is imported only now.

    Raises:
        MvsearchError: no such classifier.
        WeightsMissingError: its weights are not there.
    """
    if name not in CLASSIFIERS:
        raise MvsearchError(f"no classifier is called {name!r}; there are {', '.join(CLASSIFIERS)}")
    classifier: Classifier = import_class(CLASSIFIERS[name])()
    return classifier


def find_points(encoder: str) -> OperatingPoints | None:
    """The operating points of an encoder by its name; None where it was not calibrated."""
    place = ENCODERS.get(encoder)
    kind = find_plugin_class(encoder) if place is None else import_class(place)
    found = getattr(kind, "points", None)
    return found if isinstance(found, OperatingPoints) else None


def import_class(place: str) -> Any:
    """The class of a line of the tables, `module:name`."""
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)


def _mark(encoder: AnyEncoder, how: str) -> AnyEncoder:
    """Tell an encoder's spaces from those of the same encoder that is given something else."""
    encoder.spaces = tuple(
        replace(space, revision=f"{space.revision}-{how}") for space in encoder.spaces
    )
    return encoder


class Encoders:
    """The encoders of one profile, each loaded when it is first used."""

    def __init__(self, profile: str) -> None:
        self.name = profile
        self.profile = find_profile(profile)

    @cached_once
    def frames(self) -> FrameEncoder:
        """The encoder of frames; the number of frames a video is part of its revision."""
        encoder = cast(FrameEncoder, self._load(self.profile.frames, "frames"))
        n_frames = self.profile.frames_a_video
        return encoder if n_frames is None else _mark(encoder, f"{n_frames}random")

    @cached_once
    def lyrics(self) -> TextEncoder:
        """The encoder of lyrics; whether they are one text is part of its revision."""
        encoder = cast(TextEncoder, self._load(self.profile.lyrics, "lyrics"))
        return _mark(encoder, "whole") if self.profile.is_lyrics_whole else encoder

    @cached_once
    def audio(self) -> AudioEncoder | None:
        """The encoder of sound; None where the profile has none."""
        name = self.profile.audio
        return None if name is None else cast(AudioEncoder, self._load(name, "audio"))

    def _load(self, name: str, modality: Modality) -> Encoder:
        """Load an encoder that must be of this modality."""
        encoder = load_encoder(name)
        if encoder.spaces[0].modality != modality:
            found = encoder.spaces[0].modality
            raise MvsearchError(
                f"the profile {self.name} has {name} for its {modality}, which encodes {found}"
            )
        return encoder

    def check_weights(self) -> None:
        """Refuse before any work what could not be done; loads no network.

        Raises:
            WeightsMissingError: one line on all weights that are missing, and what to type.
        """
        missing: dict[str, WeightsMissingError] = {}
        for modality in MODALITIES:
            try:
                self.get(modality)
            except WeightsMissingError as error:
                missing[getattr(self.profile, modality)] = error
        if len(missing) > 1:
            fetch = ", ".join(f"`mvsearch models fetch {name}`" for name in missing)
            raise WeightsMissingError(
                f"the profile {self.name} lacks the weights of {', '.join(missing)}: run {fetch};"
                " `mvsearch models list` says where to place them by hand"
            )
        for only in missing.values():
            raise only

    def spaces(self) -> list[Space]:
        """Every space of the profile; loads all of its encoders.

        Raises:
            WeightsMissingError: see `check_weights`.
        """
        self.check_weights()
        used = (self.frames, self.lyrics, self.audio)
        return [space for encoder in used if encoder is not None for space in encoder.spaces]

    def get(self, modality: Modality) -> Any:
        """The encoder of one modality, or None."""
        return getattr(self, modality)

    def release(self) -> None:
        """Let go of what was loaded; what is used again is loaded again."""
        for modality in MODALITIES:
            self.__dict__.pop(modality, None)
        # A network knows its recipe, and that the encoder which holds the network.
        gc.collect()
