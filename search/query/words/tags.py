"""Finds videos with given tags, and the times of the tags."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from mvsearch.search.options import SearchOptions
from mvsearch.search.results import Moment, Result
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.catalog.reading.tags import fold_tag
from mvsearch.store.catalog.writing import Catalog
from mvsearch.store.records import Tag

Tagged = Mapping[str, tuple[Tag, ...]]

# Maximum number of tags that describe a time range.
N_NEAR = 3


def find_tagged(catalog: Catalog, names: Sequence[str], video_ids: Collection[str]) -> Tagged:
    """The videos that have all of these tags, by id, with these tags, most probable first.

    Raises:
        QueryError: no video has such a tag.
    """
    spellings = [one for spelt in catalog.spell_tags(names) for one in spelt]
    found = catalog.tagged(spellings, video_ids) if spellings else {}
    return {one: tuple(sorted(tags, key=_by_probability)) for one, tags in found.items()}


def list_passing(catalog: Catalog, filter: Filter, options: SearchOptions) -> list[Result]:
    """The first videos that pass the filter: by the probability of its tags, else by name.

    Without tags every score is 1.
    """
    if filter.tags:
        tagged = find_tagged(catalog, filter.tags, catalog.passing(filter))
        return _list_tagged(catalog, tagged, options)
    videos = catalog.videos(filter)[: options.top]
    return [Result(rank, 1.0, video) for rank, video in enumerate(videos, start=1)]


def _list_tagged(catalog: Catalog, tagged: Tagged, options: SearchOptions) -> list[Result]:
    """Rank videos by the probability of the tags, with the time ranges that have them.

    The score is the probability of the least probable tag.
    """
    scores = score_tagged(tagged)
    ranked = sorted(scores, key=lambda one: (-scores[one], one))[: options.top]
    return [
        Result(
            rank,
            scores[one],
            catalog.video(one),
            moments=list_tagged_moments(one, tagged[one], options.n_moments),
        )
        for rank, one in enumerate(ranked, start=1)
    ]


def score_tagged(tagged: Tagged) -> dict[str, float]:
    """The probability of the least probable tag of each video, by id."""
    return {one: min(_best_by_name(tags).values()) for one, tags in tagged.items()}


def list_tagged_moments(video_id: str, tags: Sequence[Tag], n_moments: int) -> tuple[Moment, ...]:
    """The time ranges of a video that most probably have its tags, so many of each name."""
    return _to_moments(video_id, tags[: n_moments * len(_best_by_name(tags))])


def show_tags(result: Result, tagged: Tagged) -> Result:
    """Add the most probable time range of each tag to a result, after its best moment."""
    surest: dict[str, Tag] = {}
    for tag in tagged.get(result.video.id, ()):
        surest.setdefault(fold_tag(tag.name), tag)
    moments = _to_moments(result.video.id, tuple(surest.values()))
    return replace(result, moments=result.moments[:1] + moments + result.moments[1:])


def name_stretch(tags: Sequence[Tag], start_seconds: float, end_seconds: float) -> str:
    """The names of the most probable tags that overlap a time range; empty if there are none."""
    names = [
        tag.name
        for tag in tags
        if tag.start_seconds < end_seconds and tag.end_seconds > start_seconds
    ]
    return ", ".join(list(dict.fromkeys(names))[:N_NEAR])


def _by_probability(tag: Tag) -> tuple[float, float, str]:
    return -tag.probability, tag.start_seconds, tag.name


def _best_by_name(tags: Sequence[Tag]) -> dict[str, float]:
    best: dict[str, float] = {}
    for tag in tags:
        name = fold_tag(tag.name)
        best[name] = max(best.get(name, 0.0), tag.probability)
    return best


def _to_moments(video_id: str, tags: Sequence[Tag]) -> tuple[Moment, ...]:
    return tuple(
        Moment(
            video_id, tag.modality, tag.start_seconds, tag.end_seconds, tag.probability, tag.name
        )
        for tag in tags
    )
