"""Lists the searchable contents of a library."""

from collections.abc import Iterator, Sequence

from mvsearch.search.query.spaces import own_spaces, profile_spaces
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import OPTIONAL, Modality, Space, Video
from mvsearch.store.vectors.index import VectorIndex


def list_videos(library: Library, filter: Filter = Filter()) -> tuple[Video, ...]:
    """The videos that pass the filter, in the catalogue's order.

    Raises:
        MvsearchError: the library is empty.
        QueryError: no video has a tag of the filter.
    """
    videos = tuple(library.catalog.videos(filter))
    if not videos and not library.catalog.n_videos():
        raise MvsearchError("the library is empty: run `mvsearch index FOLDER`")
    return videos


def find_held_spaces(library: Library) -> dict[Modality, Space]:
    """The space of each modality with vectors in the library.

    Raises:
        MvsearchError: there are no vectors.
    """
    own = own_spaces(library)
    own |= {s.modality: s for s in library.catalog.spaces() if s.modality == OPTIONAL}
    held = {m: space for m, space in own.items() if library.catalog.has_vectors(space.key)}
    if not held:
        list_videos(library)
        raise MvsearchError("nothing in the library is searchable: see `mvsearch failures`")
    return held


def open_indexes(library: Library) -> dict[Modality, VectorIndex]:
    """The index of each modality in which videos are compared with each other.

    Raises:
        MvsearchError: there are no vectors, or of text in pictures alone.
    """
    return {m: library.index(space) for m, space in _find_compared_spaces(library).items()}


def open_copy_indexes(library: Library) -> dict[Modality, VectorIndex]:
    """The indexes in which near-duplicates are told: those of the profile's encoders.

    A trained encoder has no thresholds for that.

    Raises:
        MvsearchError: as `open_indexes`.
    """
    own = profile_spaces(library)
    return {m: library.index(own[m]) for m in _find_compared_spaces(library)}


def _find_compared_spaces(library: Library) -> dict[Modality, Space]:
    held = {m: space for m, space in find_held_spaces(library).items() if m != OPTIONAL}
    if not held:
        raise MvsearchError("the videos hold only text in the picture, which compares none of them")
    return held


def read_videos(library: Library, video_ids: Sequence[str], n_at_once: int) -> Iterator[Video]:
    """Read videos in this order, in batches; most callers need only the first few."""
    for at in range(0, len(video_ids), n_at_once):
        some = video_ids[at : at + n_at_once]
        found = library.catalog.some_videos(some)
        yield from (found[video_id] for video_id in some)
