"""The encoders of a profile, and those that there are."""

import gc
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any, Self, TypeVar, cast

from mvsearch.indexer.encoders.image.with_copies import WithCopies
from mvsearch.indexer.encoders.image.with_look import LookEncoder, WithLook
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
from mvsearch.indexer.encoders.registry import (
    CLASSIFIERS,
    ENCODERS,
    find_languages,
    find_points,
    import_class,
    list_names,
    load_classifier,
    load_encoder,
)
from mvsearch.indexer.encoders.text.shown import ShownTextEncoder
from mvsearch.indexer.once import cached_once
from mvsearch.store.errors import MvsearchError, WeightsMissingError
from mvsearch.store.records import Modality, Space

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
    "find_languages",
    "find_points",
    "find_profile",
    "import_class",
    "list_names",
    "list_profile_names",
    "list_profiles",
    "load_classifier",
    "load_encoder",
]

# The attributes of `Encoders`, each the name of one of `Profile` too.
_PARTS = ("copies", "frames", "lyrics", "audio", "more_lyrics")

AnyEncoder = TypeVar("AnyEncoder", bound=Encoder)


def _mark(encoder: AnyEncoder, how: str) -> AnyEncoder:
    """Append a suffix to the revision of an encoder's spaces, in place.

    The same encoder has another suffix in profiles that sample its input in another way, so that
    their vectors are never compared.
    """
    encoder.spaces = tuple(
        replace(space, revision=f"{space.revision}-{how}") for space in encoder.spaces
    )
    return encoder


def _find_missing(names: str | tuple[str, ...]) -> dict[str, WeightsMissingError]:
    """The encoders among these whose weights are missing, and what each says."""
    missing = {}
    for name in (names,) if isinstance(names, str) else names:
        try:
            load_encoder(name)
        except WeightsMissingError as error:
            missing[name] = error
    return missing


class Encoders:
    """The encoders of one profile; each is loaded at its first use.

    Args:
        profile: its name.

    Attributes:
        look: the name of the trained encoder; None for none.

    Raises:
        MvsearchError: there is no profile of this name.
        PluginError: the plug-in that brings the profile fails.
    """

    look: str | None = None

    def __init__(self, profile: str) -> None:
        self.name = profile
        self.profile = find_profile(profile)
        self._load_look: Callable[[Space], LookEncoder] | None = None

    def use_look(self, name: str | None, load: "Callable[[Space], LookEncoder] | None") -> None:
        """Use a trained encoder beside that of frames from now on; None for none.

        Args:
            name: of it.
            load: loads it, given the first space of the encoder of frames.
        """
        self.look, self._load_look = name, load
        self.__dict__.pop("frames", None)

    def replacing(self, modality: Modality, name: str) -> Self:
        """The same encoders, of which another one encodes a modality; the others are shared."""
        other = copy(self)
        for part in (modality, "_own_frames", "ocr"):
            other.__dict__.pop(part, None)
        changes: dict[str, Any] = {modality: name}
        other.profile = replace(self.profile, **changes)
        return other

    @property
    def label(self) -> str:
        """The name of the profile, and the encoders that are used in place of its own."""
        own = find_profile(self.name)
        others = [name for name in self.profile.encoders if name not in own.encoders]
        return " with ".join([self.name, *others[:1]]) + "".join(f" and {n}" for n in others[1:])

    @cached_once
    def frames(self) -> FrameEncoder:
        """The frame encoder, with the space of `copies`, if there is one, in place of its own.

        Its revision contains `Profile.frames_a_video`, if that is set. A trained encoder adds its
        space.
        """
        encoder = self._own_frames
        if self.copies is not None:
            encoder = WithCopies(encoder, self.copies)
        if self._load_look is not None:
            encoder = WithLook(encoder, self._load_look(encoder.spaces[0]))
        n_frames = self.profile.frames_a_video
        return encoder if n_frames is None else _mark(encoder, f"{n_frames}random")

    @cached_once
    def _own_frames(self) -> FrameEncoder:
        """The frame encoder without that of `copies`."""
        return cast(FrameEncoder, self._load(self.profile.frames, "frames"))

    @cached_once
    def copies(self) -> FrameEncoder | None:
        """The encoder that finds the same shot; None if the profile names none."""
        name = self.profile.copies
        return None if name is None else cast(FrameEncoder, self._load(name, "frames"))

    @cached_once
    def lyrics(self) -> TextEncoder:
        """The text encoder; its revision contains `Profile.is_lyrics_whole`, if that is set."""
        encoder = cast(TextEncoder, self._load(self.profile.lyrics, "lyrics"))
        return _mark(encoder, "whole") if self.profile.is_lyrics_whole else encoder

    @cached_once
    def more_lyrics(self) -> tuple[TextEncoder, ...]:
        """The encoders that encode each lyric line once more, in a space of their own."""
        names = self.profile.more_lyrics
        return tuple(cast(TextEncoder, self._load(name, "lyrics")) for name in names)

    @cached_once
    def ocr(self) -> ShownTextEncoder:
        """The encoder of lines of text in pictures: that of lyrics, in a space of its own.

        It is no part of `spaces`, as only libraries whose pictures are read have such a space.
        """
        return ShownTextEncoder(self.lyrics)

    @cached_once
    def audio(self) -> AudioEncoder | None:
        """The audio encoder; None if the profile has none."""
        name = self.profile.audio
        return None if name is None else cast(AudioEncoder, self._load(name, "audio"))

    def _load(self, name: str, modality: Modality) -> Encoder:
        """Load an encoder of the given modality.

        Raises:
            MvsearchError: the encoder has another modality, or there is none of this name.
        """
        encoder = load_encoder(name)
        if encoder.spaces[0].modality != modality:
            found = encoder.spaces[0].modality
            raise MvsearchError(
                f"the profile {self.name} has {name} for its {modality}, which encodes {found}"
            )
        return encoder

    def check_weights(self) -> None:
        """Check that the weights of all encoders are present; loads no network.

        Raises:
            WeightsMissingError: one line that names all missing weights and the commands that
                fetch them.
        """
        missing: dict[str, WeightsMissingError] = {}
        for part in _PARTS:
            try:
                # `frames` asks for `copies` too.
                getattr(self, "_own_frames" if part == "frames" else part)
            except WeightsMissingError:
                missing |= _find_missing(getattr(self.profile, part))
        if len(missing) > 1:
            fetch = ", ".join(f"`mvsearch models fetch {name}`" for name in missing)
            raise WeightsMissingError(
                f"the profile {self.name} lacks the weights of {', '.join(missing)}: run {fetch};"
                " `mvsearch models list` says where to place them by hand"
            )
        for only in missing.values():
            raise only

    def spaces(self) -> list[Space]:
        """Return all spaces of the profile; creates all of its encoders.

        Raises:
            WeightsMissingError: see `check_weights`.
        """
        self.check_weights()
        used = (self.frames, self.lyrics, self.audio, *self.more_lyrics)
        return [space for encoder in used if encoder is not None for space in encoder.spaces]

    def get(self, modality: Modality) -> Any:
        """Return the encoder of a modality; None if the profile has none."""
        return getattr(self, modality)

    def release(self) -> None:
        """Free the loaded encoders; each is loaded again at its next use."""
        for part in (*_PARTS, "_own_frames", "ocr"):
            self.__dict__.pop(part, None)
        # An encoder, its network and the network's recipe refer to each other in a cycle.
        gc.collect()
