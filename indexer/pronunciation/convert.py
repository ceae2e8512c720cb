"""Writes the dictionary of English sounds: `python -m mvsearch.indexer.pronunciation.convert`.

    python -m mvsearch.indexer.pronunciation.convert cmudict.dict english.txt.gz

reads the CMU Pronouncing Dictionary, whose phones are those of ARPAbet.
"""

import gzip
import re
import sys
from collections.abc import Iterable
from pathlib import Path

_PHONES = {
    "AA": "a",
    "AE": "A",
    "AH": "@",
    "AO": "O",
    "AW": "aU",
    "AY": "aI",
    "EH": "E",
    "ER": "@r",
    "EY": "e",
    "IH": "I",
    "IY": "i",
    "OW": "o",
    "OY": "OI",
    "UH": "U",
    "UW": "u",
    "HH": "h",
    "CH": "C",
    "DH": "D",
    "JH": "J",
    "NG": "N",
    "SH": "S",
    "TH": "T",
    "ZH": "Z",
    **{letter.upper(): letter for letter in "bdfgklmnprstvwyz"},
}


def convert_lines(lines: Iterable[str]) -> str:
    """The first pronunciation of each word, sorted."""
    words: dict[str, str] = {}
    for line in lines:
        word, *phones = line.partition("#")[0].split() or [""]
        plain = word.replace("'", "")
        if re.fullmatch("[a-z]+", plain) and not word.endswith("'s"):
            sounds = "".join(_PHONES[phone.rstrip("012")] for phone in phones)
            words.setdefault(plain, sounds)
    return "".join(f"{word} {words[word]}\n" for word in sorted(words))


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    text = convert_lines(source.read_text("utf-8").splitlines())
    target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
