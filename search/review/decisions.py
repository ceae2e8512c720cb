"""Decisions on pairs of versions: which one to keep, or both; and the files that are surplus."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mvsearch.indexer.media.files.content import content_id
from mvsearch.store.errors import MvsearchError, QueryError
from mvsearch.store.records import Video


@dataclass(frozen=True, slots=True)
class Move:
    """A file that was moved away.

    Attributes:
        moved_at: when, in ISO 8601; the moves of one request have the same.
    """

    source: Path
    target: Path
    moved_at: str


@dataclass(slots=True)
class Decisions:
    """What a person decided.

    Attributes:
        pairs: for two ids in ascending order, the one that is kept; None for both.
        moves: the files that were moved away, the oldest first.
    """

    pairs: dict[tuple[str, str], str | None] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)

    def decide(self, first: str, second: str, kept: str | None) -> None:
        """Keep one of two videos, or both.

        Raises:
            QueryError: the kept one is neither, or no video of a chain would be kept.
        """
        if first == second or kept not in (None, first, second):
            raise QueryError("one of the two videos is kept, or both")
        pair = order_pair(first, second)
        before = dict(self.pairs)
        self.pairs[pair] = kept
        surplus = self.find_surplus()
        if any(group <= surplus for group in self.list_groups()):
            self.pairs = before
            raise QueryError("by earlier decisions, no version would be kept: undo one of them")

    def forget_move(self, source: Path, target: Path) -> None:
        """Forget a move that was undone."""
        self.moves = [one for one in self.moves if (one.source, one.target) != (source, target)]

    def find_surplus(self) -> set[str]:
        """The ids of the videos of which another one is kept."""
        chosen = {pair: kept for pair, kept in self.pairs.items() if kept is not None}
        return {one for pair, kept in chosen.items() for one in pair if one != kept}

    def list_groups(self) -> list[set[str]]:
        """The ids of videos that are connected by decisions to keep one of two."""
        near: dict[str, set[str]] = {}
        for (one, other), kept in self.pairs.items():
            if kept is not None:
                near.setdefault(one, set()).add(other)
                near.setdefault(other, set()).add(one)
        groups, seen = list[set[str]](), set[str]()
        for start in near:
            if start in seen:
                continue
            group, todo = {start}, [start]
            while todo:
                new = near[todo.pop()] - group
                group |= new
                todo += new
            groups.append(group)
            seen |= group
        return groups


def order_pair(first: str, second: str) -> tuple[str, str]:
    """Two ids in ascending order."""
    return (first, second) if first < second else (second, first)


def list_files(videos: Iterable[Video]) -> list[Path]:
    """All files of videos that are there, by path.

    Raises:
        MvsearchError: a file is not the one that was indexed, by its content.
    """
    owners = {path: one.id for one in videos for path in (one.path, *one.other_paths)}
    files = sorted(path for path in owners if path.is_file())
    for file in files:
        if content_id(file) != owners[file]:
            raise MvsearchError(f"{file} has changed since it was indexed: index its folder first")
    return files


def to_json(given: Decisions) -> dict[str, Any]:
    """The decisions as they are stored."""
    return {
        "pairs": [[*pair, kept] for pair, kept in given.pairs.items()],
        "moves": [[str(one.source), str(one.target), one.moved_at] for one in given.moves],
    }


def from_json(given: Any) -> Decisions:
    """The decisions out of JSON; none for a file that is not there.

    Raises:
        ValueError: it is no such JSON.
    """
    if given is None:
        return Decisions()
    if not isinstance(given, Mapping):
        raise ValueError("no decisions")
    found = Decisions()
    for first, second, kept in given["pairs"]:
        if not isinstance(first, str) or not isinstance(second, str):
            raise ValueError("a pair has two ids")
        if kept not in (None, first, second):
            raise ValueError("one of the two is kept")
        found.pairs[order_pair(first, second)] = kept
    for source, target, moved_at in given["moves"]:
        found.moves.append(Move(Path(source), Path(target), str(moved_at)))
    return found
