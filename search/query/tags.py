"""Finds videos with given tags, and the times of the tags."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from mvsearch.search.query.encode import EncodedQuery
from mvsearch.search.results import Moment, Result
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Tag

Tagged = Mapping[str, tuple[Tag, ...]]

# So many names are offered for one that no video has, and name what a stretch shows.
N_NEAR = 3


def find_tagged(catalog: Catalog, names: Sequence[str]) -> Tagged:
    """The videos that have every one of these tags, by id: their tags of these names, surest first.

    Large and small letters are the same, and so is any white space.

    Raises:
        QueryError: no video has such a tag; the message names those that are spelt alike.
    """
    spellings: dict[str, list[str]] = {}
    for name in catalog.tag_names():
        spellings.setdefault(_fold(name), []).append(name)
    found: dict[str, tuple[Tag, ...]] | None = None
    for name in dict.fromkeys(map(_fold, names)):
        if name not in spellings:
            raise QueryError(_say_unknown(name, spellings))
        these = catalog.tagged(spellings[name])
        if found is not None:
            these = {one: found[one] + tags for one, tags in these.items() if one in found}
        found = these
    return {one: tuple(sorted(tags, key=_by_probability)) for one, tags in (found or {}).items()}


def keep_tagged(encoded: EncodedQuery, tagged: Tagged, video_ids: Iterable[str]) -> EncodedQuery:
    """Leave all of these videos out that have not the tags."""
    return replace(encoded, left_out=encoded.left_out | (set(video_ids) - tagged.keys()))


def list_tagged(catalog: Catalog, tagged: Tagged, top: int, n_moments: int) -> list[Result]:
    """The videos with these tags, the surest first, each with the stretches that have them.

    The score is the probability of the tag, of several that of the least probable.
    """
    scores = {one: min(_best_by_name(tags).values()) for one, tags in tagged.items()}
    ranked = sorted(scores, key=lambda one: (-scores[one], one))[:top]
    return [
        Result(
            rank,
            scores[one],
            catalog.video(one),
            moments=_to_moments(one, tagged[one][: n_moments * len(_best_by_name(tagged[one]))]),
        )
        for rank, one in enumerate(ranked, start=1)
    ]


def show_tags(result: Result, tagged: Tagged) -> Result:
    """Tell in a result where its video has each tag best: after the best moment, to be seen."""
    surest: dict[str, Tag] = {}
    for tag in tagged[result.video.id]:
        surest.setdefault(_fold(tag.name), tag)
    moments = _to_moments(result.video.id, tuple(surest.values()))
    return replace(result, moments=result.moments[:1] + moments + result.moments[1:])


def name_stretch(tags: Sequence[Tag], start_seconds: float, end_seconds: float) -> str:
    """The names of the surest few tags that overlap a stretch of a video; empty where none does."""
    names = [
        tag.name
        for tag in tags
        if tag.start_seconds < end_seconds and tag.end_seconds > start_seconds
    ]
    return ", ".join(list(dict.fromkeys(names))[:N_NEAR])


def _fold(name: str) -> str:
    return " ".join(name.casefold().split())


def _by_probability(tag: Tag) -> tuple[float, float, str]:
    return -tag.probability, tag.start_seconds, tag.name


def _best_by_name(tags: Sequence[Tag]) -> dict[str, float]:
    best: dict[str, float] = {}
    for tag in tags:
        name = _fold(tag.name)
        best[name] = max(best.get(name, 0.0), tag.probability)
    return best


def _to_moments(video_id: str, tags: Sequence[Tag]) -> tuple[Moment, ...]:
    return tuple(
        Moment(video_id, "frames", tag.start_seconds, tag.end_seconds, tag.probability, tag.name)
        for tag in tags
    )


def _say_unknown(name: str, spellings: Mapping[str, Sequence[str]]) -> str:
    if not spellings:
        return "no video has a tag yet: `mvsearch index FOLDER` gives them, with profile embedded"
    holding = sorted(one for one in spellings if name in one)
    alike = get_close_matches(name, spellings, n=N_NEAR, cutoff=0.5)
    near = list(dict.fromkeys([*holding, *alike]))[:N_NEAR]
    offered = ", ".join(repr(spellings[one][0]) for one in near or sorted(spellings)[:N_NEAR])
    which = "nearest" if near else "the first of the others"
    return f"no video has the tag {name!r}; {which} are {offered}"
