"""Who may ask for what: names, sites, tokens, sizes and folders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from mvsearch.search.api.serving import make_token
from mvsearch.search.web.access import guard
from mvsearch.search.web.access.tokens import MAX_FAILURES, WINDOW_SECONDS, TokenCheck, Verdict
from mvsearch.search.web.options import WebOptions, check_folder, choose_token, is_loopback
from mvsearch.search.web.server import name_address
from mvsearch.search.web.uploads import LIFETIME_SECONDS, Uploads
from mvsearch.store.errors import MvsearchError, QueryError

TOKEN = "correct-horse-battery"
PAGE = {"Accept": "text/html"}
Connect = Callable[..., TestClient]


@pytest.fixture(scope="module")
def asking(connect: Connect) -> TestClient:
    """A client of a server that asks for a token."""
    return connect(host="192.0.2.1", token=TOKEN)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.0.2.7", "", "["])
def test_a_foreign_name_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/api/v1/status", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8765"])
def test_names_of_this_machine_are_served(client: TestClient, host: str) -> None:
    assert client.get("/api/v1/status", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_change_nothing(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/api/v1/jobs/index", json={"paths": ["/"]}, headers=headers)
    assert answer.status_code == 403


def test_a_proxy_may_have_a_name_of_its_own(connect: Connect) -> None:
    behind = connect(names=("Videos.example",))
    headers = {"Host": "videos.example", "Origin": "https://videos.example"}
    for status, host in ((200, "videos.example"), (421, "other.example")):
        answer = behind.post(
            "/api/v1/search", json={"text": ["a"]}, headers=headers | {"Host": host}
        )
        assert answer.status_code == status


def test_own_pages_may_ask(client: TestClient) -> None:
    headers = {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/v1/search", json={"text": ["a"]}, headers=headers).status_code == 200


def test_every_answer_forbids_scripts_of_others(client: TestClient) -> None:
    for path in ("/", "/docs", "/nothing", "/api/v1/status", "/static/app.css"):
        headers = client.get(path, headers=PAGE).headers
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_without_the_token_nothing_is_told(asking: TestClient) -> None:
    for path in ("/", "/api/v1/videos", "/api/v1/openapi.json", "/metrics", "/docs", "/browse"):
        answer = asking.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "First Song" not in answer.text
    assert asking.get("/health").json() == {"status": "ok"}
    for path, state in (("/healthz", "ok"), ("/readyz", "ready")):
        # A proxy asks by the address at which it reaches the server.
        assert asking.get(path, headers={"Host": "10.0.0.7:8765"}).json() == {"status": state}
    assert 'action="/login"' in asking.get("/docs", headers=PAGE).text


def test_the_token_admits_and_becomes_a_cookie(connect: Connect) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    fresh = connect(host="192.0.2.1", token=TOKEN)
    assert fresh.get("/api/v1/status", headers=bearer).status_code == 200
    assert fresh.get("/api/v1/status").status_code == 401
    first = fresh.get(f"/docs?token={TOKEN}&a=1")
    assert (first.status_code, first.headers["location"]) == (303, "/docs?a=1")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert fresh.get("/api/v1/status").status_code == 200


def test_the_form_takes_the_token(connect: Connect) -> None:
    fresh = connect(host="192.0.2.1", token=TOKEN)
    assert fresh.post("/login", data={"token": "wrong"}).status_code == 401
    assert fresh.post("/login", data={"token": TOKEN}).status_code == 303
    assert fresh.get("/api/v1/status").status_code == 200


def test_guessing_is_slowed_down(connect: Connect) -> None:
    guesser = connect(("198.51.100.9", 1), host="192.0.2.1", token=TOKEN)
    codes = [
        guesser.get("/api/v1/status", headers={"Authorization": f"Bearer {guess}"}).status_code
        for guess in [*map(str, range(MAX_FAILURES)), TOKEN]
    ]
    assert codes == [401] * MAX_FAILURES + [429]


def test_a_stale_cookie_is_one_wrong_guess(connect: Connect) -> None:
    """As after a restart: the browser sends the cookie of the last token with each picture."""
    fresh = connect(("198.51.100.10", 1), host="192.0.2.1", token=TOKEN)
    fresh.cookies.set("mvsearch-8765", "0" * 64)
    for _ in range(3 * MAX_FAILURES):
        assert fresh.get("/api/v1/status").status_code == 401
    assert fresh.post("/login", data={"token": TOKEN}).status_code == 303
    assert fresh.get("/api/v1/status").status_code == 200


def test_two_servers_of_one_machine_have_cookies_of_their_own(connect: Connect) -> None:
    names = set()
    for port in (8765, 8766):
        one = connect(host="192.0.2.1", token=TOKEN)
        answer = one.get(f"http://127.0.0.1:{port}/docs?token={TOKEN}")
        names.add(answer.headers["set-cookie"].partition("=")[0])
    assert names == {"mvsearch-8765", "mvsearch-8766"}


def test_servers_behind_a_proxy_share_their_cookie(connect: Connect) -> None:
    """The port of each is another one; browsers know that of the proxy."""
    options: dict[str, Any] = {"host": "192.0.2.1", "token": TOKEN, "names": ("videos.example",)}
    one, other = connect(**options), connect(**options)
    page = one.get(f"https://videos.example/docs?token={TOKEN}")
    cookie = page.headers["set-cookie"].partition(";")[0]
    assert cookie.startswith("mvsearch=")
    given = {"Host": "videos.example", "Cookie": cookie}
    assert other.get("http://127.0.0.1:8766/api/v1/status", headers=given).status_code == 200


def test_after_a_minute_an_address_may_try_again() -> None:
    seconds = 0.0
    check = TokenCheck(TOKEN, lambda: seconds)
    for guess in range(MAX_FAILURES):
        assert check.judge_words(f"wrong {guess}", None, "here") is Verdict.WRONG
    assert check.judge_words(TOKEN, None, "here") is Verdict.BLOCKED
    assert check.judge_words(TOKEN, None, "there") is Verdict.ADMITTED
    seconds = WINDOW_SECONDS
    assert check.judge_words(TOKEN, None, "here") is Verdict.ADMITTED
    assert check.judge_words(None, TOKEN, "here") is Verdict.WRONG  # a cookie is not the token


def test_other_machines_need_a_token() -> None:
    assert choose_token("127.0.0.1", None, has_none=False, make=make_token) is None
    assert choose_token("localhost", None, has_none=True, make=make_token) is None
    made = choose_token("0.0.0.0", None, has_none=False, make=make_token)
    assert made is not None
    assert len(made) == 32
    assert made != choose_token("0.0.0.0", None, has_none=False, make=make_token)
    for host, token, has_none in (("::", None, True), ("::", "short", False), ("::", TOKEN, True)):
        with pytest.raises(MvsearchError):
            choose_token(host, token, has_none=has_none, make=make_token)
    assert [is_loopback(host) for host in ("::1", "127.9.9.9", "::", "a.example")] == [
        True, True, False, False,
    ]  # fmt: skip


def test_a_body_is_bounded(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MAX_BODY_BYTES", 1000)
    whole = client.post("/api/v1/uploads", files={"image": ("q", b"x" * 2000)})
    assert whole.status_code == 413
    pieces = client.post("/api/v1/search", content=(b"x" * 100 for _ in range(20)))
    assert pieces.status_code == 413
    assert client.get("/api/v1/status", params={"a": "x" * 20_000}).status_code == 414


def test_a_server_that_only_reads_refuses_changes(connect: Connect, folder: Path) -> None:
    reading = connect(is_read_only=True, roots=(folder,))
    answer = reading.post("/api/v1/jobs/index", json={"paths": [str(folder)]})
    assert (answer.status_code, "read-only" in answer.json()["detail"]) == (403, True)
    assert reading.post("/api/v1/search", json={"text": ["a"]}).status_code == 200
    assert reading.get("/api/v1/status").json()["is_read_only"] is True


def test_only_allowed_folders_are_indexed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in" / "a", tmp_path / "out"
    inside.mkdir(parents=True)
    outside.mkdir()
    (inside / "link").symlink_to(outside)
    assert check_folder(inside, [tmp_path / "in"]) == inside
    for path in (outside, inside / "link", inside / ".." / ".." / "out", Path("in"), Path("\0")):
        with pytest.raises(MvsearchError, match="none of the folders"):
            check_folder(path, [tmp_path / "in"])


def test_the_printed_address_holds_any_token() -> None:
    token = "correct+horse#battery&x=1"
    address = name_address(WebOptions(host="192.0.2.1", token=token), 8765)
    assert parse_qs(urlsplit(address).query) == {"token": [token]}


def test_an_upload_that_is_used_late_takes_no_other_along() -> None:
    now = [0.0]
    uploads = Uploads(now=lambda: now[0])
    old = uploads.add("image", b"one")
    now[0] = LIFETIME_SECONDS - 60
    new = uploads.add("image", b"two")
    now[0] += 30
    assert uploads.get(old.id) is old
    now[0] += 40
    assert uploads.get(new.id) is new
    with pytest.raises(QueryError, match="not kept any more"):
        uploads.get(old.id)


def test_static_files_are_asked_for_by_their_etag(client: TestClient) -> None:
    first = client.get("/static/app.css")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/static/app.css", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/api/v1/status").headers["cache-control"] == "no-store"
