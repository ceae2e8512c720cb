"""A plug-in package indexes, is searched with, and cannot break what is built in."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mvsearch import cli
from mvsearch.indexer import plugins
from mvsearch.indexer.encoders import PROFILES, Encoders, find_profile, load_encoder
from mvsearch.indexer.encoders.networks.files.weights import list_models
from mvsearch.indexer.lyrics import Song, find_lyrics
from mvsearch.indexer.lyrics.files.sidecar import read_sidecars
from mvsearch.search.api.plugins import list_plugin_statuses
from mvsearch.search.commands.process import run_app
from mvsearch.search.output.plugin_forms import ResultList, find_form, write_form
from mvsearch.store.errors import MediaError, MvsearchError, PluginError
from mvsearch.store.library import Library
from mvsearch.store.records import LyricLine, Lyrics
from tests.plugin_package import install_example, install_metadata
from tests.toy_library import make_clip

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The example of docs/plugins.md; its profile takes the rest from one without weights."""
    folder = tmp_path_factory.mktemp("site-packages")
    install_example(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setitem(PROFILES, "embedded", PROFILES["toy"])
        yield
        sys.modules.pop("mvsearch_colours", None)


@pytest.fixture(scope="module")
def library(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A red and a blue video, indexed by the command with the plug-in's profile."""
    media = tmp_path_factory.mktemp("media")
    for name, colour in (("Red", "red"), ("Blue", "blue")):
        drawn = f"color=white:s=64x48:r=5,drawbox=w=iw:h=40:color={colour}:t=fill"
        make_clip(media / f"{name}.mp4", drawn, None, seconds=3)
    (media / "lyrics").mkdir()
    (media / "lyrics" / "Red.txt").write_text("a lantern in the snow\n\n", encoding="utf-8")
    (media / "Blue.cho").write_text("{title: Blue}\n[Am]take me [C]home\n[G]along the river\n")
    folder = tmp_path_factory.mktemp("libraries") / "library"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            sys,
            "argv",
            ["mvsearch", "index", str(media), "--profile", "colours", "--library", str(folder)],
        )
        assert run_app(cli.app) == 0
    return folder


@pytest.fixture
def install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str, str, str], None]:
    """Install one entry point, of a distribution called odd-NAME, and the module `odd_NAME`."""

    def place(group: str, name: str, attribute: str, code: str) -> None:
        module = f"odd_{len(list(tmp_path.glob('*.py')))}"
        (tmp_path / f"{module}.py").write_text(code, encoding="utf-8")
        entries = {group: {name: f"{module}:{attribute}"}}
        install_metadata(tmp_path, module.replace("_", "-"), "2.0", entries)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return place


def test_a_plugin_encodes_reads_lyrics_and_writes(
    library: Path, shell: Run, tmp_path: Path
) -> None:
    picture = tmp_path / "blue.png"
    Image.fromarray(np.full((48, 64, 3), (0, 0, 255), np.uint8)).save(picture)
    words = ("--image", str(picture), "--format", "markdown", "--library", str(library))
    code, out, err = shell("search", *words)
    assert (code, err) == (0, "")
    heading, _, first, second = out.splitlines()
    assert heading == f"## {picture}"
    assert (first[:8], second[:7]) == ("1. Blue ", "2. Red ")

    code, out, _ = shell("search", "--lyric", "home", "--json", "--library", str(library))
    best = json.loads(out)["results"][0]
    assert (best["video"]["title"], best["moments"][0]["text"]) == ("Blue", "take me home")

    _, out, _ = shell("similar", "Red", "--format", "markdown", "--library", str(library))
    assert out.startswith("## Red\n\n1. Blue (")
    with Library.open(library) as opened:
        spaces = {space.encoder for space in opened.catalog.spaces()}
        lyrics = {each.title: opened.catalog.lyrics(each.id) for each in opened.catalog.videos()}
    assert spaces == {"colours", "toy-lyrics", "toy-audio"}
    assert {title: (found.source, found.origin) for title, found in lyrics.items() if found} == {
        "Blue": ("sidecar", "Blue.cho"),
        "Red": ("plugin", "lyrics-folder"),
    }
    _, out, _ = shell(
        "search",
        "--lyric",
        "lantern snow",
        "--json",
        "--library",
        str(library),
        "--lyrics-source",
        "plugin",
    )
    best = json.loads(out)["results"][0]
    assert (best["video"]["title"], best["moments"][0]["text"]) == ("Red", "a lantern in the snow")


