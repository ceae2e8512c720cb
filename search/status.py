"""The status of a library: its counts and its pending work."""

from typing import Any

from mvsearch.indexer.media.decoding.sampling import sampling_mark
from mvsearch.search.query.spaces import profile_spaces
from mvsearch.search.scoring.null_distribution import read_medians
from mvsearch.store.library import Library
from mvsearch.store.records import COPIES, MODALITIES, OPTIONAL, Modality, Space
from mvsearch.store.vectors.index import VectorIndex

# Of each stage that may: videos with key frames only.
KEY = "key_frames_only"


def read_status(library: Library) -> dict[str, Any]:
    """The library in numbers."""
    catalog = library.catalog
    spaces = catalog.spaces()
    folders = catalog.folders()
    return {
        "library": library.address,
        "profile": catalog.profile(),
        "vectors": library.vectors,
        "videos": catalog.n_videos(),
        "folders": [str(folder) for folder in folders],
        "missing_folders": [str(folder) for folder in folders if not folder.is_dir()],
        "failures": len(catalog.failures()),
        "removed": len(catalog.removed_videos()),
        "stages": {
            stage: {
                space.key: _count(library, stage, space)
                for space in spaces
                if space.modality == stage and (not space.view or stage == OPTIONAL)
            }
            for stage in MODALITIES
            if stage != OPTIONAL or any(space.modality == OPTIONAL for space in spaces)
        },
        "median_unrelated": read_medians(library),
        **_tell_server(library),
    }


def _tell_server(library: Library) -> dict[str, Any]:
    """How the server of a library in a database is."""
    if library.database.is_sqlite:
        return {}
    from mvsearch.store.database.postgresql.inspection import read_server

    return {"server": read_server(library.database).to_dict()}


def _count(library: Library, stage: Modality, space: Space) -> dict[str, float]:
    """A stage in numbers."""
    index = library.index(space)
    n_pending = len(_find_pending(library, stage, space))
    rough = _count_rough(library, stage, space.key)
    return {"pending": n_pending, "segments": index.n, **rough, **tell_recall(index)}


def _find_pending(library: Library, stage: Modality, space: Space) -> set[str]:
    """The videos that a stage has still to be done for, or to be done again."""
    own = profile_spaces(library).get(stage, space)
    if space != own:  # of an encoder that encodes what is there once more
        return set(library.catalog.find_lacking(space.key, own.key))
    sampling = sampling_mark() if stage == "frames" else None
    pending = library.catalog.pending(stage, space.key, sampling)
    # A run that ended early leaves videos without vectors of copies.
    copies = [s.key for s in library.catalog.spaces() if (s.modality, s.view) == (stage, COPIES)]
    return pending.union(*(library.catalog.find_lacking(key, space.key) for key in copies))


def tell_recall(index: VectorIndex) -> dict[str, float]:
    """Which share of the nearest vectors a search of an index finds, where that is not all."""
    return {} if index.is_exact else {"recall": round(index.recall, 3)}


def _count_rough(library: Library, stage: Modality, space_key: str) -> dict[str, int]:
    """How many videos have key frames only, for the stage that may."""
    if stage != "frames":
        return {}
    return {KEY: len(library.catalog.with_key_frames_only(space_key))}
