"""Detects the language of a text with CLD2."""

import unicodedata

# More tells nothing more.
MAX_LETTERS = 10_000
# Below, two words of Latin letters are anything: "Über den Wolken" is Norwegian to CLD2.
MIN_LETTERS = 20
# A letter of other scripts tells more than one of these.
LAST_LATIN = "\u024f"
LETTERS_OF_OTHERS = 4
# CLD2's codes that are not ISO 639-1, and those of one language in two scripts.
_CODES = {"iw": "he", "jw": "jv", "in": "id", "mo": "ro", "no": "nb", "zh-Hant": "zh", "nb": "nb"}


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of the language of a text; None where the text is short or unclear."""
    import pycld2

    # CLD2 refuses control characters and what UTF-8 cannot write.
    clean = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Cs", "Cn") else letter
        for letter in text[:MAX_LETTERS]
    )
    n_letters = sum(1 if letter <= LAST_LATIN else LETTERS_OF_OTHERS for letter in clean)
    if n_letters < MIN_LETTERS:
        return None
    try:
        _, _, found = pycld2.detect(clean, isPlainText=True)
    except pycld2.error:
        return None
    code: str = found[0][1]
    code = _CODES.get(code, code)
    # Others are "un", and codes of three letters: CLD2 takes misheard lines for Klingon.
    return code if len(code) == 2 and code != "un" else None
