"""Measures transcribed lyrics: `python -m benchmarks.lyrics.transcription_quality [--model base]`.

Seven sung songs of the test media whose notes tell each word and its time, and ten instrumental
pieces. Each is transcribed by us, and each song by faster-whisper's own loop (beam 5, its defaults)
with the same weights, which is kept from run to run. Both sides and the lyrics are normalised by
openai-whisper's `EnglishTextNormalizer`: lower case, no punctuation, contractions and numbers
spelled in one way. Word error rates are jiwer's. faster-whisper draws some texts by chance, so
those songs of which it does are transcribed once more from each of `SEEDS`, and the mean counts.

A line starts in time if it begins within a second of the note of its first word; lines whose first
word is aligned with no word of the lyrics are not counted. Of the alignments with the fewest errors
the one nearest in time counts, so that no chorus is taken for another. A line is hallucinated if it
is not rejected in an instrumental piece. Processor time is that of voice detection, spectrogram and
Whisper together; the peak is that of the whole process.

`--songs` names some songs or pieces by a part of their path.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lyrics.word_alignment import Sung, find_offsets, normalise
from benchmarks.program import BenchOptions, find_media
from benchmarks.timing import run_command
from mvsearch.indexer.lyrics.files.ultrastar import parse_ultrastar
from mvsearch.indexer.lyrics.whisper.transcribe import (
    WHISPER_SAMPLE_RATE,
    TranscribeOptions,
    Transcriber,
)
from mvsearch.indexer.media.decoding.audio import read_sound
from mvsearch.indexer.media.probe import probe_file

SONGS = "audio/ultrastar"
# What the loop was tuned on; the other songs are only reported.
TUNED = ("Code Monkey", "Monkey Shines", "Mr. Fancy Pants", "On the run")
INSTRUMENTALS = (
    "audio/ultrastar/Pornophonique - Space Invaders/instrumental.mp3",
    "audio/librosa/147793__setuniman__sweet-waltz-0i-22mi.hq.ogg",
    "audio/librosa/442789__lena-orsa__happy-music-pistachio-ice-cream-ragtime.hq.ogg",
    "audio/librosa/Hungarian_Dance_number_5_-_Allegro_in_F_sharp_minor_(string_orchestra).hq.ogg",
    "audio/librosa/Kevin_MacLeod_-_P_I_Tchaikovsky_Dance_of_the_Sugar_Plum_Fairy.hq.ogg",
    "audio/librosa/Kevin_MacLeod_-_Vibe_Ace.hq.ogg",
    "audio/librosa/admiralbob77_-_Choice_-_Drum-bass.hq.ogg",
    "audio/librosa/sorohanro_-_solo-trumpet-06.hq.ogg",
    "audio/mdnlearn__outfoxing.mp3",
    "audio/mdnlearn__viper.mp3",
)
CHILD = "--hear"
OURS = "ours"
NEAR_SECONDS = 1.0
SEEDS = (0, 1, 2)
GB = 1e9


@dataclass(frozen=True, slots=True)
class Heard:
    """A transcript, and what it cost.

    Attributes:
        lines: start in seconds and text of those that are not rejected.
        rejected: text and reason of the others.
        seconds: length of the sound.
        is_drawn: whether a text was drawn by chance.
    """

    lines: tuple[Sung, ...]
    rejected: tuple[tuple[str, str], ...]
    seconds: float
    cpu_seconds: float
    peak_bytes: int = 0
    is_drawn: bool = False


@dataclass(frozen=True, slots=True)
class Quality:
    """How one transcript compares with the lyrics; `offsets` are those of its lines in seconds."""

    error_rate: float
    offsets: tuple[float, ...]


def measure_song(heard: Heard, lines: Sequence[Sung], words: Sequence[Sung]) -> Quality:
    """Compare a transcript with lyrics.

    Args:
        heard: the transcript.
        lines: of the lyrics.
        words: of the lyrics, with the starts of their first notes.
    """
    import jiwer

    meant = normalise(" ".join(text for _, text in lines))
    said = normalise(" ".join(text for _, text in heard.lines))
    return Quality(jiwer.wer(meant, said), tuple(find_offsets(heard.lines, words)))


def read_lyrics(song: Path) -> tuple[list[Sung], list[Sung]]:
    """The lines of a song and its words, both with their starts."""
    lines = parse_ultrastar((song / "song.txt").read_text("utf-8-sig", "replace")).lines
    words = [(word.start_seconds, word.text) for line in lines for word in line.words]
    return [(line.start_seconds or 0.0, line.text) for line in lines], words


def hear(way: str, model: str, file: Path) -> Heard:
    """Transcribe a file by our loop ("ours") or faster-whisper's (its seed), in this process."""
    from ctranslate2 import set_random_seed

    if way != OURS:
        # Before the model is loaded, whose thread draws.
        set_random_seed(int(way))
    samples = read_sound(file, probe_file(file), WHISPER_SAMPLE_RATE)
    transcriber = Transcriber(model, options=TranscribeOptions("faster"))
    engine: Any = transcriber.load()
    began = time.process_time()
    temperatures = [0.0]
    lines: list[tuple[float, str, str | None]]
    if way != OURS:
        _watch_temperatures(engine.model, temperatures)
        segments, _ = engine.model.transcribe(samples, beam_size=5)
        lines = [(segment.start, segment.text.strip(), None) for segment in segments]
    else:
        made = transcriber.transcribe(samples).lines
        lines = [(line.start_seconds or 0.0, line.text, line.rejected) for line in made]
    return Heard(
        tuple((start, text) for start, text, rejected in lines if rejected is None),
        tuple((text, rejected) for _, text, rejected in lines if rejected is not None),
        len(samples) / WHISPER_SAMPLE_RATE,
        time.process_time() - began,
        is_drawn=max(temperatures) > 0,
    )


