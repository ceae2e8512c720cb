import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import whisper.timing
from tokenizers import Tokenizer
from whisper.tokenizer import get_tokenizer

from mvsearch.indexer.encoders.networks.files.checkpoints import compute_sha256
from mvsearch.indexer.lyrics.whisper import transcribe
from mvsearch.indexer.lyrics.whisper.engines import conversion
from mvsearch.indexer.lyrics.whisper.engines.conversion import convert_checkpoint
from mvsearch.indexer.lyrics.whisper.engines.ctranslate2_file import read_variables
from mvsearch.indexer.lyrics.whisper.engines.openai_engine import OpenaiEngine, load_model
from mvsearch.indexer.lyrics.whisper.engines.restoration import restore
from mvsearch.indexer.lyrics.whisper.engines.vocabulary import split_token, write_tokenizer
from mvsearch.indexer.lyrics.whisper.hypotheses import DecodingOptions
from mvsearch.indexer.lyrics.whisper.transcribe import (
    WHISPER_SAMPLE_RATE,
    TranscribeOptions,
    Transcriber,
)
from mvsearch.indexer.lyrics.whisper.voice import VoiceActivity
from mvsearch.store.errors import MvsearchError, WeightsMissingError
from tests.tiny_whisper import write_checkpoint

pytest.importorskip("faster_whisper", reason="the extra faster is not installed")

from mvsearch.indexer.lyrics.whisper.engines.faster_engine import FasterEngine

# Whisper leaves the files that it reads to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

