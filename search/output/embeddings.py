"""Writes the vectors of a library to a NumPy archive or a Parquet table, block by block."""

import math
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from mvsearch.search.output.files import check_output, write_output
from mvsearch.store.distribution import name_install
from mvsearch.store.errors import LibraryDamagedError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import SIDES, Embeddings, Modality, Side, Space, Video, VideoMood
from mvsearch.store.unicode import replace_surrogates

# The version of the format; see docs/embeddings.md.
FORMAT = "mvsearch embeddings 1"
# Names written at once, and vectors in a row group of a table.
N_NAMES = 1024
N_ROWS = 8192

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options of an export.

    Attributes:
        modality: of the vectors; None for all modalities.
        has_force: whether an existing file is replaced.
    """

    modality: Modality | None = None
    has_force: bool = False


def write_embeddings(
    library: Library, file: Path, options: ExportOptions = ExportOptions()
) -> dict[str, int]:
    """Write the vectors of a library to a file, as `docs/embeddings.md` describes it.

    Memory holds one block of vectors, and 24 bytes for each vector of a space.

    Args:
        library: is read in one state.
        file: ends in ".npz" or ".parquet".
        options: of the export.

    Returns:
        The number of vectors of each space, by its key.

    Raises:
        MvsearchError: the ending is unknown, the file must not be replaced, pyarrow is missing,
            or there are no such vectors.
    """
    check_ending(file)

    def is_media(path: Path) -> bool:
        return library.catalog.location(path) is not None

    check_output(file, has_force=options.has_force, is_media=is_media)
    with library.holding():
        counts = _count_vectors(library, options.modality)
        write = _WRITERS[file.suffix.lower()]
        content = {file: lambda target: write(target, library, counts)}
        write_output(content, has_force=options.has_force, is_media=is_media)
    return {space.key: n for space, n in counts.items()}


def check_ending(file: Path) -> None:
    """Check that the format of a file is known, and that its library is installed.

    Raises:
        MvsearchError: the ending is unknown, or pyarrow is missing.
    """
    ending = file.suffix.lower()
    if ending not in _WRITERS:
        raise MvsearchError(f"{file}: the name of the file ends in .npz or .parquet")
    if ending == ".parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ModuleNotFoundError:
            how = name_install("parquet")
            raise MvsearchError(f"{file}: Parquet needs pyarrow; type: {how}") from None


def _count_vectors(library: Library, modality: Modality | None) -> dict[Space, int]:
    """The number of vectors of each space of a modality."""
    spaces = [one for one in library.catalog.spaces() if modality in (None, one.modality)]
    counts = {space: library.catalog.n_vectors(space.key) for space in spaces}
    if not any(counts.values()):
        raise MvsearchError(f"the library holds no vectors{f' of {modality}' if modality else ''}")
    return counts


def _write_archive(target: BinaryIO, library: Library, counts: dict[Space, int]) -> None:
    """Write an archive of arrays that `numpy.load` reads without pickle."""
    videos = library.catalog.videos()
    rows = {video.id: row for row, video in enumerate(videos)}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        _put(archive, "format", np.array(FORMAT))
        for name, read in _NAMES.items():
            _put_texts(archive, f"videos/{name}", [read(video) for video in videos])
        moods = library.catalog.moods(list(rows))
        for side in SIDES:
            _put(archive, f"videos/{side}_mood", _stack_moods(moods, rows, side))
        for group, space in _name_groups(counts).items():
            _put_space(archive, library, group, space, counts[space], rows)


def _name_groups(spaces: Iterable[Space]) -> dict[str, Space]:
    """The spaces by the names of their arrays: the first of a modality and view has these alone."""
    named: dict[str, Space] = {}
    for space in spaces:
        group = f"{space.modality}-{space.view}" if space.view else space.modality
        named[group if group not in named else f"{space.modality}-{space.key}"] = space
    return named


def _stack_moods(moods: Mapping[str, VideoMood], rows: Mapping[str, int], side: Side) -> Array:
    """Valence, arousal and confidence of one side of each video; NaN where it is unknown."""
    stacked = np.full((len(rows), 3), np.nan, dtype="<f4")
    for video_id, mood in moods.items():
        one = mood.picture if side == "picture" else mood.sound
        if one is not None:
            stacked[rows[video_id]] = one.valence, one.arousal, one.confidence
    return stacked


def _put_space(
    archive: zipfile.ZipFile,
    library: Library,
    group: str,
    space: Space,
    n: int,
    rows: dict[str, int],
) -> None:
    """Write the arrays of one space."""
    for name, text in (
        ("space", space.key), ("encoder", space.encoder), ("revision", space.revision),
    ):  # fmt: skip
        _put(archive, f"{group}/{name}", np.array(text))
    video: list[Array] = []
    starts: list[Array] = []
    ends: list[Array] = []

    def read() -> Iterator[Array]:
        for video_id, embeddings in library.catalog.iter_embeddings(space.key):
            video.append(np.full(len(embeddings.segments), rows[video_id], dtype="<i8"))
            first, last = _read_times(embeddings)
            starts.append(first)
            ends.append(last)
            yield embeddings.vectors.astype("<f4", copy=False)

    _put_blocks(archive, f"{group}/vectors", "<f4", (n, space.dim), read())
    for name, parts, kind in (
        ("video", video, "<i8"), ("start_seconds", starts, "<f8"), ("end_seconds", ends, "<f8"),
    ):  # fmt: skip
        _put_blocks(archive, f"{group}/{name}", kind, (n,), parts)


def _put(archive: zipfile.ZipFile, name: str, array: Array) -> None:
    """Write one array that is in memory."""
    _put_blocks(archive, name, array.dtype.str, array.shape, [array])


def _put_texts(archive: zipfile.ZipFile, name: str, texts: Sequence[str]) -> None:
    """Write texts as an array as wide as the longest text."""
    kind = f"<U{max((len(text) for text in texts), default=1) or 1}"
    starts = range(0, len(texts), N_NAMES)
    blocks = (np.array(texts[start : start + N_NAMES], dtype=kind) for start in starts)
    _put_blocks(archive, name, kind, (len(texts),), blocks)


def _put_blocks(
    archive: zipfile.ZipFile, name: str, kind: str, shape: tuple[int, ...], blocks: Iterable[Array]
) -> None:
    """Write an array of a known shape block by block.

    Raises:
        LibraryDamagedError: the blocks do not add up to the shape.
    """
    head = {"descr": kind, "fortran_order": False, "shape": shape}
    n_left = math.prod(shape)
    # A fixed time stamp, so that two exports of one library are equal.
    member = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
    with archive.open(member, "w", force_zip64=True) as stream:
        np.lib.format.write_array_header_1_0(stream, head)
        for block in blocks:
            n_left -= block.size
            stream.write(np.ascontiguousarray(block, dtype=kind).tobytes())
    if n_left:
        raise LibraryDamagedError(f"{name}: the number of vectors is not that of their times")


def _write_table(target: BinaryIO, library: Library, counts: dict[Space, int]) -> None:
    """Write a Parquet table with one row per vector."""
    import pyarrow
    import pyarrow.parquet

    text, real = pyarrow.string(), pyarrow.float64()
    schema = pyarrow.schema(
        [(f"video_{name}", text) for name in _NAMES]
        + [(name, text) for name in ("modality", "space", "revision")]
        + [("start_seconds", real), ("end_seconds", real)]
        + [("vector", pyarrow.list_(pyarrow.float32()))],
        metadata={"format": FORMAT},
    )
    videos = {video.id: video for video in library.catalog.videos()}
    with pyarrow.parquet.ParquetWriter(target, schema) as writer:
        for space in counts:
            waiting: list[Any] = []
            for video_id, embeddings in library.catalog.iter_embeddings(space.key):
                waiting.append(_make_batch(schema, videos[video_id], space, embeddings))
                if sum(batch.num_rows for batch in waiting) >= N_ROWS:
                    writer.write_table(pyarrow.Table.from_batches(waiting, schema))
                    waiting = []
            if waiting:
                writer.write_table(pyarrow.Table.from_batches(waiting, schema))


def _make_batch(schema: Any, video: Video, space: Space, embeddings: Embeddings) -> Any:
    """The rows of one video in one space."""
    import pyarrow

    n = len(embeddings.segments)
    names = [replace_surrogates(read(video)) for read in _NAMES.values()]
    texts = [*names, space.modality, space.key, space.revision]
    times = [pyarrow.array(seconds, mask=np.isnan(seconds)) for seconds in _read_times(embeddings)]
    flat = pyarrow.array(np.ascontiguousarray(embeddings.vectors).reshape(-1))
    offsets = pyarrow.array(np.arange(n + 1, dtype=np.int32) * space.dim)
    columns = [pyarrow.repeat(text, n) for text in texts]
    columns += [*times, pyarrow.ListArray.from_arrays(offsets, flat)]
    return pyarrow.RecordBatch.from_arrays(columns, schema=schema)


def _read_times(embeddings: Embeddings) -> tuple[Array, Array]:
    """(n,) float64 start and end times of the segments; NaN without times."""
    pairs = [(segment.start_seconds, segment.end_seconds) for segment in embeddings.segments]
    times = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return times[:, 0], times[:, 1]


# The fields of a video.
_NAMES: dict[str, Callable[[Video], str]] = {
    "id": lambda video: video.id,
    "title": lambda video: video.title,
    "artist": lambda video: video.artist or "",
    "path": lambda video: str(video.path),
}
_WRITERS: dict[str, Callable[[BinaryIO, Library, dict[Space, int]], None]] = {
    ".npz": _write_archive,
    ".parquet": _write_table,
}
