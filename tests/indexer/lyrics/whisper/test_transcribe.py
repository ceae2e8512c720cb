import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import whisper

from mvsearch.indexer.lyrics.whisper import transcribe
from mvsearch.indexer.lyrics.whisper.engines.checkpoints import find_checkpoint
from mvsearch.indexer.lyrics.whisper.engines.openai_engine import OpenaiEngine
from mvsearch.indexer.lyrics.whisper.gates import GateOptions
from mvsearch.indexer.lyrics.whisper.hypotheses import DecodingOptions
from mvsearch.indexer.lyrics.whisper.transcribe import (
    WHISPER_SAMPLE_RATE,
    TranscribeOptions,
    Transcriber,
    fetch_weights,
)
from mvsearch.indexer.lyrics.whisper.transcription_loop import cut_window, transcribe_sections
from mvsearch.indexer.lyrics.whisper.voice import VoiceActivity
from mvsearch.indexer.lyrics.whisper.windows import TrackSection
from mvsearch.store.errors import MediaError, MvsearchError, WeightsMissingError
from tests.tiny_whisper import DIMENSIONS, write_checkpoint

# Whisper leaves the files that it reads to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

SECONDS = 2
QUICK = TranscribeOptions(decoding=DecodingOptions(beam_size=1, max_tokens=24, splits_lines=False))
SAMPLES = np.zeros(SECONDS * WHISPER_SAMPLE_RATE, np.float32)


class Hostile:
    """Unpickled, it leaves a file behind."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Whisper of a few weights, drawn by chance, in the form of a real one."""
    return write_checkpoint(tmp_path_factory.mktemp("whisper") / "small-one.pt")


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MVSEARCH_WHISPER_ENGINE", "openai")


@pytest.fixture
def _voiced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the whole track have a voice: the sound of the tests has none."""
    activity = VoiceActivity(((0.0, float(SECONDS)),), float(SECONDS))
    monkeypatch.setattr(transcribe, "detect_voice", lambda samples, options: activity)


@pytest.fixture
def tiny(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small checkpoint published, for Whisper, as the model "tiny" in a folder nearby."""
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    published = checkpoint.parent / digest / "tiny.pt"
    published.parent.mkdir(exist_ok=True)
    published.write_bytes(checkpoint.read_bytes())
    monkeypatch.setitem(whisper._MODELS, "tiny", published.as_uri())
    return published


@pytest.mark.usefixtures("_voiced")
def test_a_checkpoint_file_is_transcribed_with(checkpoint: Path) -> None:
    torch.manual_seed(0)
    lyrics = Transcriber(str(checkpoint), language="German", options=QUICK).transcribe(SAMPLES)
    assert (lyrics.source, lyrics.origin, lyrics.language) == ("whisper", str(checkpoint), "de")
    assert lyrics.lines
    for number, line in enumerate(lyrics.lines):
        assert line.whisper is not None
        assert line.whisper.id == number
        assert line.start_seconds is not None
        assert 0 <= line.start_seconds <= SECONDS
        assert line.end_seconds is not None
        assert line.end_seconds <= SECONDS
        assert line.whisper.no_speech_prob < 0.6 or line.rejected is not None
    assert any(line.whisper and line.whisper.tokens for line in lyrics.lines)


