"""The command says in one line why it cannot serve."""

import socket
import sys
from collections.abc import Callable

import pytest

Shell = Callable[..., tuple[int, str, str]]


def test_without_the_extra_the_line_that_installs_it_is_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "mvsearch.search.web.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    code, out, err = shell("serve")
    assert (code, out) == (2, "")
    assert "uvicorn is not installed, which this needs; type: pip install " in err
    assert err.endswith("[web]'\n")
    assert err.count("\n") == 1


def test_an_address_that_cannot_be_served_is_one_line(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, out, err = shell("serve", "--port", taken.getsockname()[1])
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("mvsearch: cannot listen at 127.0.0.1, port ")
    for words in (("--host", "0.0.0.0", "--no-token"), ("--token", "short")):
        code, out, err = shell("serve", *words)
        assert (code, out, err.count("\n")) == (2, "", 1)
