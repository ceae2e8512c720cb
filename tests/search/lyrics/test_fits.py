"""A fit is shown, applied, written and undone, by each way to a library, and never in doubt."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mvsearch
from mvsearch.indexer.encoders import Encoders
from mvsearch.indexer.lyrics.fetching import fetch
from mvsearch.indexer.lyrics.fitting import files
from mvsearch.indexer.pipeline.lyrics import fit_video
from mvsearch.indexer.pronunciation import REVISION
from mvsearch.search.api.lyrics.records import FOLDER
from mvsearch.store.errors import MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.records import LyricLine, Lyrics
from tests import toy_library
from tests.search.lyrics.conftest import LINES, LRC, NAME, Plant, make_fit

SUNG = [0.0, 0.8, 1.6, 2.4, 3.2]


def starts(lyrics: mvsearch.Lyrics | None) -> list[float | None]:
    assert lyrics is not None
    return [line.start_seconds for line in lyrics.lines]


def put(place: Path, video_id: str, lyrics: mvsearch.Lyrics | None) -> None:
    """Store lyrics, as an index run would."""
    with Library.open(place / "library") as inside:
        fit_video.store_lyrics(inside, fit_video.prepare_lyrics(Encoders("toy"), video_id, lyrics))


def test_lyrics_move_and_come_back(library: Any, plant: Plant, place: Path) -> None:
    plant(make_fit())
    assert library.lyrics_fit("First Song") is None
    told = library.fit_lyrics("First Song", by="words")
    assert (told.state, told.source, told.origin) == ("offered", "sidecar", f"{NAME}.lrc")
    assert told == library.lyrics_fit("First Song")
    assert starts(library.lyrics("First Song")) == SUNG
    applied = library.apply_lyrics_fit("First Song")
    assert (applied.state, applied.file) == ("applied", "")
    with Library.open(place / "library") as inside:
        assert inside.catalog.find_unread(REVISION, 9) == []
    # By hand: 1.5 s later; what was cut has no time, and the last line is there.
    assert starts(library.lyrics("First Song")) == [1.5, 2.3, 3.1, 4.7, None]
    assert library.lyrics("First Song").lines[4].text == LINES[3]
    (found,) = library.search(lyric="take me home", top=1)
    assert found.moments[0].start_seconds == 3.1
    assert library.fit_lyrics("First Song") == library.lyrics_fit("First Song") == applied
    with pytest.raises(MvsearchError, match="moved already"):
        library.apply_lyrics_fit("First Song")
    assert starts(library.undo_lyrics_fit("First Song")) == SUNG
    assert library.lyrics_fit("First Song").state == "offered"
    with pytest.raises(MvsearchError, match="no fit"):
        library.undo_lyrics_fit("First Song")


def test_a_file_is_written_and_the_old_one_kept(
    plant: Plant, place: Path, opened: mvsearch.VideoLibrary
) -> None:
    plant(make_fit())
    opened.fit_lyrics("First Song")
    opened.apply_lyrics_fit("First Song")
    told = opened.apply_lyrics_fit("First Song", write=True)
    with pytest.raises(MvsearchError, match="moved already"):
        opened.apply_lyrics_fit("First Song", write=True)
    assert (told.file, told.kept) == (f"{NAME}.lrc", f"{NAME}.original.lrc")
    assert (place / "videos" / told.kept).read_text() == LRC
    assert "[00:01.50]the engine weaves\n" in (place / "videos" / told.file).read_text()
    assert toy_library.index(place / "videos", place / "library").unchanged == 3
    assert starts(opened.undo_lyrics_fit("First Song")) == SUNG


@pytest.mark.parametrize(
    ("fit", "state", "why"),
    [
        (make_fit(confidence=0.79), "unsure", "79% sure"),
        (make_fit(0.2, cuts=()), "fits", "fit as they are"),
    ],
)
def test_what_is_in_doubt_or_right_stays(
    plant: Plant,
    place: Path,
    opened: mvsearch.VideoLibrary,
    fit: mvsearch.LyricFit,
    state: str,
    why: str,
) -> None:
    plant(fit)
    assert opened.fit_lyrics("First Song").state == state
    for write in (False, True):
        with pytest.raises(MvsearchError, match=why):
            opened.apply_lyrics_fit("First Song", write=write)
    assert starts(opened.lyrics("First Song")) == SUNG


def test_what_cannot_be_fitted_is_one_line(library: Any, place: Path) -> None:
    for name, why in (
        ("Third Song", "no lyrics"),
        ("Second Song", "4 lines"),
        ("nobody", "nobody"),
    ):
        with pytest.raises(MvsearchError, match=why):
            library.fit_lyrics(name)
        with pytest.raises(MvsearchError):
            library.apply_lyrics_fit(name)
    with pytest.raises(MvsearchError, match="no lyrics service"):
        library.fit_lyrics("First Song", fetch="other")


def test_an_offer_for_other_lyrics_is_void(
    plant: Plant, place: Path, opened: mvsearch.VideoLibrary
) -> None:
    plant(make_fit())
    opened.fit_lyrics("First Song")
    video, known = opened.find("First Song").id, opened.lyrics("First Song")
    assert known is not None
    try:
        put(place, video, replace(known, lines=known.lines[1:]))
        assert opened.lyrics_fit("First Song") is None
        with pytest.raises(MvsearchError, match="changed since"):
            opened.apply_lyrics_fit("First Song")
    finally:
        put(place, video, known)


def test_a_record_of_a_stranger_is_no_fit(
    plant: Plant, place: Path, opened: mvsearch.VideoLibrary
) -> None:
    plant(make_fit())
    opened.fit_lyrics("First Song")
    (file,) = (place / "library" / FOLDER).iterdir()
    good = json.loads(file.read_text())
    odd = [b"", b"{}", b"[" * 10**5, b"\xff", json.dumps(good | {"mark": 7}).encode()]
    for change in (
        {"confidence": 7},
        {"rate": 1e9},
        {"pieces": []},
        {"pieces": [{"start_seconds": "inf", "offset_seconds": 0}]},
        {"cuts": [[0, "nan"]]},
        {"pieces": [{"start_seconds": "x"}]},
    ):
        odd.append(json.dumps(good | {"fit": good["fit"] | change}).encode())
    for content in odd:
        file.write_bytes(content)
        assert opened.lyrics_fit("First Song") is None
    file.unlink()
    file.symlink_to(place / "videos" / f"{NAME}.lrc")
    assert opened.lyrics_fit("First Song") is None
    opened.fit_lyrics("First Song")  # takes the place of the link
    assert not file.is_symlink()
    assert (place / "videos" / f"{NAME}.lrc").read_text() == LRC


def test_a_library_that_is_only_read_is_fitted_and_stays(plant: Plant, place: Path) -> None:
    plant(make_fit(2.0))
    with mvsearch.open(place / "library", read_only=True) as only_read:
        assert only_read.fit_lyrics("First Song").fit.pieces[0].offset_seconds == 2.0
        with pytest.raises(MvsearchError, match="reading only"):
            only_read.apply_lyrics_fit("First Song")


def test_fetched_lyrics_are_fitted_and_recorded_as_such(
    plant: Plant, place: Path, opened: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tuple(LyricLine(f"line {n}", float(n), n + 1.0) for n in range(4))
    found = [Lyrics(lines[:1], "fetched", "lrclib 1"), Lyrics(lines, "fetched", "lrclib 2")]
    monkeypatch.setattr(fetch, "fetch_lyrics", lambda *_: found)
    plant(make_fit(0.0, cuts=()))
    told = opened.fit_lyrics("Third Song", fetch="lrclib")
    assert (told.state, told.source, told.origin) == ("offered", "fetched", "lrclib 2")
    assert opened.lyrics("Third Song") is None
    opened.apply_lyrics_fit("Third Song")
    assert opened.lyrics("Third Song").source == "fetched"
    assert opened.facets()["lyrics_source"] == [("sidecar", 2), ("fetched", 1)]
    assert len(opened.videos(mvsearch.Filter(lyrics_source="fetched"))) == 1
    assert toy_library.index(place / "videos", place / "library").unchanged == 3
    assert opened.lyrics("Third Song").source == "fetched"
    assert opened.undo_lyrics_fit("Third Song") is None
    monkeypatch.setattr(fetch, "fetch_lyrics", lambda *_: [])
    with pytest.raises(MvsearchError, match="lrclib has no lyrics"):
        opened.fit_lyrics("Third Song", fetch="lrclib")


def test_a_transcription_of_the_library_is_what_is_heard(
    place: Path, opened: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fetched lyrics are 3 s early beside what Whisper wrote before; nothing is decoded."""
    texts = [f"{a} {b} sing aloud" for a, b in zip("abcdefgh" * 3, "ijklmnop" * 3, strict=True)]
    heard = tuple(LyricLine(t, 3.0 + 2 * n, 4.4 + 2 * n) for n, t in enumerate(texts))
    early = tuple(LyricLine(t, 2.0 * n, 2.0 * n + 1.4) for n, t in enumerate(texts))
    monkeypatch.setattr(fetch, "fetch_lyrics", lambda *_: [Lyrics(early, "fetched", "lrclib 3")])
    monkeypatch.setattr(fit_video, "read_sound", None)
    video = opened.find("Third Song").id
    put(place, video, Lyrics(heard, "whisper", "base"))
    told = opened.fit_lyrics("Third Song", fetch="lrclib")
    assert (told.state, told.fit.evidence) == ("offered", "words")
    assert told.fit.pieces[0].offset_seconds == pytest.approx(3.0, abs=0.3)
    put(place, video, None)


