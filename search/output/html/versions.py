"""Writes the versions report as one self-contained page."""

from collections.abc import Mapping, Sequence
from html import escape

from mvsearch.search.output.html.page import (
    PICTURE_STYLE,
    PictureSheet,
    Place,
    StillSource,
    find_nearest,
    gather_sheet,
    write_page,
)
from mvsearch.search.output.html.style import STYLE
from mvsearch.search.output.text import format_seconds
from mvsearch.search.output.versions import SAID, name_file, say_offset, say_uncalibrated
from mvsearch.search.versions.agreement import Part
from mvsearch.search.versions.find import Versions
from mvsearch.search.versions.relations import KINDS, Kind, Relation, say_evidence
from mvsearch.store.records import Modality
from mvsearch.store.unicode import printable

# More pairs of a kind are folded.
MAX_UNFOLDED = 40
# Two stills of one pair are rather of one moment, by a second, than so much nearer to the example.
SECONDS_OF_NEARNESS = 20.0

Seconds = Mapping[str, Sequence[float]]
Places = tuple[Place, Place]

_STYLE = (
    STYLE
    + PICTURE_STYLE
    + """
h2 { margin-top: 1.6rem; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); gap: 1rem;
  margin: 0 0 2.2rem; padding: 0; list-style: none; }
.pair { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: .9rem; break-inside: avoid; min-width: 0; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: .7rem; }
.two p { margin: .35rem 0 0; font-weight: 550; line-height: 1.3; overflow-wrap: anywhere; }
.tracks { display: block; width: 100%; height: 3.4rem; margin: .8rem 0 .3rem; }
.tracks .bar { fill: var(--empty); }
.tracks .link { opacity: .3; }
.sure { color: var(--soft); font-size: .85rem; margin: .2rem 0 0;
  font-variant-numeric: tabular-nums; }
.groups { padding: 0; list-style: none; margin: 1rem 0 2.2rem; }
.groups li { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: .7rem .9rem; margin: 0 0 .6rem; overflow-wrap: anywhere; }
.groups b { font-weight: 600; margin-right: .6rem; }
section > .lead { margin: .2rem 0 .9rem; }
section summary { cursor: pointer; color: var(--accent); margin: 0 0 .9rem; }
@media (max-width: 30rem) { .pairs { grid-template-columns: 1fr; } }
"""
)
_SCALE = 1000.0


def render_versions(versions: Versions, stills: StillSource) -> str:
    """Render groups and pairs, each pair with a picture of the same moment in both.

    Args:
        versions: what was found.
        stills: pictures of the videos; where there is none, a mark stands for it.

    Returns:
        A whole HTML document, all text from outside escaped.
    """
    shown = {v.id: v for one in versions.relations for v in (one.first, one.second)}
    seconds = stills.list_seconds(list(shown.values()))
    places = [choose_places(relation, seconds) for relation in versions.relations]
    wanted = [place for pair in places for place in pair if place[1] in seconds.get(place[0], ())]
    sheet = gather_sheet(wanted, stills)
    sections = [
        _draw_kind(kind, found)
        for kind in KINDS
        if (
            found := [
                _draw_pair(one, pair, sheet)
                for one, pair in zip(versions.relations, places, strict=True)
                if one.kind == kind
            ]
        )
    ]
    nothing = "" if sections else '<p class="none">No versions of each other found.</p>'
    body = [
        f'<h1>Versions</h1><p class="lead">{len(versions.videos)} videos, '
        f"{len(versions.relations)} pairs that have something in common.</p>",
        f'<p class="lead">{escape(say_uncalibrated(versions))}</p>',
        _draw_legend(),
        _draw_identical(versions),
        _draw_groups(versions),
        f"<main>{nothing}",
        *sections,
        "</main>",
    ]
    return write_page("Versions", _STYLE + sheet.style, body)


def _draw_kind(kind: Kind, pairs: Sequence[str]) -> str:
    items = f'<ul class="pairs">{"".join(pairs)}</ul>'
    if len(pairs) > MAX_UNFOLDED:
        items = f"<details><summary>Show the {len(pairs)} pairs</summary>{items}</details>"
    return (
        f'<section><h2>{kind}</h2><p class="lead">{SAID[kind]}, {len(pairs)}</p>{items}</section>'
    )


def _draw_legend() -> str:
    marks = "".join(
        f'<li><svg viewBox="0 0 8 8" aria-hidden="true"><rect class="{modality}" width="8" '
        f'height="8" rx="2"/></svg>{what}</li>'
        for modality, what in (("frames", "same picture"), ("audio", "same sound"))
    )
    return f'<ul class="legend">{marks}<li>a line a video; what they share is joined</li></ul>'


def _draw_identical(versions: Versions) -> str:
    """The videos whose content lies in several files, each with the names of these."""
    items = "".join(
        f'<li><b dir="auto">{escape(name_file(video))}</b>'
        + " · ".join(
            f'<span dir="auto">{escape(printable(str(path)))}</span>'
            for path in (video.path, *video.other_paths)
        )
        + "</li>"
        for video in versions.identical
    )
    title = "<h2>Identical: one content in several files</h2>"
    return f'{title}<ul class="groups">{items}</ul>' if items else ""


