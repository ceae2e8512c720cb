"""Encodes files and texts in joint embedding spaces such as CLIP and CLAP.

A picture is scaled as a whole to the square input of the encoder, in RGB, as in a library. Sound is
mono at the encoder's sample rate; long sound is divided into windows, whose unit vectors are
averaged and normalised. Silent windows are left out; an entirely silent sound is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import (
    AudioEncoder,
    ReadsWords,
    ScalesLogits,
    find_profile,
    load_encoder,
)
from mvsearch.indexer.encoders.audio.windows import cut_windows
from mvsearch.search.metrics.media.files import reading
from mvsearch.store.errors import QueryError, WeightsMissingError
from mvsearch.store.records import Matrix

JointModality = Literal["frames", "audio"]

PUBLISHED: dict[JointModality, str] = {"frames": "clip", "audio": "clap"}
NAMES: dict[JointModality, str] = {"frames": "pictures", "audio": "sound"}


@dataclass(frozen=True, slots=True)
class JointOptions:
    """The choice of a joint encoder.

    Attributes:
        profile: of the encoder; None takes CLIP for pictures and CLAP for sound.
        scale: of the logits; None takes the learned one, or 1 if there is none.
    """

    profile: str | None = None
    scale: float | None = None

    def __post_init__(self) -> None:
        """Validate the scale."""
        if self.scale is not None and not (np.isfinite(self.scale) and self.scale > 0):
            raise QueryError(f"the scale of logits is a positive number, not {self.scale:g}")


@dataclass(frozen=True, slots=True)
class JointSpace:
    """An encoder of pictures or sound whose last space is comparable with words.

    Attributes:
        modality: of the encoder.
        encoder: from the table of encoders.
        scale: factor of cosines before a softmax over texts.
        is_learned: whether the scale was learned in training.
    """

    modality: JointModality
    encoder: Any
    scale: float
    is_learned: bool

    @property
    def name(self) -> str:
        """The encoder's name and revision."""
        space = self.encoder.spaces[-1]
        return f"{space.encoder} {space.revision}"

    def describe(self) -> str:
        """The encoder and its scale in one line."""
        how = "learned" if self.is_learned else "not learned"
        told = f"{NAMES[self.modality]} by {self.name}, logits scaled by {self.scale:.6g} ({how})"
        published = PUBLISHED[self.modality]
        if self.encoder.spaces[-1].encoder == published:
            return told
        return f"{told}; not {published.upper()}: published figures are of another encoder"

    def to_dict(self) -> dict[str, Any]:
        """The encoder and its scale as plain JSON types."""
        return {
            "encoder": self.encoder.spaces[-1].encoder,
            "revision": self.encoder.spaces[-1].revision,
            "logit_scale": self.scale,
            "is_scale_learned": self.is_learned,
        }


def open_joint(modality: JointModality, options: JointOptions | None = None) -> JointSpace:
    """Load a joint encoder.

    Raises:
        MvsearchError: the profile is unknown.
        QueryError: its encoder is not comparable with words.
        WeightsMissingError: its weights are not installed.
    """
    options = options or JointOptions()
    encoder: Any = load_encoder(_choose_encoder(modality, options.profile))
    if not isinstance(encoder, ReadsWords):
        raise QueryError(
            f"the profile {options.profile!r} cannot compare {NAMES[modality]} with words"
        )
    if options.scale is None and isinstance(encoder, ScalesLogits):
        return JointSpace(modality, encoder, encoder.read_logit_scale(), is_learned=True)
    return JointSpace(modality, encoder, options.scale or 1.0, is_learned=False)


def open_both(options: JointOptions | None = None) -> tuple[JointSpace, JointSpace]:
    """Load joint encoders of pictures and of sound.

    Where the profile's encoders do not read words, and where CLIP or CLAP are missing, both sides
    are compared by the embedded heads of mood.

    Raises:
        MvsearchError: the profile is unknown.
        QueryError: its encoders read no words, and there is no head of mood for them.
    """
    options = options or JointOptions()
    try:
        return open_joint("frames", options), open_joint("audio", options)
    except WeightsMissingError:
        if options.profile is not None:
            raise
        return _open_moods("embedded", options.scale)
    except QueryError:
        if options.profile is None:
            raise
        return _open_moods(options.profile, options.scale)


