"""The status of a library: its counts and its pending work."""

from typing import Any

from mvsearch.indexer.media.decoding.sampling import sampling_mark
from mvsearch.search.scoring.null_distribution import read_medians
from mvsearch.store.library import Library
from mvsearch.store.records import MODALITIES, Modality
from mvsearch.store.vectors.index import VectorIndex

# Of each stage that may: videos with key frames only.
KEY = "key_frames_only"


def read_status(library: Library) -> dict[str, Any]:
    """The library in numbers."""
    catalog = library.catalog
    spaces = catalog.spaces()
    return {
        "library": str(library.folder),
        "profile": catalog.profile(),
        "videos": catalog.n_videos(),
        "folders": [str(folder) for folder in catalog.folders()],
        "missing_folders": [str(folder) for folder in catalog.folders() if not folder.is_dir()],
        "failures": len(catalog.failures()),
        "removed": len(catalog.removed_videos()),
        "stages": {
            stage: {
                space.key: {
                    "pending": len(_find_pending(library, stage, space.key)),
                    "segments": library.index(space).n,
                }
                | _count_rough(library, stage, space.key)
                | tell_recall(library.index(space))
                for space in spaces
                if space.modality == stage and not space.view
            }
            for stage in MODALITIES
        },
        "median_unrelated": read_medians(library),
    }


def _find_pending(library: Library, stage: Modality, space_key: str) -> set[str]:
    """The videos that a stage has still to be done for, or to be done again."""
    sampling = sampling_mark() if stage == "frames" else None
    return library.catalog.pending(stage, space_key, sampling)


def tell_recall(index: VectorIndex) -> dict[str, float]:
    """Which share of the nearest vectors a search of an index finds, where that is not all."""
    return {} if index.is_exact else {"recall": round(index.recall, 3)}


def _count_rough(library: Library, stage: Modality, space_key: str) -> dict[str, int]:
    """How many videos have key frames only, for the stage that may."""
    if stage != "frames":
        return {}
    return {KEY: len(library.catalog.with_key_frames_only(space_key))}
