"""Converts openai-whisper's vocabulary to the format of faster-whisper."""

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

TOKENIZER_FILE = "tokenizer.json"


def write_tokenizer(folder: Path, is_multilingual: bool, n_languages: int) -> list[str]:
    """Write `tokenizer.json` into a folder, and return all tokens in the order of their ids.

    It is a byte-pair encoder that splits and merges as openai-whisper's tiktoken vocabulary does.

    Args:
        folder: where to write.
        is_multilingual: which of the two vocabularies.
        n_languages: how many languages the model has; 99, or 100 from large-v3 on.
    """
    settings = describe_tokenizer(is_multilingual, n_languages)
    text = json.dumps(settings, ensure_ascii=False)
    (folder / TOKENIZER_FILE).write_text(text, encoding="utf-8")
    vocabulary = settings["model"]["vocab"]
    added = {token["content"]: token["id"] for token in settings["added_tokens"]}
    tokens = vocabulary | added
    return sorted(tokens, key=lambda token: tokens[token])


def describe_tokenizer(is_multilingual: bool, n_languages: int) -> dict[str, Any]:
    """The content of `tokenizer.json`: the form of the library tokenizers, version 1.0."""
    from whisper.tokenizer import get_tokenizer

    encoding = get_tokenizer(is_multilingual, num_languages=n_languages).encoding
    ranks: dict[bytes, int] = encoding._mergeable_ranks
    special: dict[str, int] = encoding._special_tokens
    vocabulary = {show_bytes(token): rank for token, rank in ranks.items()}
    # Bytes are pieces of their own; all others are the last merge of two pieces.
    merges = [
        [show_bytes(part) for part in split_token(token, ranks)]
        for token, _ in sorted(ranks.items(), key=lambda item: item[1])
        if len(token) > 1
    ]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_describe_special(token, number) for token, number in special.items()],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {
                    "type": "Split",
                    "pattern": {"Regex": encoding._pat_str},
                    "behavior": "Isolated",
                    "invert": False,
                },
                byte_level | {"use_regex": False},
            ],
        },
        "post_processor": None,
        "decoder": byte_level | {"use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocabulary,
            "merges": merges,
        },
    }


def _describe_special(token: str, number: int) -> dict[str, Any]:
    """A token that steers the model, or a time; never part of what is sung."""
    marks = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": token, "special": True, **marks}


def split_token(token: bytes, ranks: dict[bytes, int]) -> list[bytes]:
    """The two pieces that a token is merged from: merge by rank until one merge is left."""
    halves = [
        [token[:at], token[at:]]
        for at in range(1, len(token))
        if token[:at] in ranks and token[at:] in ranks
    ]
    if len(halves) == 1:
        return halves[0]
    pieces = [token[at : at + 1] for at in range(len(token))]
    while len(pieces) > 2:
        joined = (ranks.get(a + b, len(ranks)) for a, b in pairwise(pieces))
        _, at = min((rank, at) for at, rank in enumerate(joined))
        pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
    return pieces


def show_bytes(token: bytes) -> str:
    """A token as text: each byte is the character that stands for it."""
    marks = _list_marks()
    return "".join(marks[byte] for byte in token)


@cache
def _list_marks() -> tuple[str, ...]:
    """A character that can be printed for each of the 256 bytes (Radford et al., GPT-2, 2019)."""
    printed = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return tuple(chr(byte if byte in printed else next(others)) for byte in range(256))
