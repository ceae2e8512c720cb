"""Measures fits of lyrics: `python -m benchmarks.lyrics.fitting.measure [--edits plain all]`.

Seven sung songs of the test media, whose notes tell when each line begins, are cut as makers of
videos do: see `edits`. The lyrics that are fitted are those of the song as it was, with the starts
of its lines alone, as LRC files have them. Each version is transcribed once, and what was heard is
kept in the cache.

A line is in time if it is within half a second of where it is in the version; lines that were cut
are not counted, and those of them that were kept are told. Each version is also fitted to the
lyrics of the other songs, which must be refused. The confidence, and all else, was tuned on four
songs; the other three are only reported.
"""

import argparse
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.lyrics.fitting.edits import EDITS, Edit, make_edits
from benchmarks.program import BenchOptions, find_media
from mvsearch.indexer.lyrics.files.timing import Cue, close_cues
from mvsearch.indexer.lyrics.files.ultrastar import parse_ultrastar
from mvsearch.indexer.lyrics.fitting.confidence import MIN_ASKED, confirm
from mvsearch.indexer.lyrics.fitting.fit import fit_to_voice, fit_to_words
from mvsearch.indexer.lyrics.fitting.voice_evidence import VoiceCurves, measure_curves
from mvsearch.indexer.lyrics.whisper.hypotheses import DecodingOptions
from mvsearch.indexer.lyrics.whisper.transcribe import (
    WHISPER_SAMPLE_RATE,
    TranscribeOptions,
    Transcriber,
)
from mvsearch.indexer.media.decoding.audio import read_sound
from mvsearch.indexer.media.probe import probe_file
from mvsearch.search.api.remote.requests.records import read
from mvsearch.store.records import MIN_CONFIDENCE, LyricFit, LyricLine

SONGS = "audio/ultrastar"
TUNED = ("Code Monkey", "Monkey Shines", "Mr. Fancy Pants", "On the run")
NEAR_SECONDS = 0.5
Fit = Callable[[Sequence[LyricLine]], LyricFit]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a song with what was heard in it."""

    edit: Edit
    is_tuned: bool
    seconds: float
    heard: tuple[LyricLine, ...]
    curves: VoiceCurves

    @property
    def name(self) -> str:
        """The name of the song."""
        return self.edit.song.parent.name


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a version was fitted.

    Attributes:
        near: of each line that is there, whether it is in time.
        stayed: the same of the lyrics as they were.
        n_kept: lines that were cut, and are not in the fit.
        wrong: the confidences for the lyrics of other songs.
    """

    version: Version
    fit: LyricFit
    near: tuple[bool, ...]
    stayed: tuple[bool, ...]
    n_kept: int
    wrong: tuple[float, ...]


def read_lines(song: Path) -> list[LyricLine]:
    """The lines of a song as an LRC file has them."""
    read_notes = parse_ultrastar((song / "song.txt").read_text("utf-8-sig", "replace"))
    cues = [Cue(line.start_seconds or 0.0, line.text) for line in read_notes.lines]
    return list(close_cues(cues))


def hear(edit: Edit, place: Path, transcriber: Transcriber) -> tuple[tuple[LyricLine, ...], float]:
    """What Whisper hears in a version, kept beside it; and its length in seconds."""
    edit.write(place)
    kept, seconds = place.with_suffix(".json"), float(probe_file(place).duration_seconds or 0.0)
    if not kept.is_file():
        samples = read_sound(place, probe_file(place), WHISPER_SAMPLE_RATE)
        lines = transcriber.transcribe(samples).lines
        kept.write_text(json.dumps({"lines": [asdict(line) for line in lines]}), "utf-8")
    return tuple(read(list[LyricLine], json.loads(kept.read_text("utf-8"))["lines"])), seconds


def make_versions(media: Path, cache: Path, edits: Sequence[str], model: str) -> Iterator[Version]:
    """The versions of all songs, one after the other."""
    decoding = DecodingOptions(has_word_times=True)
    transcriber = Transcriber(model, options=TranscribeOptions("faster", decoding=decoding))
    for song in sorted((media / SONGS).iterdir()):
        for edit in make_edits(next(song.glob("audio.*")), media):
            if edit.name in edits:
                place = cache / f"{song.name}-{edit.name}.wav"
                heard, seconds = hear(edit, place, transcriber)
                samples = read_sound(place, probe_file(place), WHISPER_SAMPLE_RATE)
                is_tuned = song.name.endswith(TUNED)
                yield Version(edit, is_tuned, seconds, heard, measure_curves(samples))


