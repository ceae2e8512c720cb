"""Computes embeddings for folders of media.

The rules, which hold for every function here:

- All media files of a folder and of those below it count, in the order of their paths. One that
  cannot be used (damaged, cut off, silent, of one colour, without a picture or a sound) is a
  QueryError that names it: a figure over the others would be of another set.
- Embeddings are those of a profile's encoders, of length one, all files pooled. The default ones
  are at hand offline: our own features of sound, and EfficientNet-Lite0's pooled ones of frames.
- Frames are taken at one rate, whatever the duration; those of one colour are left out, and so are
  silent windows of sound, as in a library.
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
    """How files become vectors.

    Attributes:
        profile: whose encoders.
        frames_per_second: of pictures; sound goes by its encoder's own windows.
    """

    profile: str = "embedded"
    frames_per_second: float = 2.0

    def __post_init__(self) -> None:
        """Check the rate."""
        check_rate(self.frames_per_second)


@dataclass(frozen=True, slots=True)
class Source:
    """The network behind a figure, and how often it looked or listened.

    Attributes:
        key: its name and revision.
        dim: the length of a vector, or the number of classes.
        rate: in words.
    """

    key: str
    dim: int
    rate: str

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {"name": self.key, "dimensions": self.dim, "rate": self.rate}

    def describe(self) -> str:
        """In one line."""
        return f"{self.key}, {self.dim} numbers, {self.rate}"


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingSet:
    """The embeddings of a folder.

    Attributes:
        vectors: (n, d) float64, a row a window or a frame, file by file.
        counts: how many rows each file has.
    """

    folder: Path
    embedding: Source
    files: tuple[str, ...]
    counts: tuple[int, ...]
    vectors: FloatArray

    @property
    def n_samples(self) -> int:
        """N of all figures made of it."""
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
        """In one line."""
        return f"{self.folder}: N = {self.n_samples} of {count_files(len(self.files))}"


def list_media(folder: Path) -> tuple[Path, ...]:
    """The media files in a folder and below, by their paths.

    Raises:
        QueryError: it is not a folder, cannot be read, or holds none.
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
    """The embeddings of the files of a folder, as `list_media` gave them.

    Raises:
        QueryError: one of the files cannot be used, or the profile lacks the modality.
        WeightsMissingError: the encoder's weights are not there.
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
    """Raise QueryError unless a rate can be taken."""
    if not 0.01 <= frames_per_second <= 60:
        raise QueryError(f"frames are taken at 0.01 to 60 a second: {frames_per_second}")


def describe_frame_rate(frames_per_second: float) -> str:
    """The rate of frames in words."""
    return f"{frames_per_second:g} frames a second"


def count_files(n: int) -> str:
    """How many files, in words."""
    return f"{n} file{'s' * (n != 1)}"
