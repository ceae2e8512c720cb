"""The encoders that a library uses: those of its profile, or others in their place."""

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.training.songs.in_library import attach_look
from mvsearch.store.library import Library

DEFAULT_PROFILE = "embedded"


def find_encoders(library: Library, encoders: Encoders | None = None) -> Encoders:
    """The encoders that a library is searched with.

    Args:
        library: that is searched.
        encoders: of its profile; None creates them.
    """
    found = find_untrained(library, encoders)
    attach_look(found, library)
    return found


def find_untrained(library: Library, encoders: Encoders | None = None) -> Encoders:
    """The same without a trained encoder of frames."""
    found = encoders or Encoders(library.catalog.profile() or DEFAULT_PROFILE)
    for modality, name in library.catalog.chosen_encoders().items():
        if getattr(found.profile, modality) != name:
            found = found.replacing(modality, name)
    return found
