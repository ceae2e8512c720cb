"""What a check of a library finds."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mvsearch.store.unicode import printable

# Maximum number of listed damages of a kind.
MAX_LISTED = 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Damage:
    """A damaged part of a library.

    Attributes:
        where: a table, another part of the library, or a video with its id.
        reason: one line.
        part: what `repair_library` can make again: "vectors" or "words"; empty for what it cannot.
    """

    where: str
    reason: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """The result of checking a library.

    Attributes:
        address: of the library, without a password.
        place: of the catalogue: its file, or the address.
        n_videos: number of videos that were checked.
        damages: empty if nothing is damaged.
        folders: the indexed folders, as far as they can be read.
        repaired: what was damaged, and was made again.
    """

    address: str
    place: str
    n_videos: int
    damages: tuple[Damage, ...]
    folders: tuple[Path, ...]
    repaired: tuple[Damage, ...] = ()

    @property
    def file(self) -> Path:
        """The file of the catalogue, of a library in a folder."""
        return Path(self.place)

    def to_dict(self) -> dict[str, Any]:
        """The result in the form of the JSON output."""
        return {
            "catalogue": printable(self.place),
            "videos": self.n_videos,
            "damages": [_write_damage(damage) for damage in self.damages],
            "repaired": [_write_damage(damage) for damage in self.repaired],
            "folders": [printable(str(folder)) for folder in self.folders],
        }


def _write_damage(damage: Damage) -> dict[str, str]:
    return {"where": printable(damage.where), "reason": printable(damage.reason)}
