"""The report on versions as one page that needs nothing beside itself."""

from collections.abc import Sequence
from html import escape

from search.page import NO_PICTURE, Place, Thumbnail, hash_style, read_places
from search.report_style import STYLE
from search.text import format_seconds
from search.versions.find import Progress, Versions
from search.versions.relations import KINDS, Relation, say_evidence
from search.versions.report import SAID, name_file, say_offset
from store.records import Modality, Video

# JPEG pictures in one page, about 5 KB each, two a pair; the surest pairs come first.
MAX_THUMBNAILS = 1000

_STYLE = (
    STYLE
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
@media (max-width: 30rem) { .pairs { grid-template-columns: 1fr; } }
"""
)
_SCALE = 1000.0


def render_versions(
    versions: Versions, thumbnail: Thumbnail, progress: Progress | None = None
) -> str:
    """Render groups and pairs, each pair with a picture of the same moment in both.

    The page runs no script and loads nothing: its policy allows only pictures inside it and its
    own style sheet, by hash.

    Args:
        versions: what was found.
        thumbnail: reads a JPEG of a video at a second; a MediaError gives a drawn picture.
        progress: called with the number of pictures read, and of all.

    Returns:
        A whole HTML document, all text from outside escaped.
    """
    pictures = _read_pictures(versions.relations, thumbnail, progress)
    sections = []
    for kind in KINDS:
        pairs = [_draw_pair(one, pictures) for one in versions.relations if one.kind == kind]
        if pairs:
            sections.append(
                f'<section><h2>{kind}</h2><p class="lead">{SAID[kind]}, {len(pairs)}</p>'
                f'<ul class="pairs">{"".join(pairs)}</ul></section>'
            )
    digest = hash_style(_STYLE)
    nothing = "" if sections else '<p class="none">No versions of each other found.</p>'
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            f"img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Versions</title><style>{_STYLE}</style></head><body>",
            f'<h1>Versions</h1><p class="lead">{len(versions.videos)} videos, '
            f"{len(versions.relations)} pairs that have something in common.</p>",
            _draw_legend(),
            _draw_groups(versions),
            f"<main>{nothing}",
            *sections,
            "</main><footer>Made by mvsearch.</footer></body></html>",
        ]
    )


def _draw_legend() -> str:
    marks = "".join(
        f'<li><svg viewBox="0 0 8 8" aria-hidden="true"><rect class="{modality}" width="8" '
        f'height="8" rx="2"/></svg>{what}</li>'
        for modality, what in (("frames", "same picture"), ("audio", "same sound"))
    )
    return f'<ul class="legend">{marks}<li>a line a video; what they share is joined</li></ul>'


def _draw_groups(versions: Versions) -> str:
    items = "".join(
        f"<li><b>{group.sense}</b>"
        + " · ".join(f'<span dir="auto">{escape(name_file(v))}</span>' for v in group.videos)
        + f' <span class="time">{group.confidence:.2f}</span></li>'
        for group in versions.groups
    )
    return f'<h2>Groups</h2><ul class="groups">{items}</ul>' if items else ""


def _draw_pair(relation: Relation, pictures: dict[Place, str]) -> str:
    shots = "".join(
        f'<div>{_draw_shot(place, pictures)}<p dir="auto">{escape(name_file(video))}</p></div>'
        for video, place in zip((relation.first, relation.second), _places(relation), strict=True)
    )
    why = "".join(f"<li>{escape(say_evidence(m, e))}</li>" for m, e in relation.evidence.items())
    offset = say_offset(relation.offset_seconds)
    return (
        f'<li class="pair"><div class="two">{shots}</div>{_draw_tracks(relation)}'
        f'<p class="sure">confidence {relation.confidence:.2f}, offset {offset}</p>'
        f'<ul class="where">{why}</ul></li>'
    )


def _draw_shot(place: Place, pictures: dict[Place, str]) -> str:
    uri = pictures.get(place)
    picture = f'<img alt="" loading="lazy" src="{uri}">' if uri else NO_PICTURE
    return f'<div class="shot">{picture}<span class="time">{format_seconds(place[1])}</span></div>'


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


def _places(relation: Relation) -> tuple[Place, Place]:
    """The same moment in both; of videos that share neither picture nor sound, any."""
    shared: tuple[Modality, ...] = ("frames", "audio")
    for modality in shared:
        one = relation.evidence.get(modality)
        if one is not None and one.parts and one.verdict not in ("differs", "missing"):
            first, second = one.parts[0].example_seconds
            return (
                (relation.first.id, round(max(first, 0.0), 1)),
                (relation.second.id, round(max(second, 0.0), 1)),
            )
    times = [round(video.duration_seconds / 3, 1) for video in (relation.first, relation.second)]
    return (relation.first.id, times[0]), (relation.second.id, times[1])


def _read_pictures(
    relations: Sequence[Relation], thumbnail: Thumbnail, progress: Progress | None
) -> dict[Place, str]:
    """Read the pictures of all pairs, each once, as data URIs."""
    wanted: dict[Place, Video] = {}
    for relation in relations:
        for video, place in zip((relation.first, relation.second), _places(relation), strict=True):
            wanted.setdefault(place, video)
    return read_places(wanted, thumbnail, MAX_THUMBNAILS, progress)
