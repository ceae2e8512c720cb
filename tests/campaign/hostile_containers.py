"""Containers that lie, play-lists that reach out, and media of odd but lawful shapes."""

import random
import struct
from collections.abc import Callable
from pathlib import Path

from tests.campaign.bases import H264, PICTURE, SOUND, Bases, freshen, run_ffmpeg

Maker = Callable[[Bases, random.Random, Path, str], Path]
LARGE = (0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 0, 1, 0xFFFF)


def make_wave(samples: bytes, rate: int, *, claimed: int | None = None, channels: int = 1) -> bytes:
    """A WAV file of 16-bit samples that may claim another number of bytes."""
    n = len(samples) if claimed is None else claimed
    bytes_each = 2 * channels & 0xFFFF
    fields = (1, channels, rate, min(rate * bytes_each, 0xFFFFFFFF), bytes_each, 16)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, *fields)
    data = struct.pack("<4sI", b"data", n) + samples
    return struct.pack("<4sI4s", b"RIFF", min(n + 36, 0xFFFFFFFF), b"WAVE") + form + data


def _make_slow_sound(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    """Sound of few samples a second: a small file lasts for hours."""
    path = folder / f"{stem}.wav"
    rate = rng.choice([1, 1, 2, 10, 100])
    path.write_bytes(make_wave(rng.randbytes(2 * rng.choice([600, 4000, 40_000])), rate))
    return path


def _make_claim(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    """Sound whose header claims what is not there."""
    path = folder / f"{stem}.wav"
    rate, channels = rng.choice([0, 16_000, 0xFFFFFFFF, 4_000_000]), rng.choice([0, 1, 255, 65535])
    path.write_bytes(
        make_wave(rng.randbytes(20_000), rate, claimed=rng.choice(LARGE), channels=channels)
    )
    return path


def _make_box(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    """An MP4 in which four bytes of a box that matters are a large number, or none."""
    content = bytearray(freshen(bases.good, rng))
    names = [
        b"mvhd",
        b"tkhd",
        b"mdhd",
        b"stts",
        b"stsz",
        b"stco",
        b"stsc",
        b"elst",
        b"avcC",
        b"hdlr",
        b"stss",
    ]
    for name in rng.sample(names, rng.choice([1, 1, 2])):
        at = content.find(name)
        if at >= 4:
            where = at + rng.choice([-4, 4, 8, 12, 16, 20, 24])
            content[where : where + 4] = struct.pack(">I", rng.choice(LARGE))
    path = folder / f"{stem}.mp4"
    path.write_bytes(content)
    return path


def _make_nest(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    """Boxes in boxes, thousands deep, or a heap of empty ones."""
    start = freshen(bases.good, rng)[:32]
    if rng.random() < 0.5:
        n = rng.choice([1000, 30_000])
        body = b"".join(
            struct.pack(">I4s", 8 * (n - at), rng.choice([b"moov", b"trak", b"udta"]))
            for at in range(n)
        )
    else:
        body = (
            struct.pack(">I4s", 8, rng.choice([b"moov", b"trak", b"free", b"\0\0\0\0"])) * 100_000
        )
    path = folder / f"{stem}.mp4"
    path.write_bytes(start + body)
    return path


def _make_play_list(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    """A list that names a file of the user, or an address."""
    target = rng.choice(
        ["/etc/passwd", "file:///etc/passwd", "http://127.0.0.1:9/x.ts", str(bases.good)]
    )
    text, endings = rng.choice(
        [
            (
                f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n",
                ".m3u8 .mp4 .ts",
            ),
            (f"ffconcat version 1.0\nfile '{target}'\n", ".txt .mp4 .mkv"),
            (f"[playlist]\nFile1={target}\nNumberOfEntries=1\n", ".pls .mp4"),
            (f"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=x:{target}\n", ".sdp .mp4"),
            (f'<?xml version="1.0"?><MPD><BaseURL>{target}</BaseURL></MPD>', ".mpd .mp4"),
        ]
    )
    path = folder / f"{stem}{rng.choice(endings.split())}"
    path.write_text(text)
    return path


SHAPES: dict[str, tuple[str, ...]] = {
    "wide.mkv": ("-f", "lavfi", "-i", "testsrc2=s=16000x8:r=2:d=1", "-c:v", "ffv1"),
    "tall.mkv": ("-f", "lavfi", "-i", "testsrc2=s=8x16000:r=2:d=1", "-c:v", "ffv1"),
    "dot.mkv": ("-f", "lavfi", "-i", "color=red:s=2x2:r=10:d=2", "-c:v", "ffv1"),
    "one.mp4": (*PICTURE, "-frames:v", "1", *H264),
    "still.mp4": ("-f", "lavfi", "-i", "color=red:s=64x48:r=1:d=30", *H264),
    "swift.mp4": ("-f", "lavfi", "-i", "testsrc2=s=32x32:r=1000:d=1", *H264),
    "brief.wav": ("-f", "lavfi", "-i", "sine=d=0.01"),
    "quiet.flac": ("-f", "lavfi", "-i", "anullsrc=r=8000:d=3"),
    "many.mka": (*SOUND, *("-map", "0") * 24, "-c:a", "flac"),
    "deep.mkv": (*PICTURE, "-pix_fmt", "gray16le", "-c:v", "ffv1"),
    "clear.mov": ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=5:d=1,format=argb", "-c:v", "qtrle"),
    "late.mkv": ("-itsoffset", "5000", *PICTURE, *SOUND, *H264, "-c:a", "flac"),
}


def _make_shape(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    """Lawful media of an odd shape."""
    name = rng.choice(sorted(SHAPES))
    path = folder / f"{stem} {name}"
    run_ffmpeg(*SHAPES[name], "-metadata", f"comment={rng.random()}", path)
    return path


def make_tagged(bases: Bases, rng: random.Random, folder: Path, stem: str) -> Path:
    """Good media whose tags are hostile."""
    said = rng.choice(
        [
            "x" * 100_000,
            "a\u0301" + "\u0327" * 30_000,
            "\x1b]0;x\x07\x1b[31m",
            "<script>1</script>",
            "=HYPERLINK(1)",
            "a\nb\r\nc",
            "\u202egnp",
            "\ud7ff\ufffe\U0010ffff",
            "%s%n{0}${x}",
            "'; --",
        ]
    )
    path = folder / f"{stem}.mkv"
    given = [
        word for name in ("title", "artist", "lyrics") for word in ("-metadata", f"{name}={said}")
    ]
    run_ffmpeg("-i", bases.good, "-c", "copy", *given, "-metadata", f"date={rng.random()}", path)
    return path


MAKERS: dict[str, Maker] = {
    "slow sound": _make_slow_sound,
    "claim": _make_claim,
    "box": _make_box,
    "nest": _make_nest,
    "play-list": _make_play_list,
    "shape": _make_shape,
}
