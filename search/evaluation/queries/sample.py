"""Draws a seeded sample of queries with known answers from a library."""

import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mvsearch.search.evaluation.outcomes import OutcomeKind
from mvsearch.search.evaluation.queries.distortion.backdrops import Backdrops
from mvsearch.search.evaluation.queries.distortion.distortions import (
    CLIP_FAMILIES,
    DISTORTIONS,
    NONE,
    PARAPHRASE,
    PICTURE_FAMILIES,
    WORD_DISTORTIONS,
    names_of,
)
from mvsearch.search.evaluation.queries.distortion.words import distort_words
from mvsearch.search.evaluation.queries.groups import Groups
from mvsearch.search.evaluation.queries.in_time import draw_pairs
from mvsearch.search.evaluation.queries.known_query import KnownQuery
from mvsearch.search.evaluation.queries.lines import QueryLines, draw_lines, read_lines
from mvsearch.search.evaluation.queries.sample_times import SampleTimes, read_sample_times
from mvsearch.search.query.query import REACHES
from mvsearch.search.query.spaces import own_spaces
from mvsearch.store.errors import QueryError
from mvsearch.store.library import Library
from mvsearch.store.records import MODALITIES, Modality, Video

# Queries about quadrants need labels, and are asked where there are any.
KINDS: tuple[OutcomeKind, ...] = ("clip", "image", "lyric", "mix", "similar", "own-sound")
# Asked only where they are named.
NAMED_KINDS: tuple[OutcomeKind, ...] = ("in-time", "feedback")
EVERY_DISTORTION = names_of(*CLIP_FAMILIES, "words")
# Maximum length of a clip as a share of the video.
MAX_SHARE = 0.7
MIN_CLIP_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class SampleOptions:
    """The queries to draw.

    Attributes:
        n_clips: about the number of clips, each used with every distortion; also the number of
            pictures and of lyric lines.
        lengths_seconds: of clips; each length has its own clips.
        distortions: names from `distortions`; each kind of query uses those that apply.
        kinds: of queries; "mix" is the picture of one video under the sound of another, "in-time"
            a picture and a lyric line that is sung after it, "similar" the similar-songs report,
            "own-sound" the picture of a video that asks for its sound, "feedback" users who like
            what is nearest to the video that they look for.
        seed: of the random generators.
    """

    n_clips: int = 60
    lengths_seconds: tuple[float, ...] = (5.0,)
    distortions: tuple[str, ...] = EVERY_DISTORTION
    kinds: tuple[OutcomeKind, ...] = KINDS
    seed: int = 1

    def __post_init__(self) -> None:
        """Validate the values."""
        if self.n_clips < 1:
            raise QueryError(f"the number of clips is at least 1, not {self.n_clips}")
        for seconds in self.lengths_seconds:
            if not MIN_CLIP_SECONDS <= seconds <= 60:
                raise QueryError(f"a clip lasts 1.5 to 60 seconds, not {seconds:g}")
        if not (self.lengths_seconds and self.distortions and self.kinds):
            raise QueryError("name at least one length, one distortion and one kind")

    def names_for(self, kind: OutcomeKind) -> list[str]:
        """The distortions that apply to a kind of query."""
        fitting = {
            "clip": names_of(*CLIP_FAMILIES),
            "image": names_of(*PICTURE_FAMILIES),
            "in-time": names_of(*PICTURE_FAMILIES),
            "lyric": WORD_DISTORTIONS,
            "mix": (NONE,),
            "similar": (NONE,),
            "own-sound": (NONE,),
            "quadrant": (NONE,),
            "feedback": (NONE,),
        }[kind]
        return [name for name in self.distortions if name in fitting]


