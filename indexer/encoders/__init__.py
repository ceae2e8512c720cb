"""The registry of encoders and profiles, and the interfaces that encoders implement."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.operating_points import OperatingPoints
from mvsearch.indexer.once import cached_once
from mvsearch.store.errors import MvsearchError, WeightsMissingError
from mvsearch.store.records import MODALITIES, Matrix, Modality, Space

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


@runtime_checkable
class Encoder(Protocol):
    """Turns frames, lines or audio windows into unit vectors.

    Attributes:
        spaces: the spaces that `encode` fills, the encoder's own first. Where the encoder reads
            words (see `ReadsWords`), words land in the last one.
    """

    spaces: tuple[Space, ...]


@runtime_checkable
class FrameEncoder(Encoder, Protocol):
    """Encodes frames that the decoder has already scaled to `frame_size` (width, height)."""

    frame_size: tuple[int, int]

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """Encode (n, height, width, 3) RGB into one (n, dim) unit matrix for each space."""


@runtime_checkable
class TextEncoder(Encoder, Protocol):
    """Encodes lyric lines."""

    def encode(self, texts: Sequence[str]) -> tuple[Matrix, ...]:
        """Encode n texts into one (n, dim) unit matrix for each space."""


@runtime_checkable
class AudioEncoder(Encoder, Protocol):
    """Encodes windows of mono sound in [-1, 1] at `sample_rate`."""

    sample_rate: int
    window_seconds: float
    hop_seconds: float

    def encode(self, windows: Matrix) -> tuple[Matrix, ...]:
        """Encode (n, samples) float32 into one (n, dim) unit matrix for each space."""


@runtime_checkable
class ReadsWords(Protocol):
    """An encoder whose last space words can be compared in too."""

    def encode_words(self, texts: Sequence[str]) -> Matrix:
        """Encode n texts into (n, dim) unit vectors of `spaces[-1]`."""


@runtime_checkable
class ScalesLogits(Protocol):
    """An encoder that reads words, whose training learned how sharply to tell texts apart."""

    def read_logit_scale(self) -> float:
        """The factor of its cosines before the softmax over texts."""


@runtime_checkable
class NamesThings(Protocol):
    """An encoder of frames whose network also says which of its classes they show."""

    def list_labels(self) -> Sequence[str]:
        """The c names of the classes; two classes may have one name."""

    def encode_and_name(self, frames: npt.NDArray[np.uint8]) -> tuple[tuple[Matrix, ...], Matrix]:
        """Run the network once: the matrices of `encode`, and the (n, c) posterior.

        The posterior may be 0 for classes that the network has no faith in.
        """


@runtime_checkable
class Classifier(Protocol):
    """A network with classes.

    Attributes:
        key: its name and revision; changes whenever its posteriors would.
    """

    key: str

    def list_labels(self) -> Sequence[str]:
        """The c names of the classes; two classes may have one name."""


@runtime_checkable
class FrameClassifier(Classifier, Protocol):
    """Classifies frames that the decoder has already scaled to `frame_size` (width, height)."""

    frame_size: tuple[int, int]

    def classify(self, frames: npt.NDArray[np.uint8]) -> Matrix:
        """The (n, c) posterior of (n, height, width, 3) RGB; rows sum to 1."""


@runtime_checkable
class SoundClassifier(Classifier, Protocol):
    """Classifies windows of mono sound in [-1, 1] at `sample_rate`, up to `longest_seconds`."""

    sample_rate: int
    longest_seconds: float

    def classify(self, windows: Matrix) -> Matrix:
        """The (n, c) posterior of (n, samples) float32; rows sum to 1."""


AnyEncoder = TypeVar("AnyEncoder", bound=Encoder)


@dataclass(frozen=True, slots=True)
class Profile:
    """Which encoder serves each modality, and what of a video it is given.

    Attributes:
        frames, lyrics, audio: names in the table of encoders; None where sound is not used.
        whisper_model: which Whisper model writes down what is sung.
        frames_a_video: so many frames, drawn at random from those of a file; None takes all.
        is_lyrics_whole: a song's lyrics are one text with one vector, not one a line.
        is_lyrics_heard: where Whisper's weights are there, it is asked before any other source.
        fusion: how a search fuses modalities unless it is told; None for what serves best.
    """

    frames: str
    lyrics: str
    audio: str | None
    whisper_model: str
    frames_a_video: int | None = None
    is_lyrics_whole: bool = False
    is_lyrics_heard: bool = False
    fusion: str | None = None


PROFILES: dict[str, Profile] = {
    "embedded": Profile("efficientnet-lite0", "minilm", "signal", whisper_model="base"),
    # The published retrieval; 0.6 and 0.4 are the weights of every library without sound.
    "paper": Profile(
        "resnet50",
        "bert",
        None,
        whisper_model="base.en",
        frames_a_video=10,
        is_lyrics_whole=True,
        is_lyrics_heard=True,
        fusion="weighted",
    ),
    "semantic": Profile("siglip2", "multilingual", "clap", whisper_model="turbo"),
    "toy": Profile("toy-frames", "toy-lyrics", "toy-audio", whisper_model="tiny"),
}


def load_encoder(name: str) -> Encoder:
    """Load an encoder by its name in the table; its library is imported only now.

    Raises:
        MvsearchError: no such encoder.
        WeightsMissingError: its weights are not there.
    """
    if name not in ENCODERS:
        raise MvsearchError(f"no encoder is called {name!r}; there are {', '.join(ENCODERS)}")
    encoder: Encoder = import_class(ENCODERS[name])()
    return encoder


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
    found = None if place is None else getattr(import_class(place), "points", None)
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
        if profile not in PROFILES:
            raise MvsearchError(
                f"no profile is called {profile!r}; there are {', '.join(PROFILES)}"
            )
        self.name = profile
        self.profile = PROFILES[profile]

    @cached_once
    def frames(self) -> FrameEncoder:
        """The encoder of frames; the number of frames a video is part of its revision."""
        encoder = cast(FrameEncoder, load_encoder(self.profile.frames))
        n_frames = self.profile.frames_a_video
        return encoder if n_frames is None else _mark(encoder, f"{n_frames}random")

    @cached_once
    def lyrics(self) -> TextEncoder:
        """The encoder of lyrics; whether they are one text is part of its revision."""
        encoder = cast(TextEncoder, load_encoder(self.profile.lyrics))
        return _mark(encoder, "whole") if self.profile.is_lyrics_whole else encoder

    @cached_once
    def audio(self) -> AudioEncoder | None:
        """The encoder of sound; None where the profile has none."""
        return cast(AudioEncoder, load_encoder(self.profile.audio)) if self.profile.audio else None

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
