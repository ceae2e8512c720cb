"""Every call that takes a filter is about the videos that pass it."""

from pathlib import Path

import pytest

import mvsearch
from mvsearch.search.output.report import ReportOptions
from mvsearch.search.output.tables.versions import VersionsReport
from tests.serving import AnyLibrary

SUNG = mvsearch.Filter(has_lyrics=True)
ADA = mvsearch.Filter(artist="lovelace")


def titles(found) -> list[str]:
    return sorted(one.video.title for one in found)


def test_searches_compare_what_passes(library: AnyLibrary) -> None:
    everything = {one.video.id: one.score for one in library.search("take me home")}
    assert len(everything) == 3
    found = library.search("take me home", filter=SUNG)
    assert titles(found) == ["First Song", "Second Song"]
    assert [one.score for one in found] == pytest.approx([everything[o.video.id] for o in found])
    assert titles(library.search(filter=ADA)) == ["First Song"]
    many = library.search_many(["home", "river"], filter=ADA)
    assert [titles(found) for found in many] == [["First Song"]] * 2


def test_a_query_keeps_its_filter_unless_another_is_given(library: AnyLibrary) -> None:
    query = mvsearch.make_query("home", filter=ADA)
    assert titles(library.search(query)) == ["First Song"]
    assert titles(library.search(query, lyric="ships", filter=SUNG)) == [
        "First Song",
        "Second Song",
    ]
    both = mvsearch.make_query(query, tag=["a", "b"])
    assert both.filter == mvsearch.Filter(("a", "b"), artist="lovelace")


def test_reports_are_about_what_passes(library: AnyLibrary) -> None:
    assert titles(library.similar("third song", filter=ADA)) == ["First Song"]
    assert library.similar("first song", filter=ADA) == []
    assert [video.title for video in library.versions(filter=ADA).videos] == ["First Song"]
    assert [video.title for video in library.videos(SUNG)] == ["First Song", "Second Song"]
    text = library.report_similar(ReportOptions("csv"), filter=SUNG)
    assert "First Song" in text
    assert "Third Song" not in text
    nobody = mvsearch.Filter(artist="nobody")
    said = library.report_versions(VersionsReport("table"), filter=nobody)
    assert said == "nothing found with artist 'nobody'\n"


def test_what_makes_no_sense_is_a_query_error(library: AnyLibrary) -> None:
    with pytest.raises(mvsearch.QueryError, match="1990-1980"):
        mvsearch.Filter(first_year=1990, last_year=1980)
    with pytest.raises(mvsearch.QueryError, match=r"no video has (the|a) tag"):
        library.videos(mvsearch.Filter(("unheard of",)))
    assert library.videos(mvsearch.Filter(folder=Path("/nowhere"))) == []
