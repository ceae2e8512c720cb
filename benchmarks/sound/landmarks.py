"""Measures how landmarks find clips of five seconds after what people do to sound.

    OMP_NUM_THREADS=1 python -m benchmarks.sound.landmarks MUSIC [MUSIC ...] --half 1
    OMP_NUM_THREADS=1 python -m benchmarks.sound.landmarks MUSIC [MUSIC ...] --songs 10000

The folders hold recordings. Some are held out, named by `--music` and `--talk`: they are mixed into
the clips, and asked for though they are not there. Every second of the others is asked for; the
constants were chosen on half 0. With `--songs` the time of a query among so many is measured: the
recordings with their peaks moved in time and pitch.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.sound.degraded_audio import (
    CUT_SECONDS,
    RAW,
    SAMPLE_RATE,
    SEMITONE,
    Cut,
    Recording,
    cut_at,
    is_silent,
    read_recordings,
    run_ffmpeg,
)
from mvsearch.indexer.encoders.audio.landmarks import QUERY_PEAKS, find_peaks
from mvsearch.search.localization.landmark_votes import LandmarkMatch, find_matches
from mvsearch.store.landmarks.index import LandmarkIndex, add_videos, make_empty
from mvsearch.store.landmarks.packing import pack_peaks, unpack_peaks
from mvsearch.store.records import Matrix
from mvsearch.store.records.peaks import OCTAVES, SoundPeaks

SEED = 5
MAX_CUTS = 6
SECONDS_A_CUT = 12.0
LEAD_SECONDS = 1.0
SPEEDS = {"1.25 × speed": 1.25, "0.8 × speed": 0.8, "1.1 × speed": 1.1}
TEMPI = {"1.25 × tempo": 1.25, "1.1 × tempo": 1.1}
BAND = "highpass=f=300,highpass=f=300,lowpass=f=3400,lowpass=f=3400"
FILTERS = {
    "phone": f"{BAND},acompressor=threshold=0.03:ratio=12:attack=5:release=80:makeup=4,"
    f"aresample=8000,aresample={SAMPLE_RATE}",
    "echo": "aecho=0.7:0.7:23|41|67|97|139|191|251|331:0.6|0.55|0.5|0.45|0.4|0.33|0.26|0.2",
    **{
        name: f"asetrate={SAMPLE_RATE * speed:.0f},aresample={SAMPLE_RATE}"
        for name, speed in SPEEDS.items()
    },
    **{name: f"atempo={tempo}" for name, tempo in TEMPI.items()},
    "semitone up": (
        f"asetrate={SAMPLE_RATE * SEMITONE:.0f},aresample={SAMPLE_RATE},atempo={1 / SEMITONE}"
    ),
    "semitone down": (
        f"asetrate={SAMPLE_RATE / SEMITONE:.0f},aresample={SAMPLE_RATE},atempo={SEMITONE}"
    ),
}
# What is mixed in, and how many decibels it is below the clip.
MIXED = {
    "other music 0 dB": ("music", 0.0),
    "talk 10 dB": ("talk", 10.0),
    "talk 0 dB": ("talk", 0.0),
    "white noise 0 dB": ("noise", 0.0),
}
CONDITIONS = ("clean", *FILTERS, *MIXED)


@dataclass(frozen=True, slots=True)
class Sources:
    """The recordings that are searched, and what is mixed into clips of them."""

    recordings: list[Recording]
    music: Matrix
    talk: Matrix


def choose_sources(recordings: Sequence[Recording], music: str, talk: str, same: str) -> Sources:
    """Hold the recordings out whose names contain one of some words; join those that are one."""

    def is_named(recording: Recording, words: str) -> bool:
        return any(word in recording.name for word in words.split(","))

    held = {
        words: np.concatenate([one.samples for one in recordings if is_named(one, words)])
        for words in (music, talk)
    }
    kept = [one for one in recordings if not is_named(one, f"{music},{talk}")]
    for words in same.split(";"):
        kept = [replace(one, song=words) if is_named(one, words) else one for one in kept]
    return Sources(kept, held[music], held[talk])


def draw_few_cuts(recordings: Sequence[Recording], half: int, unasked: str) -> list[Cut]:
    """Draw places in every second recording, at most six in each, where it is not silent.

    Recordings with `unasked` in their name have none; the others have the same as without it.
    """
    songs = sorted({one.song for one in recordings if one.has_queries})[half::2]
    rng = np.random.default_rng(SEED)
    cuts = []
    for number, recording in enumerate(recordings):
        seconds = len(recording.samples) / SAMPLE_RATE
        if not recording.has_queries or recording.song not in songs:
            continue
        n_cuts = max(2, min(MAX_CUTS, int(seconds / SECONDS_A_CUT)))
        for start in rng.uniform(0, seconds - CUT_SECONDS * 1.25 - 0.3, n_cuts):
            if unasked not in recording.name and not is_silent(cut_at(recording.samples, start)):
                cuts.append(Cut(number, float(start)))
    return cuts


def make_query(sources: Sources, cut: Cut, condition: str, rng: np.random.Generator) -> Matrix:
    """Five seconds as they sound under a condition."""
    samples = sources.recordings[cut.recording].samples
    if condition not in FILTERS:
        return mix(cut_at(samples, cut.start_seconds), sources, condition, rng)
    lead = min(LEAD_SECONDS, cut.start_seconds)
    first = round((cut.start_seconds - lead) * SAMPLE_RATE)
    piece = samples[first : first + round((lead + 1.25 * CUT_SECONDS + 0.5) * SAMPLE_RATE)]
    raw = ["-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "1", "-i", "-", "-threads", "1"]
    filtered = run_ffmpeg([*raw, "-af", FILTERS[condition], *RAW, "-"], piece.tobytes())
    rate = {**SPEEDS, **TEMPI}.get(condition, 1.0)
    return cut_at(np.frombuffer(filtered, np.float32), lead / rate)


def mix(clip: Matrix, sources: Sources, condition: str, rng: np.random.Generator) -> Matrix:
    """Add other sound that is so many decibels weaker."""
    if condition not in MIXED:
        return clip
    kind, decibels = MIXED[condition]
    if kind == "noise":
        other = rng.standard_normal(len(clip)).astype(np.float32)
    else:
        other = draw_other(sources.music if kind == "music" else sources.talk, len(clip), rng)
    gain = np.sqrt(np.mean(clip**2) / np.mean(other**2)) * 10 ** (-decibels / 20)
    mixed: Matrix = (clip + gain * other).astype(np.float32)
    return mixed


def draw_other(samples: Matrix, n_samples: int, rng: np.random.Generator) -> Matrix:
    """A stretch that is not silent."""
    while True:
        first = int(rng.integers(0, len(samples) - n_samples))
        other = samples[first : first + n_samples]
        if np.sqrt(np.mean(other**2)) > 0.01:
            return other


class Haystack:
    """The landmarks of all recordings, packed and unpacked as a library would."""

    def __init__(self, recordings: Sequence[Recording]) -> None:
        began = time.process_time()
        packed = [pack_peaks(find_peaks(one.samples, SAMPLE_RATE)) for one in recordings]
        spent = time.process_time() - began
        self.peaks = {str(n): unpack_peaks(one) for n, one in enumerate(packed)}
        self.index: LandmarkIndex = add_videos(make_empty(), self.peaks.items())
        seconds = sum(len(one.samples) for one in recordings) / SAMPLE_RATE
        n_bytes = self.index.places.nbytes + sum(map(len, packed))
        print(f"{len(recordings)} recordings of {seconds / 60:.0f} minutes")
        print(f"{1000 * spent / seconds:.2f} ms of one core a second of sound")
        print(f"{n_bytes / seconds * 0.06:.1f} kB a minute")

    def ask(self, samples: Matrix) -> list[LandmarkMatch]:
        """The matches of a query."""
        peaks = find_peaks(samples, SAMPLE_RATE, QUERY_PEAKS)
        return find_matches(peaks, len(samples) / SAMPLE_RATE, self.index, self.read)

    def read(self, video_ids: Sequence[str]) -> dict[str, SoundPeaks]:
        """The peaks of some recordings."""
        return {video_id: self.peaks[video_id] for video_id in video_ids}


def print_figures(sources: Sources, half: int, unasked: str) -> None:
    """Print recall, place and evidence for each condition, then for what is not there."""
    haystack = Haystack(sources.recordings)
    cuts = draw_few_cuts(sources.recordings, half, unasked)
    rng = np.random.default_rng(SEED)
    print(f"{len(cuts)} cuts\n{'condition':18s} recall@1  place  nats: least median | wrong   ms")
    for condition in CONDITIONS:
        queries = [make_query(sources, cut, condition, rng) for cut in cuts]
        began = time.process_time()
        answers = [haystack.ask(query) for query in queries]
        spent = 1000 * (time.process_time() - began) / len(cuts)
        print_condition(condition, sources.recordings, cuts, answers, spent)
    absent = [draw_other(held, 80_000, rng) for held in (sources.music, sources.talk) * 20]
    nats = [max(match.agreement.nats for match in haystack.ask(one)) for one in absent]
    print(f"not there: most {max(nats):.1f}, median {np.median(nats):.1f} nats")


def print_condition(
    condition: str,
    recordings: Sequence[Recording],
    cuts: Sequence[Cut],
    answers: Sequence[Sequence[LandmarkMatch]],
    milliseconds: float,
) -> None:
    """Print a line: another recording of the same song, found first, is right."""
    right, wrong, places = [], [-np.inf], []
    for cut, matches in zip(cuts, answers, strict=True):
        song = recordings[cut.recording].song
        is_right = [recordings[int(match.video_id)].song == song for match in matches]
        wrong += [m.agreement.nats for m, is_it in zip(matches, is_right, strict=True) if not is_it]
        if is_right and is_right[0]:
            right.append(matches[0].agreement.nats)
            places.append(abs(matches[0].agreement.start_seconds - cut.start_seconds) < 1)
    print(
        f"{condition:18s} {len(right) / len(cuts):8.3f} {sum(places) / len(cuts):6.3f}"
        f"  {min(right):11.1f} {np.median(right):6.1f} | {max(wrong):5.1f} {milliseconds:4.0f}"
    )


def measure_large(sources: Sources, n_songs: int, half: int, unasked: str) -> None:
    """Print the time of a query among many songs, made of the peaks of those that are there."""
    haystack = Haystack(sources.recordings)
    longest = [n for n, one in enumerate(sources.recordings) if len(one.samples) > 60 * SAMPLE_RATE]
    began = time.process_time()
    rng = np.random.default_rng(SEED)
    made = dict(haystack.peaks)

    def make() -> Iterator[tuple[str, SoundPeaks]]:
        for number in range(n_songs - len(haystack.peaks)):
            old = haystack.peaks[str(longest[number % len(longest)])]
            moved = vary(old, rng)
            made[f"v{number}"] = moved
            yield f"v{number}", moved

    haystack.index = add_videos(haystack.index, make())
    haystack.peaks = made
    print(f"{len(made)} songs, {len(haystack.index.places) / 1e6:.0f} million places")
    print(f"built in {time.process_time() - began:.0f} s")
    cuts = draw_few_cuts(sources.recordings, half, unasked)
    for condition in ("clean", "phone", "other music 0 dB", "talk 0 dB", "1.25 × speed"):
        queries = [make_query(sources, cut, condition, rng) for cut in cuts]
        began = time.process_time()
        answers = [haystack.ask(query) for query in queries]
        spent = 1000 * (time.process_time() - began) / len(cuts)
        print_large(condition, sources, cuts, answers, spent)


def print_large(
    condition: str,
    sources: Sources,
    cuts: Sequence[Cut],
    answers: Sequence[Sequence[LandmarkMatch]],
    milliseconds: float,
) -> None:
    """Print how many clips are found among many songs, and the time of a query."""
    songs = {str(n): one.song for n, one in enumerate(sources.recordings)}
    wanted = [songs[str(cut.recording)] for cut in cuts]
    found = [songs.get(matches[0].video_id, "") if matches else "" for matches in answers]
    recall = np.mean([one == other for one, other in zip(found, wanted, strict=True)])
    print(f"{condition:18s} recall@1 {recall:.3f}, {milliseconds:.0f} ms")


def vary(peaks: SoundPeaks, rng: np.random.Generator) -> SoundPeaks:
    """Peaks of a song that was never played: each moved in time and pitch, all transposed."""
    seconds = peaks.seconds * rng.uniform(0.7, 1.4) + rng.normal(0, 0.15, len(peaks))
    octaves = (peaks.octaves + rng.uniform(0, OCTAVES) + rng.normal(0, 0.1, len(peaks))) % OCTAVES
    order = np.argsort(np.maximum(seconds, 0))
    return SoundPeaks(np.maximum(seconds, 0)[order], octaves[order])


def main() -> None:
    """Read the options, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="folders of recordings")
    parser.add_argument("--half", type=int, default=1, help="0 to choose constants, 1 to report")
    parser.add_argument("--music", default="outfoxing,Vibe_Ace,Hungarian", help="words of names")
    parser.add_argument("--talk", default="198-209,3436-172162,5703-47212,jfk", help="likewise")
    same = "big_buck_bunny,bowerbbb;sintel;trailer.mp4,popcorn-js__trailer"
    parser.add_argument("--same", default=same, help="words of names of the same sound")
    parser.add_argument("--unasked", default="?", help="words of names that are only searched")
    parser.add_argument("--songs", type=int, help="measure the time among so many")
    options = parser.parse_args()
    recordings = [
        recording
        for number, folder in enumerate(options.folders)
        for recording in read_recordings(folder, has_queries=number < 2)
    ]
    sources = choose_sources(recordings, options.music, options.talk, options.same)
    if options.songs:
        measure_large(sources, options.songs, options.half, options.unasked)
    else:
        print_figures(sources, options.half, options.unasked)


if __name__ == "__main__":
    main()
