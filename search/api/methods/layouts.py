"""Maps of a library: where its videos lie by their similarity."""

from typing import TYPE_CHECKING

from mvsearch.search.api.session import Session

if TYPE_CHECKING:
    from mvsearch.search.layout import Layout, LayoutBy, Region


class Maps:
    """The layouts of an open library."""

    _session: Session

    def layout(self, by: "LayoutBy" = "frames") -> "Layout":
        """Where the videos lie on a plane on which similar ones are near each other.

        Computed once while the videos do not change.

        Args:
            by: "frames", "lyrics", "audio", or "mood" for the plane of valence (to the right) and
                arousal (upwards).

        Raises:
            QueryError: no video has vectors of this modality, or a mood.
            MvsearchError: there is no library.
        """
        with self._session.using() as library:
            return self._session.engine(library).layouts.find(library, by)

    def inside(self, region: "Region") -> tuple[str, ...]:
        """The ids of the videos in a part of a layout, sorted."""
        return self.layout(region.modality).inside(region)
