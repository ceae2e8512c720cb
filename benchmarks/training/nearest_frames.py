"""Finds the last frames of songs among all others: `python -m benchmarks.training.nearest_frames`.

Each stored frame from the last tenth of a song that a run was trained on is compared with all
frames of the library but those of that tenth. It is right where the nearest one is of the same
song. The same frames are asked by the profile's own encoder and by the trained one, which the
library must have been encoded by: `mvsearch train use NAME`.

    python -m benchmarks.training.nearest_frames LIBRARY NAME
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.pipeline.encoders.looks import find_base
from mvsearch.indexer.training.run_folder import RunFolder
from mvsearch.search.evaluation.intervals import average_resamples, draw_resamples, span_interval
from mvsearch.store.library import Library
from mvsearch.store.records import Space

LAST = 0.9


def ask(library: Library, space: Space, songs: tuple[str, ...]) -> str:
    """The share of right frames with its interval, by song."""
    vectors, owners, is_last = [], [], []
    for video_id, made in library.catalog.iter_embeddings(space.key):
        starts = np.array([segment.start_seconds or 0.0 for segment in made.segments])
        duration = max((segment.end_seconds or 0.0) for segment in made.segments)
        vectors.append(made.vectors)
        owners += [video_id] * len(starts)
        is_last.append((starts >= LAST * duration) & video_id.startswith(songs))
    matrix, held, names = np.concatenate(vectors), np.concatenate(is_last), np.array(owners)
    # As an index does: without what all vectors share.
    centred = matrix - matrix.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    nearest = (centred[held] @ centred[~held].T).argmax(axis=1)
    right: npt.NDArray[np.float64] = (names[~held][nearest] == names[held]).astype(np.float64)
    resamples = draw_resamples(list(names[held]))
    found = span_interval(average_resamples(right, resamples), resamples.n_sources)
    assert found is not None
    n_others = int((~held).sum())
    return (
        f"{right.mean():.3f} ({found.low:.3f} to {found.high:.3f}), {held.sum()} among {n_others}"
    )


def main() -> None:
    """Ask by both encoders."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training.nearest_frames")
    parser.add_argument("library", type=Path)
    parser.add_argument("name", help="of the run, in the library")
    given = parser.parse_args()
    with Library.open(given.library) as library:
        card = RunFolder(given.library / "training" / given.name).read_card()
        songs = tuple(card.settings["songs"])
        spaces = [find_base(library.catalog), *library.catalog.look_spaces()]
        for space in spaces:
            if space.view == "" or space.encoder == given.name:
                print(f"{space.encoder}: {ask(library, space, songs)}")


if __name__ == "__main__":
    main()
