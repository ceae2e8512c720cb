"""Every error of ours is of one family, so that who calls us catches one."""

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path

from mvsearch.indexer.media.decoding.streams import DecodeStoppedError
from mvsearch.store.errors import FAILURE_CODES, FAILURE_MEANINGS, MediaError, MvsearchError

ROOT = Path(__file__).parents[2]
BUILTIN = {
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
}


def find_roots() -> Iterator[tuple[str, str]]:
    """The classes that derive from an exception of Python's own, by module."""
    for package in ("indexer", "search", "store"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                    if bases & BUILTIN:
                        yield path.relative_to(ROOT).as_posix(), node.name


def test_one_class_is_the_root_of_all_errors() -> None:
    assert list(find_roots()) == [("store/errors.py", "MvsearchError")]


def test_every_failure_code_has_a_meaning() -> None:
    assert tuple(FAILURE_MEANINGS) == FAILURE_CODES
    assert len(set(FAILURE_CODES)) == len(FAILURE_CODES)


def test_what_is_wrong_with_a_file_is_caught_with_the_others() -> None:
    error = MediaError("unreadable", "it is a folder")
    assert isinstance(error, MvsearchError)
    assert (error.code, str(error)) == ("unreadable", "it is a folder")
    assert isinstance(DecodeStoppedError(), MvsearchError)
    assert str(DecodeStoppedError())
