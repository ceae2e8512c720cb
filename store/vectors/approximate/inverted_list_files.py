"""The files of the inverted lists of a large space."""

import logging
from dataclasses import fields, replace

import numpy as np

from mvsearch.store.own_files import replacing, write_own
from mvsearch.store.vectors.approximate.inverted_lists import (
    InvertedLists,
    choose_probes,
    learn_codebook,
    list_rows,
)
from mvsearch.store.vectors.approximate.listed_codes import Codebook, ListedCodes
from mvsearch.store.vectors.exact.nearest import ExactIndex
from mvsearch.store.vectors.exact.row_file import (
    BLOCK_ROWS,
    HEAD_BYTES,
    erase_rows,
    is_whole,
    map_rows,
    renew_sums,
)
from mvsearch.store.vectors.exact.row_index import RowIndex
from mvsearch.store.vectors.space_files import (
    NO_SUMS,
    READING_ERRORS,
    Head,
    SpaceFiles,
    pack_arrays,
    read_arrays,
)

logger = logging.getLogger(__name__)

# Reading fewer rows takes less than a tenth of a second.
MIN_LISTED_ROWS = 200_000
# Share of rows without a code that are compared one by one before codes are added.
MAX_TAIL = 0.01
# Growth of a space at which axes and lists are learnt again.
MAX_GROWTH = 2.0


def bring_lists_up_to_date(files: SpaceFiles, head: Head) -> None:
    """Add rows of a large space to its inverted lists, if too many are not in them.

    Raises:
        OSError: the disk fails.
    """
    n_rows = head.table.n_rows
    if n_rows < MIN_LISTED_ROWS:
        return
    known = read_lists(files, head.epoch, n_rows)
    if known is not None and n_rows - known.n <= MAX_TAIL * n_rows:
        return
    mapped = map_rows(files.vectors(head.epoch), n_rows, files.vector_bytes)
    exact = ExactIndex(mapped, files.space.dim)
    logger.info("listing %d vectors of %s", n_rows, files.space.key)
    if known is None or n_rows > MAX_GROWTH * known.n_learnt:
        codes = list_rows(exact.rows, learn_codebook(exact.rows))
        lists = choose_probes(InvertedLists(codes, 1, 0.0, n_rows), exact)
    else:
        lists = replace(known, codes=list_rows(exact.rows, known.codes.book, known.codes))
    _write_lists(files, head.epoch, lists)


def open_index(files: SpaceFiles, head: Head) -> RowIndex | None:
    """Open the index of a head, with lists if there are any; None if it is damaged."""
    n_rows = head.table.n_rows
    lists = read_lists(files, head.epoch, n_rows) if n_rows >= MIN_LISTED_ROWS else None
    return files.open(head, lists)


def lacks_lists(index: RowIndex) -> bool:
    """Whether an index is large enough for lists and has none."""
    return index.lists is None and index.n_rows >= MIN_LISTED_ROWS


def read_lists(files: SpaceFiles, epoch: int, n_rows: int) -> InvertedLists | None:
    """Read the lists of an epoch; None if they are missing, damaged or have too many rows."""
    try:
        metadata = read_arrays(files.lists(epoch))
        book = Codebook(**{field.name: metadata[field.name] for field in fields(Codebook)})
        n, n_probed, n_learnt = metadata["numbers"].tolist()
        mapped = map_rows(files.codes(epoch, n), book.n_free + n, book.row_bytes)
        codes = ListedCodes(book, metadata["bounds"], mapped)
        if not codes.n == n <= n_rows or book.axes.shape[1] != files.space.dim or n_probed < 1:
            return None
        if not is_whole(mapped, book.row_bytes, metadata["sums"]):
            return None
        return InvertedLists(codes, n_probed, float(metadata["recall"]), n_learnt)
    except READING_ERRORS:
        return None


def erase_codes(files: SpaceFiles, head: Head, spans: list[tuple[int, int]]) -> None:
    """Overwrite the codes of erased rows; if this is interrupted, there are no lists."""
    known = read_lists(files, head.epoch, head.table.n_rows)
    if known is None:
        return
    is_dead = np.zeros(head.table.n_rows, dtype=np.bool_)
    for first, end in spans:
        is_dead[first:end] = True
    book = known.codes.book
    dead: list[tuple[int, int]] = []
    for begin, _, rows in known.codes.iter_lists():
        places = begin - HEAD_BYTES + book.code_bytes * np.flatnonzero(is_dead[rows])
        dead += [(place, place + book.code_bytes) for place in places.tolist()]
    metadata = read_arrays(files.lists(head.epoch))
    files.lists(head.epoch).unlink()
    file = files.codes(head.epoch, known.n)
    erase_rows(file, 1, dead)
    block = BLOCK_ROWS * book.row_bytes
    changed = {at // block for first, end in dead for at in (first, end - 1)}
    mapped = map_rows(file, book.n_free + known.n, book.row_bytes)
    sums = renew_sums(metadata["sums"], mapped, book.row_bytes, changed)
    write_own(files.lists(head.epoch), pack_arrays({**metadata, "sums": sums}))


def _write_lists(files: SpaceFiles, epoch: int, lists: InvertedLists) -> None:
    """Write the codes, then the file that describes them, and delete earlier codes."""
    codes, book = lists.codes, lists.codes.book
    file = files.codes(epoch, lists.n)
    with replacing(file) as opened:
        opened.write(bytes(codes.first))  # without the header for FAISS
        opened.write(codes.stored[codes.first :].data)
    mapped = map_rows(file, book.n_free + lists.n, book.row_bytes)
    metadata = {field.name: getattr(book, field.name) for field in fields(Codebook)}
    metadata |= {
        "numbers": np.array([lists.n, lists.n_probed, lists.n_learnt]),
        "bounds": codes.bounds,
        "recall": np.array(lists.recall),
        "sums": renew_sums(NO_SUMS, mapped, book.row_bytes, []),
    }
    write_own(files.lists(epoch), pack_arrays(metadata))
    for old in files.folder.glob(f"{files.stem}.{epoch}-*.codes"):
        if old != file:
            old.unlink(missing_ok=True)
