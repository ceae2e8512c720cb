"""Simulates users who look for a video, and like what is nearest to it of each list."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mvsearch.search.engine import Engine
from mvsearch.search.feedback.evidence import Means, gather_evidence, rank_scores
from mvsearch.search.feedback.records import FeedbackSession, Judgement, Round
from mvsearch.search.feedback.refine import refine
from mvsearch.search.options import SearchOptions
from mvsearch.search.query.contents import open_indexes
from mvsearch.search.query.make_query import make_query
from mvsearch.search.query.query import Query
from mvsearch.search.query.weights import Weights
from mvsearch.search.scoring.fusion import FloatArray, Fusion
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.library import Library
from mvsearch.store.records import Modality, Video

LIST = 10
MAX_LISTS = 50
MIN_WORD_LETTERS = 4
# What a user who judges look and sound apart likes of each list.
APART: tuple[Modality, ...] = ("frames", "audio")


@dataclass(frozen=True, slots=True)
class VagueQuery:
    """What a user remembers of a video.

    Attributes:
        kind: "tag", "mood" or "word".
        said: the tag, mood or word.
    """

    kind: str
    said: str
    target: str

    @property
    def query(self) -> Query:
        """What is asked: a filter by tag or mood, or one word for look, lyrics or sound."""
        if self.kind == "word":
            return make_query(text=self.said)
        if self.kind == "tag":
            return Query((), Filter(tags=(self.said,)))
        return Query((), Filter(mood=self.said))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """How alike videos are to a user: all of their vectors compared, not their means.

    Attributes:
        position: of each video in the matrices.
        whole: (videos, videos) fused surprisals.
        apart: the same by modality.
    """

    position: dict[str, int]
    whole: FloatArray
    apart: dict[Modality, FloatArray]

    @classmethod
    def open(cls, engine: Engine) -> "Eye":
        """Compare all videos of a library."""
        matrix = engine.all_pairs().compute_matrix()
        position = {video.id: at for at, video in enumerate(matrix.videos)}
        return cls(position, np.asarray(matrix.scores), dict(matrix.surprisals))

    def choose(
        self, target: str, shown: Sequence[str], scores: FloatArray, noise: FloatArray
    ) -> str | None:
        """The shown video that is nearest to the target; None if none can be compared."""
        row = scores[self.position[target], [self.position[one] for one in shown]]
        if np.isnan(row).all():
            return None
        return shown[int(np.nanargmax(row + noise[: len(row)]))]


@dataclass(frozen=True, slots=True)
class User:
    """How a user judges.

    Attributes:
        noise: scale of the Gumbel noise on surprisals: 0 always likes the nearest.
        is_apart: whether the look of one result is liked, and the sound of one.
    """

    name: str
    noise: float = 0.0
    is_apart: bool = False

    def judge(
        self, eye: Eye, target: str, shown: Sequence[str], rng: np.random.Generator
    ) -> tuple[Judgement, ...]:
        """What is liked of a list without the target."""
        noise = rng.gumbel(0.0, 1.0, LIST) * self.noise
        if not self.is_apart:
            liked = eye.choose(target, shown, eye.whole, noise)
            return () if liked is None else (Judgement(liked, True),)
        found = {m: eye.choose(target, shown, eye.apart[m], noise) for m in APART if m in eye.apart}
        return tuple(Judgement(one, True, (m,)) for m, one in found.items() if one is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """What a query finds without feedback: all videos, best first, with their scores."""

    video_ids: tuple[str, ...]
    scores: FloatArray

    def find_page(self, target: str) -> int:
        """The page of ten that has a video; `MAX_LISTS` + 1 if none has."""
        if target not in self.video_ids:
            return MAX_LISTS + 1
        return self.video_ids.index(target) // LIST + 1


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """A library whose searches are refined.

    The lists are those of `refine`: a score is that of the search and the points of feedback.
    """

    engine: Engine
    eye: Eye
    means: Means
    weights: Weights
    fusion: Fusion = "calibrated"
    known: dict[Query, Ranking] = field(default_factory=dict)

    @classmethod
    def open(cls, engine: Engine, fusion: Fusion = "calibrated") -> "Simulation":
        """Read the mean vectors of a library, and compare all of its videos."""
        indexes = open_indexes(engine.library)
        means = {
            modality: engine.means.find(engine.library, index)
            for modality, index in indexes.items()
        }
        weights = SearchOptions().choose_weights(indexes)
        return cls(engine, Eye.open(engine), means, weights, fusion)

    def rank(self, query: Query) -> Ranking:
        """What a query finds without feedback."""
        if query not in self.known:
            n_videos = self.engine.library.catalog.n_videos()
            options = SearchOptions(top=n_videos, n_moments=1, fusion=self.fusion)
            begun = FeedbackSession("begun", (), query.filter, options, (Round(),))
            results = refine(self.engine, query, begun, options)
            ids = tuple(result.video.id for result in results)
            self.known[query] = Ranking(ids, np.array([result.score for result in results]))
        return self.known[query]

    def count_lists(self, asked: VagueQuery, user: User, rng: np.random.Generator) -> int:
        """The lists of ten until the video is in one, at most `MAX_LISTS`.

        Each list is of what was not shown yet, as when paging on.
        """
        ranking = self.rank(asked.query)
        is_calibrated = self.fusion == "calibrated"
        scores = ranking.scores.copy() if is_calibrated else rank_scores(ranking.scores)
        for number in range(1, MAX_LISTS + 1):
            order = np.argsort(-scores, kind="stable")[:LIST]
            shown = tuple(ranking.video_ids[at] for at in order if scores[at] > -np.inf)
            if asked.target in shown or not shown:
                return number if shown else MAX_LISTS
            scores[order] = -np.inf
            judged = Round(shown, user.judge(self.eye, asked.target, shown, rng))
            evidence = gather_evidence([judged], self.means, self.weights, {})
            scores = evidence.weigh(ranking.video_ids).add_to(scores, "calibrated")
        return MAX_LISTS


def draw_queries(library: Library, seed: int) -> list[VagueQuery]:
    """For each video with picture and sound, what a user may remember: a tag, a mood, a word.

    Tags and moods that no more than one list of videos have are left out: nothing is vague there.
    """
    choose = random.Random(seed)
    videos = [one for one in library.catalog.videos() if one.has_picture and one.has_sound]
    passing: dict[Filter, int] = {}
    found = []
    for video in videos:
        for kind, words in _list_memories(library, video).items():
            if not words:
                continue
            asked = VagueQuery(kind, choose.choice(words), video.id)
            filter = asked.query.filter
            if kind != "word" and filter not in passing:
                passing[filter] = len(library.catalog.passing(filter))
            if kind == "word" or passing[filter] > LIST:
                found.append(asked)
    return found


def _list_memories(library: Library, video: Video) -> dict[str, list[str]]:
    """What there is to remember of a video, by kind."""
    tags = sorted({tag.name for tag in library.catalog.tags(video.id)})
    lyrics = library.catalog.lyrics(video.id)
    text = " ".join(line.text for line in lyrics.lines) if lyrics else (video.artist or "")
    words = sorted({word.lower() for word in text.split() if _is_memorable(word)})
    return {"tag": tags, "mood": list(video.moods), "word": words}


def _is_memorable(word: str) -> bool:
    return len(word) >= MIN_WORD_LETTERS and word.isalpha()
