"""Lists the contents of a library, and removes videos from it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mvsearch.search.api.session import Session
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.order import VideoOrder, sort_videos
from mvsearch.store.opening import AnyPath, expand_home
from mvsearch.store.records import Failure, Lyrics, Modality, Video

if TYPE_CHECKING:
    from mvsearch.search.entry import Entry
    from mvsearch.search.metadata.export_nfo import NfoExport


class Contents:
    """The videos of an open library and their data."""

    _session: Session

    def find(self, name: str | Video) -> Video:
        """Find a video by its id or the beginning of it, a path, or part of a title.

        An id of MusicBrainz or of the site that it comes from will do as well.

        Raises:
            VideoNotFoundError, AmbiguousVideoError: no video, or several, match.
        """
        with self._session.using() as library:
            if isinstance(name, Video):
                return library.catalog.video(name.id)
            return library.catalog.find_video(name)

    def videos(self, filter: Filter = Filter(), *, sort: VideoOrder = "artist") -> list[Video]:
        """The videos that pass the filter.

        Args:
            filter: selects them.
            sort: "artist" (then title and id), "title", "year" or "duration" from the lowest on;
                "valence", "arousal" or "mood-gap", which is how far picture and sound are apart in
                mood, from the highest on. Those without such a value come last.
        """
        with self._session.using() as library:
            return sort_videos(library.catalog.videos(filter), sort)

    def facets(self, filter: Filter = Filter()) -> dict[str, list[tuple[str | int, int]]]:
        """Count the videos that pass the filter by value, the most frequent values first.

        Returns:
            For "artist", "year", "language", "lyrics_source", "tag", "mood", "album", "genre",
            "director", "studio" and "channel": (value, number of videos).
        """
        with self._session.using() as library:
            return library.catalog.facets(filter)

    def show(self, video: str | Video) -> "Entry":
        """Everything known about a video, with lyrics and their source."""
        from mvsearch.search.entry import read_entry

        with self._session.using() as library:
            return read_entry(library, self.find(video))

    def lyrics(self, video: str | Video) -> Lyrics | None:
        """The lyrics of a video; None if there are none."""
        with self._session.using() as library:
            return library.catalog.lyrics(self.find(video).id)

    def all_lyrics(self) -> list[tuple[Video, Lyrics]]:
        """All videos with lyrics, and their lyrics."""
        with self._session.using() as library:
            read = library.catalog.lyrics
            return [(one, found) for one in library.catalog.videos() if (found := read(one.id))]

    def failures(self) -> list[Failure]:
        """The files that could not be indexed, with reasons."""
        with self._session.using() as library:
            return library.catalog.failures()

    def status(self) -> dict[str, Any]:
        """The counts of the library: videos, segments, pending work."""
        from mvsearch.search.status import read_status

        with self._session.using() as library:
            return read_status(library)

    def remove(self, video: str | Video) -> int:
        """Remove a video from the library; its files are kept.

        It stays removed until its file is passed to `index`, or with `include_removed`.

        Returns:
            The number of removed videos.
        """
        with self._session.using() as library, library.writing():
            return len(library.catalog.remove_videos([self.find(video).id]))

    def removed(self) -> list[Video]:
        """The removed videos, by artist, title and id."""
        with self._session.using() as library:
            return library.catalog.removed_videos()

    def remove_missing(self) -> int:
        """Remove all videos whose files are missing; returns their number."""
        with self._session.using() as library, library.writing():
            catalog = library.catalog
            paths = [location.path for location in catalog.locations()]
            paths += [failure.path for failure in catalog.failures()]
            gone = [path for path in paths if not path.exists()]
            catalog.clear_failures(gone)
            return len(catalog.drop_locations(gone))

    def export_embeddings(
        self, file: str | os.PathLike[str], *, modality: Modality | None = None, force: bool = False
    ) -> dict[str, int]:
        """Write vectors, their videos and times to a file; docs/embeddings.md describes the format.

        Args:
            file: ends in ".npz" or ".parquet", which needs pyarrow.
            modality: "frames", "lyrics", "audio" or "ocr"; None for all.
            force: whether an existing file is replaced; media never are.

        Returns:
            The number of vectors of each space, by its key.

        Raises:
            MvsearchError: the ending is unknown, the file must not be replaced, or there are no
                such vectors.
        """
        from mvsearch.search.output.embeddings import ExportOptions, check_ending, write_embeddings

        place = expand_home(file)
        check_ending(place)
        with self._session.using() as library:
            return write_embeddings(library, place, ExportOptions(modality, force))

    def nfo(self, video: str | Video) -> bytes:
        """What is known of a video as a `.nfo` file, in the form of Kodi and Jellyfin."""
        from mvsearch.indexer.metadata.nfo_writing import write_nfo

        with self._session.using() as library:
            found = self.find(video)
            return write_nfo(found, library.catalog.metadata(found.id))

    def export_nfo(
        self, *videos: str | Video, out: AnyPath | None = None, overwrite: bool = False
    ) -> "NfoExport":
        """Write what is known of videos as `.nfo` files, which Kodi and Jellyfin read.

        Each file is written as a whole or not at all. One that is replaced stays beside it as
        `.bak`, and what of it is unknown here stays in the new one.

        Args:
            *videos: see `find`; none for all.
            out: the folder to write to, which is made if it is missing; None writes beside each
                video.
            overwrite: whether existing files are replaced.

        Returns:
            What was written, what exists and was kept, and what could not be written.

        Raises:
            MvsearchError: there is no such video.
        """
        from mvsearch.search.metadata.export_nfo import NfoTarget, export_nfo

        folder = None if out is None else expand_home(out)
        with self._session.using() as library:
            chosen = [self.find(video) for video in videos] or library.catalog.videos()
            read = library.catalog.metadata
            target = NfoTarget(folder, overwrite, self.holds_file)
            return export_nfo(((video, read(video.id)) for video in chosen), target)

    def holds_file(self, path: Path) -> bool:
        """Whether a file is a video of the library, which must not be overwritten."""
        with self._session.using() as library:
            return library.catalog.location(path) is not None
