"""Formats the status of a library: its counts and its pending work."""

from typing import Any

from rich.console import Console

from mvsearch.indexer.media.decoding.sampling import sampling_mark
from mvsearch.search.output.listing import say
from mvsearch.search.scoring.null_distribution import read_medians
from mvsearch.store.library import Library
from mvsearch.store.records import MODALITIES, Modality
from mvsearch.store.vectors.index import SpaceIndex

# Of each stage that may: videos with key frames only.
KEY = "key_frames_only"


def status_to_dict(library: Library) -> dict[str, Any]:
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


def tell_recall(index: SpaceIndex) -> dict[str, float]:
    """Which share of the nearest vectors a search of an index finds, where that is not all."""
    return {} if index.lists is None else {"recall": round(index.lists.recall, 3)}


def _count_rough(library: Library, stage: Modality, space_key: str) -> dict[str, int]:
    """How many videos have key frames only, for the stage that may."""
    if stage != "frames":
        return {}
    return {KEY: len(library.catalog.with_key_frames_only(space_key))}


def print_status(status: dict[str, Any], console: Console) -> None:
    """The library in numbers, for reading."""
    say(console, f"library   {status['library']}")
    say(console, f"profile   {status['profile'] or '–'}")
    say(console, f"videos    {status['videos']}")
    for folder in status["folders"]:
        is_missing = folder in status["missing_folders"]
        say(console, f"folder    {folder}{' (not there)' if is_missing else ''}")
    if status["missing_folders"]:
        say(
            console,
            "          what is not there is kept, as a drive may be missing; if it is gone or was"
            " renamed: index the new place, then mvsearch remove --missing",
        )
    for stage, encoders in status["stages"].items():
        for encoder, counts in encoders.items():
            rough = f", {counts[KEY]} of key frames only" if counts.get(KEY) else ""
            found = f", approximate, recall {counts['recall']:.2f}" if "recall" in counts else ""
            say(
                console,
                f"{stage:<9} {counts['segments']} segments{found}, {counts['pending']} videos to do"
                f"{rough} ({encoder})",
            )
    for space, medians in status["median_unrelated"].items():
        said = ", ".join(f"{median:.2f} ({kind})" for kind, median in medians.items())
        say(console, f"unrelated {said} median similarity ({space})")
    say(console, f"failures  {status['failures']}")
