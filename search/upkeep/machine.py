"""Looks at the machine: programs, packages, weights, memory, terminal, clock, left files."""

import locale
import os
import re
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from mvsearch.indexer.encoders.networks.files.weights import list_models, verify_checksums
from mvsearch.indexer.media.program_check import OLDEST, check_program
from mvsearch.search.upkeep.findings import Finding
from mvsearch.store.distribution import DISTRIBUTION, name_install, read_version
from mvsearch.store.errors import MvsearchError

OLDEST_PYTHON = (3, 11)
FEW_MEMORY_BYTES = 2**30
# The project began later: a clock before is wrong.
OLDEST_CLOCK = 1_735_689_600
LEFT_SECONDS = 3600.0
EXTRAS = {
    "faster": ("faster_whisper", "Whisper on a CPU"),
    "heic": ("pillow_heif", "HEIC pictures"),
    "metrics": ("librosa", "metrics of music and pictures"),
    "ocr": ("rapidocr", "text in pictures"),
    "parquet": ("pyarrow", "Parquet tables"),
    "watch": ("watchfiles", "changes of files at once"),
    "web": ("fastapi", "mvsearch serve"),
}


def check_programs() -> Iterator[Finding]:
    """Whether ffmpeg and ffprobe are there, and can do what is needed."""
    for name in ("ffmpeg", "ffprobe"):
        try:
            found = check_program(name)
        except MvsearchError as error:
            what, _, how = str(error).partition(";")
            yield Finding("programs", name, "problem", what, how.strip())
            continue
        update = "install ffmpeg from your system's packages or from ffmpeg.org"
        if found.problem:
            yield Finding("programs", name, "problem", found.problem, update)
        elif found.lacking:
            what = f"{found.version} lacks {', '.join(found.lacking)}"
            yield Finding("programs", name, "problem", what, f"a full build is needed: {update}")
        elif found.is_old:
            what = f"{found.version} is older than {OLDEST}"
            yield Finding("programs", name, "note", what, update)
        else:
            yield Finding("programs", name, "ok", f"{found.version}, {found.path}")


def check_packages() -> Iterator[Finding]:
    """Whether Python and the required packages fit, and which extras there are."""
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        yield Finding("packages", "python", "problem", python, "install Python 3.11 or newer")
    else:
        yield Finding("packages", "python", "ok", f"{python}, {sys.executable}")
    version = read_version()
    if version is None:
        what = "runs from its folder: versions of packages are not known"
        yield Finding("packages", "mvsearch", "note", what)
        return
    bad = list(_find_unfit())
    if bad:
        yield Finding("packages", "mvsearch", "problem", "; ".join(bad), name_install())
    else:
        yield Finding("packages", "mvsearch", "ok", f"{version}, all required packages fit")
    for extra, (module, use) in EXTRAS.items():
        if _is_there(module):
            yield Finding("packages", f"extra {extra}", "ok", f"installed: {use}")
        else:
            what = f"not installed: {use}"
            yield Finding("packages", f"extra {extra}", "note", what, name_install(extra))


def _find_unfit() -> Iterator[str]:
    """The required packages that are absent or of another version."""
    try:
        from packaging.requirements import InvalidRequirement, Requirement
    except ModuleNotFoundError:
        return
    for line in metadata.requires(DISTRIBUTION) or ():
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            continue
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            yield f"{wanted.name} is not installed"
            continue
        if not wanted.specifier.contains(found, prereleases=True):
            yield f"{wanted.name} is {found}, and {wanted.specifier} is needed"


def _is_there(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def check_encoders(names: Sequence[str]) -> Iterator[Finding]:
    """Whether the weights of encoders are there and whole.

    Args:
        names: those that the library uses; of the others problems are told alone.
    """
    try:
        models = list_models()
    except (MvsearchError, OSError) as error:
        yield Finding("encoders", "encoders", "problem", str(error))
        return
    for model in models:
        if model.name not in names:
            continue
        problem = model.problem
        if not problem:
            try:
                verify_checksums(model.name)
            except (MvsearchError, OSError) as error:
                problem = str(error)
        if problem:
            yield Finding("encoders", model.name, "problem", *_divide(problem))
        else:
            size = (
                f"{model.n_bytes / 1e6:,.0f} MB, checksum fits" if model.n_bytes else "no weights"
            )
            yield Finding("encoders", model.name, "ok", size)
    known = {model.name for model in models}
    for name in sorted(set(names) - known):
        what = f"{name}, which the library uses, is not installed"
        yield Finding("encoders", name, "note", what, "install its plug-in, or see encoders list")


def _divide(problem: str) -> tuple[str, str]:
    """What is wrong, and what to do, of one line."""
    what, mark, how = problem.partition(": ")
    return (what, how) if mark else (problem, "")


def check_machine() -> Iterator[Finding]:
    """Memory, terminal, and the clock."""
    memory = _read_memory()
    if memory is not None:
        what = f"{memory / 2**30:.1f} GiB free"
        few = memory < FEW_MEMORY_BYTES
        how = "close other programs, or index with --workers 1" if few else ""
        yield Finding("machine", "memory", "problem" if few else "ok", what, how)
    names = {sys.getfilesystemencoding(), locale.getpreferredencoding(do_setlocale=False)}
    plain = sorted(name for name in names if re.sub("[^a-z0-9]", "", name.lower()) != "utf8")
    if plain:
        how = "set LANG=C.UTF-8, or PYTHONUTF8=1"
        what = f"{', '.join(plain)}: names outside ASCII may not be shown or found"
        yield Finding("machine", "locale", "note", what, how)
    else:
        yield Finding("machine", "locale", "ok", "UTF-8")
    now = time.time()
    if now < OLDEST_CLOCK:
        what = f"the clock says {time.strftime('%Y-%m-%d', time.gmtime(now))}"
        yield Finding("machine", "clock", "problem", what, "set the clock of the machine")
    else:
        yield Finding("machine", "clock", "ok", time.strftime("%Y-%m-%d %H:%M:%S %z"))
    yield _check_left()


def _read_memory() -> int | None:
    """The memory that can be used, in bytes; None where the system does not tell."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _check_left() -> Finding:
    """Temporary folders that killed programs left; others' are not counted."""
    folder, n = Path(tempfile.gettempdir()), 0
    for place in folder.glob("mvsearch-*"):
        try:
            found = place.lstat()
        except OSError:
            continue
        is_own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
        is_old = time.time() - found.st_mtime > LEFT_SECONDS
        n += stat.S_ISDIR(found.st_mode) and is_own and is_old
    if not n:
        return Finding("machine", "temporary folders", "ok", f"none left in {folder}")
    what = f"{n} of more than an hour ago in {folder}, which killed programs may have left"
    how = f"while nothing of mvsearch runs, delete {folder}/mvsearch-*"
    return Finding("machine", "temporary folders", "note", what, how)
