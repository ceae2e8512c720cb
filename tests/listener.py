"""Stands for Whisper in tests: hears one planted line in everything, and counts."""

from typing import Any, ClassVar

from mvsearch.store.records import LyricLine, Lyrics, WhisperSegment


class Listener:
    """Has what a run asks of a `Transcriber`."""

    heard: ClassVar[list[int]] = []
    engine_name = "faster"

    def __init__(self, model: str, *options: Any) -> None:
        self.model_name = self.origin = model

    def transcribe(self, samples: Any, stop: Any = None) -> Lyrics:
        self.heard.append(len(samples))
        fields = WhisperSegment(0, 0, (50364, 1), 0.0, -0.3, 1.1, 0.02)
        line = LyricLine("a planted line", 1.0, 2.5, whisper=fields)
        return Lyrics((line,), "whisper", self.model_name, "en")
