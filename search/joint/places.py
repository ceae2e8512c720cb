"""Keeps where the videos of a library lie in the space of its towers; only new ones are computed.

The file of a side is a cache: it is made anew where it is missing, damaged or of other towers.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mvsearch.indexer.audiovisual.towers import Tower
from mvsearch.store.library import Library
from mvsearch.store.own_files import read_own, write_own
from mvsearch.store.records import Matrix, Side
from mvsearch.store.tensors import parse_tensors

MAX_BYTES = 2**30


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where one side of each video lies.

    Attributes:
        video_ids: n of them.
        vectors: (n, k) float32.
    """

    video_ids: tuple[str, ...]
    vectors: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What was computed before: the place of each video, and the version of its vectors."""

    places: dict[str, Matrix] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)


def read_places(library: Library, side: Side, space_key: str, tower: Tower, digest: str) -> Places:
    """The mean direction of the vectors of each video, computed for new and changed ones.

    A second for some 20,000 vectors that are new.

    Args:
        library: of the videos.
        side: whose file it is.
        space_key: of the vectors that the tower reads.
        tower: of this side.
        digest: of the towers.
    """
    path = library.folder / f"audiovisual-{side}.safetensors"
    kept = _read(path, digest, tower.matrix.shape[1])
    with library.catalog.snapshot(space_key) as snapshot:
        versions = dict(snapshot.versions)
        new = [one for one in versions if kept.versions.get(one) != versions[one]]
        places = {one: kept.places[one] for one in kept.places if one in versions}
        for stored in snapshot.read(new):
            if len(stored.vectors):
                places[stored.video_id] = tower.summarise(stored.vectors.astype(np.float32))
    ids = tuple(sorted(places))
    vectors = np.array([places[one] for one in ids], np.float32)
    made = Places(ids, vectors.reshape(len(ids), tower.matrix.shape[1]))
    if not library.is_read_only and {one: versions[one] for one in ids} != kept.versions:
        _write(path, made, versions, digest)
    return made


def _read(path: Path, digest: str, dim: int) -> _Kept:
    try:
        tensors, about = parse_tensors(read_own(path, MAX_BYTES))
        vectors = tensors["vectors"]
        versions = json.loads(about["versions"])
        if about["towers"] != digest or vectors.shape != (len(versions), dim):
            return _Kept()
        pairs = zip(versions, vectors.astype(np.float32), strict=True)
        places = {str(one): place for one, place in pairs if np.isfinite(place).all()}
        return _Kept(places, {str(one): int(versions[one]) for one in places})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _Kept()


def _write(path: Path, made: Places, versions: dict[str, int], digest: str) -> None:
    from safetensors.numpy import save

    about = {
        "towers": digest,
        "versions": json.dumps({one: versions[one] for one in made.video_ids}),
    }
    try:
        write_own(path, save({"vectors": made.vectors}, about))
    except OSError:
        return  # it is computed again next time
