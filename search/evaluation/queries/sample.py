"""Draws a seeded sample of queries with known answers from a library."""

import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mvsearch.search.evaluation.outcomes import OutcomeKind
from mvsearch.search.evaluation.queries.distortions import (
    DROPPED_WORDS,
    NONE,
    PARAPHRASE,
    TYPING_ERRORS,
    WORD_DISTORTIONS,
    find_family,
    names_of,
)
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.lines import KnownLines, draw_lines, read_lines
from mvsearch.search.evaluation.queries.sample_times import Places, read_places
from mvsearch.search.evaluation.queries.typos import drop_words, misspell
from mvsearch.search.query.query import REACHES
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import MODALITIES, Modality, Video

KINDS: tuple[OutcomeKind, ...] = ("clip", "image", "lyric", "similar")
EVERY_DISTORTION = names_of("none", "picture", "speed", "stream", "sound", "words")
# A clip that takes more of a short video would be the video.
MAX_SHARE = 0.7
MIN_CLIP_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class SampleOptions:
    """Which queries are made.

    Attributes:
        n_clips: about so many places to cut clips at, each asked with under every distortion; as
            many pictures and lyric lines.
        lengths_seconds: of clips; each has its own places.
        distortions: names from `indexer.distortions`; each kind of query takes what fits it.
        kinds: of queries, "similar" for the report of similar songs.
        seed: of all that is drawn.
    """

    n_clips: int = 60
    lengths_seconds: tuple[float, ...] = (5.0,)
    distortions: tuple[str, ...] = EVERY_DISTORTION
    kinds: tuple[OutcomeKind, ...] = KINDS
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if self.n_clips < 1:
            raise QueryError(f"the number of clips is at least 1, not {self.n_clips}")
        for seconds in self.lengths_seconds:
            if not MIN_CLIP_SECONDS <= seconds <= 60:
                raise QueryError(f"a clip lasts 1.5 to 60 seconds, not {seconds:g}")
        if not (self.lengths_seconds and self.distortions and self.kinds):
            raise QueryError("name at least one length, one distortion and one kind")

    def names_for(self, kind: OutcomeKind) -> list[str]:
        """The distortions that a kind of query can suffer."""
        fitting = {
            "clip": names_of("none", "picture", "speed", "stream", "sound"),
            "image": names_of("none", "picture"),
            "lyric": WORD_DISTORTIONS,
            "similar": (NONE,),
        }[kind]
        return [name for name in self.distortions if name in fitting]


@dataclass(frozen=True, slots=True)
class KnownQuery:
    """One query and its right answers.

    Attributes:
        source: what it is made from.
        label: what is asked with, the same under every distortion.
        nominal_seconds: length of clips as the table gives it; short videos give shorter ones.
        start_seconds, seconds: where it is cut; zero seconds for a picture.
        text: the words of a lyric line, spoilt already.
        spans: the stretches of the source of which any is the right moment; empty for unknown.
        senses: the modalities that it can be compared by.
        is_source_right: whether the source is an answer; to a paraphrase only its twins are.
        seed: of the noise.
    """

    kind: OutcomeKind
    source: Video
    label: str
    distortion: str
    senses: tuple[Modality, ...]
    nominal_seconds: float | None = None
    start_seconds: float = 0.0
    seconds: float = 0.0
    text: str = ""
    spans: tuple[tuple[float, float], ...] = ()
    is_source_right: bool = True
    seed: int = 0


def sample_queries(
    library: Library, modalities: Sequence[Modality], groups: Groups, options: SampleOptions
) -> list[KnownQuery]:
    """Draw queries, an equal share from every video that has something to ask with.

    The same library, groups and options give the same queries, and a video's do not depend on the
    other videos as long as its share stays.

    Args:
        library: what is drawn from.
        modalities: those that the library holds and the encoders can compare.
        groups: videos that answer for one another.
        options: how many of which.
    """
    videos = library.catalog.videos()
    places = [read_places(library, video, modalities) for video in videos]
    found: list[KnownQuery] = []
    if "clip" in options.kinds:
        for seconds in options.lengths_seconds:
            found += _sample_clips(places, seconds, options)
    if "image" in options.kinds:
        found += _sample_pictures(places, options)
    if "lyric" in options.kinds and "lyrics" in modalities:
        found += _sample_lines(videos, read_lines(library, videos, groups), options)
    return found


def share_out(n: int, video_ids: Sequence[str], seed: int) -> dict[str, int]:
    """How many queries each video gives: n in all, none more than one above another."""
    if not video_ids:
        return {}
    each, rest = divmod(n, len(video_ids))
    lucky = set(random.Random(f"{seed}/share").sample(sorted(video_ids), rest))
    return {video_id: each + (video_id in lucky) for video_id in video_ids}


