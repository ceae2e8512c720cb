"""Libraries in PostgreSQL with a few made vectors."""

from pathlib import Path

import numpy as np
from sqlalchemy import text

from mvsearch.store.database.postgresql.index_tables import PlacementRow
from mvsearch.store.library import Library
from mvsearch.store.records import (
    Embeddings,
    IndexedVideo,
    Location,
    Matrix,
    Segment,
    Space,
    Stage,
    Video,
)

PICTURES = Space("frames", "seer", "1", 32)
WORDS = Space("frames", "seer", "1", 16, view="words")
SPACES = [PICTURES, WORDS]


def make_vectors(space: Space, seed: int, n: int, n_styles: int = 40) -> Matrix:
    """Vectors of a style that other videos have too, around a direction that all share."""
    generator = np.random.default_rng([seed, space.dim])
    style = np.random.default_rng([seed % n_styles, 77]).normal(size=space.dim)
    vectors = 1 + style + 0.5 * generator.normal(size=(n, space.dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def make_video(seed: int, n: int = 5, like: int | None = None) -> IndexedVideo:
    """A video with n vectors in each space, which are those of another seed if given."""
    name = f"{seed:04x}"
    segments = tuple(Segment(at / 2, at / 2 + 0.5) for at in range(n))
    made = tuple(
        Embeddings(space, segments, make_vectors(space, seed if like is None else like, n))
        for space in SPACES
    )
    path = Path(f"/music/{name}.mp4")
    stage = Stage(name, "frames", PICTURES.key, "done")
    location = Location(path, name, path.parent, 1000, 1)
    return IndexedVideo(Video(name, path, "Song"), location, (stage,), made)


def add(library: Library, seed: int, n: int = 5, like: int | None = None) -> None:
    """Add a video of `make_video`."""
    library.catalog.add_indexed([make_video(seed, n, like)])


def remove(library: Library, *seeds: int) -> None:
    library.catalog.drop_locations([Path(f"/music/{seed:04x}.mp4") for seed in seeds])


def list_placements(library: Library) -> dict[int, bool]:
    """Whether each placement is in use; every one has a table, and no table is without one."""
    with library.database.reading(is_newest=True) as session:
        rows = session.query(PlacementRow).all()
        names = session.scalars(text("SELECT tablename FROM pg_tables WHERE tablename ~ '^placed'"))
        assert {f"placed_{row.placement}" for row in rows} == set(names)
        return {row.placement: row.is_current for row in rows}
