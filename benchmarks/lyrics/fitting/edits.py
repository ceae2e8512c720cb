"""Cuts songs as makers of videos do: intro, shorter bridge, scene in between, other speed."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.clips import run_ffmpeg
from mvsearch.indexer.media.probe import probe_file

# What videos begin with, and what is put in between: music without a voice, and speech.
OTHER_SOUNDS = (
    "audio/librosa/Kevin_MacLeod_-_Vibe_Ace.hq.ogg",
    "audio/whisper__jfk.flac",
    "audio/librosa/147793__setuniman__sweet-waltz-0i-22mi.hq.ogg",
    "audio/librosa/admiralbob77_-_Choice_-_Drum-bass.hq.ogg",
)
DRIFT = 0.005
EDITS = ("plain", "intro", "cut", "scene", "drift", "all")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a song, or of another sound, from a time to another in seconds."""

    file: Path
    start_seconds: float
    end_seconds: float

    @property
    def length_seconds(self) -> float:
        """How long it lasts."""
        return self.end_seconds - self.start_seconds


@dataclass(frozen=True, slots=True)
class Edit:
    """A version of a song.

    Attributes:
        speed: of the whole; above 1 all comes earlier.
    """

    name: str
    song: Path
    parts: Sequence[Part]
    speed: float = 1.0

    def find_time(self, seconds: float) -> float | None:
        """When something of the song comes in this version; None if it was cut."""
        before = 0.0
        for part in self.parts:
            inside = part.start_seconds <= seconds < part.end_seconds
            if part.file == self.song and inside:
                return (before + seconds - part.start_seconds) / self.speed
            before += part.length_seconds
        return None

    def write(self, place: Path) -> None:
        """Write the version as 16 kHz mono, unless it is there."""
        if place.is_file():
            return
        inputs = [word for part in self.parts for word in ("-i", str(part.file))]
        cuts = [
            f"[{at}:a]atrim={part.start_seconds:.3f}:{part.end_seconds:.3f},asetpts=PTS-STARTPTS,"
            f"aresample=16000,aformat=channel_layouts=mono[p{at}]"
            for at, part in enumerate(self.parts)
        ]
        names = "".join(f"[p{at}]" for at in range(len(self.parts)))
        tempo = "" if self.speed == 1 else f",atempo={self.speed:.6f}"
        graph = ";".join([*cuts, f"{names}concat=n={len(self.parts)}:v=0:a=1{tempo}[out]"])
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_name(f"unfinished-{place.name}")
        run_ffmpeg([*inputs, "-filter_complex", graph, "-map", "[out]", str(unfinished)])
        unfinished.replace(place)


def make_edits(song: Path, media: Path) -> list[Edit]:
    """The versions of a song; what is drawn depends on its name alone.

    Args:
        song: its sound.
        media: the folder of the test media.
    """
    rng = np.random.default_rng(zlib.crc32(song.parent.name.encode()))
    length = float(probe_file(song).duration_seconds or 0.0)
    intro, scene = (_draw_sound(rng, media) for _ in range(2))
    begin = rng.uniform(0.35, 0.55) * length
    end = begin + min(rng.uniform(12, 25), 0.2 * length)
    middle = rng.uniform(0.3, 0.7) * length
    speed = 1 + DRIFT * rng.choice([-1, 1])
    whole = Part(song, 0.0, length)
    halves = [Part(song, 0.0, begin), Part(song, end, length)]
    parts: dict[str, Sequence[Part]] = {
        "plain": [whole],
        "intro": [intro, whole],
        "cut": halves,
        "scene": [Part(song, 0.0, middle), scene, Part(song, middle, length)],
        "drift": [whole],
        "all": [intro, *halves],
    }
    return [
        Edit(name, song, parts[name], speed if name in ("drift", "all") else 1.0) for name in EDITS
    ]


def _draw_sound(rng: np.random.Generator, media: Path) -> Part:
    """A piece of another sound, of 5 s or more."""
    file = media / rng.choice(OTHER_SOUNDS)
    longest = min(float(probe_file(file).duration_seconds or 0.0) - 0.5, 40.0)
    return Part(file, 0.0, float(rng.uniform(5.0, longest)))
