"""Chooses the spaces in which pictures, sound and lyrics are compared."""

from collections.abc import Sequence
from typing import Literal
from weakref import WeakKeyDictionary

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.query.query import WORD_KINDS, QueryPart
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import COPIES, LOOK, Modality, Space

# What is searched for by pictures: the same shot, or similar content.
By = Literal["copy", "look"]
# Whether the space of copies of a library holds all videos, in a state of both of its spaces.
_WHOLE: WeakKeyDictionary[Library, tuple[tuple[str, int, int], bool]] = WeakKeyDictionary()
# Of these an answer is the same picture unless something else is asked for.
_COPIED = ("image", "clip")


def profile_spaces(library: Library) -> dict[Modality, Space]:
    """The space of the profile's encoder of each modality, which no training changes."""
    own: dict[Modality, Space] = {}
    for space in library.catalog.spaces():
        if not space.view:
            own.setdefault(space.modality, space)
    return own


def own_spaces(library: Library, by: By = "look") -> dict[Modality, Space]:
    """The space of each modality in which segments are compared with each other."""
    view = COPIES if by == "copy" else LOOK
    spaces = library.catalog.spaces()
    own = profile_spaces(library)
    return own | {space.modality: space for space in spaces if space.view == view}


def find_copies(library: Library) -> Space | None:
    """The space that tells copies from similar pictures; None where it does not hold all videos."""
    catalog = library.catalog
    for space in catalog.spaces():
        if space.view != COPIES:
            continue
        own = profile_spaces(library)[space.modality]
        state = (space.key, catalog.generation(space.key), catalog.generation(own.key))
        known = _WHOLE.get(library)
        if known is None or known[0] != state:
            lacks = not catalog.has_vectors(space.key) or catalog.find_lacking(space.key, own.key)
            _WHOLE[library] = known = (state, not lacks)
        return space if known[1] else None
    return None


def choose_by(part: QueryPart, library: Library, encoders: Encoders, by: By | None) -> By:
    """What the pictures of a part are searched for.

    Raises:
        QueryError: copies are asked for, and the library cannot tell them.
    """
    is_similar = part.role is not None or (by is None and part.kind not in _COPIED)
    if by == "look" or part.kind in WORD_KINDS or is_similar:
        return "look"
    held = find_copies(library)
    # An older library may have the vectors of another revision until it is indexed again.
    if held is not None and (part.kind == "like" or held in encoders.get("frames").spaces):
        return "copy"
    if by is None:
        return "look"
    raise QueryError(
        "this library cannot tell copies from similar pictures yet: run `mvsearch index` with one"
        " of its folders; profiles without an encoder of copies never can"
    )


def choose_space(spaces: Sequence[Space], by: By) -> Space:
    """The space of an encoder that a file is compared in."""
    view = COPIES if by == "copy" else LOOK
    return next((space for space in spaces if space.view == view), spaces[0])
