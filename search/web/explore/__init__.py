"""Pages to wander through a library: TV, playlists, gallery, map and artists."""
