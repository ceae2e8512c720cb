"""Lyrics come from a stand-in of the service: politely asked, and whatever it answers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from mvsearch.indexer.lyrics.fetching import cache
from mvsearch.indexer.lyrics.fetching.asking import PAUSE_SECONDS, Asker
from mvsearch.indexer.lyrics.fetching.cache import AnswerCache
from mvsearch.indexer.lyrics.fetching.fetch import fetch_lyrics
from mvsearch.indexer.lyrics.fetching.lrclib import Entry, Wanted
from mvsearch.store.errors import QueryError, ServerError
from mvsearch.store.library import Library
from mvsearch.store.records import Video

VARIABLE = "MVSEARCH_LRCLIB"
VIDEO = Video("0" * 32, Path("/videos/secret.mp4"), "First Song", "Ada Lovelace", 100.0)
LRC = "[00:01.00]take me home\n[00:03.00]along the river\n"
Answer = Callable[[BaseHTTPRequestHandler], None]


def make_entry(number: int, duration: Any = 100, **other: Any) -> dict[str, Any]:
    names = {"artistName": "Ada Lovelace", "trackName": "First Song (Live)"}
    return {"id": number, "duration": duration, "syncedLyrics": LRC, **names, **other}


class StandIn:
    """A service that answers as a test wants."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.answer: Answer = lambda _: None

    def tell(self, content: Any, status: int = 200, **headers: str) -> None:
        """Answer with JSON, or with bytes as they are."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(data)))
            handler.end_headers()
            handler.wfile.write(data)

        self.answer = answer


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[StandIn, str]]:
    service = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            service.asked.append((parts.path, parse_qs(parts.query), dict(self.headers)))
            service.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield service, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def service(running: tuple[StandIn, str], monkeypatch: pytest.MonkeyPatch) -> StandIn:
    found, address = running
    monkeypatch.setenv(VARIABLE, address)
    found.asked.clear()
    return found


@contextmanager
def making(clock: list[float]) -> Iterator[Asker]:
    """An asker whose time passes when it sleeps."""

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    yield Asker("LRCLIB", VARIABLE, "http://127.0.0.1:9", sleep=sleep, clock=lambda: clock[0])


def fetch(folder: Path, video: Video = VIDEO, clock: list[float] | None = None) -> Any:
    library = cast(Library, SimpleNamespace(folder=folder, is_read_only=False))
    with making(clock if clock is not None else [0.0]) as asker:
        return fetch_lyrics(library, video, "lrclib", asker)


def test_names_alone_are_sent_and_the_answer_is_kept(service: StandIn, tmp_path: Path) -> None:
    service.tell([make_entry(7, 180), make_entry(8, 101), make_entry(9, 100.5, trackName="Other")])
    first = fetch(tmp_path)
    assert [(one.source, one.origin) for one in first] == [("fetched", "lrclib 8")]
    assert [line.text for line in first[0].lines] == ["take me home", "along the river"]
    ((path, sent, headers),) = service.asked
    assert path == "/api/search"
    assert sent == {"artist_name": ["Ada Lovelace"], "track_name": ["First Song"]}
    assert headers["User-Agent"].startswith("music-video-search/")
    assert not {"Cookie", "Authorization", "Referer"} & set(headers)
    assert "secret" not in str((sent, headers))
    assert fetch(tmp_path) == first
    assert len(service.asked) == 1


def test_that_there_is_nothing_is_kept_too(service: StandIn, tmp_path: Path) -> None:
    service.tell(b"", 404)
    assert fetch(tmp_path) == []
    service.tell([make_entry(1)])
    assert fetch(tmp_path) == []
    assert len(service.asked) == 1
    wanted = Wanted("Ada Lovelace", "First Song", 100.0)
    late = AnswerCache(tmp_path, clock=lambda: 1e12)
    assert late.read(wanted) is None


@pytest.mark.parametrize(
    "content",
    [
        {}, [], "text", 7, None, [None, 1, "x", []], [{}], [make_entry(True)],  # type: ignore[arg-type]
        [make_entry(-1)], [make_entry(2**80)], [make_entry(1, syncedLyrics=None)],
        [make_entry(1, syncedLyrics=["[00:01.00]a"])], [make_entry(1, syncedLyrics="no times")],
        [make_entry(1, syncedLyrics="[00:01.00]a\n" * 20_000)], [make_entry(1, artistName=3)],
        [make_entry(1, artistName="Somebody Else")], [make_entry(1, syncedLyrics="\x00\x07")],
    ],
)  # fmt: skip
def test_answers_of_wrong_types_are_no_lyrics(
    service: StandIn, tmp_path: Path, content: Any
) -> None:
    service.tell(content)
    assert fetch(tmp_path) == []


def test_lyrics_are_cleaned(service: StandIn, tmp_path: Path) -> None:
    text = "[00:01.00]\x1b[2Jtake <b>me</b>\u202e home\ud800\x00\n[00:02.00]x\x07y\n"
    service.tell([make_entry(1, duration="long", syncedLyrics=text)])
    (found,) = fetch(tmp_path)
    told = "".join(line.text for line in found.lines)
    assert not {"\x1b", "\x00", "\x07", "\u202e", "\ud800", "<"} & set(told)


@pytest.mark.parametrize(
    ("content", "status", "why"),
    [
        (b"<html>", 200, "something else than JSON"),
        (b"[" * 200_000, 200, "something else than JSON"),
        (b" " * (3 * 2**20), 200, "more than 2 MiB"),
        (b"", 302, "HTTP 302"),
        (b"", 500, "HTTP 500"),
        (b"\xff\xfe", 200, "something else than JSON"),
    ],
)
def test_what_is_no_answer_is_one_line(
    service: StandIn, tmp_path: Path, content: bytes, status: int, why: str
) -> None:
    service.tell(content, status, Location="http://127.0.0.1:1/elsewhere")
    with pytest.raises(ServerError, match=why) as raised:
        fetch(tmp_path)
    assert "\n" not in str(raised.value)
    assert len(service.asked) == 1
    assert not (tmp_path / cache.FOLDER).exists()


def test_questions_are_apart_and_a_wait_is_kept(service: StandIn, tmp_path: Path) -> None:
    service.tell([])
    clock = [100.0]
    with making(clock) as asker:
        for _ in range(3):
            asker.ask("api/search", {})
        assert clock[0] == pytest.approx(100 + 2 * PAUSE_SECONDS)
        service.tell(b"", 429, Retry_After="40")
        with pytest.raises(ServerError, match="wait 40 s"):
            asker.ask("api/search", {})
        service.tell([])
        n_asked = len(service.asked)
        with pytest.raises(ServerError, match="wait"):
            asker.ask("api/search", {})
        assert len(service.asked) == n_asked
        clock[0] += 41
        assert asker.ask("api/search", {}) == []
        for odd in ("soon", "-1", "9" * 30):
            service.tell(b"", 503, Retry_After=odd)
            with pytest.raises(ServerError, match=r"wait \d{1,4} s"):
                asker.ask("api/search", {})
            clock[0] += 4000


@pytest.mark.parametrize("address", ["file:///etc/passwd", "lrclib", "http://", "http://[", "a:b"])
def test_addresses_that_are_none_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv(VARIABLE, address)
    with pytest.raises(ServerError, match="no web address"):
        fetch(tmp_path)


def test_who_cannot_be_asked_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(QueryError, match="artist"):
        fetch(tmp_path, Video("1", Path("/a"), "A song"))
    library = cast(Library, SimpleNamespace(folder=tmp_path, is_read_only=False))
    with pytest.raises(QueryError, match="no lyrics service"):
        fetch_lyrics(library, VIDEO, "else\nwhere")
    monkeypatch.setenv(VARIABLE, "http://127.0.0.1:9")
    with pytest.raises(ServerError, match="cannot be reached"):
        fetch(tmp_path)


def test_the_cache_is_bounded_and_takes_nothing_odd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MAX_FILES", 3)
    kept = AnswerCache(tmp_path)
    for number in range(6):
        kept.write(Wanted("a", f"song {number}"), [Entry(number, 1.0, LRC)])
    assert len(list((tmp_path / cache.FOLDER).iterdir())) == 3
    last = Wanted("a", "song 5")
    assert kept.read(last) == [Entry(5, 1.0, LRC)]
    (file,) = [f for f in (tmp_path / cache.FOLDER).iterdir() if b"[5, " in f.read_bytes()]
    for odd in (b"", b"{}", b'{"seconds": "x", "entries": [[1]]}', b"[" * 10**5, b"[]",
                b'{"seconds": 1e999, "entries": []}',
                b'{"seconds": 1' + b"0" * 400 + b', "entries": []}'):  # fmt: skip
        file.write_bytes(odd)
        assert kept.read(last) is None
    AnswerCache(tmp_path, is_read_only=True).write(Wanted("a", "b"), [])
    assert AnswerCache(tmp_path).read(Wanted("a", "b")) is None
