"""Maps of a library on a server."""

from typing import TYPE_CHECKING, Any

from mvsearch.search.api.remote.requests.records import read, take
from mvsearch.search.api.remote.requests.server import Server

if TYPE_CHECKING:
    from mvsearch.search.layout import Layout, LayoutBy, Region


class RemoteMaps:
    """The layouts of a library on a server; see `Maps`."""

    _server: Server

    def layout(self, by: "LayoutBy" = "frames") -> "Layout":
        """Where the videos lie on a plane, to four digits; see `Maps.layout`."""
        import numpy as np

        from mvsearch.search.layout import Layout

        answer = self._server.get("map", {"by": by})
        found = read(list[dict[str, Any]], take(answer, "points"))
        points = [(read(float, take(one, "x")), read(float, take(one, "y"))) for one in found]
        return Layout(
            by,
            tuple(read(str, take(one, "id")) for one in found),
            np.array(points, np.float64).reshape(-1, 2),
            read(float, take(answer, "explained")),
        )

    def inside(self, region: "Region") -> tuple[str, ...]:
        """The ids of the videos in a part of a layout, sorted."""
        return self.layout(region.modality).inside(region)
