"""The files of the inverted lists of a large space."""

import logging
from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from mvsearch.store.own_files import replacing, write_own
from mvsearch.store.vectors.code_scan import Codes
from mvsearch.store.vectors.inverted_lists import (
    Codebook,
    Half,
    ListedCodes,
    choose_probes,
    learn_codebook,
    list_rows,
)
from mvsearch.store.vectors.row_file import (
    BLOCK_ROWS,
    HEAD_BYTES,
    Sums,
    erase_rows,
    is_whole,
    map_rows,
    renew_sums,
)
from mvsearch.store.vectors.row_index import RowIndex
from mvsearch.store.vectors.space_files import (
    NO_SUMS,
    PARTS,
    READING_ERRORS,
    CodePart,
    Head,
    SpaceFiles,
    pack_arrays,
    read_arrays,
)

logger = logging.getLogger(__name__)

# Below this, reading every row takes less than a tenth of a second.
MIN_LISTED_ROWS = 200_000
# Rows without a code, as a share, that are all compared before they get theirs.
MAX_TAIL = 0.01
# How much a space grows before directions and lists are learnt anew.
MAX_GROWTH = 2.0


def bring_lists_up_to_date(files: SpaceFiles, head: Head) -> None:
    """Give the rows of a large space codes in lists, where too many have none.

    Raises:
        OSError: the disk refuses.
    """
    n_rows = head.table.n_rows
    if n_rows < MIN_LISTED_ROWS:
        return
    known = read_lists(files, head.epoch, n_rows)
    if known is not None and n_rows - known.n <= MAX_TAIL * n_rows:
        return
    mapped = map_rows(files.vectors(head.epoch), n_rows, files.vector_bytes)
    rows: Half = mapped[HEAD_BYTES:].view("<f2").reshape(n_rows, -1)
    logger.info("listing %d vectors of %s", n_rows, files.space.key)
    if known is None or n_rows > MAX_GROWTH * known.n_learnt:
        listed = choose_probes(list_rows(learn_codebook(rows), rows), rows)
    else:
        listed = list_rows(known.codebook, rows, known)
    _write_lists(files, head.epoch, listed)


def open_index(files: SpaceFiles, head: Head) -> RowIndex | None:
    """The index that a head speaks of, approximate where it has lists; None where damaged."""
    n_rows = head.table.n_rows
    lists = read_lists(files, head.epoch, n_rows) if n_rows >= MIN_LISTED_ROWS else None
    return files.open(head, lists)


def lacks_lists(index: RowIndex) -> bool:
    """Whether an index is so large that it should be approximate, and is not."""
    return index.lists is None and index.n_rows >= MIN_LISTED_ROWS


def read_lists(files: SpaceFiles, epoch: int, n_rows: int) -> ListedCodes | None:
    """The lists of an epoch; None where they are missing, damaged or of more rows."""
    try:
        arrays = read_arrays(files.lists(epoch))
        n, n_probed, n_learnt = arrays["numbers"].tolist()
        book = Codebook(**{field.name: arrays[field.name] for field in fields(Codebook)})
        parts: dict[CodePart, Codes] = {}
        for part, width in _list_parts(book):
            mapped = map_rows(files.codes(epoch, n, part), n, width)
            if n > n_rows or not is_whole(mapped, width, arrays[part]):
                return None
            parts[part] = mapped[HEAD_BYTES:].reshape(n, width)
        recall = float(arrays["recall"])
        leading, following = parts["leading"], parts["following"]
        rows, bounds = arrays["rows"], arrays["bounds"]
        return ListedCodes(book, leading, following, rows, bounds, n_probed, recall, n_learnt)
    except READING_ERRORS:
        return None


def blot_codes(files: SpaceFiles, head: Head, spans: list[tuple[int, int]]) -> None:
    """Overwrite the codes of rows that have died; until that is done there are no lists."""
    known = read_lists(files, head.epoch, head.table.n_rows)
    if known is None:
        return
    is_dead = np.zeros(head.table.n_rows, dtype=np.bool_)
    for first, end in spans:
        is_dead[first:end] = True
    places = np.flatnonzero(is_dead[known.rows])
    told = read_arrays(files.lists(head.epoch))
    files.lists(head.epoch).unlink()
    changed = np.unique(places // BLOCK_ROWS).tolist()
    sums: dict[str, Sums] = {}
    for part, width in _list_parts(known.codebook):
        file = files.codes(head.epoch, known.n, part)
        erase_rows(file, width, [(at, at + 1) for at in places.tolist()])
        sums[part] = renew_sums(told[part], map_rows(file, known.n, width), width, changed)
    write_own(files.lists(head.epoch), _pack(known, sums))


def _write_lists(files: SpaceFiles, epoch: int, listed: ListedCodes) -> None:
    """Write the codes, then what says whose they are, and drop the codes of before."""
    sums: dict[str, Sums] = {}
    for part, width in _list_parts(listed.codebook):
        file = files.codes(epoch, listed.n, part)
        with replacing(file) as opened:
            opened.write(bytes(HEAD_BYTES))
            opened.write(getattr(listed, part).reshape(-1).data)
        sums[part] = renew_sums(NO_SUMS, map_rows(file, listed.n, width), width, [])
    write_own(files.lists(epoch), _pack(listed, sums))
    for part in PARTS:
        for old in files.folder.glob(f"{files.stem}.{epoch}-*.{part}"):
            if old != files.codes(epoch, listed.n, part):
                old.unlink(missing_ok=True)


def _list_parts(book: Codebook) -> tuple[tuple[CodePart, int], ...]:
    """The parts of codes, each in a file of its own, and their bytes a row."""
    leading, following = PARTS
    return (leading, book.n_leading), (following, len(book.steps) - book.n_leading)


def _pack(listed: ListedCodes, sums: Mapping[str, Sums]) -> bytes:
    """All but the codes."""
    book = {field.name: getattr(listed.codebook, field.name) for field in fields(Codebook)}
    numbers = np.array([listed.n, listed.n_probed, listed.n_learnt])
    told = {"numbers": numbers, "recall": np.array(listed.recall)}
    return pack_arrays({**book, **told, **sums, "rows": listed.rows, "bounds": listed.bounds})