@pytest.mark.usefixtures("_voiced")
def test_windows_are_heard_with_the_options_and_the_language(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Any, ...]] = []

    def hear(engine: Any, mel: np.ndarray, *rest: Any) -> list[dict[str, Any]]:
        assert mel.shape == (80, SECONDS * 100)
        assert np.isfinite(mel).all()
        calls.append(rest)
        segment = {"id": 0, "seek": 100, "start": 0.5, "end": 9.0, "text": " Sing\ufffd <i>it</i> "}
        segment |= {"tokens": [1, 2], "temperature": 0.2, "avg_logprob": -0.5}
        segment |= {"compression_ratio": 1.1, "no_speech_prob": 0.2}
        words = [{"word": " Sing", "start": 0.5, "end": 0.7}, {"word": " it", "start": 3, "end": 4}]
        return [segment | {"words": words}]

    monkeypatch.setattr(transcribe, "transcribe_sections", hear)
    transcriber = Transcriber(str(checkpoint), language="english", options=QUICK)
    lyrics = transcriber.transcribe(np.array([np.nan, np.inf] * WHISPER_SAMPLE_RATE))
    assert calls == [([TrackSection(0, SECONDS * 100)], "en", QUICK.decoding, QUICK.gates)]
    assert lyrics.language == "en"
    (line,) = lyrics.lines
    assert (line.text, line.start_seconds, line.end_seconds) == ("Sing it", 0.5, SECONDS)
    assert line.rejected is None
    assert line.whisper is not None
    assert (line.whisper.seek, line.whisper.tokens, line.whisper.temperature) == (100, (1, 2), 0.2)
    assert [(word.text, word.start_seconds) for word in line.words] == [("Sing", 0.5), ("it", 2.0)]