@pytest.mark.usefixtures("installed")
def test_plugins_are_listed_with_their_package(shell: Run) -> None:
    code, out, err = shell("plugins", "--json")
    assert (code, err) == (0, "")
    listed = {(one["group"], one["name"]): one for one in json.loads(out)}
    assert set(listed) == {
        ("mvsearch.encoders", "colours"),
        ("mvsearch.profiles", "colours"),
        ("mvsearch.lyrics", "cho"),
        ("mvsearch.lyric_sources", "lyrics-folder"),
        ("mvsearch.output", "markdown"),
    }
    assert {one["distribution"] for one in listed.values()} == {"mvsearch-colours 1.0"}
    assert {one["problem"] for one in listed.values()} == {None}
    (colours,) = (status for status in list_models() if status.name == "colours")
    assert (colours.is_present, colours.profiles) == (True, ("colours",))
    assert colours.origin == "plug-in of mvsearch-colours 1.0"
    code, out, _ = shell("models", "check", "colours", "--json")
    assert (code, json.loads(out)[0]["problem"]) == (0, None)


@pytest.mark.usefixtures("installed")
def test_what_is_unknown_is_told_with_what_there_is() -> None:
    with pytest.raises(MvsearchError, match=r"there are embedded, sound, .*, colours$"):
        find_profile("x")
    with pytest.raises(MvsearchError, match=r"there are .*clap, colours$"):
        load_encoder("x")
    with pytest.raises(MvsearchError, match=r"there are table, json, markdown$"):
        find_form("x", ("table", "json"))


ENCODER = """
import numpy as np
from mvsearch.store.records import Space
class Made:
    spaces = (Space("lyrics", "odd", "1", 2),)
    def encode(self, texts):
        return (np.tile(np.float32([1, 0]), (len(texts), 1)),)
"""


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("x = 1", "AttributeError: module 'odd_0' has no attribute 'Made'"),
        ("def Made(): raise OSError('no\\nluck')", "OSError: no luck"),
        ("class Made: pass", "its encoder has no tuple of spaces"),
        (ENCODER.replace('"odd"', '"minilm"'), "its spaces are not of an encoder called 'odd'"),
        (ENCODER.replace('"lyrics"', '"frames"'), "its encoder is no FrameEncoder"),
    ],
)
def test_an_encoder_that_cannot_be_made_is_one_line(
    install: Callable[[str, str, str, str], None], code: str, reason: str
) -> None:
    install(plugins.ENCODERS, "odd", "Made", code)
    with pytest.raises(PluginError) as caught:
        load_encoder("odd")
    assert str(caught.value) == f"the plug-in 'odd' of odd-0 2.0 fails: {reason}"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[1, 0]", "[2, 0]", "its vectors are not of length one"),
        ("[1, 0]", "[np.nan, 0]", "its vectors are not of length one"),
        ("np.float32([1, 0])", "[1.0, 0.0]", "its vectors are no array of float32"),
        ("len(texts)", "1", "its vectors have the shape (1, 2), not (2, 2)"),
        ("return (", "return 1, (", "it gives 2 matrices for 1 spaces"),
        ("np.tile", "no_name", "NameError: name 'no_name' is not defined"),
    ],
)
def test_vectors_of_a_plugin_are_checked(
    install: Callable[[str, str, str, str], None], old: str, new: str, reason: str
) -> None:
    install(plugins.ENCODERS, "odd", "Made", ENCODER.replace(old, new))
    with pytest.raises(MediaError) as caught:
        load_encoder("odd").encode(["a", "b"])  # type: ignore[attr-defined]
    assert str(caught.value) == f"the plug-in 'odd' of odd-0 2.0 fails: {reason}"


def test_a_profile_of_the_wrong_kind_or_modality_is_refused(
    install: Callable[[str, str, str, str], None],
) -> None:
    install(plugins.PROFILES, "odd", "PROFILE", "PROFILE = 3")
    with pytest.raises(PluginError, match=r"odd-0 2\.0 fails: odd_0:PROFILE is not a Profile"):
        find_profile("odd")
    profile = (
        "from mvsearch.indexer.encoders.profiles import Profile\n"
        "PROFILE = Profile('toy-lyrics', 'toy-lyrics', None, 'tiny')"
    )
    install(plugins.PROFILES, "swapped", "PROFILE", profile)
    with pytest.raises(MvsearchError, match="toy-lyrics for its frames, which encodes lyrics"):
        _ = Encoders("swapped").frames


