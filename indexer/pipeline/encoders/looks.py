"""Encodes the frames of a library by a trained encoder, and puts it to use once all are."""

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.encoders.image.with_look import LookEncoder
from mvsearch.indexer.pipeline.analyse_jobs import analyse_jobs
from mvsearch.indexer.pipeline.encoders.beside import WAIT_SECONDS, explain_lacking, list_jobs
from mvsearch.indexer.pipeline.outcome import Outcome, StageOptions
from mvsearch.indexer.pipeline.planning.plan import Job
from mvsearch.indexer.pipeline.writer import wait_to_write
from mvsearch.indexer.progress import Progress
from mvsearch.indexer.training.songs.in_library import find_look_folder
from mvsearch.indexer.training.songs.look import ProjectedLook, open_look
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import CancelledError, TrainingError
from mvsearch.store.library import Library
from mvsearch.store.records import Embeddings, EncoderState, Matrix, Space

VIDEOS_AT_ONCE = 64
STAGE = "encode"


def find_base(catalog: Catalog) -> Space:
    """The first space of the profile's encoder of frames.

    Raises:
        TrainingError: the library has no frames.
    """
    for space in catalog.spaces():
        if space.modality == "frames" and not space.view:
            return space
    raise TrainingError("the library has no pictures: index videos first")


def list_looks(library: Library, base: Space) -> list[EncoderState]:
    """The trained encoders that the library was encoded by."""
    catalog = library.catalog
    in_use = catalog.look()
    return [
        EncoderState(
            space.encoder,
            space.key,
            space.dim,
            space.encoder == in_use,
            True,
            catalog.n_vectors(space.key),
            len(catalog.find_lacking(space.key, base.key)),
            _find_problem(library, space, base),
        )
        for space in catalog.look_spaces()
    ]


def _find_problem(library: Library, space: Space, base: Space) -> str:
    try:
        look = open_look(find_look_folder(library, space.encoder), base)
    except TrainingError as error:
        return str(error)
    return "" if look.space == space else f"{space.encoder} was trained again since"


def switch_look(
    library: Library,
    encoders: Encoders,
    name: str,
    progress: Progress,
    stop: threading.Event,
) -> None:
    """Encode what an encoder lacks, and then use it, in one step.

    Until then the old one answers. What was encoded stays if the work ends before.

    Args:
        library: that is searched.
        encoders: of its profile.
        name: of a run on songs, or of the profile's own encoder of frames.
        progress: told of videos.
        stop: when set, no more is begun.

    Raises:
        TrainingError: there is no such run, it is not finished, or videos cannot be encoded.
        CancelledError: `stop` was set.
        LibraryBusyError: another process writes.
    """
    base = find_base(library.catalog)
    if name == base.encoder:
        with wait_to_write(library, WAIT_SECONDS, progress, is_exclusive=True):
            library.catalog.switch_look(None, base.key)
        return
    look = open_look(find_look_folder(library, name), base)
    with wait_to_write(library, WAIT_SECONDS, progress, is_exclusive=True):
        library.catalog.add_look(look.space)
        _encode_lacking(library, encoders, look, base, progress, stop)
        if stop.is_set():
            raise CancelledError(
                f"stopped before all was encoded by {name}; the same command goes on"
            )
        lacking = library.catalog.switch_look(name, base.key)
    if lacking:
        raise TrainingError(explain_lacking(library.catalog, lacking, name))


def drop_look(library: Library, name: str) -> None:
    """Delete the vectors of a trained encoder.

    Raises:
        TrainingError: the library was not encoded by it.
        EncoderMismatchError: it is in use.
        LibraryBusyError: another process writes.
    """
    names = [space.encoder for space in library.catalog.look_spaces()]
    if name not in names:
        there = ", ".join(names) or "none"
        raise TrainingError(f"no trained encoder is called {name[:60]!r}; there are: {there}")
    with library.writing(is_exclusive=True):
        library.catalog.drop_look(name)


def _encode_lacking(
    library: Library,
    encoders: Encoders,
    look: LookEncoder,
    base: Space,
    progress: Progress,
    stop: threading.Event,
) -> None:
    """Encode the frames of the videos that lack vectors of a trained encoder."""
    lacking = library.catalog.find_lacking(look.space.key, base.key)
    if not lacking:
        return
    if isinstance(look, ProjectedLook):
        _project(library.catalog, look, base, lacking, progress, stop)
        return
    alone = _LookAlone(encoders.name, look)
    analyse_jobs(
        list(list_jobs(library.catalog, set(lacking), "frames", stop)),
        alone,
        StageOptions("off"),
        lambda job, outcome: _keep(library.catalog, job, outcome, progress),
        progress=progress,
        stop=stop,
    )


def _project(
    catalog: Catalog,
    look: ProjectedLook,
    base: Space,
    video_ids: Sequence[str],
    progress: Progress,
    stop: threading.Event,
) -> None:
    """Project what is stored already, without the media."""
    progress.begin(STAGE, len(video_ids), "videos")
    for begin in range(0, len(video_ids), VIDEOS_AT_ONCE):
        if stop.is_set():
            return
        made = {}
        for video_id in video_ids[begin : begin + VIDEOS_AT_ONCE]:
            known = catalog.embeddings(video_id, base.key)
            if known is not None:
                vectors = look.project(known.vectors)
                made[video_id] = Embeddings(look.space, known.segments, vectors)
            progress.advance(STAGE)
        catalog.add_embeddings(made)


class _Alone:
    """A trained encoder as an encoder of frames without another one."""

    def __init__(self, look: LookEncoder, frame_size: tuple[int, int]) -> None:
        self._look = look
        self.frame_size = frame_size
        self.spaces = (look.space,)

    def encode(self, frames: npt.NDArray[np.uint8]) -> tuple[Matrix, ...]:
        """See `FrameEncoder.encode`."""
        return (self._look.encode(frames, np.zeros((len(frames), 0), np.float32)),)


class _LookAlone(Encoders):
    """The encoders of a profile, of which that of frames is a trained one alone."""

    def __init__(self, profile: str, look: LookEncoder) -> None:
        super().__init__(profile)
        if look.frame_size is None:
            raise ValueError(f"{look.space.key} needs vectors, not frames")
        self.__dict__["frames"] = _Alone(look, look.frame_size)


def _keep(catalog: Catalog, job: Job, outcome: Outcome, progress: Progress) -> None:
    """Store the vectors of a file; say what is wrong with one that has none."""
    for failure in outcome.failures:
        progress.note(f"{failure.path.name}: {failure.message}")
    for result in outcome.results:
        for made in result.embeddings:
            catalog.add_embeddings({job.files[0].video_id: made})
