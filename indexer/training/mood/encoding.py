"""Encodes labelled pictures and sounds as a library would."""

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.networks.export_cache import load_cached
from mvsearch.indexer.features.analysis import analyse_file, analyse_image
from mvsearch.indexer.media.files.content import content_id
from mvsearch.indexer.progress import Progress
from mvsearch.indexer.training.mood.examples import Examples
from mvsearch.indexer.training.mood.labels import Label, read_labels
from mvsearch.store.errors import CancelledError, MediaError, TrainingError
from mvsearch.store.records import Embeddings, Matrix, Modality

PROFILE = "embedded"
VIEWS = ("", "words")
STAGE = "encoding"
VECTORS = "vectors.safetensors"


def encode_labelled(folder: Path, progress: Progress, stop: threading.Event) -> Examples:
    """Read the labels of a folder, and encode its files, or take their vectors from the cache.

    Raises:
        TrainingError: see `read_labels`; or a file cannot be read, or has no sound.
        CancelledError: `stop` was set.
        WeightsMissingError: those of an encoder are missing.
    """
    labels, encoders = read_labels(folder), Encoders(PROFILE)
    spaces = [space for space in encoders.frames.spaces if space.view in VIEWS]
    audio = encoders.audio
    assert audio is not None
    revisions = spaces[0].revision, audio.spaces[0].revision
    digest = hashlib.sha256("".join(space.key for space in (*spaces, *audio.spaces)).encode())
    for label in labels:
        digest.update(f"{label.kind}{_identify(label)}".encode())

    def make(place: Path) -> None:
        from safetensors.numpy import save_file
        from threadpoolctl import threadpool_limits

        # More threads add up in another order: a few numbers would round differently.
        with threadpool_limits(1):
            vectors = _encode(labels, encoders, progress, stop)
        save_file(vectors, place / VECTORS)

    def load(place: Path) -> dict[str, Matrix]:
        from safetensors.numpy import load_file

        return dict(load_file(place / VECTORS))

    found = load_cached(f"mood-{digest.hexdigest()[:16]}", make, load)
    for label in labels:
        digest.update(f"{label.valence!r} {label.arousal!r} ".encode())
    moods = {
        kind: np.array([(one.valence, one.arousal) for one in labels if one.kind == kind])
        for kind in ("image", "music")
    }
    return Examples(
        found["pictures"].astype(np.float32),
        tuple(space.dim for space in spaces),
        moods["image"],
        tuple(np.split(found["windows"].astype(np.float32), found["ends"][:-1].tolist())),
        moods["music"],
        revisions,
        VIEWS,
        digest.hexdigest()[:16],
    )


def _identify(label: Label) -> str:
    try:
        return content_id(label.path)
    except MediaError as error:
        raise TrainingError(f"{label.path}: {error}") from error


def _encode(
    labels: Sequence[Label], encoders: Encoders, progress: Progress, stop: threading.Event
) -> dict[str, npt.NDArray[np.generic]]:
    """The vectors of all pictures and sounds, rounded to float16 as in a library."""
    progress.begin(STAGE, len(labels), "files")
    pictures: list[Matrix] = []
    windows: list[Matrix] = []
    for label in labels:
        if stop.is_set():
            raise CancelledError("stopped while files were encoded: nothing is kept of it")
        try:
            found = _encode_file(label, encoders)
        except MediaError as error:
            raise TrainingError(f"{label.path}: {error}") from error
        (pictures if label.kind == "image" else windows).append(found)
        progress.advance(STAGE)
    return {
        "pictures": np.concatenate(pictures).astype(np.float16),
        "windows": np.concatenate(windows).astype(np.float16),
        "ends": np.cumsum([len(rows) for rows in windows]),
    }


def _encode_file(label: Label, encoders: Encoders) -> Matrix:
    """The vectors of a picture, all views side by side, or of the windows of a sound."""
    if label.kind == "image":
        views = {made.space.view: made.vectors for made in analyse_image(label.path, encoders)}
        return np.concatenate([views[view] for view in VIEWS], axis=1)
    stages: tuple[Modality, ...] = ("audio",)
    features = analyse_file(label.path, encoders, stages=stages)
    made: list[Embeddings] = [one for one in features.embeddings if not one.space.view]
    if not made:
        raise TrainingError(f"{label.path}: {features.absent.get('audio', 'it has no sound')}")
    return made[0].vectors