def sample_queries(
    library: Library, modalities: Sequence[Modality], groups: Groups, options: SampleOptions
) -> list[KnownQuery]:
    """Draw queries, an equal share from every video that is suitable.

    The same library, groups and options give the same queries. The queries of a video do not depend
    on the other videos as long as its share stays.

    Args:
        library: the source of the queries.
        modalities: those in the library that the encoders can compare.
        groups: videos that count as right answers for each other.
        options: the number and kind of the queries.
    """
    videos = library.catalog.videos()
    spaces = own_spaces(library).items()
    indexes = {m: library.index(space) for m, space in spaces if m in modalities}
    times = [read_sample_times(library, video, indexes) for video in videos]
    found: list[KnownQuery] = []
    backdrops = Backdrops(times, groups, options.seed)
    for seconds in options.lengths_seconds:
        if "clip" in options.kinds:
            found += _sample_clips(times, seconds, options, backdrops)
        if "mix" in options.kinds:
            found += _sample_mixes(times, seconds, options, backdrops)
    if "image" in options.kinds:
        found += _sample_pictures(times, options, backdrops)
    if {"lyric", "in-time"} & set(options.kinds) and "lyrics" in modalities:
        lines = read_lines(library, videos, groups)
        if "lyric" in options.kinds:
            found += _sample_lines(videos, lines, options)
        if "in-time" in options.kinds:
            found += _sample_in_time(times, lines, options, backdrops)
    return found


def share_out(n: int, video_ids: Sequence[str], seed: int) -> dict[str, int]:
    """The number of queries per video: n in all, as equal as possible."""
    if not video_ids:
        return {}
    each, rest = divmod(n, len(video_ids))
    lucky = set(random.Random(f"{seed}/share").sample(sorted(video_ids), rest))
    return {video_id: each + (video_id in lucky) for video_id in video_ids}


def _sample_clips(
    times: Sequence[SampleTimes], seconds: float, options: SampleOptions, backdrops: Backdrops
) -> Iterator[KnownQuery]:
    usable = [p for p in times if _clip_seconds(p, seconds) and _choose_modalities("clip", p.held)]
    shares = share_out(options.n_clips, [p.video.id for p in usable], options.seed)
    for known in usable:
        video, length = known.video, _clip_seconds(known, seconds)
        draw = random.Random(f"{options.seed}/clip/{seconds:g}/{video.id}")
        for number in range(shares[video.id]):
            start = known.draw(length, (number, shares[video.id]), draw)
            if start is None:
                continue
            clip = KnownQuery(
                "clip", video, f"{video.id}@{start:.3f}+{length:g}", NONE,
                _choose_modalities("clip", known.held), seconds, start, length,
                spans=((start, start + length),),
                seed=zlib.crc32(f"{options.seed}/{video.id}@{start:.3f}".encode()),
            )  # fmt: skip
            for name in options.names_for("clip"):
                if modalities := _keep_modalities(clip.modalities, name):
                    yield from _stage(
                        replace(clip, distortion=name, modalities=modalities), backdrops
                    )


def _stage(query: KnownQuery, backdrops: Backdrops) -> Iterator[KnownQuery]:
    """The query; an inset with its backdrop, or not at all where there is none."""
    if not DISTORTIONS[query.distortion].is_inset:
        yield query
        return
    chosen = backdrops.choose(query.source, query.label, query.seconds)
    if chosen is not None:
        backdrop, hidden = chosen
        yield replace(query, backdrop=backdrop, hidden=hidden)


def _sample_mixes(
    times: Sequence[SampleTimes], seconds: float, options: SampleOptions, backdrops: Backdrops
) -> Iterator[KnownQuery]:
    """Undistorted clips, each with the sound of a video that is not related."""
    seen = [replace(known, held=known.held - {"audio"}) for known in times]
    plain = replace(options, distortions=(NONE,))
    for clip in _sample_clips(seen, seconds, plain, backdrops):
        chosen = backdrops.choose_sound(clip.source, clip.label, clip.seconds)
        if chosen is not None:
            sound, heard = chosen
            both: tuple[Modality, ...] = ("frames", "audio")
            yield replace(clip, kind="mix", modalities=both, backdrop=sound, heard=heard)


def _clip_seconds(known: SampleTimes, seconds: float) -> float:
    """The length of clips of a video; 0.0 if it is too short."""
    length = round(min(seconds, MAX_SHARE * known.video.duration_seconds), 3)
    return length if length >= MIN_CLIP_SECONDS and known.room_seconds(length) > 0 else 0.0


