"""Reads `.mvsearchignore` files, in the syntax of `.gitignore`.

The file is untrusted, so that matching must be fast for all patterns. The regular expressions of
pathspec take 0.77 s for `*a*a*a*ab` and one name of 255 letters, and 60 times as long with each
further `*a`. Those of `fnmatch.translate` do not backtrack. The tests compare with git.
"""

import fnmatch
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mvsearch.store.own_files import read_own
from mvsearch.store.unicode import normalise

IGNORE_NAME = ".mvsearchignore"
MAX_BYTES = 64 * 2**10
# Of a file and of the files in the folders above it together.
MAX_PATTERNS = 500
MAX_LETTERS = 300

# An escaped letter, a bracket expression, or any other letter.
_TOKENS = re.compile(r"\\(.)|(\[[!^]?\]?+[^\]]*\])|(.)", re.DOTALL)
_ANY_FOLDERS = None
_Part = re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class _Pattern:
    """The pattern of one line.

    Attributes:
        parts: a regular expression for each name of a path; None matches any number of names.
        is_negated: whether matching paths are included again.
        is_for_folders: whether it matches only folders.
    """

    parts: tuple[_Part, ...]
    is_negated: bool
    is_for_folders: bool


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The patterns of one file, and those of the folders above it.

    Attributes:
        folder: of the file; its patterns match paths below it.
        above: the rules of the folders above; None if there are none.
        problems: one line for each line of the file that cannot be used.
    """

    folder: Path
    patterns: tuple[_Pattern, ...]
    above: Self | None = None
    problems: tuple[str, ...] = ()

    @property
    def n_patterns(self) -> int:
        """The number of patterns, with those of the folders above."""
        return len(self.patterns) + (self.above.n_patterns if self.above is not None else 0)

    def ignores(self, path: Path, *, is_folder: bool) -> bool:
        """Return whether a path below the folder is ignored; the last matching pattern decides."""
        rules: IgnoreRules | None = self
        while rules is not None:
            names = [normalise(name) for name in path.relative_to(rules.folder).parts]
            for pattern in reversed(rules.patterns):
                if (is_folder or not pattern.is_for_folders) and _fits(pattern.parts, names):
                    return not pattern.is_negated
            rules = rules.above
        return False


def is_ignored(rules: IgnoreRules | None, path: Path, *, is_folder: bool) -> bool:
    """Return whether a path is ignored; without rules none is."""
    return rules is not None and rules.ignores(path, is_folder=is_folder)


def read_rules(folder: Path, above: IgnoreRules | None) -> IgnoreRules | None:
    """Read the rules of a folder; its own patterns come before those of the folders above.

    Links are not followed, as in git. Lines that cannot be used are in `problems`.

    Args:
        folder: which may have an ignore file.
        above: the rules of its parent.

    Returns:
        The rules; `above` if the folder has no patterns of its own.
    """
    file = folder / IGNORE_NAME
    if not os.path.lexists(file):
        return above
    try:
        text = read_own(file, MAX_BYTES).decode("utf-8", "surrogateescape")
    except OSError as error:
        return IgnoreRules(folder, (), above, ((error.strerror or "it cannot be read").lower(),))
    n_left = MAX_PATTERNS - (above.n_patterns if above is not None else 0)
    patterns: list[_Pattern] = []
    problems: list[str] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        try:
            patterns += parse_line(line)
        except ValueError as error:
            problems.append(f"line {number}: {error}")
    if len(patterns) > n_left:
        problems.append(f"only {MAX_PATTERNS} patterns are used, with those of the folders above")
    if not patterns and not problems:
        return above
    return IgnoreRules(folder, tuple(patterns[:n_left]), above, tuple(problems))


def parse_line(line: str) -> Sequence[_Pattern]:
    """Parse a line; returns no pattern for comments and empty lines.

    Raises:
        ValueError: the line is not a valid pattern; the message says why.
    """
    line = _strip_end(line)
    if not line or line.startswith("#"):
        return ()
    if len(line) > MAX_LETTERS:
        raise ValueError(f"a pattern has {MAX_LETTERS} letters at most")
    is_negated = line.startswith("!")
    glob = line[is_negated:]
    is_for_folders = glob.endswith("/")
    glob = glob.removesuffix("/")
    names = glob.removeprefix("/").split("/")
    if "/" not in glob and names != ["**"]:
        names = ["**", *names]
    if "" in names:  # as in "/" or "a//b", which match no path
        return ()
    parts = tuple(_ANY_FOLDERS if name == "**" else _compile(normalise(name)) for name in names)
    return (_Pattern(parts, is_negated, is_for_folders),)


def _strip_end(line: str) -> str:
    """Strip the spaces at the end of a line, except an escaped one."""
    line = line.rstrip("\r")
    bare = line.rstrip(" ")
    n_slashes = len(bare) - len(bare.rstrip("\\"))
    return line[: len(bare) + 1] if n_slashes % 2 and len(bare) < len(line) else bare


def _compile(glob: str) -> re.Pattern[str]:
    """Compile a glob of one name to a regular expression.

    Raises:
        ValueError: a backslash or bracket is not closed.
    """
    translated = []
    for escaped, group, letter in _TOKENS.findall(glob):
        if escaped:
            translated.append(f"[{escaped}]" if escaped in "*?[" else escaped)
        elif group:
            translated.append(f"[!{group[2:]}" if group.startswith("[^") else group)
        elif letter in ("\\", "["):
            raise ValueError("a backslash or bracket is left open")
        else:
            translated.append(letter)
    return re.compile(fnmatch.translate("".join(translated)))


def _fits(parts: Sequence[_Part], names: Sequence[str]) -> bool:
    """Return whether the names of a path match the parts of a pattern.

    A part matches one name, None any number of names. None at the end matches at least one: `a/**`
    matches what is below the folder, not the folder. Backtracking to the last None is enough, in at
    most len(parts) · len(names) steps.
    """
    at = name_at = 0
    back: tuple[int, int] | None = None
    while name_at < len(names):
        if at < len(parts) and (part := parts[at]) is _ANY_FOLDERS:
            back = (at + 1, name_at)
            at += 1
        elif at < len(parts) and part is not None and part.match(names[name_at]):
            at, name_at = at + 1, name_at + 1
        elif back is not None:
            back = (back[0], back[1] + 1)
            at, name_at = back
        else:
            return False
    return at == len(parts)
