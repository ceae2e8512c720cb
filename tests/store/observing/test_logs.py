"""Logs in JSON: one line a record, with what the thread works on."""

import json
import logging
import threading

import pytest

from mvsearch.indexer.features.parallel import map_in_threads
from mvsearch.store.observing import logs
from mvsearch.store.observing.context import named, naming

logger = logging.getLogger("mvsearch.store.x")


@pytest.fixture(autouse=True)
def _text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.FORMAT_VARIABLE, "text")


def test_a_record_is_one_line_that_programs_read(capsys, monkeypatch):
    # The test's own record of the log is text that must be UTF-8.
    monkeypatch.setattr(logging.getLogger("mvsearch"), "propagate", False)
    with logs.logging_to_stderr():
        logs.choose_format("json")
        with naming(job_id="j1", video_id=None), naming(request_id="r1"):
            logger.warning("two\nlines of \x1b[31m%s\ud800", "é", extra={"told": {"status": 3}})
        try:
            raise ValueError("broken")
        except ValueError:
            logger.exception("failed")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    logger.warning("after it")
    assert "{" not in capsys.readouterr().err
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "warning",
        "logger": "mvsearch.store.x",
        "message": "two\ufffdlines of \ufffd[31mé\ufffd",
        "job_id": "j1",
        "request_id": "r1",
        "status": 3,
    }
    assert second["exception"].startswith("Traceback")
    assert "job_id" not in second


def test_text_stays_text_and_choices_end_with_the_command(capsys, monkeypatch):
    with logs.logging_to_stderr():
        logs.choose_level(logging.INFO)
        assert logs.inherited_level() == logging.INFO
        logger.info("two\nlines")
    assert capsys.readouterr().err == "mvsearch: two\nmvsearch: lines\n"
    assert logs.inherited_level() == logging.WARNING
    monkeypatch.setenv(logs.LEVEL_VARIABLE, "nonsense")
    assert logs.inherited_level() == logging.WARNING


def test_threads_of_a_run_know_what_it_works_on():
    with naming(job_id="j2"):
        found = map_in_threads(lambda _: dict(named()), range(3), 2, threading.Event())
        assert list(found) == [{"job_id": "j2"}] * 3
    assert named() == {}
