"""Feeds decoded frames and audio to the encoders."""

import threading
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import AudioEncoder, FrameEncoder, NamesThings
from mvsearch.indexer.features.encoder_threads import Flow, Lane, Made
from mvsearch.indexer.features.reservoir import Reservoir
from mvsearch.indexer.features.tagging import Tagger
from mvsearch.indexer.media.decoding.audio import WindowBatch, Windower, WindowOptions
from mvsearch.indexer.media.decoding.types import FrameBatch, SoundBlock
from mvsearch.indexer.media.stills import StillTaker
from mvsearch.store.records import Embeddings, Matrix, Segment, Space, Tag


class Seen:
    """Frames on their way through the encoder."""

    def __init__(self, encoder: FrameEncoder, lane: Lane) -> None:
        self.encoder = encoder
        self._lane = lane
        self._starts: list[float] = []
        self._uniform: list[int] = []
        self._kept: list[int] = []
        self._matrices: list[tuple[Matrix, ...]] = []
        self._tagger = Tagger(encoder.list_labels() if isinstance(encoder, NamesThings) else ())
        self.tags: tuple[Tag, ...] = ()
        self.stills: StillTaker | None = None

    @property
    def uniform_seconds(self) -> tuple[float, ...]:
        """Times of the frames of one colour, which are left out."""
        return tuple(self._starts[number] for number in self._uniform)

    def take(self, batch: FrameBatch) -> None:
        """Take what is not of one colour."""
        first = len(self._starts)
        self._starts += batch.start_seconds.tolist()
        self._uniform += (first + np.flatnonzero(batch.is_uniform)).tolist()
        if self.stills is not None:
            self.stills.take(batch)
        kept = np.flatnonzero(~batch.is_uniform)
        if len(kept):
            frames = batch.frames if len(kept) == len(batch.frames) else batch.frames[kept]
            self._see(frames, (first + kept).tolist())

    def flush(self) -> None:
        """All frames have come."""

    def finish(self, end_seconds: float) -> list[Embeddings]:
        """Wait for the vectors; each frame lasts until the next, the last one to the end."""
        self._keep(self._lane.take_rest())
        ends = [*self._starts[1:], max([end_seconds, *self._starts[-1:]])]
        segments = [Segment(self._starts[number], ends[number]) for number in self._kept]
        self.tags = self._tagger.finish(segments)
        return _gather(self.encoder.spaces, segments, self._matrices)

    def _see(self, frames: npt.NDArray[np.uint8], numbers: list[int]) -> None:
        """Hand on (n, height, width, 3) frames with these numbers among all that came."""
        self._kept += numbers
        self._lane.put(frames)
        self._keep(self._lane.take_ready())

    def _keep(self, encoded: Iterable[Made]) -> None:
        """Keep the vectors; of a posterior, only what may become a tag."""
        n_spaces = len(self.encoder.spaces)
        for made in encoded:
            self._matrices.append(made[:n_spaces])
            for posterior in made[n_spaces:]:
                self._tagger.take(posterior)


class SeenFew(Seen):
    """A few random frames of all that come; only these are held, and encoded at the end."""

    def __init__(self, encoder: FrameEncoder, lane: Lane, n_frames: int, seed: str) -> None:
        super().__init__(encoder, lane)
        self._reservoir = Reservoir(n_frames, seed)
        self._held: dict[int, tuple[int, npt.NDArray[np.uint8]]] = {}

    def flush(self) -> None:
        """Hand on those that were drawn, in the order of time."""
        drawn = sorted(self._held.values(), key=lambda held: held[0])
        if drawn:
            frames = np.stack([frame for _, frame in drawn])
            super()._see(frames, [number for number, _ in drawn])

    def _see(self, frames: npt.NDArray[np.uint8], numbers: list[int]) -> None:
        for frame, number in zip(frames, numbers, strict=True):
            slot = self._reservoir.offer()
            if slot is not None:
                self._held[slot] = number, frame.copy()


def choose_sight(flow: Flow, video_id: str, stop: threading.Event | None = None) -> Seen:
    """All frames or a few, as the profile has it; the same content gives the same few."""
    encoders, lane = flow.encoders, flow.open_lane("frames", stop)
    n_frames = encoders.profile.frames_a_video
    if n_frames is None:
        return Seen(encoders.frames, lane)
    return SeenFew(encoders.frames, lane, n_frames, video_id)


class Heard:
    """Sound on its way through the encoder."""

    def __init__(self, encoder: AudioEncoder, lane: Lane, hop_seconds: float | None) -> None:
        self.encoder = encoder
        self._lane = lane
        hop = min(hop_seconds or encoder.hop_seconds, encoder.window_seconds)
        self._windower = Windower(WindowOptions(encoder.sample_rate, encoder.window_seconds, hop))
        self._segments: list[Segment] = []
        self._matrices: list[tuple[Matrix, ...]] = []

    def take(self, block: SoundBlock) -> None:
        """Hand on the windows that are full."""
        self._hear(self._windower.push(block))

    def flush(self) -> None:
        """Hand on the last window."""
        self._hear(self._windower.finish())

    def finish(self, end_seconds: float) -> list[Embeddings]:
        """Wait for the vectors; no window ends after the file does."""
        self._matrices += self._lane.take_rest()
        segments = [
            Segment(segment.start_seconds, min(segment.end_seconds or 0.0, end_seconds))
            for segment in self._segments
        ]
        return _gather(self.encoder.spaces, segments, self._matrices)

    def _hear(self, batches: Iterable[WindowBatch]) -> None:
        for batch in batches:
            times = zip(batch.start_seconds.tolist(), batch.end_seconds.tolist(), strict=True)
            self._segments += (Segment(start, end) for start, end in times)
            self._lane.put(batch.windows)
        self._matrices += self._lane.take_ready()


def _gather(
    spaces: Sequence[Space], segments: Sequence[Segment], matrices: Sequence[tuple[Matrix, ...]]
) -> list[Embeddings]:
    """One `Embeddings` for each space, from batches of one matrix for each space."""
    if not segments:
        return []
    return [
        Embeddings(space, tuple(segments), np.concatenate(parts))
        for space, parts in zip(spaces, zip(*matrices, strict=True), strict=True)
    ]
