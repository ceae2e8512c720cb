"""Computes embeddings for folders of media.

The rules, which hold for every function here:

- All media files of a folder and its subfolders are used, in the order of their paths. An unusable
  file (damaged, truncated, silent, of one colour, without picture or sound) is a QueryError with
  its name, because a figure over the others would be that of another set.
- Embeddings are unit vectors by the encoders of a profile, pooled over all files. The default
  encoders need no download: signal features for sound, and EfficientNet-Lite0 for frames.
- Frames are taken at a fixed rate for any duration. Frames of one colour and silent windows are
  left out, as in a library.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mvsearch.store.errors import MediaError, MvsearchError, QueryError
from mvsearch.store.records import Modality

if TYPE_CHECKING:
    from mvsearch.indexer.encoders import Encoders

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EmbeddingOptions:
    """How files are embedded.

    Attributes:
        profile: of the encoders.
        frames_per_second: of pictures; sound is divided into the windows of its encoder.
    """

    profile: str = "embedded"
    frames_per_second: float = 2.0

    def __post_init__(self) -> None:
        """Check the rate."""
        check_rate(self.frames_per_second)


@dataclass(frozen=True, slots=True)
class Source:
    """The encoder or classifier of a figure, and its rate.

    Attributes:
        key: name and revision.
        dim: dimension of a vector, or number of classes.
        rate: in words.
    """

    key: str
    dim: int
    rate: str

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {"name": self.key, "dimensions": self.dim, "rate": self.rate}

    def describe(self) -> str:
        """A description in one line."""
        return f"{self.key}, {self.dim} numbers, {self.rate}"


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingSet:
    """The embeddings of a folder.

    Attributes:
        vectors: (n, d) float64, one row per window or frame, file by file.
        counts: number of rows of each file.
    """

    folder: Path
    embedding: Source
    files: tuple[str, ...]
    counts: tuple[int, ...]
    vectors: FloatArray

    @property
    def n_samples(self) -> int:
        """N, the number of rows."""
        return len(self.vectors)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types, without the vectors."""
        return {
            "folder": str(self.folder),
            "samples": self.n_samples,
            "files": [
                {"file": file, "samples": n}
                for file, n in zip(self.files, self.counts, strict=True)
            ],
        }

    def describe(self) -> str:
        """A description in one line."""
        return f"{self.folder}: N = {self.n_samples} of {count_files(len(self.files))}"


def list_media(folder: Path) -> tuple[Path, ...]:
    """The media files in a folder and its subfolders, by path.

    Raises:
        QueryError: it is not a folder, cannot be read, or has no media files.
    """
    from mvsearch.indexer.features.analysis import ScanOptions, scan_places

    if not folder.is_dir():
        raise QueryError(f"{folder} is not a folder")
    try:
        scan = scan_places([folder], ScanOptions(honours_ignore=False))
    except MvsearchError as error:
        raise QueryError(str(error)) from error
    for failure in scan.failures:
        raise QueryError(f"cannot read {str(failure.path)!r}: {failure.message}")
    if not scan.files:
        raise QueryError(f"{str(folder)!r} holds no media file")
    return tuple(file.path for file in scan.files)


def embed_folder(
    folder: Path, paths: Sequence[Path], modality: Modality, options: EmbeddingOptions
) -> EmbeddingSet:
    """Compute the embeddings of the files of a folder.

    Args:
        folder: of the files.
        paths: as returned by `list_media`.
        modality: to encode.
        options: profile and rate.

    Raises:
        QueryError: a file cannot be used, or the profile lacks the modality.
        WeightsMissingError: the weights of the encoder are not installed.
    """
    from mvsearch.indexer.encoders import Encoders

    encoders = Encoders(options.profile)
    encoder = encoders.get(modality)
    if encoder is None:
        raise QueryError(f"the profile {options.profile!r} has no encoder of {modality}")
    parts = [_embed_file(path, encoders, modality, options) for path in paths]
    if modality == "audio":
        rate = f"windows of {encoder.window_seconds:g} s every {encoder.hop_seconds:g} s"
    else:
        rate = describe_frame_rate(options.frames_per_second)
    space = encoder.spaces[0]
    return EmbeddingSet(
        folder,
        Source(space.key, space.dim, rate),
        tuple(name_in(folder, path) for path in paths),
        tuple(len(part) for part in parts),
        np.concatenate(parts),
    )


def _embed_file(
    path: Path, encoders: "Encoders", modality: Modality, options: EmbeddingOptions
) -> FloatArray:
    """The (n, d) vectors of a file in the encoder's own space."""
    from mvsearch.indexer.features.analysis import AnalysisOptions, analyse_file

    analysis = AnalysisOptions(frames_per_second=options.frames_per_second)
    try:
        features = analyse_file(path, encoders, analysis, stages=(modality,))
    except MediaError as error:
        raise refuse(path, str(error)) from error
    if features.problem is not None:
        raise refuse(path, str(features.problem).partition(";")[0])
    own = encoders.get(modality).spaces[0].key
    for found in features.embeddings:
        if found.space.key == own:
            return found.vectors.astype(np.float64)
    raise refuse(path, features.absent[modality])


def refuse(path: Path, reason: str) -> QueryError:
    """The error for a file that cannot be used."""
    return QueryError(f"cannot use {path.name!r}: {reason}")


def name_in(folder: Path, path: Path) -> str:
    """A file's name relative to its folder."""
    return str(path.relative_to(folder.absolute()))


def check_rate(frames_per_second: float) -> None:
    """Raise QueryError unless a rate is valid."""
    if not 0.01 <= frames_per_second <= 60:
        raise QueryError(f"frames are taken at 0.01 to 60 a second: {frames_per_second}")


def describe_frame_rate(frames_per_second: float) -> str:
    """The rate of frames in words."""
    return f"{frames_per_second:g} frames a second"


def count_files(n: int) -> str:
    """The number of files in words."""
    return f"{n} file{'s' * (n != 1)}"
