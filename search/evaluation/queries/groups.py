"""Groups videos that count as right answers for each other, from files or from tags."""

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import Location, Modality, Video

PATH, GROUP = "path", "group"
# Kinds of groups whose videos are right answers only for some queries.
ARTIST = "artist"
MODALITY_OF: Mapping[str, Modality] = {"picture": "frames", "sound": "audio"}


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of videos that are right answers for each other.

    Attributes:
        members: ids of the videos by group; the name may begin with a kind, such as `picture:a`.
        notes: remarks, such as the number of rows without a video.
    """

    members: Mapping[str, frozenset[str]]
    notes: tuple[str, ...] = ()
    _of_video: dict[str, list[str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the groups by video."""
        of_video: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self.members):
            for video_id in self.members[name]:
                of_video[video_id].append(name)
        object.__setattr__(self, "_of_video", dict(of_video))

    def find_answers(self, video_id: str, modalities: Collection[Modality]) -> frozenset[str]:
        """The other videos that are right answers to a query from this one.

        Args:
            video_id: the source of the query.
            modalities: of the query. A `picture:` group counts only for frames alone, a `sound:`
                group only for audio alone, an `artist:` group never.
        """
        found: set[str] = set()
        for name in self._of_video.get(video_id, ()):
            kind = name.partition(":")[0] if ":" in name else ""
            if set(modalities) == {MODALITY_OF[kind]} if kind in MODALITY_OF else kind != ARTIST:
                found |= self.members[name]
        return frozenset(found - {video_id})

    def find_similar(self, video_id: str) -> frozenset[str]:
        """The other videos that share any group with this one."""
        names = self._of_video.get(video_id, ())
        return frozenset().union(*(self.members[name] for name in names)) - {video_id}


def read_groups(files: Sequence[Path], library: Library) -> Groups:
    """Read CSV files with the columns `path` and `group`.

    A path identifies a video by the whole path, by its end, or by the file name; a cell may contain
    several groups, separated by ";".

    Raises:
        QueryError: a file cannot be read, lacks a column, or a path is ambiguous.
    """
    by_name: dict[str, list[Location]] = defaultdict(list)
    for location in library.catalog.locations():
        by_name[location.path.name].append(location)
    members: dict[str, set[str]] = defaultdict(set)
    n_unknown = 0
    for file in files:
        for path, names in _read_rows(file):
            video_id = _find_video(path, by_name[path.name], file)
            n_unknown += video_id is None
            for name in names if video_id is not None else ():
                members[name].add(str(video_id))
    notes = (f"{n_unknown} rows of the groups name no video of the library",) if n_unknown else ()
    return Groups({name: frozenset(ids) for name, ids in members.items()}, notes)


def _read_rows(file: Path) -> Iterable[tuple[Path, list[str]]]:
    try:
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise QueryError(f"cannot read the groups in {file}: {error.strerror}") from None
    rows = csv.DictReader(text.splitlines())
    try:
        if not {PATH, GROUP} <= set(rows.fieldnames or ()):
            raise QueryError(f"the groups in {file} need the columns {PATH} and {GROUP}")
        for row in rows:
            names = [name.strip() for name in (row[GROUP] or "").split(";")]
            if row[PATH] and any(names):
                yield Path(row[PATH]), [name for name in names if name]
    except csv.Error as error:
        raise QueryError(f"the groups in {file} are not valid CSV: {error}") from None


def _find_video(path: Path, named: Sequence[Location], file: Path) -> str | None:
    """The video with this path, else the one whose path ends with it, else with its file name."""
    for fits in (
        {one.video_id for one in named if one.path == path.absolute()},
        {one.video_id for one in named if one.path.parts[-len(path.parts) :] == path.parts},
        {one.video_id for one in named},
    ):
        if len(fits) == 1:
            return next(iter(fits))
        if fits:
            raise QueryError(
                f"{path} in {file} fits {len(fits)} videos: give a longer part of the path"
            )
    return None


def group_by_tags(videos: Sequence[Video]) -> Groups:
    """Group videos by artist and title (`song:`), and by artist (`artist:`)."""
    members: dict[str, set[str]] = defaultdict(set)
    for video in videos:
        artist, title = (video.artist or "").casefold().strip(), video.title.casefold().strip()
        if artist:
            members[f"{ARTIST}:{artist}"].add(video.id)
        if artist and title:
            members[f"song:{artist} - {title}"].add(video.id)
    return Groups({name: frozenset(ids) for name, ids in members.items() if len(ids) > 1})
