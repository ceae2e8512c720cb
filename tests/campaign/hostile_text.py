"""Side-cars that are too long, in no encoding, or full of what normalising is slow for."""

import random
from collections.abc import Callable

MARKS = "\u0301\u0327\u0300\u0323\u0345\u1dfa"


def _bomb(rng: random.Random, cue: str) -> bytes:
    """A letter with a run of combining marks, in one line or many."""
    run = "a" + "".join(rng.choices(MARKS, k=1000)) * rng.choice([20, 200, 700])
    return "".join(cue.format(text=run[at::3], n=at) for at in range(rng.choice([1, 3]))).encode()


def _heap(rng: random.Random, cue: str) -> bytes:
    """A great number of lines."""
    line = cue.format(text=rng.choice(["la", "", "a b"]), n=1)
    return (line * rng.choice([20_000, 200_000]))[:6_000_000].encode()


def _long(rng: random.Random, cue: str) -> bytes:
    """One line of millions of letters, or of what a parser may look back over."""
    piece = rng.choice(
        ["x", "word ", "<b>", "{\\an8}", "<00:01.00>", "[00:01.00]", "&amp;", "<", "\ufdfa"]
    )
    return cue.format(text=piece * (rng.choice([100_000, 3_000_000]) // len(piece)), n=1).encode()


def _raw(rng: random.Random, cue: str) -> bytes:
    """Bytes of no encoding, or of one that is not expected."""
    good = cue.format(text="a line that is sung ñ 日本", n=1) * 5
    return rng.choice(
        [
            rng.randbytes(5000),
            bytes(5000),
            good.encode("utf-16"),
            good.encode("utf-16-le"),
            good.encode("utf-32"),
            b"\xef\xbb\xbf" * 5 + good.encode(),
            good.encode()[:-1] + b"\xe6",
            b"\xff\xfe" + rng.randbytes(99),
            good.encode().replace(b"\n", b"\r"),
            b"\x1a" + good.encode(),
        ]
    )


def _times(rng: random.Random, cue: str) -> bytes:
    """Times that are no times, run backwards or lie in no century."""
    odd = rng.choice(
        ["99999999999:99:99,999", "-1:00:00,000", "00:00:00,000", "NaN", "1e309", "٣:٣"]
    )
    stamps = ("00:00:01,000", "00:00:02,000", "00:01.00", "00:00:01.000")
    text = "".join(cue.format(text=f"line {n}", n=rng.randrange(10**12)) for n in range(50))
    for stamp in rng.sample(stamps, 2):
        text = text.replace(stamp, odd)
    return text.encode()


def _mutant(rng: random.Random, cue: str) -> bytes:
    """A lawful file with a few bytes changed."""
    content = bytearray("".join(cue.format(text=f"sung line {n}", n=n) for n in range(30)).encode())
    for _ in range(rng.randrange(1, 40)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content)


def _controls(rng: random.Random, cue: str) -> bytes:
    """Lines for terminals, pages and tables, and letters of no script."""
    lines = [
        "\x1b[2J\x07",
        "<script>alert(1)</script>",
        "=1+1",
        "\u202eabc",
        "\ud800".encode("utf-8", "surrogatepass"),
        "\x00\x01",
        "\ufeff\u200b\u2028\u2029",
        "\U0001f469\u200d\U0001f467" * 50,
        "ﷺ" * 200,
        "\N{HANGUL CHOSEONG KIYEOK}" * 500,
    ]
    made = [
        cue.format(text="MARK", n=n)
        .encode()
        .replace(b"MARK", line if isinstance(line, bytes) else line.encode())
        for n, line in enumerate(rng.sample(lines, 6))
    ]
    return b"".join(made)


KINDS: tuple[Callable[[random.Random, str], bytes], ...] = (
    _bomb,
    _heap,
    _long,
    _raw,
    _times,
    _mutant,
    _controls,
)
CUES = {
    ".lrc": "[00:01.00]{text}\n",
    ".srt": "{n}\n00:00:01,000 --> 00:00:02,000\n{text}\n\n",
    ".vtt": "00:00:01.000 --> 00:00:02.000\n{text}\n\n",
    ".txt": "{text}\n",
    ".ass": "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,{text}\n",
}
HEADS = {".vtt": b"WEBVTT\n\n", ".ass": b"[Script Info]\n\n[Events]\n"}


def make_side_car(rng: random.Random, ending: str) -> bytes:
    """The content of a hostile side-car with this ending."""
    return HEADS.get(ending, b"") + rng.choice(KINDS)(rng, CUES[ending])
