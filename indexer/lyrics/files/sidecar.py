"""Finds lyric files beside a video and chooses which to read."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from mvsearch.indexer.lyrics.files.languages import split_language_suffix
from mvsearch.indexer.lyrics.files.lrc import has_stamps, parse_lrc
from mvsearch.indexer.lyrics.files.plain import parse_plain
from mvsearch.indexer.lyrics.files.plugin_formats import list_plugin_endings, read_by_plugin
from mvsearch.indexer.lyrics.files.subtitles import parse_subtitles
from mvsearch.indexer.lyrics.files.text_encoding import MAX_TEXT_BYTES, decode_text, read_text
from mvsearch.indexer.lyrics.files.timing import Parsed
from mvsearch.indexer.lyrics.files.ultrastar import is_ultrastar, parse_ultrastar, read_media_names
from mvsearch.store.errors import MediaError
from mvsearch.store.records import Lyrics
from mvsearch.store.unicode import normalise, replace_surrogates

# Of two timed files the one whose lines are the song's own comes first.
SIDECAR_ENDINGS = (".lrc", ".srt", ".vtt", ".ass", ".ssa", ".txt")
_SUBTITLE_ENDINGS = (".srt", ".vtt", ".ass", ".ssa")
# A folder that changed this recently may change again within one tick of its clock.
_SETTLED_SECONDS = 5.0
_HEADER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A lyric file of a video.

    Attributes:
        language: ISO 639-1, by its name.
    """

    path: Path
    language: str | None = None


@dataclass(slots=True)
class LyricFiles:
    """The lyric files of a folder, by the stem of the video and by the name of the media file."""

    by_stem: dict[str, list[Sidecar]] = field(default_factory=dict)
    by_media: dict[str, list[Sidecar]] = field(default_factory=dict)


ListFiles = Callable[[Path], LyricFiles]


def list_lyric_files(folder: Path) -> LyricFiles:
    """The lyric files of a folder; remembered while the folder stands still."""
    try:
        changed_ns = folder.stat().st_mtime_ns
    except OSError:
        return LyricFiles()
    if time.time() - changed_ns / 1e9 < _SETTLED_SECONDS:
        return _list_folder(folder)
    return _list_settled_folder(folder, changed_ns)


def find_sidecars(
    video_path: Path, list_files: ListFiles = list_lyric_files
) -> tuple[Sidecar, ...]:
    """The lyric files of a video, by name: `Song.lrc`, `Song.en.srt`, endings in any case.

    Names match in any Unicode normal form. An UltraStar file of any name belongs to the video whose
    file name stands in its `#MP3`, `#AUDIO` or `#VIDEO`.

    Args:
        video_path: its file.
        list_files: asked for the folder. Who looks at many videos at once lists each folder once.
    """
    listing = list_files(video_path.parent)
    found = listing.by_stem.get(normalise(video_path.stem), [])
    named = listing.by_media.get(normalise(video_path.name), [])
    unique = {sidecar.path: sidecar for sidecar in (*named, *found)}
    return tuple(sorted(unique.values(), key=lambda sidecar: sidecar.path.name))


def sidecar_fingerprint(places: Sequence[Path], list_files: ListFiles = list_lyric_files) -> str:
    """A text that changes whenever a side-car of the video appears, changes or goes.

    Args:
        places: every file that holds the video, in any order.
        list_files: asked for their folders.
    """
    marks: set[str] = set()
    for sidecar in _find_beside(places, list_files):
        try:
            state = sidecar.path.stat()
        except OSError:
            continue
        marks.add(f"{sidecar.path.name}\0{state.st_size}\0{state.st_mtime_ns}")
    return "\n".join(sorted(marks))


