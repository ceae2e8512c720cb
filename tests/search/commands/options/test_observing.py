"""--metrics and --log-format, as they are typed."""

import json

import pytest

from mvsearch.store.observing import logs


@pytest.fixture(autouse=True)
def _text(monkeypatch):
    monkeypatch.setenv(logs.FORMAT_VARIABLE, "text")


@pytest.mark.parametrize("words", [("index", "."), ("transcribe",), ("workers", "start", "--head")])
@pytest.mark.parametrize("place", ["nothing", "0", "a b:9", "localhost:"])
def test_a_place_that_is_none_is_one_line(shell, tmp_path, words, place):
    library = () if words[0] == "workers" else ("--library", str(tmp_path / "library"))
    code, out, err = shell(*words, *library, "--metrics", place)
    assert (code, out) == (2, "")
    assert err == (
        f"mvsearch: numbers are served at PORT or HOST:PORT, such as 9100, not {place!r}\n"
    )
    assert not (tmp_path / "library").exists()


def test_a_format_of_the_log_is_typed_set_or_configured(shell, tmp_path, monkeypatch):
    missing = ("status", "--library", str(tmp_path / "none"))
    (config := tmp_path / "config.toml").write_text('log-format = "json"')
    for words, variable, file in (
        (("--log-format", "json", *missing), None, None),
        ((*missing, "--log-format", "json"), None, None),
        (missing, "json", None),
        (missing, None, config),
        (missing, None, None),
    ):
        with monkeypatch.context() as patch:
            patch.delenv(logs.FORMAT_VARIABLE)
            if variable is not None:
                patch.setenv(logs.FORMAT_VARIABLE, variable)
            if file is not None:
                patch.setenv("MVSEARCH_CONFIG", str(file))
            code, out, err = shell(*words)
        assert (code, out) == (2, "")
        if words == missing and variable is file is None:
            assert err.startswith("mvsearch: there is no library")
        else:
            assert json.loads(err)["message"].startswith("there is no library")
    code, _, err = shell(*missing, "--log-format", "xml")
    assert code == 2
    assert "'xml' is not one of 'text', 'json'" in err
