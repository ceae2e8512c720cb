"""A classifier's verdict as a point among words (ConSE), so that words find pictures."""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.encoders.runtime import obtain_cached
from indexer.encoders.unit import to_unit_rows
from store.errors import MvsearchError
from store.records import Matrix

# Measured with 57 hand-written queries over 46 pictures and videos, MRR: posterior 0.58,
# softened by this temperature 0.63, z-scored logits of the nearest five classes 0.55, of twenty
# 0.62. A softer posterior lets the also-rans speak, and those describe what has no class.
TEMPERATURE = 2.0

# How a class name is put to the text encoder; the bare names score 0.62 instead of 0.63.
PROMPT = "a photo of a {}"

# Classes of a picture that count for its name.
_N_VOTES = 5


@dataclass(frozen=True, slots=True, eq=False)
class Concepts:
    """The classes of a classifier as words.

    Attributes:
        names: of the c classes.
        centre: (dim,) mean of the classes' text vectors; it is what all pictures have in common,
            so that it is taken away on both sides.
        vectors: (c, dim) the classes' text vectors, centred, of length one.
    """

    names: tuple[str, ...]
    centre: Matrix
    vectors: Matrix

    def blend(self, logits: npt.NDArray[Any]) -> Matrix:
        """Mean of the classes' vectors weighted by their posterior, as (n, dim) unit vectors.

        The convex combination of semantic embeddings of Norouzi et al. (2014).

        Args:
            logits: (n, c).
        """
        softened = np.asarray(logits, dtype=np.float64) / TEMPERATURE
        weights = np.exp(softened - softened.max(axis=1, keepdims=True))
        return to_unit_rows(weights / weights.sum(axis=1, keepdims=True) @ self.vectors)

    def place(self, texts: Matrix) -> Matrix:
        """Bring (n, dim) text vectors into the space of `blend`."""
        return to_unit_rows(texts - self.centre)

    def name(self, vectors: Matrix, k: int) -> list[str]:
        """The k names that fit (n, dim) vectors of `blend` best, the best first.

        Each vector votes for its nearest few classes with its similarity, so that every scene of
        a video has a say.
        """
        similarities = vectors @ self.vectors.T
        votes = np.zeros(len(self.names))
        nearest = np.argsort(-similarities, axis=1, kind="stable")[:, :_N_VOTES]
        for row, places in zip(similarities, nearest, strict=True):
            votes[places] += np.maximum(row[places], 0.0)
        order = np.argsort(-votes, kind="stable")[:k]
        return [self.names[place] for place in order if votes[place] > 0]


def load_concepts(
    stem: str, list_names: Callable[[], Sequence[str]], encode: Callable[[list[str]], Matrix]
) -> Concepts:
    """The classes as words, from the cache or made once.

    Args:
        stem: start of the cached file's name; changes whenever names or text vectors do.
        list_names: gives the names of the classes; called only when they are not cached.
        encode: gives the text vectors of n names as (n, dim).

    Raises:
        MvsearchError: the cache cannot be written.
    """
    content = obtain_cached(stem, ".npz", lambda: _make(list_names(), encode))
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            names, centre, vectors = arrays["names"], arrays["centre"], arrays["vectors"]
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise MvsearchError(f"the cached classes {stem} cannot be read: {error}") from error
    return Concepts(tuple(str(name) for name in names), centre, vectors)


def _make(names: Sequence[str], encode: Callable[[list[str]], Matrix]) -> bytes:
    texts = encode([PROMPT.format(name) for name in names])
    centre = texts.mean(axis=0, dtype=np.float64).astype(np.float32)
    buffer = io.BytesIO()
    np.savez(buffer, names=np.array(names), centre=centre, vectors=to_unit_rows(texts - centre))
    return buffer.getvalue()
