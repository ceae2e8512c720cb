"""Records which rows of a space belong to which video."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RowTable:
    """The videos of a space in the order in which they were added.

    Attributes:
        ids: of the videos; empty for a removed one, whose rows are erased.
        offsets: (videos + 1,) int64; the rows of video v are `offsets[v]:offsets[v + 1]`.
        versions: (videos,) int64; see `Snapshot`.
    """

    ids: tuple[str, ...] = ()
    offsets: Rows = field(default_factory=lambda: np.zeros(1, dtype=np.int64))
    versions: Rows = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        """Check that the parts are consistent."""
        n = len(self.ids)
        if self.offsets.shape != (n + 1,) or self.versions.shape != (n,) or self.offsets[0] != 0:
            raise ValueError("a table of rows is inconsistent")
        if n and np.diff(self.offsets).min() < 0:
            raise ValueError("rows of a video cannot end before they begin")

    @property
    def n_rows(self) -> int:
        """The number of rows, including erased ones."""
        return int(self.offsets[-1])

    @property
    def n_dead(self) -> int:
        """The number of erased rows."""
        return sum(end - first for first, end in self.find_spans([""]))

    def known(self) -> dict[str, int]:
        """The version of each video."""
        pairs = zip(self.ids, self.versions.tolist(), strict=True)
        return {video_id: version for video_id, version in pairs if video_id}

    def find_spans(self, video_ids: Collection[str]) -> list[tuple[int, int]]:
        """The first row of each of these videos and its end, exclusive."""
        offsets = self.offsets.tolist()
        return [
            (offsets[at], offsets[at + 1])
            for at, video_id in enumerate(self.ids)
            if video_id in video_ids
        ]

    def without(self, video_ids: Collection[str]) -> Self:
        """The table without these videos; their rows remain as erased rows."""
        ids = tuple("" if video_id in video_ids else video_id for video_id in self.ids)
        is_left = np.array([not video_id for video_id in ids], dtype=np.bool_)
        return type(self)(ids, self.offsets, np.where(is_left, 0, self.versions).astype(np.int64))

    def extended(self, added: Sequence[tuple[str, int, int]]) -> Self:
        """The table with more videos at the end, given as id, number of rows and version."""
        sizes = np.array([n for _, n, _ in added], dtype=np.int64)
        versions = np.array([version for *_, version in added], dtype=np.int64)
        return type(self)(
            (*self.ids, *(video_id for video_id, *_ in added)),
            np.concatenate([self.offsets, self.offsets[-1] + np.cumsum(sizes)]),
            np.concatenate([self.versions, versions]),
        )

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Convert to arrays without Python objects."""
        ids = np.array([video_id.encode() for video_id in self.ids], dtype=np.bytes_)
        return {"ids": ids, "offsets": self.offsets, "versions": self.versions}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Restore from `to_arrays`.

        Raises:
            LookupError, ValueError: the arrays are not valid.
        """
        ids: Iterable[bytes] = arrays["ids"].tolist()
        offsets, versions = arrays["offsets"], arrays["versions"]
        return cls(tuple(video_id.decode() for video_id in ids), offsets, versions)
