"""Finds the files that belong to a video by their names: lyrics, descriptions, pictures."""

from pathlib import Path

from mvsearch.search.review.moving import is_plain

# Other endings are taken for those of media.
ENDINGS = frozenset(
    (
        *(".lrc", ".txt", ".srt", ".vtt", ".ass", ".ssa", ".sub", ".nfo", ".json", ".xml"),
        *(".jpg", ".jpeg", ".png", ".webp", ".description", ".cue", ".url"),
    )
)
# Behind the name of a video: its language or kind, or the kind of a picture.
MARKS = (".", "-")


def list_sidecars(video: Path) -> list[Path]:
    """The files beside a video that belong to it alone, by name; links are left out.

    What belongs to two videos, such as `Song.lrc` to `Song.mp4` and `Song.mkv`, belongs to none.
    """
    try:
        names = [file.name for file in video.parent.iterdir() if not file.is_dir()]
    except OSError:
        return []
    owners = [Path(name) for name in names if Path(name).suffix.lower() not in ENDINGS]
    found = []
    for name in sorted(names):
        if not _belongs(name, video.stem) or name == video.name:
            continue
        if Path(name).suffix.lower() in ENDINGS and is_plain(video.parent / name):
            stems = [one for one in owners if _belongs(name, one.stem)]
            longest = max((len(one.stem) for one in stems), default=0)
            if [one.name for one in stems if len(one.stem) == longest] == [video.name]:
                found.append(video.parent / name)
    return found


def _belongs(name: str, stem: str) -> bool:
    return any(name.startswith(stem + mark) for mark in MARKS)
