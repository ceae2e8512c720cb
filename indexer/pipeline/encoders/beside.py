"""Indexes a library by another encoder of a modality, beside the one in use, which serves on."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mvsearch.indexer.encoders import Encoders, load_encoder
from mvsearch.indexer.media.files.unfinished import has_changed
from mvsearch.indexer.pipeline.analyse_jobs import analyse_jobs
from mvsearch.indexer.pipeline.outcome import Outcome, StageOptions
from mvsearch.indexer.pipeline.planning.inventory import InventoryOptions
from mvsearch.indexer.pipeline.planning.plan import Job, group_by_content
from mvsearch.indexer.pipeline.planning.take_inventory import take_inventory_of
from mvsearch.indexer.pipeline.writer import wait_to_write
from mvsearch.indexer.progress import Progress
from mvsearch.store.catalog.encoders import BesideResult, Exchange
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import CancelledError, EncoderMismatchError
from mvsearch.store.library import Library
from mvsearch.store.records import (
    LINES,
    LOOK,
    OPTIONAL,
    Embeddings,
    Modality,
    Space,
)

WAIT_SECONDS = 10.0
VIDEOS_AT_ONCE = 64
# Titles in a message.
N_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Beside:
    """An encoder that could take the place of the one in use.

    Attributes:
        modality: what it encodes.
        encoders: of the library, with this one in its place.
        spaces: all that the library would use, in order.
        fresh: those of them that it does not use now.
        exchanges: the stages that are done by it then; text in pictures is encoded as lyrics are.
        held: the spaces that the library uses now.
    """

    name: str
    modality: Modality
    encoders: Encoders
    spaces: tuple[Space, ...]
    fresh: tuple[Space, ...]
    exchanges: tuple[Exchange, ...]
    held: tuple[Space, ...]

    def find_lacking(self, catalog: Catalog) -> list[str]:
        """The ids of the videos that it has not encoded yet."""
        return sorted({i for one in self.exchanges for i in catalog.find_unencoded(one)})


def find_used(catalog: Catalog, modality: Modality) -> Space | None:
    """The first space of the encoder of a modality that is in use."""
    own = (space for space in catalog.spaces() if space.modality == modality)
    views = ("ocr",) if modality == OPTIONAL else ("",)
    return next((space for space in own if space.view in views), None)


def describe_beside(library: Library, encoders: Encoders, name: str) -> Beside:
    """Describe what a library would be with another encoder.

    Args:
        library: that is searched.
        encoders: that it is searched with.
        name: of an encoder of mvsearch or of a plug-in.

    Raises:
        MvsearchError: there is no such encoder.
        EncoderMismatchError: it is in use, or nothing of its kind is encoded.
        WeightsMissingError: its weights are missing.
    """
    catalog = library.catalog
    modality = load_encoder(name).spaces[0].modality
    used = find_used(catalog, modality)
    held = [space for space in catalog.spaces() if space.view != LOOK]
    if used is None:
        raise EncoderMismatchError(
            f"{name} encodes {modality}, and this library has none: index videos first, by a"
            " profile that encodes them"
        )
    if name in {space.encoder for space in held if space.modality == modality}:
        raise EncoderMismatchError(f"{name} is in use: it encodes {modality} of this library now")
    other = encoders.replacing(modality, name)
    other.use_look(None, None)
    spaces, exchanges = other.spaces(), [_exchange(modality, used, other)]
    text = find_used(catalog, OPTIONAL)
    if text is not None:
        spaces += other.ocr.spaces
        exchanges += [_exchange(OPTIONAL, text, other)] if modality == "lyrics" else []
    fresh = tuple(space for space in spaces if space not in held)
    return Beside(name, modality, other, tuple(spaces), fresh, tuple(exchanges), tuple(held))


def _exchange(modality: Modality, used: Space, other: Encoders) -> Exchange:
    return Exchange(modality, used.key, other.get(modality).spaces[0].key)


def add_encoder(
    library: Library, encoders: Encoders, name: str, progress: Progress, stop: threading.Event
) -> None:
    """Index what an encoder lacks, beside the one in use; finished videos are kept.

    Raises:
        MvsearchError: see `describe_beside`.
        CancelledError: `stop` was set.
        LibraryBusyError: another process writes.
    """
    beside = describe_beside(library, encoders, name)
    with wait_to_write(library, WAIT_SECONDS, progress):
        encode_beside(library.catalog, beside, progress, stop)


def encode_beside(
    catalog: Catalog, beside: Beside, progress: Progress, stop: threading.Event
) -> None:
    """Encode what an encoder lacks; the caller holds the lock.

    Raises:
        CancelledError: `stop` was set before the end.
    """
    if [one for one in catalog.spaces() if one.view != LOOK] != list(beside.held):
        raise EncoderMismatchError("another process has switched encoders meanwhile: try again")
    if beside.name in {one.encoder for one in catalog.look_spaces()}:
        raise EncoderMismatchError(f"a trained encoder of this library is called {beside.name} too")
    catalog.add_unused_spaces(beside.fresh)
    for exchange in beside.exchanges:
        if exchange.stage in LINES:
            _encode_lines(catalog, beside, exchange, progress, stop)
        else:
            _encode_files(catalog, beside, exchange, progress, stop)
    if stop.is_set():
        raise CancelledError(
            f"stopped before all was encoded by {beside.name}; the same command goes on"
        )


def _encode_lines(
    catalog: Catalog, beside: Beside, exchange: Exchange, progress: Progress, stop: threading.Event
) -> None:
    """Encode stored lines of words, without the media."""
    lacking = catalog.find_unencoded(exchange)
    if lacking:
        progress.begin("encode", len(lacking), "videos")
    for begin in range(0, len(lacking), VIDEOS_AT_ONCE):
        if stop.is_set():
            return
        some = lacking[begin : begin + VIDEOS_AT_ONCE]
        catalog.store_beside(list(_read_lines(catalog, beside, exchange, some)))
        for _ in some:
            progress.advance("encode")


def _read_lines(
    catalog: Catalog, beside: Beside, exchange: Exchange, video_ids: Sequence[str]
) -> Iterator[BesideResult]:
    encoder = beside.encoders.get(exchange.stage)
    for video_id in video_ids:
        stage = catalog.stage(video_id, exchange.stage, exchange.used)
        if stage is None:
            continue
        known = catalog.embeddings(video_id, exchange.used)
        made: tuple[Embeddings, ...] = ()
        if known is not None:
            matrices = encoder.encode([segment.text for segment in known.segments])
            made = tuple(
                Embeddings(space, known.segments, vectors)
                for space, vectors in zip(encoder.spaces, matrices, strict=True)
                if space in beside.fresh
            )
        yield BesideResult(replace(stage, encoder=exchange.other), made)


def _encode_files(
    catalog: Catalog, beside: Beside, exchange: Exchange, progress: Progress, stop: threading.Event
) -> None:
    """Decode the files of the videos that an encoder lacks, and encode them."""
    lacking = catalog.find_unencoded(exchange)
    if not lacking:
        return
    stage = exchange.stage

    def keep(job: Job, outcome: Outcome) -> None:
        file = job.files[0].file
        for failure in outcome.failures:
            progress.note(f"{failure.path.name}: {failure.message}")
        if has_changed(file.path, file.size, file.mtime_ns):
            return
        for result in outcome.results:
            made = tuple(one for one in result.embeddings if one.space in beside.fresh)
            found = BesideResult(result.stage, made, result.tags, result.uniform_seconds)
            catalog.store_beside([found])

    analyse_jobs(
        list(list_jobs(catalog, set(lacking), stage, stop)),
        beside.encoders,
        StageOptions("off"),
        keep,
        progress=progress,
        stop=stop,
    )


def list_jobs(
    catalog: Catalog, video_ids: set[str], stage: Modality, stop: threading.Event
) -> Iterator[Job]:
    """The files of videos whose content is still the same."""
    wanted = [place for place in catalog.locations() if place.video_id in video_ids]
    inventory = take_inventory_of(wanted, catalog, InventoryOptions(), stop=stop)
    for video_id, files in group_by_content(inventory).items():
        if video_id in video_ids:
            yield Job(tuple(files), (stage,))


def explain_lacking(catalog: Catalog, video_ids: Sequence[str], name: str) -> str:
    """Say that videos cannot be encoded, so that an encoder is not used."""
    videos = catalog.some_videos(list(video_ids[:N_SHOWN]))
    shown = ", ".join(video.title for video in videos.values())
    return (
        f"{len(video_ids)} videos cannot be encoded by {name}, so the old encoder stays in use:"
        f" {shown}{', …' if len(video_ids) > N_SHOWN else ''}; bring their files back, or remove"
        " them"
    )