def _draw_groups(versions: Versions) -> str:
    items = "".join(
        f"<li><b>{group.sense}</b>"
        + " · ".join(f'<span dir="auto">{escape(name_file(v))}</span>' for v in group.videos)
        + f' <span class="time">{group.confidence:.2f}</span></li>'
        for group in versions.groups
    )
    return f'<h2>Groups</h2><ul class="groups">{items}</ul>' if items else ""


def _draw_pair(relation: Relation, places: Places, sheet: PictureSheet) -> str:
    shots = "".join(
        f'<div>{_draw_shot(place, sheet)}<p dir="auto">{escape(name_file(video))}</p></div>'
        for video, place in zip((relation.first, relation.second), places, strict=True)
    )
    why = "".join(f"<li>{escape(say_evidence(m, e))}</li>" for m, e in relation.evidence.items())
    offset = say_offset(relation.offset_seconds)
    return (
        f'<li class="pair"><div class="two">{shots}</div>{_draw_tracks(relation)}'
        f'<p class="sure">confidence {relation.confidence:.2f}, offset {offset}</p>'
        f'<ul class="where">{why}</ul></li>'
    )


def _draw_shot(place: Place, sheet: PictureSheet) -> str:
    time = f'<span class="time">{format_seconds(place[1])}</span>'
    return f'<div class="shot">{sheet.draw(*place)}{time}</div>'


def _draw_tracks(relation: Relation) -> str:
    """Both videos as lines, as long as they last, and what they share between them."""
    longest = max(relation.first.duration_seconds, relation.second.duration_seconds, 1e-3)
    scale = _SCALE / longest
    parts = []
    for modality, top in (("frames", 0.0), ("audio", 9.0)):
        evidence = relation.evidence.get(modality)  # type: ignore[call-overload]
        if evidence is None or evidence.verdict in ("differs", "missing"):
            continue
        for part in evidence.parts:
            (a, b), (c, d) = (
                (seconds[0] * scale, seconds[1] * scale)
                for seconds in (part.first_seconds, part.second_seconds)
            )
            parts.append(
                f'<path class="{modality} link" d="M{a:.1f} 18L{b:.1f} 18L{d:.1f} 42L{c:.1f} 42z"/>'
                f'<rect class="{modality}" x="{a:.1f}" y="{top:g}" width="{b - a:.1f}" height="9"/>'
                f'<rect class="{modality}" x="{c:.1f}" y="{42 + top:g}" width="{d - c:.1f}" '
                'height="9"/>'
            )
    bars = "".join(
        f'<rect class="bar" y="{y}" width="{video.duration_seconds * scale:.1f}" height="18"/>'
        for video, y in ((relation.first, 0), (relation.second, 42))
    )
    return (
        '<svg class="tracks" viewBox="0 0 1000 60" preserveAspectRatio="none" aria-hidden="true">'
        f"{bars}{''.join(parts)}</svg>"
    )


def choose_places(relation: Relation, seconds: Seconds) -> Places:
    """Choose two stills of the same moment; of videos that share no picture or sound, any.

    Args:
        relation: of the pair.
        seconds: the times of the stills of both, by id; where one has none, the moment itself is
            given.
    """
    first, second = relation.first, relation.second
    stills = seconds.get(first.id, ()), seconds.get(second.id, ())
    part = _find_shared(relation)
    if part is None:
        wanted = first.duration_seconds / 3, second.duration_seconds / 3
    else:
        wanted = part.example_seconds
    if part is not None and all(stills):
        wanted = _match_stills(part, *stills)
    at, other = (
        round(max(time, 0.0), 1) if (nearest := find_nearest(some, time)) is None else nearest
        for time, some in zip(wanted, stills, strict=True)
    )
    return (first.id, at), (second.id, other)


def _find_shared(relation: Relation) -> Part | None:
    """A part that both share, of the picture where there is one."""
    shared: tuple[Modality, ...] = ("frames", "audio")
    for modality in shared:
        one = relation.evidence.get(modality)
        if one is not None and one.parts and one.verdict not in ("differs", "missing"):
            return one.parts[0]
    return None


def _match_stills(
    part: Part, firsts: Sequence[float], seconds: Sequence[float]
) -> tuple[float, float]:
    """Of the stills of both, those nearest to one moment, and not far from the example."""
    (start, end), (other_start, other_end) = part.first_seconds, part.second_seconds
    speed = (other_end - other_start) / (end - start) if end > start else 1.0
    best, chosen = float("inf"), part.example_seconds
    for time in firsts:
        same = other_start + (time - start) * speed
        other = find_nearest(seconds, same)
        if other is None or not start <= time <= end:
            continue
        cost = abs(other - same) + abs(time - part.example_seconds[0]) / SECONDS_OF_NEARNESS
        if cost < best:
            best, chosen = cost, (time, other)
    return chosen
