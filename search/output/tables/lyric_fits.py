"""Tells in words how lyrics fit a video."""

from typing import TYPE_CHECKING

from mvsearch.search.output.text import format_seconds, name_video
from mvsearch.store.records import LyricFit
from mvsearch.store.unicode import printable

if TYPE_CHECKING:
    from mvsearch.search.api.lyrics.records import FittedLyrics

# Less cannot be heard.
_MIN_SHOWN_SECONDS = 0.05


def describe_fit(fit: LyricFit) -> str:
    """How early or late lyrics are, in one phrase: "7.2 s early, from 1:23 on 8.0 s late"."""
    first, *others = fit.pieces
    told = [_describe_offset(first.offset_seconds)]
    told += [
        f"from {format_seconds(piece.start_seconds)} on {_describe_offset(piece.offset_seconds)}"
        for piece in others
    ]
    if fit.rate != 1:
        kind = "slower" if fit.rate > 1 else "faster"
        told.append(f"the video is {abs(fit.rate - 1):.2%} {kind}".replace("%", " %"))
    told += [
        f"{end - start:.1f} s of them are cut at {format_seconds(start)}" for start, end in fit.cuts
    ]
    return ", ".join(told)


def explain_fit(told: "FittedLyrics") -> str:
    """One line for a terminal: whose lyrics, how they fit, how sure that is, and what was done."""
    fit = told.fit
    sure = f"{100 * fit.confidence:.0f} % sure"
    heard = f", {fit.n_heard} of {fit.n_lines} lines heard" if fit.evidence == "words" else ""
    origin = f" ({told.origin})" if told.origin else ""
    name = f"{name_video(told.video)}: "
    how = f"{sure} by {'words' if fit.evidence == 'words' else 'the voice alone'}{heard}"
    what = {
        "offered": f"the lyrics{origin} are {describe_fit(fit)}; {how}",
        "fits": f"the lyrics{origin} fit; {how}",
        "unsure": f"whether the lyrics{origin} fit is not clear, so they stay; {how}",
        "applied": f"the lyrics{origin} were moved: they were {describe_fit(fit)}; {how}",
    }[told.state]
    kept = f"; what was there is {told.kept}" if told.kept else ""
    written = f"; written to {told.file}{kept}" if told.file else ""
    return printable(name + what + written)


def _describe_offset(seconds: float) -> str:
    """How early lyrics are by whose times a video is later."""
    if abs(seconds) < _MIN_SHOWN_SECONDS:
        return "in time"
    return f"{abs(seconds):.1f} s {'early' if seconds > 0 else 'late'}"
