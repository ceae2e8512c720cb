"""Files are converted side by side, each once, in a folder of bounded size."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from mvsearch.search.web import conversions
from mvsearch.search.web.conversions import Conversions
from mvsearch.store.errors import MediaError
from tests.limits import HANG_SECONDS


@dataclass(frozen=True)
class Media:
    """A file that is converted when the test lets it."""

    path: Path
    size: int = 100
    way: str = "remux"
    modified_ns: int = 1
    may_end: threading.Event = field(default_factory=threading.Event, compare=False)
    made: list[Path] = field(default_factory=list, compare=False)

    def remux(self, target: Path) -> None:
        self.made.append(target)
        target.write_bytes(b"x" * self.size)
        assert self.may_end.wait(HANG_SECONDS)


def make(name: str, size: int = 100, *, is_slow: bool = False) -> Any:
    media = Media(Path(name), size)
    if not is_slow:
        media.may_end.set()
    return media


@pytest.fixture
def kept(tmp_path: Path) -> Conversions:
    return Conversions(tmp_path)


def test_one_file_does_not_wait_for_another(kept: Conversions) -> None:
    slow = make("slow", is_slow=True)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(kept.remux, slow) for _ in range(2)]
        assert kept.remux(make("quick")).read_bytes() == b"x" * 100
        assert not any(one.done() for one in waiting)
        slow.may_end.set()
        assert len({one.result(HANG_SECONDS) for one in waiting}) == len(slow.made) == 1


def test_a_conversion_that_failed_is_tried_again(
    kept: Conversions, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = make("a")
    with monkeypatch.context() as patched:
        patched.setattr(Media, "remux", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            kept.remux(media)
    assert kept.remux(media).exists()


def test_the_folder_is_bounded(kept: Conversions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversions, "MAX_ALL_BYTES", 250)
    first, second, third = (kept.remux(make(name)) for name in "abc")
    assert [file.exists() for file in (first, second, third)] == [False, True, True]
    large = make("large", 251)
    assert kept.fit(large).way == "transcode"
    assert kept.fit(make("small", 250)).way == "remux"
    slow = [make(name, is_slow=True) for name in "de"]
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(kept.remux, one) for one in slow]
        while not all(one.made for one in slow):
            pass
        assert not second.exists()
        with pytest.raises(HTTPException) as refused:
            kept.remux(make("f"))  # what is being made cannot be removed
        assert refused.value.status_code == 503
        for one in slow:
            one.may_end.set()
        assert all(one.result(HANG_SECONDS).exists() for one in waiting)


def test_errors_of_media_reach_all_who_wait(
    kept: Conversions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MediaError("damaged", "it is damaged")

    monkeypatch.setattr(Media, "remux", fail)
    with pytest.raises(MediaError):
        kept.remux(make("a"))
