"""Loads the networks that a query needs while the rest of the program is imported."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from indexer.encoders import PROFILES, Encoders
from search.encode import analyse_part, check_file, embed_words
from search.query import REACHES, QueryPart
from store.place import glance_at_profile
from store.records import Embeddings, Modality


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What was done beside the imports.

    Attributes:
        encoders: with the networks of the query loaded.
        pictures: what was made of each part that is a picture.
    """

    encoders: Encoders
    pictures: Mapping[QueryPart, Sequence[Embeddings]]


class HeadStart:
    """Loads and reads beside the imports; whatever fails is left to be done, and told, in its turn.

    Args:
        folder: of the library, which is not opened yet.
        parts: of the query.
    """

    def __init__(self, folder: Path, parts: Sequence[QueryPart]) -> None:
        self._preparing: Future[Prepared] | None = None
        profile = glance_at_profile(folder)
        if profile in PROFILES and any(part.kind != "like" for part in parts):
            pool = ThreadPoolExecutor(1, thread_name_prefix="mvsearch-head-start")
            self._preparing = pool.submit(prepare, profile, parts)
            pool.shutdown(wait=False)

    def choose_encoders(self, profile: str) -> Encoders:
        """The encoders of a profile, loaded as far as that was done."""
        done = self._take()
        return done.encoders if done and done.encoders.name == profile else Encoders(profile)

    def analyse(
        self, part: QueryPart, encoders: Encoders, modalities: Collection[Modality]
    ) -> Sequence[Embeddings]:
        """As `analyse_part`; a picture that was read already is not read again."""
        done = self._take()
        known = done.pictures.get(part) if done and done.encoders is encoders else None
        return analyse_part(part, encoders, modalities) if known is None else known

    def _take(self) -> Prepared | None:
        if self._preparing is None or self._preparing.exception() is not None:
            return None
        return self._preparing.result()


def prepare(profile: str, parts: Sequence[QueryPart]) -> Prepared:
    """Load what encodes the words and pictures of a query, and read the pictures.

    Sound and clips need no network, or take so long themselves that its loading does not count.
    """
    encoders = Encoders(profile)
    pictures: dict[QueryPart, Sequence[Embeddings]] = {}
    for part in parts:
        if part.kind in ("text", "lyric"):
            for modality in REACHES[part.kind]:
                embed_words((part.value,), encoders, modality)
        elif part.kind == "image":
            check_file(part)
            pictures[part] = analyse_part(part, encoders, REACHES["image"])
    return Prepared(encoders, pictures)