N_TOKENS = 30
TEXTS = [
    "Take me home along the river, don't you 'ave 12 or 1234567 reasons?",
    "  two spaces\tand\na new line \n\n end ",
    "Ça ira, naïve Łódź – e\u0301",
    "日本語の歌 가사 Привет مرحبا",
    "🎵 la 🏳️‍🌈",
    "",
]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A checkpoint, and a cache of models that the tests of this file share."""
    folder = tmp_path_factory.mktemp("faster")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVSEARCH_MODELS", str(folder / "models"))
        patch.setenv("MVSEARCH_DEVICE", "cpu")
        patch.delenv("MVSEARCH_WHISPER_ENGINE", raising=False)
        yield write_checkpoint(folder / "small-one.pt")


@pytest.fixture(scope="module")
def converted(places: Path) -> Path:
    """The checkpoint in full precision for faster-whisper."""
    return convert_checkpoint(str(places), places, "float32")


@pytest.fixture(scope="module")
def engines(places: Path, converted: Path) -> tuple[OpenaiEngine, FasterEngine]:
    faster = FasterEngine(str(converted), converted, "float32")
    return OpenaiEngine(str(places), places), faster


@pytest.fixture(scope="module")
def windows(engines: tuple[OpenaiEngine, FasterEngine]) -> np.ndarray:
    """Three windows of noise that comes and goes, (3, 80, 3000)."""
    draw = np.random.default_rng(0)
    samples = draw.normal(0, 0.1, 90 * WHISPER_SAMPLE_RATE)
    samples *= np.sin(np.arange(len(samples)) / WHISPER_SAMPLE_RATE) ** 2
    mels = [engine.measure_mel(samples.astype(np.float32)) for engine in engines]
    assert mels[0].shape == mels[1].shape == (80, 9000)
    # The two pad the end of a track otherwise.
    np.testing.assert_allclose(mels[0][:, :-1], mels[1][:, :-1], atol=1e-3)
    return np.ascontiguousarray(mels[0].reshape(80, 3, 3000).transpose(1, 0, 2))


def test_the_same_weights_write_the_same_tokens(
    engines: tuple[OpenaiEngine, FasterEngine], windows: np.ndarray
) -> None:
    """CTranslate2 against torch: encoded sound, tokens and probabilities."""
    openai, faster = engines
    encoded = [engine.encode(windows) for engine in engines]
    for one, other in zip(*encoded, strict=True):
        np.testing.assert_allclose(one.numpy(), other, atol=2e-4)
    results = [
        engine.decode(each, "de", N_TOKENS) for engine, each in zip(engines, encoded, strict=True)
    ]
    assert len({made.tokens for made in results[0]}) > 1
    for one, other in zip(*results, strict=True):
        assert one.tokens == other.tokens
        assert one.avg_logprob == pytest.approx(other.avg_logprob, abs=1e-3)
        assert one.no_speech_prob == pytest.approx(other.no_speech_prob, rel=1e-3)
        assert openai.read(one.tokens) == faster.read(one.tokens)
    languages = {
        engine.detect_language(each[0]) for engine, each in zip(engines, encoded, strict=True)
    }
    assert len(languages) == 1
    assert (openai.text_end, openai.first_time) == (faster.text_end, faster.first_time)


def test_the_same_weights_write_the_same_tokens_after_a_context(
    engines: tuple[OpenaiEngine, FasterEngine], windows: np.ndarray
) -> None:
    """Beam search with a prompt, and the probability of a text with and without it."""
    context = [engines[0].first_time, *get_tokenizer(True).encode(" take me home")] * 60
    results, odds = [], []
    for engine in engines:
        encoded = engine.encode(windows[:1])
        alone, after = (engine.decode(encoded, "de", 6, prompt, 2)[0] for prompt in ((), context))
        results.append((alone.tokens, after.tokens))
        text = get_tokenizer(True).encode(" take me home again")
        odds += [engine.measure_logprob(encoded[0], text, "de", prompt) for prompt in ((), context)]
        with pytest.raises(ValueError, match="needs text"):
            engine.measure_logprob(encoded[0], [engine.first_time], "de")
        longest = (text * 224)[:224]
        odds.append(engine.measure_logprob(encoded[0], longest, "de", context * 2))
    assert results[0] == results[1]
    assert results[0][0] != results[0][1]
    assert odds[:3] == pytest.approx(odds[3:], abs=1e-3)
    assert odds[0] != pytest.approx(odds[1], abs=1e-3)


def test_a_folder_is_mapped_back_to_the_checkpoint_it_came_from(
    places: Path, converted: Path
) -> None:
    meant = load_model(str(places), places, "cpu")
    model = load_model(str(converted), converted, "cpu")
    assert model.dims == meant.dims
    assert list(model.state_dict()) == list(meant.state_dict())
    for name, tensor in meant.state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor), name
    assert torch.equal(model.alignment_heads.to_dense(), meant.alignment_heads.to_dense())
    variables = read_variables(converted / "model.bin")
    with pytest.raises(ValueError, match="it holds integers"):
        dict(restore(variables | {"encoder/conv1/weight": np.zeros((2, 2), np.int8)}))
    with pytest.raises(ValueError, match="no place for encoder/more"):
        dict(restore(variables | {"encoder/more": np.zeros(2)}))


def test_words_get_the_same_times(
    engines: tuple[OpenaiEngine, FasterEngine],
    windows: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Compiling takes longer than the test.
    for name in ("dtw_cpu", "backtrace"):
        monkeypatch.setattr(whisper.timing, name, getattr(whisper.timing, name).py_func)
    first = engines[0].first_time
    tokens = [first, *get_tokenizer(True).encode(" take me home again"), first + 500]
    timed = []
    for engine in engines:
        segment = {"seek": 6000, "start": 60.0, "end": 70.0, "tokens": tokens}
        (encoded,) = engine.encode(windows[:1])
        engine.time_words([segment], encoded, 3000, "en")
        timed.append([(word["word"], word["start"], word["end"]) for word in segment["words"]])
    assert timed[0] == timed[1]
    assert "".join(word for word, _, _ in timed[0]) == " take me home again"


@pytest.mark.parametrize("beam_size", [1, 2])
def test_tokens_are_not_written_twice_in_the_same_order(
    engines: tuple[OpenaiEngine, FasterEngine], windows: np.ndarray, beam_size: int
) -> None:
    texts = []
    for engine in engines:
        encoded = engine.encode(windows[:1])
        for no_repeats in (0, 2):
            (made,) = engine.decode(encoded, "de", N_TOKENS, (), beam_size, no_repeats)
            texts.append(made.tokens)
    plain, varied, *others = texts
    assert [plain, varied] == others
    assert len(set(pairwise(plain))) < N_TOKENS - 1 == len(set(pairwise(varied)))


@pytest.mark.parametrize("is_multilingual", [True, False])
def test_the_tokenizer_splits_as_openais_does(
    is_multilingual: bool, converted: Path, tmp_path: Path
) -> None:
    folder = converted if is_multilingual else tmp_path
    if not is_multilingual:
        assert len(write_tokenizer(folder, False, 99)) == 51864
    made = Tokenizer.from_file(str(folder / "tokenizer.json"))
    expected = get_tokenizer(is_multilingual)
    draw = random.Random(0)
    drawn = ["".join(chr(draw.randrange(32, 0x3000)) for _ in range(30)) for _ in range(50)]
    for text in [*TEXTS, *drawn]:
        ids = expected.encode(text)
        assert made.encode(text, add_special_tokens=False).ids == ids
        assert made.decode(ids) == expected.decode(ids)
    assert {token: made.token_to_id(token) for token in expected.special_tokens} == (
        expected.special_tokens
    )
    steering = "<|startoftranscript|><|0.00|> hello<|2.40|><|endoftext|>"
    assert made.encode(steering).ids == expected.encode(steering, allowed_special="all")


def test_a_token_is_split_at_its_last_merge() -> None:
    ranks = {b"a": 0, b"b": 1, b"c": 2, b"ab": 3, b"bc": 4, b"abc": 5, b"aabc": 6}
    assert split_token(b"abc", ranks) == [b"ab", b"c"]
    assert split_token(b"ab", ranks) == [b"a", b"b"]


def test_a_checkpoint_is_converted_once(
    places: Path, converted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert compute_sha256(places)[:16] in converted.name
    assert converted.parent == places.parent / "models/converted"
    assert [path.name for path in converted.parent.iterdir()] == [converted.name]
    monkeypatch.setattr(conversion, "write_model", None)
    assert convert_checkpoint(str(places), places, "float32") == converted


@pytest.mark.robustness
def test_a_damaged_conversion_is_made_anew(
    places: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def write(model: str, checkpoint: Path, folder: Path, quantization: str) -> None:
        (folder / "model.bin").write_bytes(b"whole")

    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path))
    monkeypatch.setattr(conversion, "write_model", write)
    folder = convert_checkpoint(str(places), places)
    (folder / "model.bin").write_bytes(b"cut")
    assert convert_checkpoint(str(places), places) == folder
    assert (folder / "model.bin").read_bytes() == b"whole"
    (folder / "more").write_bytes(b"")
    assert convert_checkpoint(str(places), places) == folder
    assert not (folder / "more").exists()


def test_a_conversion_that_fails_leaves_nothing(tmp_path: Path, places: Path) -> None:
    odd = tmp_path / "odd.pt"
    odd.write_bytes(b"no checkpoint")
    with pytest.raises(WeightsMissingError, match=r"odd\.pt is not a Whisper checkpoint"):
        convert_checkpoint(str(odd), odd)
    assert not [
        path for path in (places.parent / "models/converted").iterdir() if "odd" in path.name
    ]
    with pytest.raises(WeightsMissingError, match="not Whisper's 'tiny': its checksum differs"):
        convert_checkpoint("tiny", odd)


def test_a_folder_is_transcribed_with(converted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    activity = VoiceActivity(((0.0, 3.0),), 3.0)
    monkeypatch.setattr(transcribe, "detect_voice", lambda samples, options: activity)
    decoding = DecodingOptions(max_tokens=N_TOKENS)
    options = TranscribeOptions(decoding=decoding)
    samples = np.random.default_rng(0).normal(0, 0.1, 3 * WHISPER_SAMPLE_RATE)
    transcriber = Transcriber(str(converted), language="de", options=options)
    lyrics = transcriber.transcribe(samples)
    assert (lyrics.source, lyrics.language) == ("whisper", "de")
    assert lyrics.origin == f"{converted} (faster-whisper)"
    assert any(line.whisper is not None and line.whisper.tokens for line in lyrics.lines)
    assert all(line.rejected for line in lyrics.lines)
    assert transcriber.transcribe(samples) == lyrics
    with pytest.raises(MvsearchError, match="does not know the language 'klingon'"):
        Transcriber(str(converted), language="klingon", options=options).transcribe(samples)


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"no model")
    with pytest.raises(WeightsMissingError, match=r"has no tokenizer\.json"):
        Transcriber(str(tmp_path)).load()
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(WeightsMissingError, match="is not a CTranslate2 Whisper model"):
        Transcriber(str(tmp_path)).load()