def test_a_clash_is_told_and_what_is_built_in_is_used(
    install: Callable[[str, str, str, str], None],
) -> None:
    before = {status.name for status in list_models()}
    install(plugins.ENCODERS, "minilm", "Made", "raise RuntimeError")
    install(plugins.ENCODERS, "../up", "Made", ENCODER)
    install(plugins.OUTPUT, "json", "write", "raise RuntimeError")
    install(plugins.OUTPUT, "twice", "write", "write = print")
    install(plugins.OUTPUT, "twice", "write", "write = print")
    problems = {
        (each.plugin.name, each.plugin.distribution): each.problem
        for each in list_plugin_statuses()
    }
    assert problems["minilm", "odd-0 2.0"].startswith("the name 'minilm' is built in")
    assert problems["../up", "odd-1 2.0"].startswith("its name is not made of")
    assert problems["json", "odd-2 2.0"].startswith("the name 'json' is built in")
    assert problems["twice", "odd-3 2.0"] == ""
    assert problems["twice", "odd-4 2.0"] == "odd-3 2.0 has the same name and is used"
    listed = list_models()
    assert {status.name for status in listed} == before | {"../up"}
    assert next(status for status in listed if status.name == "minilm").problem == ""
    with pytest.raises(MvsearchError, match="no encoder is called"):
        load_encoder("../up")


def test_a_lyric_format_that_fails_leaves_the_others(
    install: Callable[[str, str, str, str], None], tmp_path: Path
) -> None:
    install(plugins.LYRICS, "odd", "read", "def read(text): return 1 / 0")
    install(plugins.LYRICS, "words", "read", "def read(text): return text.split()")
    folder = tmp_path / "media"
    folder.mkdir()
    for ending in ("odd", "words", "txt"):
        (folder / f"Song.{ending}").write_text("a line is sung", encoding="utf-8")
    lyrics, problems = read_sidecars([folder / "Song.mp4"])
    assert lyrics is not None
    assert lyrics.origin == "Song.txt"
    assert [str(problem) for problem in problems] == [
        "Song.odd: the plug-in 'odd' of odd-0 2.0 fails: ZeroDivisionError: division by zero",
        "Song.words: the plug-in 'words' of odd-1 2.0 fails: TypeError: a line is no LyricLine"
        " but str",
    ]


def test_a_source_of_lyrics_that_fails_leaves_the_others(
    install: Callable[[str, str, str, str], None], tmp_path: Path
) -> None:
    asked = (
        "from mvsearch.store.records import LyricLine\n"
        "def find(song):\n"
        "    return [LyricLine(f'{song.title} in {song.language}'), LyricLine(' ')]\n"
    )
    install(plugins.LYRIC_SOURCES, "a", "find", "def find(song): return 1 / 0")
    install(plugins.LYRIC_SOURCES, "b", "find", "def find(song): return ['a line']")
    install(
        plugins.LYRIC_SOURCES,
        "c",
        "find",
        "from itertools import repeat\nfrom mvsearch.store.records import LyricLine\n"
        "def find(song): return repeat(LyricLine('without an end'))",
    )
    install(plugins.LYRIC_SOURCES, "d", "find", "def find(song): return None")
    install(plugins.LYRIC_SOURCES, "e", "find", asked)
    song = Song((tmp_path / "Song.mp4",), title="Joga")
    found = find_lyrics(song.paths, {}, [], read_subtitles=str, language="Icelandic", song=song)
    assert found.lyrics == Lyrics((LyricLine("Joga in is"),), "plugin", "e", "is")
    assert [str(problem) for problem in found.problems] == [
        "the plug-in 'a' of odd-0 2.0 fails: ZeroDivisionError: division by zero",
        "the plug-in 'b' of odd-1 2.0 fails: TypeError: a line is no LyricLine but str",
        "plug-in c: it has 20001 lines, more than 20000",
    ]
    assert find_lyrics(song.paths, {"lyrics": "of the tag"}, [], str, song=song).problems == ()


def test_a_form_that_fails_is_one_line(install: Callable[[str, str, str, str], None]) -> None:
    install(plugins.OUTPUT, "odd", "write", "def write(lists): return len(lists)")
    with pytest.raises(PluginError, match=r"odd-0 2\.0 fails: it gives no text but int"):
        write_form(find_form("odd", ()), [ResultList("x", ())])


def test_nothing_looks_for_plugins_that_are_not_asked_for(
    monkeypatch: pytest.MonkeyPatch, library: Path, shell: Run
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("entry points are read")

    monkeypatch.setattr(plugins, "_read_entry_points", refuse)
    assert Encoders("embedded").lyrics is not None
    assert shell("list", "--library", str(library))[0] == 0
    assert shell("--help")[0] == 0
