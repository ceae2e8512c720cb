"""Searches by parts of a query's picture where the whole picture is found nowhere."""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from mvsearch.indexer.encoders import Encoders, FrameEncoder
from mvsearch.search.query.encode import EncodedPart, Made
from mvsearch.search.query.query import QueryPart
from mvsearch.search.query.spaces import By, choose_by
from mvsearch.search.query.views import ZOOM, Frames, View, list_views
from mvsearch.search.retrieval.retrieve import IndexQuery, find_candidates
from mvsearch.search.retrieval.video_table import Positions, make_table
from mvsearch.search.scoring.calibration import compute_surprisal
from mvsearch.search.scoring.calibrator import Calibrator
from mvsearch.search.scoring.fusion import FloatArray
from mvsearch.store.errors import MediaError
from mvsearch.store.library import Library
from mvsearch.store.records import Matrix, Space

# Of so many frames of a clip all views are encoded; of the others only the view that is chosen.
N_COMPARED = 5


@dataclass(frozen=True, slots=True, eq=False)
class Viewed:
    """The views of a query's frames.

    Attributes:
        frames: (n, h, w, 3), ZOOM times as large as those of the encoder.
        times: (n,) as in `EncodedPart`.
        views: of the frames.
        parts: the query by each view, of at most N_COMPARED frames.
    """

    frames: Frames
    times: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    views: tuple[View, ...]
    parts: tuple[EncodedPart, ...]


EncodeViews = Callable[[EncodedPart, Encoders], Viewed | None]


class CloserLook:
    """Chooses a view of the picture of a query.

    Args:
        library: that is searched.
        encoders: of its profile.
        calibrator: of the library.
        encode: encodes the views of a query; `encode_views` by default.
    """

    def __init__(
        self,
        library: Library,
        encoders: Encoders,
        calibrator: Calibrator,
        encode: EncodeViews | None = None,
    ) -> None:
        self._library = library
        self._encoders = encoders
        self._calibrator = calibrator
        self._encode = encode or encode_views

    def choose(
        self,
        query_parts: Collection[QueryPart],
        made: Made,
        find_videos: Callable[[], Collection[str] | None],
        by: By | None = None,
    ) -> Made | None:
        """Replace the picture of a query by the view that is found best.

        Trying n views makes a chance find n times as likely, so the surprisal of each is lowered
        by log10 n (Bonferroni). The view is chosen once for all videos, as an inset or a screen is
        at one place.

        Args:
            query_parts: of the query.
            made: encoded parts, those of the query among them.
            find_videos: finds the ids of the videos that are searched; None for all.
            by: what pictures are searched for; see `encode_query`.

        Returns:
            The parts with the view; None where no view is found better than the whole picture, or
            the query has no picture, or several.
        """
        pictures = [
            (key, part)
            for key, parts in made.items()
            for part in parts
            if key[0] in query_parts
            and part.modality == "frames"
            and part.part.kind in ("image", "clip")
            and key[2] == choose_by(part.part, self._library, self._encoders, by)
        ]
        if len(pictures) != 1:
            return None
        key, whole = pictures[0]
        viewed = self._encode(whole, self._encoders)
        if viewed is None:
            return None
        best = self._library.answer(
            lambda _: None, lambda _: self._find_best([whole, *viewed.parts], find_videos())
        )
        if best == 0:
            return None
        chosen = _encode_all(viewed, best - 1, self._encoders)
        return {**made, key: [chosen if part is whole else part for part in made[key]]}

    def _find_best(self, parts: list[EncodedPart], videos: Collection[str] | None) -> int:
        """The position of the part whose best video has the highest surprisal."""
        index = self._library.index(parts[0].space)
        table = make_table([index])
        if not (table.video_ids if videos is None else table.mark(videos).any()):
            return 0
        null = self._calibrator.obtain_for(parts[0], index)
        levels = null.level_of(table.video_ids)

        def judge(similarities: FloatArray, positions: Positions) -> FloatArray:
            return compute_surprisal(similarities[0], levels[positions], null.scale)

        tops = []
        for part in parts:
            query = IndexQuery(index, index.place(part.vectors))
            n_wanted = 1 if index.is_remote else None
            found = find_candidates([query], judge, n_wanted, table=table, within=videos)
            surprisals = judge(found.similarities, found.positions)
            tops.append(float(np.nanmax(surprisals)) - math.log10(part.n_tried))
        return int(np.argmax(tops))


def encode_views(whole: EncodedPart, encoders: Encoders) -> Viewed | None:
    """Encode the views of a picture or clip; None if it cannot be read again."""
    from mvsearch.indexer.features.query_frames import read_clip_frames, read_image_frame

    encoder, section = encoders.get("frames"), whole.part.section
    size = encoder.frame_size[0] * ZOOM, encoder.frame_size[1] * ZOOM
    start, end = (section.start_seconds, section.end_seconds) if section else (None, None)
    try:
        with whole.part.opened() as file:
            if whole.part.kind == "image":
                frames, times = read_image_frame(file, size)
            else:
                duration = whole.duration_seconds or 0.0
                frames, times = read_clip_frames(file, size, start, end, duration)
    except (MediaError, OSError):
        return None
    if not len(frames):
        return None
    n_compared = min(N_COMPARED, len(frames))
    some = frames[np.linspace(0, len(frames) - 1, n_compared).round().astype(int)]
    views = tuple(list_views(some))
    parts = [
        replace(
            whole,
            vectors=_encode(encoder, view.apply(some, encoder.frame_size), whole.space),
            times=np.full(n_compared, np.nan),
            n_tried=len(views),
        )
        for view in views
    ]
    return Viewed(frames, times - (start or 0.0), views, tuple(parts))


def _encode_all(viewed: Viewed, number: int, encoders: Encoders) -> EncodedPart:
    """The query by one of its views, of all frames."""
    encoder = encoders.get("frames")
    seen = viewed.views[number].apply(viewed.frames, encoder.frame_size)
    part = viewed.parts[number]
    vectors = _encode(encoder, seen, part.space)
    return replace(part, vectors=vectors, times=viewed.times)


def _encode(encoder: FrameEncoder, frames: Frames, space: Space) -> Matrix:
    """Encode frames in one of the spaces of an encoder."""
    return encoder.encode(frames)[encoder.spaces.index(space)]
