"""Chooses the music that fits a picture, and the pictures that fit a sound.

Several ways are tried in turn, the surest first. For a picture: songs whose picture looks like it,
then songs that trained towers put near it, then songs of the same mood, then songs whose pictures,
words or sound are about what it shows. For a sound: the video that it is from, then those that the
towers put near it, then videos whose pictures have the same mood.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from mvsearch.indexer.encoders import Encoders
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.analyse import reading
from mvsearch.search.query.query import Query, QueryPart
from mvsearch.search.query.weights import Weights
from mvsearch.search.results import Result, SearchResults
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.unicode import printable

WayName = Literal["look", "words", "sound", "trained", "mood"]
# Answers a query with weights; see `VideoLibrary.search`.
Search = Callable[[Query, Weights | None], Sequence[Result]]

MAX_WORDS = 5


@dataclass(frozen=True, slots=True)
class PictureMusic:
    """The music that fits a picture, or the pictures that fit a sound.

    Attributes:
        way: how it was found.
        results: the best first.
        words: what the picture shows, the surest first; of other ways not asked, and empty.
        notes: lines on what hindered a surer way, such as that no moods are known.
    """

    way: WayName
    results: tuple[Result, ...]
    words: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_weak(self) -> bool:
        """Whether chance would find as much."""
        return not self.results or self.results[0].is_weak

    def to_search_results(self, query: Query, options: SearchOptions) -> SearchResults:
        """The same as results of a search, with how they were found as a note.

        Args:
            query: of the picture or sound.
            options: of the search.
        """
        shows = f"; the picture shows {', '.join(self.words)}" if self.words else ""
        notes = (f"found by {self.way}{shows}", *self.notes)
        return SearchResults(query, options, self.results, notes)

    def to_dict(self) -> dict[str, Any]:
        """What was found in the form of the JSON output."""
        return {
            "way": self.way,
            "words": [printable(word) for word in self.words],
            "results": [one.to_dict() for one in self.results],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """A picture or a sound to find the other one for.

    Attributes:
        part: the picture or sound.
        encoders: of the library.
        filter: selects the videos.
        search: answers a query.
        fit: finds the videos whose mood fits the part.
        pair: finds those that the trained towers of the library put near it; None without towers.
    """

    part: QueryPart
    encoders: Encoders
    filter: Filter
    search: Search
    fit: Callable[[], Sequence[Result]]
    pair: Callable[[], Sequence[Result]] | None = None


Way = Callable[[Asked], PictureMusic]


def find_by_look(asked: Asked) -> PictureMusic:
    """Songs with a moment that looks like the picture."""
    query = Query((asked.part,), asked.filter)
    return PictureMusic("look", tuple(asked.search(query, {"frames": 1.0})))


def find_by_words(asked: Asked) -> PictureMusic:
    """Songs in which what the picture shows is seen, sung of or heard."""
    words = name_picture(asked.part, asked.encoders)
    if not words:
        return PictureMusic("words", ())
    query = Query((QueryPart("text", ", ".join(words)),), asked.filter)
    try:
        return PictureMusic("words", tuple(asked.search(query, None)), words)
    except QueryError:  # nothing in the library can be compared with words
        return PictureMusic("words", (), words)


def find_by_sound(asked: Asked) -> PictureMusic:
    """Videos that the sound is from; a file of sound alone has no picture to show."""
    query = Query((asked.part,), asked.filter)
    seen = [one for one in asked.search(query, {"audio": 1.0}) if one.video.has_picture]
    return PictureMusic(
        "sound", tuple(replace(one, rank=rank) for rank, one in enumerate(seen, start=1))
    )


def find_by_mood(asked: Asked) -> PictureMusic:
    """Videos whose music, or pictures, have the mood of the picture or sound."""
    return PictureMusic("mood", tuple(asked.fit()))


def find_by_towers(asked: Asked) -> PictureMusic:
    """Videos whose other side the trained towers put near.

    Raises:
        QueryError: the library uses none.
    """
    if asked.pair is None:
        raise QueryError(
            "this library uses no trained towers: train some by `mvsearch train audiovisual`, then"
            " use the run by `mvsearch train use`"
        )
    return PictureMusic("trained", tuple(asked.pair()))


TO_MUSIC: Mapping[WayName, Way] = {
    "look": find_by_look,
    "trained": find_by_towers,
    "mood": find_by_mood,
    # Last: most songs that it takes for sure are wrong. See docs/decisions/0072-mood-search.md.
    "words": find_by_words,
}
TO_PICTURES: Mapping[WayName, Way] = {
    "sound": find_by_sound,
    "trained": find_by_towers,
    "mood": find_by_mood,
}
# The ways that are not gone for a kind of part: of a clip the classes are not asked, and a video of
# the library is not the answer to itself.
_CLOSED: Mapping[str, frozenset[WayName]] = {
    "clip": frozenset({"words"}),
    "like": frozenset({"look", "words", "sound"}),
}


def fit_part(
    asked: Asked, ways: Mapping[WayName, Way], only: WayName | None = None
) -> PictureMusic:
    """What fits a part by the first way that finds more than chance, else by mood, else by any.

    Args:
        asked: the picture or sound.
        ways: `TO_MUSIC` or `TO_PICTURES`.
        only: the way to go; None for all in turn.

    Raises:
        QueryError: the part cannot be read, or no way can be gone.
    """
    closed = _CLOSED.get(asked.part.kind, frozenset())
    if asked.pair is None and only != "trained":  # which says that there are no towers
        closed |= {"trained"}
    open_ways = [name for name in ways if name not in closed]
    chosen = [name for name in open_ways if only in (None, name)]
    if not chosen:
        raise QueryError(f"of this query it is found by {' or '.join(open_ways)}, not by {only}")
    tried: list[PictureMusic] = []
    problems: dict[WayName, QueryError] = {}
    for name in chosen:
        try:
            tried.append(ways[name](asked))
        except QueryError as error:  # such as that the library lacks what the way compares
            problems[name] = error
            continue
        if not tried[-1].is_weak:
            return replace(tried[-1], notes=_tell_lacking(problems))
    best_first = sorted(tried, key=lambda one: (not one.results, one.way != "mood"))
    if problems and not (best_first and best_first[0].results):
        # That of moods says what to do where the library has none; all others read the part, too.
        raise problems.get("mood", next(iter(problems.values())))
    return replace(best_first[0], notes=_tell_lacking(problems))


def _tell_lacking(problems: Mapping[WayName, QueryError]) -> tuple[str, ...]:
    """Why there is no answer by mood, which is better than those that come after it."""
    return (f"not found by mood: {problems['mood']}",) if "mood" in problems else ()


def name_picture(part: QueryPart, encoders: Encoders) -> tuple[str, ...]:
    """What a picture shows in a few words.

    Raises:
        QueryError: it cannot be read.
    """
    from mvsearch.indexer.features.images import name_image

    with reading(part), part.opened() as file:
        tags = name_image(file, encoders)
    return tuple(dict.fromkeys(tag.name for tag in tags))[:MAX_WORDS]
