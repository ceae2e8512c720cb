"""Answers the query of a session by what is liked and disliked of its results."""

from collections.abc import Sequence

import numpy as np

from mvsearch.search.engine import Engine
from mvsearch.search.feedback.evidence import FeedbackEvidence, Means, gather_evidence
from mvsearch.search.feedback.records import Round
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.contents import open_indexes
from mvsearch.search.query.encode import Made
from mvsearch.search.query.query import Query
from mvsearch.search.query.words.tags import find_tagged, list_tagged_moments, score_tagged
from mvsearch.search.results import Result
from mvsearch.search.scoring.fusion import order_best_first
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.library import Library


def refine(
    engine: Engine,
    query: Query,
    options: SearchOptions,
    rounds: Sequence[Round],
    hidden: frozenset[str] = frozenset(),
    made: Made | None = None,
) -> list[Result]:
    """Search again, with the evidence of what was judged.

    Args:
        engine: of the library.
        query: of the session.
        options: of the session.
        rounds: the lists that were shown, with their judgements.
        hidden: ids of videos that are no results.
        made: see `Engine.search`.

    Raises:
        QueryError: the query cannot be read, or the library holds nothing to compare it with.
        MvsearchError: the library is empty.
    """
    evidence = find_evidence(engine, rounds, options)
    if query.parts:
        return engine.refined_by(evidence).search(query, options, hidden, made)
    return list_passing_best(engine.library, query.filter, options, evidence, hidden)


def find_evidence(engine: Engine, rounds: Sequence[Round], options: SearchOptions) -> FeedbackEvidence:
    """What the judgements say about each video, from one state of the library."""
    library = engine.library
    ids = {judged.video_id for one in rounds for judged in one.judgements}

    def prepare(_: bool) -> Means:
        return {m: engine.means.find(index) for m, index in open_indexes(library).items()}

    def gather(_: Means) -> FeedbackEvidence:
        means = prepare(False)
        titles = {one: video.title for one, video in library.catalog.some_videos([*ids]).items()}
        return gather_evidence(rounds, means, options.choose_weights(means), titles)

    return library.answer(prepare, gather)


def list_passing_best(
    library: Library,
    filter: Filter,
    options: SearchOptions,
    evidence: FeedbackEvidence,
    hidden: frozenset[str],
) -> list[Result]:
    """The videos that pass a filter, by the probability of its tags and by feedback."""
    with library.holding():
        catalog = library.catalog
        passing = [one for one in catalog.videos(filter) if one.id not in hidden]
        tagged = find_tagged(catalog, filter.tags, [one.id for one in passing])
    of_tags = score_tagged(tagged)
    ids = [one.id for one in passing if not filter.tags or one.id in tagged]
    known = {one.id: one for one in passing}
    scores = np.log10([max(of_tags.get(one, 1.0), 1e-6) for one in ids])
    weighed = evidence.weigh(ids)
    scores = weighed.add_to(scores, "calibrated")
    order = order_best_first(scores, ids) if tagged else np.argsort(-scores, kind="stable")
    return [
        Result(
            rank,
            float(scores[at]),
            known[ids[at]],
            moments=list_tagged_moments(ids[at], tagged.get(ids[at], ()), options.n_moments),
            feedback=weighed.explain(at),
        )
        for rank, at in enumerate(order[: options.top].tolist(), start=1)
    ]
