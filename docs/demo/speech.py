"""Speaks lines by flite, a small speech synthesiser that most builds of ffmpeg contain."""

import subprocess

import numpy as np

from docs.demo.music import SAMPLE_RATE, Wave

VOICE = "slt"
# Besides letters only these: the words become a part of a filter's description.
_ALLOWED = frozenset(" -")


def can_speak() -> bool:
    """Whether this ffmpeg was built with flite; the binaries that some packages carry are not."""
    command = ["ffmpeg", "-hide_banner", "-filters"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return " flite " in done.stdout


def speak(text: str, seconds: float) -> Wave:
    """Say a line; (samples,) mono at `SAMPLE_RATE`, peak 1.

    Args:
        text: letters, spaces and hyphens.
        seconds: how long it may last; a longer line is said faster.

    Raises:
        ValueError: the text has other signs.
        subprocess.CalledProcessError: ffmpeg failed.
    """
    if not all(letter.isalpha() or letter in _ALLOWED for letter in text):
        raise ValueError(f"cannot say {text!r}")
    said = _run_flite(text, 1.0)
    if len(said) > seconds * SAMPLE_RATE:
        said = _run_flite(text, len(said) / (seconds * SAMPLE_RATE))
    return said / max(float(np.abs(said).max(initial=0.0)), 1e-9)


def _run_flite(text: str, tempo: float) -> Wave:
    """What flite says, at a speed."""
    source = f"flite=text={text}:voice={VOICE},atempo={tempo:.4f}"
    words = ["-f", "lavfi", "-i", source, "-ar", str(SAMPLE_RATE), "-ac", "1"]
    command = ["ffmpeg", "-v", "error", "-nostdin", *words, "-f", "s16le", "pipe:1"]
    done = subprocess.run(command, capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.int16).astype(np.float64)