def try_version(version: Version, songs: dict[str, list[LyricLine]], fit: Fit) -> Outcome:
    """Fit the own lyrics of a version and those of the others."""
    found = fit(songs[version.name])
    near, stayed, n_kept = [], [], 0
    for line in songs[version.name]:
        start = line.start_seconds or 0.0
        wanted, given = version.edit.find_time(start), found.find_time(start)
        if wanted is None:
            n_kept += given is not None
            continue
        near.append(given is not None and abs(given - wanted) <= NEAR_SECONDS)
        stayed.append(abs(start - wanted) <= NEAR_SECONDS)
    wrong = [fit(lines).confidence for name, lines in songs.items() if name != version.name]
    return Outcome(version, found, tuple(near), tuple(stayed), n_kept, tuple(wrong))


def _fit_words(version: Version, lines: Sequence[LyricLine]) -> LyricFit:
    found = fit_to_words(lines, version.heard, version.seconds)
    if not MIN_ASKED <= found.confidence < MIN_CONFIDENCE:
        return found
    starts = [line.start_seconds or 0.0 for line in lines]
    return confirm(found, fit_to_voice(lines, version.curves), starts)


def _fit_voice(version: Version, lines: Sequence[LyricLine]) -> LyricFit:
    return fit_to_voice(lines, version.curves)


def print_outcomes(title: str, outcomes: Sequence[Outcome]) -> None:
    """Print a line for each version, and the totals of each edit."""
    print(f"{title}\n{'song':<36} edit    in time  rate    pieces cuts kept  sure  wrong")
    for one in outcomes:
        fit, version = one.fit, one.version
        print(
            f"{version.name:<36} {version.edit.name:<6} {np.mean(one.near):8.3f}"
            f"  {fit.rate:.4f} {len(fit.pieces):6d} {len(fit.cuts):4d} {one.n_kept:4d}"
            f"  {fit.confidence:.2f}  {max(one.wrong):.2f}"
        )
    for is_tuned, name in ((True, "tuned"), (False, "others")):
        for edit in EDITS:
            some = [
                one
                for one in outcomes
                if one.version.is_tuned == is_tuned and one.version.edit.name == edit
            ]
            if some:
                _print_total(f"{name}, {edit}", some)
        some = [one for one in outcomes if one.version.is_tuned == is_tuned]
        if some:
            _print_total(f"{name}, all versions", some)


def _print_total(title: str, outcomes: Sequence[Outcome]) -> None:
    """Lines in time: as they were, of all fits, and if only sure ones are applied."""
    n_lines = sum(len(one.near) for one in outcomes)
    stayed = sum(sum(one.stayed) for one in outcomes)
    fitted = sum(sum(one.near) for one in outcomes)
    used = sum(sum(one.near if one.fit.is_trusted else one.stayed) for one in outcomes)
    sure = [one for one in outcomes if one.fit.is_trusted]
    inside = [near for one in sure for near in one.near]
    n_wrong = sum(len(one.wrong) for one in outcomes)
    trusted = sum(sum(sure >= MIN_CONFIDENCE for sure in one.wrong) for one in outcomes)
    moved = sum(one.fit.is_trusted and one.fit.moves for one in outcomes)
    print(
        f"{title:<24} {n_lines:4d} lines in time: as they were {stayed / n_lines:.3f}, fitted"
        f" {fitted / n_lines:.3f}, as applied {used / n_lines:.3f}; sure {len(sure)} of"
        f" {len(outcomes)} ({np.mean(inside) if inside else 0:.3f} of their lines), moved {moved};"
        f" wrong songs taken {trusted} of {n_wrong}"
    )


def main() -> None:
    """Measure fits by words and by the voice alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lyrics.fitting.measure")
    parser.add_argument("--edits", nargs="*", default=EDITS, choices=EDITS)
    parser.add_argument("--model", default="base")
    parser.add_argument("--cache", type=Path, default=BenchOptions().cache)
    given = parser.parse_args()
    media = find_media()
    if media is None:
        print("left out: the test media are not at hand")
        return
    os.environ.setdefault("MVSEARCH_DEVICE", "cpu")
    songs = {song.name: read_lines(song) for song in sorted((media / SONGS).iterdir())}
    by_words, by_voice = list[Outcome](), list[Outcome]()
    for one in make_versions(media, given.cache.resolve() / "fitting", given.edits, given.model):
        by_words.append(try_version(one, songs, partial(_fit_words, one)))
        by_voice.append(try_version(one, songs, partial(_fit_voice, one)))
    print_outcomes("by words", by_words)
    print_outcomes("by the voice alone", by_voice)


if __name__ == "__main__":
    main()
