"""Generates large libraries of made-up videos through the catalogue, within minutes.

Vectors come from `benchmarks.large.vectors`; titles, artists and lyric lines are words of made-up
syllables, used as often as Zipf's law has it. The vectors of lines know nothing of the words: a
line is found by its words, and by its meaning at random.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.large.vectors import VectorMaker, choose_likeness
from benchmarks.large.words import Song, Words
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.media.stills import encode_still
from mvsearch.indexer.metadata.beside import mark_side_cars
from mvsearch.indexer.mood.measure import find_mood_space
from mvsearch.indexer.pipeline.lyrics.lyrics_stage import lyrics_fingerprint
from mvsearch.store.database import schema
from mvsearch.store.library import Library
from mvsearch.store.records import (
    Embeddings,
    IndexedVideo,
    Location,
    LyricLine,
    Lyrics,
    Metadata,
    Mood,
    MoodCurve,
    MoodTrack,
    Segment,
    SoundPeaks,
    Space,
    Stage,
    Still,
    Tag,
    Video,
)

# A songbook of twice as many songs begins as a copy of this or a larger one.
SMALLEST_SONGBOOK = 250
LABELS = ("seashore", "stage", "drum", "acoustic guitar", "limousine", "candle", "umbrella")
VIDEOS_AT_ONCE = 50
# Height and width of the noise that stills are made of, and width and height of these.
COARSE_NOISE = (9, 16)
STILL_SIZE = (192, 108)


@dataclass(frozen=True, slots=True)
class LibraryOptions:
    """What a made library holds.

    Attributes:
        n_frames, n_windows, n_lines: vectors a video of pictures, sound and lyrics.
        n_words: vectors a video of the words for its pictures; None for as many as of pictures.
        n_stills: small pictures a video, each about as large as those of real videos.
        profile: whose spaces are filled.
        has_files: whether empty files of the right size and time lie where the catalogue says, so
            that indexing their folder finds all of them unchanged.
    """

    n_videos: int
    n_frames: int = 100
    n_windows: int = 160
    n_lines: int = 40
    n_words: int | None = None
    n_stills: int = 0
    duration_seconds: float = 200.0
    profile: str = "embedded"
    seed: int = 0
    has_files: bool = True


@dataclass(frozen=True, slots=True)
class MadeLibrary:
    """Where a made library lies.

    Attributes:
        folder: of the library.
        videos: the folder that it says it was made from.
    """

    folder: Path
    videos: Path
    options: LibraryOptions


def keep_library(
    cache: Path, options: LibraryOptions, smaller: MadeLibrary | None = None
) -> MadeLibrary:
    """Make a library below `cache`, or take the one that an earlier call made there.

    Args:
        cache: the folder.
        options: what it holds.
        smaller: one of the same kind to begin with, so that less is to be made.
    """
    made = place_library(cache, options)
    marker = made.folder.parent / "made.json"
    if not marker.exists():
        shutil.rmtree(marker.parent, ignore_errors=True)
        made.videos.mkdir(parents=True)
        if smaller is not None:
            shutil.copytree(smaller.folder, made.folder)
        fill_library(made, 0 if smaller is None else smaller.options.n_videos)
        marker.write_text(_label(options), "utf-8")
    return made


def place_library(cache: Path, options: LibraryOptions) -> MadeLibrary:
    """Where a library is, or would be."""
    digest = hashlib.sha256(_label(options).encode()).hexdigest()[:10]
    home = cache.absolute() / f"made-{options.n_videos}-{digest}"
    return MadeLibrary(home / "library", home / "videos", options)


def _label(options: LibraryOptions) -> str:
    return json.dumps(asdict(options) | {"schema": schema.HEAD}, sort_keys=True)


def keep_songbook(cache: Path, n_videos: int) -> MadeLibrary:
    """Songs of 200 s as the default profile samples them: 200 frames, 160 windows, 40 lines.

    One of twice the songs is one of half of them and as many more.
    """
    half = n_videos // 2
    has_half = n_videos % 2 == 0 and half >= SMALLEST_SONGBOOK
    return keep_library(
        cache,
        LibraryOptions(n_videos, n_frames=200, has_files=False),
        keep_songbook(cache, half) if has_half else None,
    )


def keep_crowd(cache: Path, n_videos: int) -> MadeLibrary:
    """Many videos of 100 frame vectors, and few of the other kinds, to save time and disk."""
    return keep_library(cache, LibraryOptions(n_videos, n_windows=20, n_lines=10, n_words=15))


def make_maker(space: Space, options: LibraryOptions) -> VectorMaker:
    """What makes the vectors of one space of a made library."""
    seed = options.seed + int.from_bytes(hashlib.sha256(space.key.encode()).digest()[:4], "little")
    return VectorMaker(space.dim, choose_likeness(space), seed)


def fill_library(made: MadeLibrary, first: int = 0) -> None:
    """Write a library, but for its first videos, and the files that it is said to be made from."""
    options = made.options
    spaces = tuple(Encoders(options.profile).spaces())
    with Library.open(made.folder, create=True) as library, library.writing():
        library.catalog.adopt_profile(options.profile, spaces)
        for some in _make_side_by_side(made, spaces, first):
            library.catalog.add_indexed(some)


def _make_side_by_side(
    made: MadeLibrary, spaces: tuple[Space, ...], first: int
) -> Iterator[Sequence[IndexedVideo]]:
    """Some videos at a time, in order, by a process a core; few wait to be written."""
    n_videos = made.options.n_videos
    n_processes = min(os.cpu_count() or 1, -(-(n_videos - first) // VIDEOS_AT_ONCE))
    waiting: deque[Future[list[IndexedVideo]]] = deque()
    with ProcessPoolExecutor(n_processes, get_context("spawn")) as pool:
        for begin in range(first, n_videos, VIDEOS_AT_ONCE):
            some = range(begin, min(begin + VIDEOS_AT_ONCE, n_videos))
            waiting.append(pool.submit(_make_some, some, made, spaces))
            if len(waiting) > n_processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _make_some(some: range, made: MadeLibrary, spaces: tuple[Space, ...]) -> list[IndexedVideo]:
    """Make the videos of these positions."""
    makers = {space: _recall_maker(space, made.options) for space in spaces}
    words = Words(made.options.seed)
    with threadpool_limits(1, user_api="blas"):
        return [
            make_video(words.write_song(position, made.options.n_lines), makers, made)
            for position in some
        ]


@lru_cache
def _recall_maker(space: Space, options: LibraryOptions) -> VectorMaker:
    return make_maker(space, options)


def make_embeddings(
    space: Space, maker: VectorMaker, song: Song, options: LibraryOptions
) -> Embeddings:
    """The vectors of a video in one space, each with its share of the time."""
    texts = list(song.lines) if space.modality == "lyrics" else []
    counts = {"frames": options.n_frames, "lyrics": options.n_lines, "audio": options.n_windows}
    n = counts[space.modality]
    if space.view == "words" and options.n_words is not None:
        n = options.n_words
    segments = tuple(_cut(n, options.duration_seconds, texts))
    # What is made has no sound. Without peaks an index run would look for some.
    peaks = SoundPeaks(np.zeros(0), np.zeros(0)) if space.modality == "audio" else None
    return Embeddings(space, segments, maker.make(song.position, n), peaks)


def _cut(n: int, duration_seconds: float, texts: Sequence[str]) -> Iterator[Segment]:
    """Cut a duration into n segments."""
    times = np.linspace(0, duration_seconds, n + 1).tolist()
    for number in range(n):
        yield Segment(times[number], times[number + 1], texts[number] if texts else "")


def make_video(song: Song, makers: dict[Space, VectorMaker], made: MadeLibrary) -> IndexedVideo:
    """All that a library holds of a video; if asked, its file is made as well."""
    options = made.options
    place = made.videos / f"{song.artist} - {song.title}.mp4"
    mtime_ns = 1_700_000_000_000_000_000 + song.position * 1_000_000_000
    size = 20_000_000 + song.position
    if options.has_files:
        place.touch()
        os.truncate(place, size)
        os.utime(place, ns=(mtime_ns, mtime_ns))
    video = Video(song.id, place, song.title, song.artist, options.duration_seconds, True)
    embeddings = [make_embeddings(space, maker, song, options) for space, maker in makers.items()]
    firsts = {each.space.modality: each.space.key for each in reversed(embeddings)}
    made_from = {"lyrics": ("tag lyrics", _mark_of_no_sidecar())}
    stages = (
        Stage(song.id, modality, key, "done", "", *made_from.get(modality, ("", "")))
        for modality, key in firsts.items()
    )
    return IndexedVideo(
        video,
        Location(place, song.id, made.videos, size, mtime_ns),
        tuple(stages),
        tuple(embeddings),
        make_lyrics(song, options),
        (Tag(LABELS[song.position % len(LABELS)], 0.0, options.duration_seconds / 4, 0.5),),
        tuple(make_stills(song, options)),
        tuple(make_moods(embeddings, options)),
        metadata=Metadata(mark=_mark_of_no_metadata()),
    )


def make_moods(embeddings: Sequence[Embeddings], options: LibraryOptions) -> Iterator[MoodTrack]:
    """A mood of the picture where none can be measured, as there are fewer vectors of words."""
    found = find_mood_space([one.space for one in embeddings], "frames")
    if options.n_words is not None and found is not None:
        curve = MoodCurve(np.zeros(1, np.float32), np.full((1, 3), 0.5, np.float32))
        mood = Mood(0.5, 0.5, 0.5)
        yield MoodTrack("picture", found[1].revision, mood, curve, np.zeros(0, np.float32))


def make_stills(song: Song, options: LibraryOptions) -> Iterator[Still]:
    """Blurred noise: about 2.1 KB a picture, where those of real videos take 2."""
    generator = np.random.default_rng([options.seed, 4, song.position])
    for at in range(options.n_stills):
        coarse = generator.integers(0, 256, (*COARSE_NOISE, 3), dtype=np.uint8)
        seconds = (at + 0.5) * options.duration_seconds / options.n_stills
        yield Still(seconds, encode_still(coarse, STILL_SIZE))


def make_lyrics(song: Song, options: LibraryOptions) -> Lyrics:
    """The lines of a video, one after the other over its whole length."""
    segments = _cut(options.n_lines, options.duration_seconds, song.lines)
    lines = (LyricLine(one.text, one.start_seconds, one.end_seconds) for one in segments)
    return Lyrics(tuple(lines), "tag", "lyrics")


@lru_cache(maxsize=1)
def _mark_of_no_metadata() -> str:
    """What the catalogue keeps of the metadata beside a video that has none."""
    with tempfile.TemporaryDirectory() as folder:
        return mark_side_cars([Path(folder, "alone.mp4")])


@lru_cache(maxsize=1)
def _mark_of_no_sidecar() -> str:
    """What the catalogue keeps of the lyric files beside a video that has none."""
    with tempfile.TemporaryDirectory() as folder:
        return lyrics_fingerprint([Path(folder, "alone.mp4")])
