"""The published figures that the documents quote, against those that were read from the papers."""

import re
from pathlib import Path

from tests.search.metrics.oracles import needs_oracles, read_oracle

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"
pytestmark = needs_oracles


def read_rows(columns):
    """The figures of the tables whose head ends in these columns; None where a cell is empty."""
    rows, is_within = [], False
    for line in DOCUMENT.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            is_within = False
        elif cells[-len(columns) :] == columns:
            is_within = True
        elif is_within and not line.startswith("|---"):
            rows.append(tuple(float(c) if c else None for c in cells[-len(columns) :]))
    return rows


def test_melfusion_is_quoted_as_published():
    published = read_oracle("paper_tables.json")["MeLFusion"]
    known = {
        tuple(row[:4]) for name in ("MusicCaps", "MeLBench") for row in published[name].values()
    }
    quoted = read_rows(["FAD", "KL", "FD", "IMSM"])
    assert set(quoted) <= known
    assert {tuple(published[name]["MeLFusion"][:4]) for name in ("MusicCaps", "MeLBench")} <= set(
        quoted
    )


def test_tempotokens_is_quoted_as_published():
    published = read_oracle("paper_tables.json")["TempoTokens"]
    sets = [table for table in published.values() if isinstance(table, dict)]
    known = [tuple(row) for table in sets for row in table.values()]
    assert sorted(read_rows(["FVD", "CLIPSIM", "IS", "AV-Align"])) == sorted(known)


def test_seeing_and_hearing_is_quoted_as_published():
    published = read_oracle("paper_tables.json")["SeeingAndHearing"]["A2V"]
    known = [tuple(row) for row in published.values()]
    assert sorted(read_rows(["FVD", "KVD", "AV-Align"])) == sorted(known)


def test_inception_scores_are_quoted_as_published():
    published = read_oracle("paper_tables.json")["TGAN2"]["IS_UCF101"]
    (line,) = re.findall(r"^TGANv2, Inception Score .*(?:\n.+)*", DOCUMENT.read_text("utf-8"), re.M)
    for figure in published.values():
        assert str(figure).replace("+-", " ± ") in line
