"""Writes fitted lyrics beside a video, keeps what was there, and puts it back."""

import hashlib
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mvsearch.indexer.lyrics.files.sidecar import find_sidecars, show_name
from mvsearch.indexer.lyrics.files.text_encoding import MAX_TEXT_BYTES
from mvsearch.store.errors import MvsearchError
from mvsearch.store.own_files import read_own, replacing
from mvsearch.store.records import LyricLine, Lyrics, Video

MAX_ORIGINALS = 99
# A shorter gap after a line is a breath.
_MIN_GAP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A lyric file that was written beside a video.

    Attributes:
        name: of the file.
        sha256: of its content.
        kept: the name of the file that has what was there before; empty if nothing was.
    """

    name: str
    sha256: str
    kept: str = ""


def write_fitted(places: Sequence[Path], lyrics: Lyrics, video: Video, note: str) -> WrittenFile:
    """Write fitted lyrics as an LRC file beside a video; what was there gets another name.

    Nothing is overwritten: the old file is copied first, under a name that is free. At any point,
    a kill leaves a whole file under the name of the lyrics.

    Args:
        places: every file that holds the video.
        lyrics: the fitted ones; their origin is the side-car that they come from, if one is.
        video: their video.
        note: goes into the file.

    Raises:
        MvsearchError: the folder cannot be written, or what is there is no plain file.
    """
    target = _find_target(places, lyrics)
    content = format_fitted(lyrics, video, note).encode()
    try:
        kept = _keep_original(target)
        with replacing(target) as file:
            file.write(content)
    except OSError as error:
        raise _explain(target, error) from None
    return WrittenFile(target.name, hashlib.sha256(content).hexdigest(), kept)


def restore_original(places: Sequence[Path], written: WrittenFile) -> None:
    """Put the file back that was there before fitted lyrics were written, or take theirs away.

    Raises:
        MvsearchError: the file was changed since, or cannot be written.
    """
    stem, ending = os.path.splitext(written.name)  # noqa: PTH122  the name alone, not a path
    is_kept = re.fullmatch(rf"{re.escape(stem)}\.original(-\d\d?)?\.lrc", written.kept)
    if Path(written.name).name != written.name or ending.casefold() != ".lrc":
        raise MvsearchError("what was written is not known: put the lyric file back by hand")
    if written.kept and not is_kept:
        raise MvsearchError("what was kept is not known: put the lyric file back by hand")
    there = [place.parent / written.name for place in places]
    target = next((file for file in there if file.is_file()), None)
    if target is None:
        return
    try:
        if hashlib.sha256(read_own(target, MAX_TEXT_BYTES)).hexdigest() != written.sha256:
            raise MvsearchError(
                f"{target} was changed since: put {written.kept or 'it'} back by hand"
            )
        if written.kept:
            read_own(target.with_name(written.kept), MAX_TEXT_BYTES)
            target.with_name(written.kept).replace(target)
        else:
            target.unlink()
    except OSError as error:
        raise _explain(target, error) from None


def format_fitted(lyrics: Lyrics, video: Video, note: str) -> str:
    """Lyrics as LRC, with the times of their words where they have such.

    A time without text ends a line before an instrumental part; rejected lines are left out.
    """
    tags = {"ti": video.title, "ar": video.artist or "", "la": lyrics.language or "", "#": note}
    rows = [f"[{tag}:{_clean_tag(value)}]" for tag, value in tags.items() if value]
    lines = [
        line for line in lyrics.lines if line.rejected is None and line.start_seconds is not None
    ]
    for at, line in enumerate(lines):
        rows.append(_format_line(line))
        end = line.end_seconds
        following = lines[at + 1].start_seconds if at + 1 < len(lines) else None
        if end is not None and (following is None or following - end >= _MIN_GAP_SECONDS):
            rows.append(f"[{_show(end)}]")
    return "\n".join(rows) + "\n"


def _format_line(line: LyricLine) -> str:
    text = " ".join(line.text.split())
    # A line in brackets would be read as a tag.
    shown = f"({text[1:]}" if text.startswith("[") else text
    if line.words and not any(set("<>[]") & set(word.text) for word in line.words):
        words = "".join(f"<{_show(w.start_seconds)}>{w.text.strip()} " for w in line.words)
        shown = f"{words}<{_show(line.words[-1].end_seconds)}>"
    return f"[{_show(line.start_seconds or 0.0)}]{shown}"


def _show(seconds: float) -> str:
    """A time as mm:ss.xx."""
    minutes, hundredths = divmod(round(seconds * 100), 6000)
    return f"{minutes:02d}:{hundredths // 100:02d}.{hundredths % 100:02d}"


def _clean_tag(value: str) -> str:
    return " ".join(value.replace("[", "(").replace("]", ")").split())[:200]


def _find_target(places: Sequence[Path], lyrics: Lyrics) -> Path:
    """The file that is read before all others beside the video."""
    for place in places:
        for sidecar in find_sidecars(place):
            if lyrics.source == "sidecar" and show_name(sidecar.path) == lyrics.origin:
                if sidecar.path.suffix.casefold() == ".lrc":
                    return sidecar.path
                is_named = sidecar.path.stem.startswith(place.stem)
                return (sidecar.path if is_named else place).with_suffix(".lrc")
    return places[0].with_suffix(".lrc")


def _keep_original(target: Path) -> str:
    """Copy a file under a free name beside it; returns the name, empty if there is no file.

    Raises:
        OSError: it cannot be read or written, or is no plain file.
    """
    if not os.path.lexists(target):
        return ""
    content = read_own(target, MAX_TEXT_BYTES)
    for number in range(1, MAX_ORIGINALS + 1):
        mark = ".original" if number == 1 else f".original-{number}"
        kept = target.with_name(f"{target.stem}{mark}.lrc")
        try:
            with kept.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            return kept.name
        except FileExistsError:
            if _holds(kept, content):
                return kept.name
    raise OSError(0, f"{MAX_ORIGINALS} originals are kept already")


def _holds(file: Path, content: bytes) -> bool:
    """Whether a file has this content, as after a run that was killed."""
    with suppress(OSError):
        return read_own(file, len(content)) == content
    return False


def _explain(target: Path, error: OSError) -> MvsearchError:
    return MvsearchError(f"cannot write {target}: {error.strerror}; nothing was changed")