def test_a_written_file_can_be_taken_back_after_it_was_read_anew(
    plant: Plant, place: Path, opened: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between the file and the opened."""
    plant(make_fit())
    opened.fit_lyrics("First Song")
    with monkeypatch.context() as killed:
        killed.setattr(fit_video, "store_lyrics", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            opened.apply_lyrics_fit("First Song", write=True)
    assert starts(opened.lyrics("First Song")) == SUNG
    toy_library.index(place / "videos", place / "library")
    assert starts(opened.lyrics("First Song"))[0] == 1.5
    assert starts(opened.undo_lyrics_fit("First Song")) == SUNG


def test_a_lyric_file_that_was_edited_meanwhile_is_read_by_the_next_run(
    plant: Plant, place: Path, opened: mvsearch.VideoLibrary
) -> None:
    plant(make_fit())
    opened.fit_lyrics("First Song")
    file = place / "videos" / f"{NAME}.lrc"
    file.write_text("[00:01.00]edited by its user\n")
    opened.apply_lyrics_fit("First Song")
    assert starts(opened.lyrics("First Song"))[0] == 1.5
    toy_library.index(place / "videos", place / "library")
    assert starts(opened.lyrics("First Song")) == [1.0]
    file.write_text(LRC)
    toy_library.index(place / "videos", place / "library")
    assert starts(opened.lyrics("First Song")) == SUNG


def test_what_undoes_moved_lyrics_is_never_overwritten(
    plant: Plant, place: Path, opened: mvsearch.VideoLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By other lyrics that are fetched, by a fit that ends later, or by a write that fails."""
    plant(make_fit())
    offered = opened.fit_lyrics("First Song")
    monkeypatch.setattr(files, "replacing", _fail)
    with pytest.raises(MvsearchError, match="full"):
        opened.apply_lyrics_fit("First Song", write=True)
    assert opened.lyrics_fit("First Song") == offered
    (place / "videos" / f"{NAME}.original.lrc").unlink()

    def fit_slowly(library: object, encoders: object, video: str, candidates: Any, *_: Any) -> Any:
        opened.apply_lyrics_fit("First Song")
        return candidates[0], make_fit(9.0)

    monkeypatch.setattr(fit_video, "fit_video", fit_slowly)
    with pytest.raises(MvsearchError, match="changed since"):
        opened.fit_lyrics("First Song")
    monkeypatch.setattr(fetch, "fetch_lyrics", _fail)
    assert opened.fit_lyrics("First Song", fetch="lrclib").state == "applied"
    assert starts(opened.undo_lyrics_fit("First Song")) == SUNG


def _fail(*_: object) -> None:
    raise OSError(28, "the disk is full")


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