def _open_moods(profile: str, scale: float | None) -> tuple[JointSpace, JointSpace]:
    from mvsearch.search.metrics.moods.spaces import SCALE, PictureMoods, SoundMoods

    names = find_profile(profile)
    if names.audio is None:
        raise QueryError(f"the profile {profile!r} has no encoder of {NAMES['audio']}")
    sides: dict[JointModality, Any] = {
        "frames": PictureMoods(load_encoder(names.frames)),
        "audio": SoundMoods(load_encoder(names.audio)),
    }
    pictures, sounds = (
        JointSpace(modality, encoder, scale or SCALE, is_learned=False)
        for modality, encoder in sides.items()
    )
    return pictures, sounds


def _choose_encoder(modality: JointModality, profile: str | None) -> str:
    if profile is None:
        return PUBLISHED[modality]
    name: str | None = getattr(find_profile(profile), modality)
    if name is None:
        raise QueryError(f"the profile {profile!r} has no encoder of {NAMES[modality]}")
    return name


def embed_texts(space: JointSpace, texts: Sequence[str]) -> Matrix:
    """Encode n texts as (n, d) unit vectors.

    Raises:
        QueryError: there are no texts, or one is empty.
    """
    if not texts:
        raise QueryError("name at least one text")
    if not all(text.strip() for text in texts):
        raise QueryError("a text is empty")
    vectors: Matrix = space.encoder.encode_words(list(texts))
    return vectors


def embed_pictures(space: JointSpace, paths: Sequence[Path]) -> Matrix:
    """Encode n picture files as (n, d) unit vectors.

    Raises:
        QueryError: there are no files, or one cannot be read.
    """
    # Imported here because only pictures need it.
    from mvsearch.indexer.features.analysis import read_image

    if not paths:
        raise QueryError("name at least one picture")
    rows = []
    for path in paths:
        with reading(path):
            rows.append(embed_frames(space, read_image(path, space.encoder.frame_size)[None]))
    return np.concatenate(rows)


def embed_frames(space: JointSpace, frames: npt.NDArray[np.uint8]) -> Matrix:
    """Encode (n, height, width, 3) RGB frames as (n, d) unit vectors."""
    vectors: Matrix = space.encoder.encode(frames)[-1]
    return vectors


def embed_sounds(space: JointSpace, paths: Sequence[Path]) -> Matrix:
    """Encode n sound files as (n, d) unit vectors.

    Raises:
        QueryError: there are no files, or one cannot be read or is silent.
    """
    from mvsearch.search.metrics.media.excerpts import read_sound_at

    if not paths:
        raise QueryError("name at least one sound")
    rows = []
    for path in paths:
        with reading(path):
            samples = read_sound_at(path, space.encoder.sample_rate)
        vector = embed_samples(space, samples)
        if vector is None:
            raise QueryError(f"{path.name!r} is silent: there is nothing to compare")
        rows.append(vector)
    return np.stack(rows)


def embed_samples(space: JointSpace, samples: Matrix) -> Matrix | None:
    """Encode (n,) samples as a unit vector (d,); None if all windows are silent.

    Raises:
        QueryError: the mean of the windows is zero.
    """
    windows = cut_sound(samples, space.encoder)
    if not windows:
        return None
    # One by one, because the last window may be shorter.
    vectors = np.concatenate([space.encoder.encode(window[None])[-1] for window in windows])
    mean = vectors.mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    if length == 0:
        raise QueryError("the windows of a sound cancel one another out: they have no mean")
    unit: Matrix = (mean / length).astype(np.float32)
    return unit


def cut_sound(samples: Matrix, encoder: AudioEncoder) -> list[Matrix]:
    """The windows of (n,) samples that are not silent, one per hop.

    The last window ends with the sound, so that none is padded. Sound shorter than a window is one
    shorter window.
    """
    from mvsearch.search.metrics.media.signals import is_silent

    return [window for window in cut_windows(samples, encoder) if not is_silent(window)]
