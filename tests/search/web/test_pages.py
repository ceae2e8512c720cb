"""The pages hold what the library holds, as text, and their address is the query."""

import re
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import mvsearch
from mvsearch.search.web.queries.addresses import PageRequest
from mvsearch.search.web.templating import STATIC
from mvsearch.search.web.view_models.cards import describe_chance, mark_words
from tests import media

HTML = {"Accept": "text/html"}
HTMX = HTML | {"HX-Request": "true"}


class Seen(HTMLParser):
    """What a page would run or load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def titles(text: str) -> list[str]:
    return re.findall(r'<p class="title"[^>]*><a[^>]*>([^<]*)</a>', text)


def pages(ids: dict[str, str]) -> list[str]:
    one = ids["First Song"]
    return [
        "/",
        "/?q=take+me+home&mode=lyric",
        f"/?like={one}&fits=music",
        "/browse?sort=title",
        "/library",
        f"/tv?start={one}",
        "/playlists",
        "/gallery",
        "/map",
        "/heatmap",
        "/artists",
        "/review",
        "/quality",
        "/encoders",
        "/doctor",
        "/artist?name=Ada+Lovelace",
        f"/video/{one}?t=2",
        f"/video/{one}/similar?by=frames",
        f"/video/{one}/versions",
        f"/video/{one}/why?q=take+me+home&like={ids['Third Song']}",
        "/docs",
        "/nothing",
    ]


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(
    client: TestClient, ids: dict[str, str]
) -> None:
    for path in pages(ids):
        answer = client.get(path, headers=HTML)
        assert answer.status_code == (404 if path == "/nothing" else 200), path
        for tag, attributes in Seen(answer.text).tags:
            assert "style" not in attributes, (path, tag)
            assert not [name for name in attributes if name.startswith("on")], (path, tag)
            assert tag != "style"
            assert tag != "script" or attributes.get("src"), path
            for name in ("src", "href", "action", "poster", "hx-get"):
                assert not re.match(r"(?:\w+:)?//", attributes.get(name) or ""), (path, tag)


def test_hostile_words_stay_words(client: TestClient) -> None:
    probe = "<script>alert(1)</script>"
    for path, given in (
        ("/", {"q": probe}),
        ("/", {"artist": probe}),
        ("/browse", {"title": f'"><{probe}'}),
        ("/video/<script>alert(1)<script>", {}),
    ):
        text = client.get(path, params=given, headers=HTML).text
        assert probe not in text
        assert "&lt;script&gt;" in text


def test_the_address_is_the_query(client: TestClient) -> None:
    asked = {"q": "take me home", "mode": "lyric", "lyrics": "1", "artist": "Ada Lovelace"}
    whole = client.get("/", params=asked, headers=HTML).text
    part = client.get("/", params=asked, headers=HTMX).text
    assert titles(whole) == titles(part) == ["First Song"]
    assert part in whole
    assert 'value="take me home"' in whole
    assert re.search(r'name="lyrics" min="0" max="1" step="0.05" value="1.0"', whole)
    assert '<option value="Ada Lovelace" selected>Ada Lovelace (1)</option>' in whole
    assert "<mark>take</mark> <mark>me</mark> <mark>home</mark>" in part


def test_an_upload_and_a_video_are_parts_of_the_address(
    client: TestClient, tmp_path: Path, ids: dict[str, str]
) -> None:
    picture = media.make_picture(tmp_path / "q.png", "smptebars").read_bytes()
    (kept,) = client.post("/api/v1/uploads", files={"image": ("q", picture)}).json()
    text = client.get("/", params={"upload": kept["id"], "frames": 1}, headers=HTML).text
    assert titles(text)[0] == "Third Song"
    assert f'name="upload" value="{kept["id"]}"' in text
    like = {"like": ids["First Song"], "start": "1", "end": "3"}
    assert titles(client.get("/", params=like, headers=HTMX).text) == ["Third Song"]
    (clip,) = client.post("/api/v1/uploads", files={"clip": ("q", b"any")}).json()
    part = client.get("/", params={"upload": f"{clip['id']}@1.5-65"}, headers=HTML).text
    assert "0:01–1:05" in part
    assert f'name="upload" value="{clip["id"]}@1.5-65"' in part
    gone = client.get("/", params={"upload": "gone"}, headers=HTMX)
    assert "not kept any more" in gone.text


def test_a_misheard_line_is_shown_with_what_it_sounds_like(
    client: TestClient, ids: dict[str, str]
) -> None:
    asked = {"q": "tea come hum a lawn the riffer", "mode": "lyric"}
    text = client.get("/", params=asked, headers=HTML).text
    assert titles(text)[0] == "First Song"
    assert re.search(r'<p class="line" dir="auto">Sounds like: [a-z ]*along the river</p>', text)
    assert "<mark>along</mark> <mark>the</mark> <mark>river</mark>" in text
    why = client.get(f"/video/{ids['First Song']}/why", params=asked, headers=HTML).text
    assert "<mark>along</mark> <mark>the</mark> <mark>river</mark>" in why


def test_a_result_says_why(client: TestClient, ids: dict[str, str], tmp_path: Path) -> None:
    first = client.get("/?q=take+me+home&mode=lyric&top=5", headers=HTMX).text
    (address,) = re.findall(r'<p class="reason"><a href="([^"]*)"', first)
    assert address == f"/video/{ids['First Song']}/why?q=take+me+home&amp;mode=lyric"
    text = client.get(address.replace("&amp;", "&"), headers=HTML).text
    assert "<mark>take</mark> <mark>me</mark> <mark>home</mark>" in text
    assert f'href="/video/{ids["First Song"]}?t=0.50"' in text
    assert "Why?" not in client.get("/?artist=Ada+Lovelace", headers=HTMX).text
    picture = media.make_picture(tmp_path / "q.png", "smptebars").read_bytes()
    (kept,) = client.post("/api/v1/uploads", files={"image": ("q", picture)}).json()
    asked = {"upload": kept["id"], "like": ids["First Song"]}
    text = client.get(f"/video/{ids['Third Song']}/why", params=asked, headers=HTML).text
    pictures = [given["src"] or "" for tag, given in Seen(text).tags if tag == "img"]
    assert f"/api/v1/uploads/{kept['id']}/thumbnail?t=0.0" in pictures
    frames = [given["data-frame"] or "" for _, given in Seen(text).tags if "data-frame" in given]
    assert {one.split("/")[4] for one in frames} == set(ids.values())
    for one in frames[:2]:
        assert client.get(one).headers["content-type"] == "image/webp"
    gone = client.get(f"/video/{ids['Third Song']}/why?upload=gone", headers=HTML)
    assert "not kept any more" in gone.text


def test_the_video_has_its_time_and_lines(client: TestClient, ids: dict[str, str]) -> None:
    text = client.get(f"/video/{ids['First Song']}?t=2.5", headers=HTML).text
    (player,) = [given for tag, given in Seen(text).tags if tag == "video"]
    assert (player["data-start"], player["data-way"]) == ("2.5", "file")
    assert player["data-media"] == f"/api/v1/videos/{ids['First Song']}/media"
    seconds = [given["data-seconds"] for tag, given in Seen(text).tags if "data-seconds" in given]
    assert (seconds[:2], seconds[-2:]) == (["0.0", "3.0"], ["0.5", "2.0"])  # stills, lines
    assert "from a lyric file (Ada Lovelace - First Song.lrc)" in text


def test_the_list_is_divided_into_pages(client: TestClient) -> None:
    first = client.get("/browse", params={"limit": 1}, headers=HTML).text
    (address,) = re.findall(r'rel="next" href="([^"]*)"', first)
    second = client.get(address.replace("&amp;", "&"), headers=HTML).text
    assert (titles(first), titles(second)) == (["First Song"], ["Third Song"])
    assert 'rel="prev"' in second


def test_an_empty_library_says_how_to_fill_it(tmp_path: Path) -> None:
    from mvsearch.search.web.app import make_app
    from mvsearch.search.web.options import WebOptions

    with (
        mvsearch.open(tmp_path / "none", profile="toy") as library,
        TestClient(make_app(library, WebOptions()), base_url="http://localhost") as fresh,
    ):
        assert "mvsearch index ~/Videos" in fresh.get("/", headers=HTML).text
        assert fresh.get("/browse", headers=HTML).status_code == 409
        assert "0 videos" in fresh.get("/library", headers=HTML).text
        assert fresh.get("/api/v1/videos").json()["error"] == "NoLibraryError"


def test_what_is_empty_asks_for_nothing() -> None:
    assert PageRequest.model_validate({"q": "  ", "artist": "", "tag": [""]}).is_empty
    assert not PageRequest.model_validate({"has_lyrics": "false"}).is_empty


@pytest.mark.parametrize(
    ("surprisal", "odds"),
    [(-1, "common"), (0, "common"), (1, "1 in 10"), (2.531, "1 in 340"), (9, "< 1 in 10⁶")],
)
def test_odds_are_powers_of_ten(surprisal: float, odds: str) -> None:
    assert describe_chance(surprisal)[0] == odds


def test_words_are_marked_whole_and_in_any_case() -> None:
    assert mark_words("Home, homely HOME!", ("home",)) == [
        ("Home", True), (", homely ", False), ("HOME", True), ("!", False),
    ]  # fmt: skip
    assert mark_words("none", ()) == [("none", False)]


def test_results_say_that_picture_and_sound_are_of_two_videos(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "The picture is from "
    assert said not in client.get("/", params={"q": "river"}, headers=HTMX).text
    sources = {"frames": 1, "audio": 0}
    monkeypatch.setattr("mvsearch.search.ranking.find_two_sources", lambda *_: sources)
    assert said in client.get("/", params={"q": "stripes"}, headers=HTMX).text


def test_results_ask_for_folded_copies_afterwards(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("/", params={"q": "river"}, headers=HTMX).text
    (address,) = re.findall(r'<section id="results"[^>]* hx-get="([^"]*)"', first)
    assert address == "/?q=river&amp;fold=1"
    later = client.get("/?q=river&fold=1", headers=HTMX)
    assert (later.status_code, later.text) == (204, "")  # no video is a copy
    monkeypatch.setattr("mvsearch.search.versions.dedupe.CopyTest.__call__", lambda *_: True)
    folded = client.get("/?q=river&fold=1", headers=HTMX).text
    assert len(titles(folded)) == 1
    assert "and 1 copy" in folded
    assert "hx-get" not in folded.partition(">")[0]


def test_only_what_is_shown_is_read(
    client: TestClient, library: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []

    def count(name: str, *given: object, **named: object) -> Any:
        counted.append(name)
        return getattr(mvsearch.VideoLibrary, name)(library, *given, **named)

    for name in ("facets", "videos", "status"):
        monkeypatch.setattr(library, name, partial(count, name))
    for path, headers, expected in (
        ("/?q=river", HTML, ["facets"]),
        ("/?q=river", HTMX, []),
        ("/browse?sort=title", HTMX, ["videos"]),
        ("/browse?sort=title", HTML, ["facets", "videos"]),
        ("/library", HTML, ["status"]),
    ):
        assert client.get(path, headers=headers).status_code == 200
        assert sorted(counted) == expected, path
        counted.clear()


def test_the_library_has_its_folders_failures_and_a_form(
    client: TestClient,
    connect: Callable[..., TestClient],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failure = mvsearch.Failure(Path("/v/<b>.mp4"), "file", "damaged", "<i>lost</i>")
    monkeypatch.setattr(mvsearch.VideoLibrary, "failures", lambda _: [failure])
    text = client.get("/library", headers=HTML).text
    assert f"<code>{folder}</code>" in text
    assert "&lt;i&gt;lost&lt;/i&gt;" in text
    assert 'id="index"' in text
    assert 'id="index"' not in connect(is_read_only=True).get("/library", headers=HTML).text


def test_scripts_import_files_that_are_there() -> None:
    scripts = [file for file in STATIC.rglob("*.js") if ".min." not in file.name]
    imports = [
        file.parent / name
        for file in scripts
        for name in re.findall(r'(?:from|import) "(\.[^"]+)"', file.read_text("utf-8"))
    ]
    assert len(imports) > len(scripts)
    assert [path for path in imports if not path.exists()] == []


def test_what_fits_is_told_with_its_mood(client: TestClient, ids: dict[str, str]) -> None:
    page = client.get(f"/?like={ids['Third Song']}&fits=music", headers=HTMX).text
    assert titles(page)[0] == "First Song"
    assert "Found by mood." in page
    assert "valence" in page
    assert "/why?" not in page  # there are no pieces to show beside each other
    assert "one sound, clip or video" in client.get("/?q=words&fits=picture", headers=HTMX).text


def test_a_query_of_parts_shows_where_each_part_is(client: TestClient, ids: dict[str, str]) -> None:
    def find(q: str) -> list[tuple[str, str, str]]:
        page = client.get("/", params={"mode": "query", "q": q}, headers=HTML).text
        assert 'id="writing"' in page
        told = re.findall(r'<li class="(\w*)" title="([^"]*)">(?:<a href="([^"]*)">)?', page)
        return [one for one in told if ids["First Song"] in one[2]]

    time = f"/video/{ids['First Song']}?t=0.50"
    line = "lyric(&#34;take me home&#34;) “take me home”"
    assert find("lyric(take me home) and not text(nothing of it)") == [
        ("", f"0:00–0:02 {line}", time)
    ]
    assert find("text(bars) and not lyric(take me home)") == [
        ("missing", f"0:00–0:02 excluded: {line}", time)
    ]
    plain = client.get("/", params={"q": "take me home", "without": "ships"}, headers=HTML).text
    assert titles(plain)[0] == "First Song"
    assert 'value="ships"' in plain


def test_an_error_in_a_query_is_marked(client: TestClient) -> None:
    asked = {"mode": "query", "q": "text(<b>) whle text(b)"}
    page = client.get("/", params=asked, headers=HTML).text
    assert "not &#39;whle&#39; (at letter 11)" in page
    (place,) = re.findall(r'<pre class="place"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert place.split("\n") == ["text(&lt;b&gt;) whle text(b)", " " * 10 + "^"]
    mixed = client.get("/", params=asked | {"without": "a"}, headers=HTML).text
    assert "a query has all parts in it" in mixed
    alone = client.get("/", params={"without": "a"}, headers=HTML).text
    assert "say what to look for besides" in alone
