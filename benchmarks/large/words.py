"""Writes titles, artists and lines of made-up songs, in words of made-up syllables."""

import hashlib
from dataclasses import dataclass

import numpy as np

SONGS_PER_ARTIST = 8
N_SYLLABLES = 4000


@dataclass(frozen=True, slots=True)
class Song:
    """What is known of a made video but its vectors."""

    id: str
    position: int
    title: str
    artist: str
    lines: tuple[str, ...]


class Words:
    """Words of made-up syllables, by Zipf's law; equal seeds, equal words."""

    def __init__(self, seed: int) -> None:
        generator = np.random.default_rng([seed, 1])
        syllables = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
        lengths = generator.integers(1, 4, N_SYLLABLES)
        self._words = ["".join(generator.choice(syllables, length)) for length in lengths]
        chances = 1 / np.arange(1, N_SYLLABLES + 1)
        self._chances = np.cumsum(chances / chances.sum())
        self._seed = seed

    def write_song(self, position: int, n_lines: int) -> Song:
        """Title, artist and so many lines of a video; the title ends in its position."""
        generator = np.random.default_rng([self._seed, 2, position])
        artist = np.random.default_rng([self._seed, 3, position // SONGS_PER_ARTIST])
        title = f"{self._write(generator, 2)} {position}".capitalize()
        lines = tuple(self._write(generator, 6) for _ in range(n_lines))
        digest = hashlib.blake2b(f"{self._seed} {position}".encode(), digest_size=20)
        return Song(digest.hexdigest(), position, title, self._write(artist, 2).title(), lines)

    def _write(self, generator: np.random.Generator, n_words: int) -> str:
        """So many words, often ones more often."""
        drawn = np.searchsorted(self._chances, generator.random(n_words))
        return " ".join(self._words[min(number, N_SYLLABLES - 1)] for number in drawn)
