"""Reads `.mvsearchignore` files, in the syntax of `.gitignore`.

The file comes from whoever filled the folder, so a match must not take long: pathspec's expressions
take 0.77 s for `*a*a*a*ab` and one name of 255 letters, and 60 times as long with each `*a` more.
`fnmatch.translate` makes expressions that do not go back. The tests compare with git.
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
# Of a file and those of the folders above it together.
MAX_PATTERNS = 500
MAX_LETTERS = 300

# A backslash and what it stands for; a bracket expression; or any other letter.
_TOKENS = re.compile(r"\\(.)|(\[[!^]?\]?+[^\]]*\])|(.)", re.DOTALL)
_ANY_FOLDERS = None
_Part = re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One line.

    Attributes:
        parts: an expression for each name of a path; None for any number of names.
        is_negated: whether it takes back what earlier lines ignore.
        is_for_folders: whether it means folders only.
    """

    parts: tuple[_Part, ...]
    is_negated: bool
    is_for_folders: bool


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The patterns of one file, and those of the folders above it.

    Attributes:
        folder: where the file lies; its patterns are about what is below.
        problems: one line for each thing in the file that cannot be used.
    """

    folder: Path
    patterns: tuple[_Pattern, ...]
    above: Self | None = None
    problems: tuple[str, ...] = ()

    @property
    def n_patterns(self) -> int:
        """How many there are, those of the folders above too."""
        return len(self.patterns) + (self.above.n_patterns if self.above is not None else 0)

    def ignores(self, path: Path, *, is_folder: bool) -> bool:
        """Whether a file or folder below is left out; the last pattern that fits has the say."""
        rules: IgnoreRules | None = self
        while rules is not None:
            names = [normalise(name) for name in path.relative_to(rules.folder).parts]
            for pattern in reversed(rules.patterns):
                if (is_folder or not pattern.is_for_folders) and _fits(pattern.parts, names):
                    return not pattern.is_negated
            rules = rules.above
        return False


def is_ignored(rules: IgnoreRules | None, path: Path, *, is_folder: bool) -> bool:
    """Whether a file or folder is left out; without rules nothing is."""
    return rules is not None and rules.ignores(path, is_folder=is_folder)


def read_rules(folder: Path, above: IgnoreRules | None) -> IgnoreRules | None:
    """The rules for what lies in a folder: its own, if it has any, before those from above.

    A link is not followed, as by git. Of what cannot be used the rules tell; the rest holds.
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
    """The pattern of a line; none for a comment or an empty one.

    Raises:
        ValueError: it is none; the message says why.
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
    if "" in names:  # as in "/" or "a//b", which no path fits
        return ()
    parts = tuple(_ANY_FOLDERS if name == "**" else _compile(normalise(name)) for name in names)
    return (_Pattern(parts, is_negated, is_for_folders),)


def _strip_end(line: str) -> str:
    """A line without the spaces at its end, but for one behind a backslash."""
    line = line.rstrip("\r")
    bare = line.rstrip(" ")
    n_slashes = len(bare) - len(bare.rstrip("\\"))
    return line[: len(bare) + 1] if n_slashes % 2 and len(bare) < len(line) else bare


def _compile(glob: str) -> re.Pattern[str]:
    """An expression for one name."""
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
    """Whether the names of a path fit: each part one name, None any number, the fewest first.

    At the end None is one name at least: `a/**` is what is below a folder, and not the folder.
    To go back to the last None only is enough, and takes no more than parts times names.
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
