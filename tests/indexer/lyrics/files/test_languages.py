import pytest

from mvsearch.indexer.lyrics.files.languages import (
    check_language,
    find_language,
    split_language_suffix,
)
from mvsearch.store.errors import MvsearchError


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("en", "en"),
        ("ENG", "en"),
        ("ger", "de"),
        ("deu", "de"),
        ("Englisch", "en"),
        ("pt-BR", "pt"),
        ("zh_Hans", "zh"),
        ("German, English", "de"),
        ("und", None),
        ("", None),
        (None, None),
        ("Klingon", None),
    ],
)
def test_find_language(name: str | None, code: str | None) -> None:
    assert find_language(name) == code


@pytest.mark.parametrize(
    ("stem", "split"),
    [
        ("Song.en", ("Song", "en")),
        ("Song.pt-BR", ("Song", "pt")),
        ("Song.eng.forced", ("Song", "en")),
        ("Dr. No", ("Dr. No", None)),
        ("Song.remix", ("Song.remix", None)),
        ("Song.sdh", ("Song.sdh", None)),
        ("Song", ("Song", None)),
        (".en", (".en", None)),
    ],
)
def test_split_language_suffix(stem: str, split: tuple[str, str | None]) -> None:
    assert split_language_suffix(stem) == split


def test_languages_that_may_be_asked_for_are_whispers_and_those_of_files() -> None:
    whisper = pytest.importorskip("whisper.tokenizer")
    for language in (*whisper.LANGUAGES, "German", "pt-BR", "ger", "Deutsch", " EN ", None):
        check_language(language)
    for language in ("xx", "qq", "xxx", "", "klingon", "e"):
        with pytest.raises(MvsearchError, match="no language is called"):
            check_language(language)
