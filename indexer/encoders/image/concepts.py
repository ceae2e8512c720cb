"""Maps class probabilities into a text embedding space (ConSE), so that text finds images."""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders.networks.export_cache import load_cached
from mvsearch.indexer.encoders.unit import to_unit_rows
from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Matrix

# Measured with 57 hand-written queries over 46 pictures and videos, MRR: posterior 0.58,
# softened by this temperature 0.63, z-scored logits of the nearest five classes 0.55, of twenty
# 0.62. A softer posterior lets the also-rans speak, and those describe what has no class.
TEMPERATURE = 2.0

# Standard deviations over the mean of a picture's logits. By eye, over 27 clips and 19 pictures,
# few of them of ImageNet's kind: of the tags without this 0.3 are right, with it 0.5.
STANDS_OUT = 6.0

CLASSES = "classes.npz"

# How a class name is put to the text encoder; the bare names score 0.62 instead of 0.63.
PROMPT = "a photo of a {}"


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
        return to_unit_rows(to_posterior(logits, TEMPERATURE) @ self.vectors)

    def place(self, texts: Matrix) -> Matrix:
        """Bring (n, dim) text vectors into the space of `blend`."""
        return to_unit_rows(texts - self.centre)


def to_posterior(logits: npt.NDArray[Any], temperature: float = 1.0) -> npt.NDArray[np.float64]:
    """The (n, c) probabilities of (n, c) logits; a higher temperature makes them more alike."""
    softened = np.asarray(logits, dtype=np.float64) / temperature
    weights = np.exp(softened - softened.max(axis=1, keepdims=True))
    posterior: npt.NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return posterior


def name_classes(logits: npt.NDArray[Any]) -> Matrix:
    """The (n, c) float32 posterior of (n, c) logits, 0 for what does not stand out from the rest.

    A posterior must go to some class, also where the picture shows none of them; only logits tell
    that all classes fit badly.
    """
    centred = logits - logits.mean(axis=1, keepdims=True)
    stands_out = centred >= STANDS_OUT * logits.std(axis=1, keepdims=True)
    return np.where(stands_out, to_posterior(logits), 0.0).astype(np.float32)


def load_concepts(
    stem: str, list_names: Callable[[], Sequence[str]], encode: Callable[[list[str]], Matrix]
) -> Concepts:
    """The classes as words, from the cache or made once.

    Args:
        stem: start of the cached folder's name; changes whenever names or text vectors do.
        list_names: gives the names of the classes; called only when they are not cached.
        encode: gives the text vectors of n names as (n, dim).

    Raises:
        MvsearchError: the cache cannot be written.
    """
    return load_cached(stem, lambda folder: _make(folder, list_names(), encode), _read)


def _make(folder: Path, names: Sequence[str], encode: Callable[[list[str]], Matrix]) -> None:
    texts = encode([PROMPT.format(name) for name in names])
    centre = texts.mean(axis=0, dtype=np.float64).astype(np.float32)
    vectors = to_unit_rows(texts - centre)
    np.savez(folder / CLASSES, names=np.array(names), centre=centre, vectors=vectors)


def _read(folder: Path) -> Concepts:
    try:
        with np.load(folder / CLASSES, allow_pickle=False) as arrays:
            names, centre, vectors = arrays["names"], arrays["centre"], arrays["vectors"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise MvsearchError(f"the cached classes in {folder} cannot be read: {error}") from error
    return Concepts(tuple(str(name) for name in names), centre, vectors)