def _sample_clips(
    places: Sequence[Places], seconds: float, options: SampleOptions
) -> Iterator[KnownQuery]:
    usable = [p for p in places if _clip_seconds(p, seconds) and _senses("clip", p.held)]
    shares = share_out(options.n_clips, [p.video.id for p in usable], options.seed)
    for place in usable:
        video, length = place.video, _clip_seconds(place, seconds)
        draw = random.Random(f"{options.seed}/clip/{seconds:g}/{video.id}")
        for number in range(shares[video.id]):
            start = place.draw(length, (number, shares[video.id]), draw)
            if start is None:
                continue
            clip = KnownQuery(
                "clip", video, f"{video.id}@{start:.3f}+{length:g}", NONE,
                _senses("clip", place.held), seconds, start, length,
                spans=((start, start + length),),
                seed=zlib.crc32(f"{options.seed}/{video.id}@{start:.3f}".encode()),
            )  # fmt: skip
            for name in options.names_for("clip"):
                if senses := _left_senses(clip.senses, name):
                    yield replace(clip, distortion=name, senses=senses)


def _clip_seconds(place: Places, seconds: float) -> float:
    """How long a clip of a video may be; 0.0 where it is too short for any."""
    length = round(min(seconds, MAX_SHARE * place.video.duration_seconds), 3)
    return length if length >= MIN_CLIP_SECONDS and place.room(length) > 0 else 0.0


def _senses(kind: OutcomeKind, held: frozenset[Modality]) -> tuple[Modality, ...]:
    """The modalities that a query of this kind from a video can be compared by."""
    reached = REACHES["clip" if kind == "clip" else "image" if kind == "image" else "lyric"]
    return tuple(m for m in MODALITIES if m in reached and m in held)


def _left_senses(senses: tuple[Modality, ...], distortion: str) -> tuple[Modality, ...]:
    """What a clip can still be compared by; nothing where a distortion has nothing to spoil."""
    from mvsearch.search.evaluation.queries.distortions import DISTORTIONS

    each = DISTORTIONS[distortion]
    if find_family(distortion) == "sound" and "audio" not in senses:
        return ()
    if find_family(distortion) == "picture" and "frames" not in senses:
        return ()
    if find_family(distortion) == "stream" and len(senses) < 2:
        return ()
    is_left = {"frames": each.has_picture, "audio": each.has_sound}
    return tuple(m for m in senses if is_left.get(m, True))


def _sample_pictures(places: Sequence[Places], options: SampleOptions) -> Iterator[KnownQuery]:
    usable = [p for p in places if "frames" in p.held and p.room(0.0) > 0]
    shares = share_out(options.n_clips, [p.video.id for p in usable], options.seed)
    for place in usable:
        video = place.video
        draw = random.Random(f"{options.seed}/image/{video.id}")
        for number in range(shares[video.id]):
            at = place.draw(0.0, (number, shares[video.id]), draw)
            if at is None:
                continue
            for name in options.names_for("image"):
                yield KnownQuery(
                    "image", video, f"{video.id}@{at:.3f}", name, ("frames",),
                    start_seconds=at, spans=((at, at),),
                )  # fmt: skip


def _sample_lines(
    videos: Sequence[Video], lines: KnownLines, options: SampleOptions
) -> Iterator[KnownQuery]:
    singing = [video for video in videos if lines.unique.get(video.id)]
    shares = share_out(options.n_clips, [video.id for video in singing], options.seed)
    for video in singing:
        for name in options.names_for("lyric"):
            # One generator for the lines, the same for every distortion; another for the slips.
            draw = random.Random(f"{options.seed}/lyric/{video.id}")
            source = lines.rephrased if name == PARAPHRASE else lines.unique
            for line in draw_lines(source[video.id], shares[video.id], draw):
                slips = random.Random(f"{options.seed}/{name}/{video.id}/{line.text}")
                is_right = name != PARAPHRASE
                yield KnownQuery(
                    "lyric", video, f"{video.id}:{line.text}", name, ("lyrics",),
                    text=_spoil(line.text, name, slips),
                    spans=line.spans if is_right else (), is_source_right=is_right,
                )  # fmt: skip


def _spoil(text: str, distortion: str, draw: random.Random) -> str:
    if distortion == TYPING_ERRORS:
        return misspell(text, draw)
    return drop_words(text, draw) if distortion == DROPPED_WORDS else text