def _watch_temperatures(model: Any, temperatures: list[float]) -> None:
    """Note the temperatures at which faster-whisper decodes; not all of its windows get lines."""
    decode = model.generate_with_fallback

    def watch(*arguments: Any) -> Any:
        result, logprob, temperature, compression = decode(*arguments)
        temperatures.append(temperature)
        return result, logprob, temperature, compression

    model.generate_with_fallback = watch


def hear_alone(way: str, model: str, file: Path, kept: Path | None = None) -> Heard:
    """Transcribe a file in a process of its own, whose memory is watched.

    Args:
        way: `OURS`, or a seed of faster-whisper.
        model: name or path.
        file: audio or video.
        kept: where the result is kept and, if it is there, read.
    """
    if kept is None or not kept.is_file():
        words: list[str | Path] = [sys.executable, "-m", "benchmarks.lyrics.transcription_quality"]
        cost = run_command([*words, CHILD, way, model, file], is_watched=True)
        made = json.loads(cost.output.splitlines()[-1]) | {"peak_bytes": cost.peak_bytes or 0}
        if kept is None:
            return _read_heard(made)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(made), "utf-8")
    return _read_heard(json.loads(kept.read_text("utf-8")))


def _read_heard(made: dict[str, Any]) -> Heard:
    pairs = {name: tuple(map(tuple, made[name])) for name in ("lines", "rejected")}
    return Heard(**(made | pairs))


def hear_seeds(model: str, file: Path, folder: Path) -> list[Heard]:
    """What faster-whisper hears, from each seed if it draws any text; kept in a folder."""
    heard: list[Heard] = []
    for seed in SEEDS:
        kept = folder / f"own-{Path(model).name}-{file.parent.name}-{seed}.json"
        heard.append(hear_alone(str(seed), model, file, kept))
        if not heard[-1].is_drawn:
            break
    return heard


def measure_songs(media: Path, model: str, folder: Path, wanted: Sequence[str]) -> None:
    """Print a line for each song, and the means."""
    found: dict[str, tuple[list[Quality], list[Quality]]] = {}
    print(f"{'song':<34}  WER ours  own   starts ours  own      s/s   peak GB")
    for song in _pick(sorted((media / SONGS).iterdir()), wanted):
        lines, words = read_lyrics(song)
        file = next(song.glob("audio.*"))
        ours, own = hear_alone(OURS, model, file), hear_seeds(model, file, folder)
        (folder / f"ours-{song.name}.json").write_text(json.dumps(asdict(ours)), "utf-8")
        found[song.name] = (
            [measure_song(ours, lines, words)],
            [measure_song(each, lines, words) for each in own],
        )
        cost = f"{ours.cpu_seconds / ours.seconds:8.3f} {ours.peak_bytes / GB:8.2f}"
        spread = " ".join(f"{each.error_rate:.3f}" for each in found[song.name][1])
        print(f"{song.name:<34} {_format([found[song.name]])} {cost}  own {spread}", flush=True)
    tuned = {name for name in found if name.endswith(TUNED)}
    for title, names in (("tuned", tuned), ("others", found.keys() - tuned), ("all", found)):
        if names:
            print(f"{title:<34} {_format([found[name] for name in names])}")


def _format(found: Sequence[tuple[list[Quality], list[Quality]]]) -> str:
    """Mean word error rates and the share of all lines that start in time."""
    rates, counts = [], []
    for side in (0, 1):
        tries = [pair[side] for pair in found]
        rates.append(np.mean([np.mean([one.error_rate for one in each]) for each in tries]))
        offsets = np.concatenate([one.offsets for each in tries for one in each])
        near = np.mean(np.abs(offsets) <= NEAR_SECONDS) if len(offsets) else 0
        counts.append(f"{near:.3f}({len(offsets)})")
    return f"{rates[0]:9.3f} {rates[1]:.3f} {counts[0]:>11} {counts[1]:>10}"


def measure_instrumentals(media: Path, model: str, wanted: Sequence[str]) -> None:
    """Print the lines that are heard where nobody sings."""
    n_lines = 0
    for file in _pick([media / name for name in INSTRUMENTALS], wanted):
        heard = hear_alone("ours", model, file)
        n_lines += len(heard.lines)
        print(f"{file.name:<60} {len(heard.lines)} lines, {len(heard.rejected)} rejected")
        for start, text in heard.lines:
            print(f"    {start:.1f} {text}")
    print(f"hallucinated lines: {n_lines}", flush=True)


def _pick(files: Sequence[Path], wanted: Sequence[str]) -> list[Path]:
    return [file for file in files if not wanted or any(name in str(file) for name in wanted)]


def main() -> None:
    """Measure songs and instrumental pieces."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lyrics.transcription_quality")
    parser.add_argument("--model", default="base")
    parser.add_argument("--cache", type=Path, default=BenchOptions().cache)
    parser.add_argument("--songs", nargs="*", default=[])
    given = parser.parse_args()
    media = find_media()
    if media is None:
        print("left out: the test media are not at hand")
        return
    os.environ.setdefault("MVSEARCH_DEVICE", "cpu")
    folder = given.cache.resolve() / "transcription_quality"
    folder.mkdir(parents=True, exist_ok=True)
    measure_songs(media, given.model, folder, given.songs)
    measure_instrumentals(media, given.model, given.songs)


if __name__ == "__main__":
    if sys.argv[1:2] == [CHILD]:
        print(json.dumps(asdict(hear(sys.argv[2], sys.argv[3], Path(sys.argv[4])))))
    else:
        main()
