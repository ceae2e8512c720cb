"""Reads judgements as people write them: `2`, `2:sound` or `2@1:05-1:10:look`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from mvsearch.search.feedback.reason import NAMES
from mvsearch.search.feedback.records import FeedbackSession, Judgement
from mvsearch.search.query.language.sections import Section, parse_section_times
from mvsearch.store.errors import QueryError
from mvsearch.store.records import MODALITIES, Modality

# A number of the last list, a number with what of it, or a judgement by the video's id.
OneJudged: TypeAlias = int | str | Judgement
Judged: TypeAlias = OneJudged | Sequence[OneJudged]

WORDS: Mapping[str, Modality] = {
    **{modality: modality for modality in MODALITIES},
    **{name: modality for modality, name in NAMES.items()},
    "text": "ocr",
}
FORM = "write 2, 2:sound or 2@1:05-1:10:look"
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


def read_judgements(
    session: FeedbackSession, like: Judged, dislike: Judged
) -> tuple[Judgement, ...]:
    """The judgements of results of the last list of a session.

    Args:
        session: whose last list was shown.
        like: numbers from 1, texts, or judgements by the id of a video.
        dislike: likewise; `is_liked` of judgements is set.

    Raises:
        QueryError: something was not shown, cannot be read, or is liked and disliked.
    """
    found: dict[Judgement, None] = {}
    for given, is_liked in ((like, True), (dislike, False)):
        for one in _iterate(given):
            found[_read(one, session, is_liked)] = None
    for one in found:
        if any(one.contradicts(other) for other in found):
            number = session.shown.index(one.video_id) + 1
            raise QueryError(f"result {number} is liked and disliked: say one, or of what")
    return tuple(found)


def _iterate(given: Judged) -> Iterator[OneJudged]:
    if isinstance(given, str):
        yield from (one for one in given.split(","))
    elif isinstance(given, int | Judgement):
        yield given
    elif isinstance(given, Sequence):
        for one in given:
            yield from _iterate(one)
    else:
        raise QueryError(f"what is liked are numbers of results, or texts: {FORM}")


def _read(given: OneJudged, session: FeedbackSession, is_liked: bool) -> Judgement:
    if isinstance(given, Judgement):
        if given.video_id not in session.shown:
            raise QueryError("what is judged is not in the last list of the session")
        times = given.start_seconds, given.end_seconds
        return Judgement(given.video_id, is_liked, given.modalities, *times)
    if isinstance(given, int):
        return Judgement(_find_shown(given, session), is_liked)
    number, modalities, section = _split(given.strip())
    times = (None, None) if section is None else _close(section)
    return Judgement(_find_shown(number, session), is_liked, modalities, *times)


def _split(text: str) -> tuple[int, tuple[Modality, ...], Section | None]:
    """The number, what of it, and the moment of `2@1:05-1:10:look+sound`."""
    rest, mark, last = text.rpartition(":")
    modalities: tuple[Modality, ...] = ()
    if mark and not _NUMBER.match(last.strip()):
        names = [name.strip().casefold() for name in last.split("+")]
        unknown = next((name for name in names if name not in WORDS), None)
        if unknown is not None:
            raise QueryError(f"nothing of a result is called {unknown[:40]!r}: {FORM}")
        modalities = tuple(dict.fromkeys(WORDS[name] for name in names))
        text = rest
    number, mark, times = text.partition("@")
    if not _NUMBER.fullmatch(number.strip()):
        raise QueryError(f"{text[:40]!r} is no number of a result: {FORM}")
    return int(number), modalities, parse_section_times(times) if mark else None


def _close(section: Section) -> tuple[float, float]:
    """The start and end of a section; the times of a video end before a day."""
    end = section.end_seconds
    return section.start_seconds or 0.0, 86_400.0 if end is None else end


def _find_shown(number: int, session: FeedbackSession) -> str:
    n_shown = len(session.shown)
    if not 1 <= number <= n_shown:
        results = "1 result" if n_shown == 1 else f"{n_shown} results"
        raise QueryError(
            f"the last list of {session.name} has {results}: there is no number {number}"
        )
    return session.shown[number - 1]