def test_the_language_is_that_of_the_clip_with_the_most_voice(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody sings in the first 30 s: what is heard there says nothing."""
    asked: list[np.ndarray] = []

    def detect(self: OpenaiEngine, encoded: Any) -> str:
        asked.append(np.asarray(encoded))
        return "fi"

    monkeypatch.setattr(OpenaiEngine, "detect_language", detect)
    monkeypatch.setattr(transcribe, "transcribe_sections", lambda *rest: [])
    activity = VoiceActivity(((33.0, 40.0),), 40.0)
    monkeypatch.setattr(transcribe, "detect_voice", lambda samples, options: activity)
    samples = np.random.default_rng(0).normal(0, 0.1, 40 * WHISPER_SAMPLE_RATE)
    transcriber = Transcriber(str(checkpoint), options=QUICK)
    assert transcriber.transcribe(samples).language == "fi"
    engine = transcriber.load()
    mel = engine.measure_mel(samples.astype(np.float32))
    (expected,) = engine.encode(cut_window(mel, TrackSection(3000, 4000))[None])
    np.testing.assert_allclose(asked[0], np.asarray(expected), atol=1e-5)


def test_an_instrumental_is_not_transcribed(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcribe, "load_engine", None)
    lyrics = Transcriber(str(checkpoint)).transcribe(SAMPLES)
    (line,) = lyrics.lines
    assert (line.text, line.rejected) == ("", "instrumental: a voice in 0 of 2 s")


@pytest.mark.usefixtures("_voiced")
def test_a_failure_of_whisper_is_one_of_the_file(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*rest: Any) -> None:
        raise RuntimeError("out of\nmemory")

    monkeypatch.setattr(transcribe, "transcribe_sections", fail)
    with pytest.raises(MediaError, match="RuntimeError: out of memory") as caught:
        Transcriber(str(checkpoint)).transcribe(SAMPLES)
    assert caught.value.code == "transcribe_failed"


@pytest.mark.usefixtures("_voiced")
def test_one_transcription_at_a_time(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    n_running, most = 0, 0

    def hear(*rest: Any) -> list[dict[str, Any]]:
        nonlocal n_running, most
        n_running += 1
        most = max(most, n_running)
        time.sleep(0.05)
        n_running -= 1
        return []

    monkeypatch.setattr(transcribe, "transcribe_sections", hear)
    transcribers = [Transcriber(str(checkpoint), language="en") for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        assert len(list(pool.map(lambda each: each.transcribe(SAMPLES), transcribers))) == 3
    assert most == 1


@pytest.mark.usefixtures("_voiced")
def test_an_unknown_language_is_an_error(checkpoint: Path) -> None:
    with pytest.raises(MvsearchError, match="does not know the language 'klingon'"):
        Transcriber(str(checkpoint), language="klingon").transcribe(SAMPLES)


def test_a_hostile_checkpoint_runs_nothing(tmp_path: Path) -> None:
    for is_zip in (True, False):
        mark, path = tmp_path / f"mark-{is_zip}", tmp_path / f"hostile-{is_zip}.pt"
        content = {"dims": asdict(DIMENSIONS), "model_state_dict": Hostile(mark)}
        torch.save(content, path, _use_new_zipfile_serialization=is_zip)
        with pytest.raises(WeightsMissingError, match="is not a Whisper checkpoint"):
            Transcriber(str(path)).load()
        assert not mark.exists()
        torch.load(path, weights_only=False)
        assert mark.is_dir()


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04broken"])
def test_a_file_that_is_no_checkpoint(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsMissingError, match=r"odd\.pt is not a Whisper checkpoint"):
        Transcriber(str(path)).load()


def test_a_checkpoint_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    torch.save({"weights": torch.zeros(3)}, path)
    with pytest.raises(WeightsMissingError, match="is not a Whisper checkpoint"):
        Transcriber(str(path)).load()


def test_missing_weights_say_which_file_and_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError) as caught:
        Transcriber("base")
    assert "put base.pt into" in str(caught.value)
    assert str(tmp_path / "models/whisper") in str(caught.value)
    assert "mvsearch models fetch whisper-base" in str(caught.value)
    with pytest.raises(MvsearchError, match="no Whisper model"):
        Transcriber("no-such-model", may_download=True)


def test_a_named_model_is_fetched_once(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "models/whisper/tiny.pt"
    Transcriber("tiny", may_download=True).load()
    assert path.read_bytes() == tiny.read_bytes()
    assert list(path.parent.iterdir()) == [path]
    tiny.unlink()
    assert fetch_weights("tiny") == path
    Transcriber("tiny").load()


def test_a_download_that_fails_leaves_nothing_and_says_what_to_do(
    tiny: Path, tmp_path: Path
) -> None:
    tiny.write_bytes(b"cut off")
    with pytest.raises(WeightsMissingError, match=r"cannot be downloaded .*SHA256"):
        fetch_weights("tiny")
    tiny.unlink()
    with pytest.raises(WeightsMissingError, match=r"cannot be downloaded .*put tiny\.pt into"):
        Transcriber("tiny", may_download=True)
    assert find_checkpoint("tiny") is None
    assert list((tmp_path / "models/whisper").iterdir()) == []


def test_a_damaged_named_model_is_not_fetched_behind_ones_back(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "models/whisper/tiny.pt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    with pytest.raises(WeightsMissingError, match="its checksum differs; delete it"):
        Transcriber("tiny", may_download=True).load()
    assert path.read_bytes() == b"damaged"


def test_the_vocabulary_comes_with_the_package() -> None:
    from whisper.tokenizer import get_tokenizer

    tokenizer = get_tokenizer(multilingual=True, language="en", task="transcribe")
    assert tokenizer.decode(tokenizer.encode("take me home")) == "take me home"


def test_clips_are_read_as_whisper_reads_a_track(checkpoint: Path) -> None:
    """One long clip, without our ends of clips and without gates, is Whisper's own way."""
    samples = np.random.default_rng(1).normal(0, 0.1, 70 * WHISPER_SAMPLE_RATE).astype(np.float32)
    engine = OpenaiEngine(str(checkpoint), checkpoint)
    expected = engine.model.transcribe(
        samples,
        language="de",
        temperature=0.0,
        sample_len=24,
        condition_on_previous_text=False,
        compression_ratio_threshold=None,
        logprob_threshold=None,
        no_speech_threshold=None,
        fp16=False,
    )["segments"]
    gates = GateOptions(
        max_compression_ratio=np.inf, min_avg_logprob=-np.inf, max_no_speech_prob=np.inf
    )
    options = DecodingOptions(
        beam_size=1,
        max_tokens=24,
        uses_context=False,
        keeps_ends=False,
        splits_lines=False,
    )
    mel = engine.measure_mel(samples)
    made = transcribe_sections(engine, mel, [TrackSection(0, mel.shape[1])], "de", options, gates)
    assert len(made) == len(expected) > 3
    for one, other in zip(made, expected, strict=True):
        assert one["tokens"] == other["tokens"]
        assert (one["id"], one["seek"], one["text"]) == (other["id"], other["seek"], other["text"])
        for name in ("start", "end", "avg_logprob", "compression_ratio", "no_speech_prob"):
            assert one[name] == pytest.approx(other[name], rel=1e-4, abs=1e-6)
