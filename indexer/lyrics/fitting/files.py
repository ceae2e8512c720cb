"""Writes fitted lyrics beside a video, keeps what was there, and puts it back."""

import hashlib
import os
import re
from collections.abc import Callable, Sequence
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


def write_fitted(
    places: Sequence[Path],
    lyrics: Lyrics,
    video: Video,
    note: str,
    on_kept: Callable[[WrittenFile], object] = lambda written: None,
) -> WrittenFile:
    """Write fitted lyrics as an LRC file beside a video; what was there gets another name.

    Nothing is overwritten: the old file is copied first, under a name that is free. At any point,
    a kill leaves a whole file under the name of the lyrics.

    Args:
        places: every file that holds the video.
        lyrics: the fitted ones; their origin is the side-car that they come from, if one is.
        video: their video.
        note: goes into the file.
        on_kept: told what will be there, when the old file is kept and nothing is replaced yet.

    Raises:
        MvsearchError: the folder cannot be written, or what is there is no plain file.
    """
    target = _find_target(places, lyrics)
    content = format_fitted(lyrics, video, note).encode()
    digest = hashlib.sha256(content).hexdigest()
    try:
        written = WrittenFile(target.name, digest, _keep_original(target, content))
        on_kept(written)
        with replacing(target) as file:
            file.write(content)
    except OSError as error:
        raise _explain(target, error) from None
    return written


def restore_original(places: Sequence[Path], written: WrittenFile) -> None:
    """Put the file back that was there before fitted lyrics were written, or take theirs away.

    What was put back before, by hand or by a run that was killed, stays as it is.

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
    # Of a video in several places, the file may lie beside any.
    target = next((file for file in there if _has_digest(file, written.sha256)), None)
    try:
        if target is None:
            _restore_missing(there, written.kept)
        elif written.kept:
            read_own(target.with_name(written.kept), MAX_TEXT_BYTES)
            target.with_name(written.kept).replace(target)
        else:
            target.unlink()
    except OSError as error:
        raise _explain(target or there[0], error) from None


def _restore_missing(there: Sequence[Path], kept: str) -> None:
    """Put a kept file back where the fitted lyrics are gone, or were never written.

    Raises:
        MvsearchError: something else is there.
        OSError: it cannot be read or written.
    """
    for file in there if kept else ():
        old = file.with_name(kept)
        if os.path.lexists(old):
            content = read_own(old, MAX_TEXT_BYTES)
            if not os.path.lexists(file):
                old.replace(file)
            elif _holds(file, content):
                old.unlink()
            else:
                raise MvsearchError(f"{file} was changed since: put {kept} back by hand")
            return
    present = next((file for file in there if os.path.lexists(file)), None)
    if present is not None and not kept:
        raise MvsearchError(f"{present} was changed since: take it away by hand")


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


def _keep_original(target: Path, new: bytes) -> str:
    """Copy a file under a free name beside it; returns the name, empty if there is no file.

    A file that holds what is to be written was written by a run that was killed: the last original
    is what was there before.

    Raises:
        OSError: it cannot be read or written, or is no plain file.
    """
    if not os.path.lexists(target):
        return ""
    content = read_own(target, MAX_TEXT_BYTES)
    marks = (".original", *(f".original-{number}" for number in range(2, MAX_ORIGINALS + 1)))
    places = [target.with_name(f"{target.stem}{mark}.lrc") for mark in marks]
    if content == new:
        return next((file.name for file in reversed(places) if file.is_file()), "")
    for kept in places:
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


def _has_digest(file: Path, sha256: str) -> bool:
    with suppress(OSError):
        return hashlib.sha256(read_own(file, MAX_TEXT_BYTES)).hexdigest() == sha256
    return False


def _explain(target: Path, error: OSError) -> MvsearchError:
    return MvsearchError(f"cannot write {target}: {error.strerror}; nothing was changed")
