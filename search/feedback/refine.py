"""Answers the query of a session by what is liked and disliked of its results."""

from collections.abc import Sequence

import numpy as np

from mvsearch.search.engine import Engine
from mvsearch.search.feedback.evidence import FeedbackEvidence, Means, gather_evidence
from mvsearch.search.feedback.reason import NAMES
from mvsearch.search.feedback.records import FeedbackSession, Round
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.contents import open_indexes
from mvsearch.search.query.encode import Made
from mvsearch.search.query.query import Query
from mvsearch.search.query.words.tags import find_tagged, list_tagged_moments, score_tagged
from mvsearch.search.results import Result
from mvsearch.search.scoring.fusion import order_best_first
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import MODALITIES


def refine(
    engine: Engine,
    query: Query,
    session: FeedbackSession,
    options: SearchOptions,
    made: Made | None = None,
) -> list[Result]:
    """Make the last list of a session, with the evidence of what was judged.

    Args:
        engine: of the library.
        query: of the session.
        session: with its judgements.
        options: of the list.
        made: see `Engine.search`.

    Raises:
        QueryError: the query cannot be read, the library holds nothing to compare it with, or a
            result has nothing of what was just judged.
        MvsearchError: the library is empty.
    """
    hidden, rounds = session.hidden, session.counted
    evidence = find_evidence(engine, rounds, options)
    if len(rounds) > 1:
        _check_told(rounds[-2], evidence)
    if query.parts:
        return engine.refined_by(evidence).search(query, options, hidden, made)
    return list_passing_best(engine.library, query.filter, options, evidence, hidden)


def note_removed(library: Library, session: FeedbackSession) -> tuple[str, ...]:
    """A line where judged videos have left the library, so that they count no more."""
    ids = {one.video_id for one in session.judgements}
    n_gone = len(ids) - len(library.catalog.some_videos([*ids]))
    if not n_gone:
        return ()
    return (f"{n_gone} of the judged videos {'has' if n_gone == 1 else 'have'} left the library",)


def _check_told(judged: Round, evidence: FeedbackEvidence) -> None:
    """Refuse a judgement of what a result has not, such as the sound of a silent video.

    Raises:
        QueryError: a judgement says nothing of any video.
    """
    told = {(term.judgement, term.modality) for term in evidence.terms}
    for one in judged.judgements:
        wanted = one.modalities or [m for m in MODALITIES if (one, m) in told]
        lacking = [NAMES[m] for m in wanted if (one, m) not in told]
        if one.video_id in evidence.titles and (lacking or not wanted):
            number = judged.shown.index(one.video_id) + 1
            when = "" if one.start_seconds is None else " at that time"
            what = " and ".join(lacking) or "look, lyrics or sound"
            raise QueryError(f"result {number} has no {what} to judge{when}")


def find_evidence(
    engine: Engine, rounds: Sequence[Round], options: SearchOptions
) -> FeedbackEvidence:
    """What the judgements say about each video, from one state of the library."""
    library = engine.library
    ids = {judged.video_id for one in rounds for judged in one.judgements}

    def prepare(_: bool) -> Means:
        return {m: engine.means.find(library, index) for m, index in open_indexes(library).items()}

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
