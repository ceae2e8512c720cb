"""Submits decoded frames and audio to the encoders, and collects their vectors."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import AudioEncoder, FrameEncoder, NamesThings
from mvsearch.indexer.encoders.audio.landmarks import LEAST_RATE, VIDEO_PEAKS, PeakFinder
from mvsearch.indexer.features.encoder_pool import EncoderPool, EncoderQueue
from mvsearch.indexer.features.encoder_threads import Vectors
from mvsearch.indexer.features.repeated_frames import RepeatedFrames
from mvsearch.indexer.features.reservoir import Reservoir
from mvsearch.indexer.features.tagging import Tagger
from mvsearch.indexer.media.decoding.audio import WindowBatch, Windower, WindowOptions
from mvsearch.indexer.media.decoding.types import FrameBatch, SoundBlock
from mvsearch.indexer.media.stills import StillSelector
from mvsearch.store.records import Embeddings, Matrix, Segment, SoundPeaks, Space, Tag


class FrameStream:
    """Submits the frames of one file to the encoder; collects vectors, tags and stills.

    A frame that repeats the last encoded one is not encoded; it gets the same vectors.
    """

    def __init__(self, encoder: FrameEncoder, queue: EncoderQueue) -> None:
        self.encoder = encoder
        self._queue = queue
        self._starts: list[float] = []
        self._uniform: list[int] = []
        self._kept: list[int] = []
        self._repeated = RepeatedFrames()
        self._matrices: list[tuple[Matrix, ...]] = []
        self._tagger = Tagger(encoder.list_labels() if isinstance(encoder, NamesThings) else ())
        self.tags: tuple[Tag, ...] = ()
        self.stills: StillSelector | None = None

    @property
    def uniform_seconds(self) -> tuple[float, ...]:
        """Times of the uniform frames (one colour), which are not encoded."""
        return tuple(self._starts[number] for number in self._uniform)

    def take(self, batch: FrameBatch) -> None:
        """Submit the frames of a batch that are not uniform."""
        first = len(self._starts)
        self._starts += batch.start_seconds.tolist()
        self._uniform += (first + np.flatnonzero(batch.is_uniform)).tolist()
        if self.stills is not None:
            self.stills.take(batch)
        kept = np.flatnonzero(~batch.is_uniform)
        if len(kept):
            frames = batch.frames if len(kept) == len(batch.frames) else batch.frames[kept]
            self._encode(frames, (first + kept).tolist())

    def flush(self) -> None:
        """Submit the remaining frames, after the last batch."""

    def finish(self, end_seconds: float) -> list[Embeddings]:
        """Wait for the vectors; a frame ends with the next one, the last with the file."""
        self._collect(self._queue.take_rest())
        self._keep(self._repeated.spread_rest())
        ends = [*self._starts[1:], max([end_seconds, *self._starts[-1:]])]
        segments = [Segment(self._starts[number], ends[number]) for number in self._kept]
        self.tags = self._tagger.finish(segments)
        return _gather(self.encoder.spaces, segments, self._matrices)

    def _encode(self, frames: npt.NDArray[np.uint8], numbers: list[int]) -> None:
        """Submit (n, height, width, 3) frames with their numbers among all frames of the file."""
        self._kept += numbers
        chosen = self._repeated.choose(frames)
        if len(chosen):
            self._queue.put(frames if len(chosen) == len(frames) else frames[chosen])
        self._collect(self._queue.take_ready())

    def _collect(self, encoded: Iterable[Vectors]) -> None:
        """Collect the vectors of encoded frames and of those that repeat them."""
        for vectors in encoded:
            self._keep(self._repeated.spread(vectors))

    def _keep(self, parts: Iterable[Vectors]) -> None:
        """Keep vectors; of the posteriors only those that may become tags."""
        self._matrices += keep_vectors(parts, len(self.encoder.spaces), self._tagger)


class SampledFrameStream(FrameStream):
    """Encodes a random sample of the frames; memory holds only the sample."""

    def __init__(
        self, encoder: FrameEncoder, queue: EncoderQueue, n_frames: int, seed: str
    ) -> None:
        super().__init__(encoder, queue)
        self._reservoir = Reservoir(n_frames, seed)
        self._drawn: dict[int, tuple[int, npt.NDArray[np.uint8]]] = {}

    def flush(self) -> None:
        """Submit the sampled frames in the order of time."""
        drawn = sorted(self._drawn.values(), key=lambda held: held[0])
        if drawn:
            frames = np.stack([frame for _, frame in drawn])
            super()._encode(frames, [number for number, _ in drawn])

    def _encode(self, frames: npt.NDArray[np.uint8], numbers: list[int]) -> None:
        for frame, number in zip(frames, numbers, strict=True):
            slot = self._reservoir.offer()
            if slot is not None:
                self._drawn[slot] = number, frame.copy()


def open_frame_stream(
    encoder_pool: EncoderPool, video_id: str, stop: threading.Event | None = None
) -> FrameStream:
    """Open a stream of all frames or of a random sample, by the profile.

    The content id is the seed of the sample.
    """
    encoders, queue = encoder_pool.encoders, encoder_pool.open_queue("frames", stop)
    n_frames = encoders.profile.frames_a_video
    if n_frames is None:
        return FrameStream(encoders.frames, queue)
    return SampledFrameStream(encoders.frames, queue, n_frames, video_id)


class AudioStream:
    """Submits the audio windows of one file to the encoder; collects vectors, tags and peaks.

    Args:
        encoder: of the windows.
        queue: of the encoder.
        hop_seconds: from one window to the next; None for that of the encoder.
        n_peaks: spectral peaks kept of each second, about.
    """

    def __init__(
        self,
        encoder: AudioEncoder,
        queue: EncoderQueue,
        hop_seconds: float | None,
        n_peaks: int = VIDEO_PEAKS,
    ) -> None:
        self.encoder = encoder
        self._queue = queue
        self._hop_seconds = min(hop_seconds or encoder.hop_seconds, encoder.window_seconds)
        self._windower = Windower(
            WindowOptions(encoder.sample_rate, encoder.window_seconds, self._hop_seconds)
        )
        self._segments: list[Segment] = []
        self._matrices: list[tuple[Matrix, ...]] = []
        labels = encoder.list_labels() if isinstance(encoder, NamesThings) else ()
        self._tagger = Tagger(labels, modality="audio")
        self.tags: tuple[Tag, ...] = ()
        has_peaks = encoder.sample_rate >= LEAST_RATE
        self._finder = PeakFinder(encoder.sample_rate, n_peaks) if has_peaks else None
        self._start_seconds: float | None = None

    def take(self, block: SoundBlock) -> None:
        """Submit complete windows, and search the block for peaks."""
        if self._start_seconds is None:
            self._start_seconds = block.start_seconds
        if self._finder is not None:
            self._finder.take(block.samples)
        self._encode(self._windower.push(block))

    def flush(self) -> None:
        """Submit the last window."""
        self._encode(self._windower.finish())

    def finish(self, end_seconds: float) -> list[Embeddings]:
        """Wait for the vectors; the end of a window is limited to that of the file."""
        self._collect(self._queue.take_rest())
        segments = [
            Segment(segment.start_seconds, min(segment.end_seconds or 0.0, end_seconds))
            for segment in self._segments
        ]
        self.tags = self._tagger.finish(list_middles(segments, self._hop_seconds))
        made = _gather(self.encoder.spaces, segments, self._matrices)
        return [replace(one, peaks=self._find_peaks()) for one in made[:1]] + made[1:]

    def _find_peaks(self) -> SoundPeaks:
        """The peaks with the times of the file; none at a sample rate that is too low."""
        if self._finder is None:
            return SoundPeaks(np.zeros(0), np.zeros(0))
        peaks = self._finder.finish()
        return SoundPeaks(peaks.seconds + max(0.0, self._start_seconds or 0.0), peaks.octaves)

    def _encode(self, batches: Iterable[WindowBatch]) -> None:
        for batch in batches:
            times = zip(batch.start_seconds.tolist(), batch.end_seconds.tolist(), strict=True)
            self._segments += (Segment(start, end) for start, end in times)
            self._queue.put(batch.windows)
        self._collect(self._queue.take_ready())

    def _collect(self, encoded: Iterable[Vectors]) -> None:
        """Keep vectors, and of class probabilities only what may become a tag."""
        self._matrices += keep_vectors(encoded, len(self.encoder.spaces), self._tagger)


def list_middles(windows: Sequence[Segment], hop_seconds: float) -> list[Segment]:
    """The part of each window that its class probabilities belong to, one after the other.

    It is the middle `hop_seconds`; the first part begins and the last one ends with its window.
    """
    middles = []
    for number, window in enumerate(windows):
        first, last = window.start_seconds or 0.0, window.end_seconds or 0.0
        begin, end = ((first + last + sign * hop_seconds) / 2 for sign in (-1, 1))
        is_first, is_last = number == 0, number == len(windows) - 1
        middles.append(
            Segment(first if is_first else max(first, begin), last if is_last else min(last, end))
        )
    return middles


def keep_vectors(
    encoded: Iterable[Vectors], n_spaces: int, tagger: Tagger
) -> Iterator[tuple[Matrix, ...]]:
    """The vectors of each batch; its class probabilities, if there are any, go to the tagger."""
    for vectors in encoded:
        yield vectors[:n_spaces]
        for posterior in vectors[n_spaces:]:
            tagger.take(posterior)


def _gather(
    spaces: Sequence[Space], segments: Sequence[Segment], matrices: Sequence[tuple[Matrix, ...]]
) -> list[Embeddings]:
    """Concatenate batches of one matrix a space to one `Embeddings` a space."""
    if not segments:
        return []
    return [
        Embeddings(space, tuple(segments), np.concatenate(parts))
        for space, parts in zip(spaces, zip(*matrices, strict=True), strict=True)
    ]