def _choose_modalities(kind: OutcomeKind, held: frozenset[Modality]) -> tuple[Modality, ...]:
    """The modalities that a query of this kind from a video can be compared in."""
    reached = REACHES["clip" if kind == "clip" else "image" if kind == "image" else "lyric"]
    return tuple(m for m in MODALITIES if m in reached and m in held)


def _keep_modalities(modalities: tuple[Modality, ...], distortion: str) -> tuple[Modality, ...]:
    """The modalities that a distortion keeps; none if it does not apply to the clip."""
    each = DISTORTIONS[distortion]
    if each.family == "sound" and "audio" not in modalities:
        return ()
    if each.family in PICTURE_FAMILIES[1:] and "frames" not in modalities:
        return ()
    if each.family == "stream" and len(modalities) < 2:
        return ()
    is_left = {"frames": each.has_picture, "audio": each.has_sound}
    return tuple(m for m in modalities if is_left.get(m, True))


def _sample_pictures(
    times: Sequence[SampleTimes], options: SampleOptions, backdrops: Backdrops
) -> Iterator[KnownQuery]:
    usable = [p for p in times if "frames" in p.held and p.room_seconds(0.0) > 0]
    shares = share_out(options.n_clips, [p.video.id for p in usable], options.seed)
    for known in usable:
        video = known.video
        draw = random.Random(f"{options.seed}/image/{video.id}")
        for number in range(shares[video.id]):
            at = known.draw(0.0, (number, shares[video.id]), draw)
            if at is None:
                continue
            for name in options.names_for("image"):
                label = f"{video.id}@{at:.3f}"
                picture = KnownQuery(
                    "image", video, label, name, ("frames",), start_seconds=at, spans=((at, at),),
                    seed=zlib.crc32(f"{options.seed}/{label}".encode()),
                )  # fmt: skip
                yield from _stage(picture, backdrops)


def _sample_lines(
    videos: Sequence[Video], lines: QueryLines, options: SampleOptions
) -> Iterator[KnownQuery]:
    singing = [video for video in videos if lines.unique.get(video.id)]
    shares = share_out(options.n_clips, [video.id for video in singing], options.seed)
    for video in singing:
        for name in options.names_for("lyric"):
            # One generator for the lines, the same for every distortion; another for the errors.
            draw = random.Random(f"{options.seed}/lyric/{video.id}")
            source = lines.rephrased if name == PARAPHRASE else lines.unique
            for line in draw_lines(source[video.id], shares[video.id], draw):
                slips = random.Random(f"{options.seed}/{name}/{video.id}/{line.text}")
                is_right = name != PARAPHRASE
                yield KnownQuery(
                    "lyric", video, f"{video.id}:{line.text}", name, ("lyrics",),
                    text=distort_words(line.text, name, slips),
                    spans=line.spans if is_right else (), is_source_right=is_right,
                )  # fmt: skip


def _sample_in_time(
    times: Sequence[SampleTimes], lines: QueryLines, options: SampleOptions, backdrops: Backdrops
) -> Iterator[KnownQuery]:
    seen = [p for p in times if "frames" in p.held and p.room_seconds(0.0) > 0]
    usable = [p for p in seen if any(line.spans for line in lines.unique.get(p.video.id, ()))]
    shares = share_out(options.n_clips, [p.video.id for p in usable], options.seed)
    for known in usable:
        video = known.video
        draw = random.Random(f"{options.seed}/in-time/{video.id}")
        for at, line in draw_pairs(known, lines.unique[video.id], shares[video.id], draw):
            label = f"{video.id}@{at:.3f}:{line.text}"
            for name in options.names_for("in-time"):
                asked = KnownQuery(
                    "in-time", video, label, name, ("frames", "lyrics"), start_seconds=at,
                    text=line.text, spans=((at, at),), line_spans=line.spans,
                    seed=zlib.crc32(f"{options.seed}/{label}".encode()),
                )  # fmt: skip
                yield from _stage(asked, backdrops)
