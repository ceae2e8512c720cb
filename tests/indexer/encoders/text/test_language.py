import pytest

from mvsearch.indexer.encoders.text.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I would walk a thousand miles to hear you laugh", "en"),
        ("J'ai perdu mon parapluie et mon cœur le même soir", "fr"),
        ("Der Regen klopft die ganze Nacht an meine Scheibe", "de"),
        ("Το φεγγάρι κοιμάται πάνω στη θάλασσα", "el"),
        ("桜の花が散る前にもう一度会いたい", "ja"),
        ("我們都是好朋友", "zh"),
        ("Jag vill inte gå hem i kväll", "sv"),
        ("\ud800\0 take me home to the country roads \x85", "en"),
        ("Über den Wolken", None),
        ("la la la la la la la la la la", None),
        ("", None),
    ],
)
def test_languages_are_told_where_they_are_clear(text: str, language: str | None) -> None:
    assert detect_language(text) == language


def test_a_misheard_line_is_in_no_language_of_jest() -> None:
    assert detect_language("lu boolan jay suh lev avon luh solay") is None