def read_sidecars(
    places: Sequence[Path], language: str | None = None
) -> tuple[Lyrics | None, tuple[MediaError, ...]]:
    """Read the best side-car, and say what is wrong with those that cannot be read.

    Another language than the one asked for comes last, then timed comes before untimed; then the
    language asked for, a file without language, any other; then the ending, in the order of
    `list_endings`; then the name of the file and that of its folder. An empty file is no error.

    Args:
        places: every file that holds the video: where it lies twice, all that lies beside either
            counts, and their order decides nothing.
        language: the one to prefer, ISO 639-1.
    """
    read: list[tuple[Sidecar, Parsed]] = []
    problems: list[MediaError] = []
    for sidecar in _find_beside(places, list_lyric_files):
        try:
            read.append((sidecar, read_lyric_file(sidecar.path)))
        except MediaError as error:
            problems.append(MediaError(error.code, f"{show_name(sidecar.path)}: {error}"))
    sung = [(sidecar, parsed) for sidecar, parsed in read if parsed.lines]
    if not sung:
        return None, tuple(problems)
    sidecar, parsed = min(sung, key=lambda pair: _rank(pair[0], pair[1], language))
    spoken = sidecar.language or parsed.language
    name = show_name(sidecar.path)
    problems += parsed.list_problems(name)
    return Lyrics(parsed.lines, "sidecar", name, spoken), tuple(problems)


def _find_beside(places: Sequence[Path], list_files: ListFiles) -> list[Sidecar]:
    """The lyric files beside any of a video's files, each once."""
    found = (sidecar for place in places for sidecar in find_sidecars(place, list_files))
    return list({sidecar.path: sidecar for sidecar in found}.values())


def read_lyric_file(path: Path) -> Parsed:
    """Read a lyric file by its ending; what a `.txt` is shows in its text.

    Raises:
        MediaError: "bad_lyrics".
    """
    text = read_text(path)
    if not text.strip():
        return Parsed(())
    ending = path.suffix.casefold()
    if ending not in SIDECAR_ENDINGS:
        return read_by_plugin(text, ending)
    return parse_subtitles(text) if ending in _SUBTITLE_ENDINGS else parse_text(text)


def list_endings() -> list[str]:
    """The endings of lyric files, the built-in ones first, then those of plug-ins."""
    return [*SIDECAR_ENDINGS, *list_plugin_endings(SIDECAR_ENDINGS)]


def parse_text(text: str) -> Parsed:
    """Read text that may be UltraStar, LRC or plain lyrics.

    Raises:
        MediaError: "bad_lyrics": more lines than any song has.
    """
    if is_ultrastar(text):
        return parse_ultrastar(text)
    return parse_lrc(text) if has_stamps(text) else parse_plain(text)


def _rank(
    sidecar: Sidecar, parsed: Parsed, language: str | None
) -> tuple[bool, bool, int, int, str, Path]:
    """The order in which side-cars are preferred; smaller is better."""
    spoken = sidecar.language or parsed.language
    is_other = language is not None and spoken is not None and spoken != language
    is_wanted = language is not None and spoken == language
    fit = 0 if is_wanted else 1 + (sidecar.language is not None)
    ending = list_endings().index(sidecar.path.suffix.casefold())
    return is_other, not parsed.is_timed, fit, ending, sidecar.path.name, sidecar.path


@lru_cache(maxsize=8)
def _list_settled_folder(folder: Path, changed_ns: int) -> LyricFiles:
    """List a folder as it has been since `changed_ns`."""
    return _list_folder(folder)


def _list_folder(folder: Path) -> LyricFiles:
    """List the lyric files of a folder under every stem that they may belong to."""
    listing = LyricFiles()
    try:
        paths = list(folder.iterdir())
    except OSError:
        return listing
    endings = list_endings()
    for path in paths:
        if path.suffix.casefold() not in endings:
            continue
        stem = normalise(path.stem)
        listing.by_stem.setdefault(stem, []).append(Sidecar(path))
        song_stem, language = split_language_suffix(stem)
        if language is not None:
            listing.by_stem.setdefault(song_stem, []).append(Sidecar(path, language))
        if path.suffix.casefold() == ".txt":
            for media_name in _read_media_names(path):
                listing.by_media.setdefault(normalise(media_name), []).append(Sidecar(path))
    return listing


def _read_media_names(path: Path) -> Sequence[str]:
    """The media files that the head of an UltraStar file names."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_TEXT_BYTES:
            return ()
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
        return sorted(read_media_names(decode_text(head))) if b"#" in head else ()
    except (OSError, MediaError):
        return ()


def show_name(path: Path) -> str:
    """A file name fit for one line of a message."""
    shown = replace_surrogates(path.name)
    return "".join(mark if mark.isprintable() else "\ufffd" for mark in shown)
