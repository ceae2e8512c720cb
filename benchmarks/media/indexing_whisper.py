"""Measures indexing with Whisper against decoding: `python -m benchmarks.media.indexing_whisper`.

The songs are those of `benchmarks.media.indexing`, each with an LRC file; here Whisper base is
made to transcribe them all the same. One round: it takes minutes.
"""

from pathlib import Path

from benchmarks.media.indexing import list_media, plain_decode
from benchmarks.program import BenchOptions, index_afresh, keep_songs, run_program, warm_up
from benchmarks.results import Row
from benchmarks.timing import run_command
from mvsearch.indexer.lyrics.whisper.engines.packages import WHISPER_BASE
from mvsearch.indexer.media.probe import probe_file

CLAIM, WHAT = "1", "the same songs, lyrics by Whisper base"
AGAINST = "sum of `ffmpeg -i X -map 0:v -f null -`"


def measure_rows(options: BenchOptions) -> list[Row]:
    """The row beside claim 1; it has no goal."""
    if WHISPER_BASE.find() is None:
        note = "the packages of Whisper base are not installed"
        return [Row(CLAIM, WHAT, AGAINST, "-", verdict="left out", note=note)]
    if options.is_quick:
        return [Row(CLAIM, WHAT, AGAINST, "-", verdict="quick", note="takes minutes")]
    folder = keep_songs(options)
    if folder is None:
        note = "the test media are not at hand"
        return [Row(CLAIM, WHAT, AGAINST, "-", verdict="left out", note=note)]
    warm_up(options)
    return [measure_row(folder, options)]


def measure_row(folder: Path, options: BenchOptions) -> Row:
    """Index once by side-cars, once by Whisper, and decode once."""
    files = list_media(folder)
    seconds = sum(probe_file(file).duration_seconds or 0.0 for file in files)
    plain = index_afresh(folder, options, "--lyrics", "sidecar")
    heard = index_afresh(folder, options, "--lyrics", "whisper")
    decoded = [run_command(plain_decode(file)) for file in files]
    wall = sum(cost.wall_seconds for cost in decoded)
    whisper = heard.cpu_seconds - plain.cpu_seconds
    return Row(
        CLAIM,
        WHAT,
        AGAINST,
        f"{heard.wall_seconds / wall:.2f} x",
        note=f"one round: {heard.wall_seconds:.0f} s, {plain.wall_seconds:.1f} s with LRC files,"
        f" {wall:.1f} s to decode; Whisper takes {whisper:.0f} s of processor time,"
        f" {whisper / seconds:.2f} s a second of sound; pictures and sound can be searched before"
        " the first transcript",
    )


if __name__ == "__main__":
    run_program("media.indexing_whisper", measure_rows)
