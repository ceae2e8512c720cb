"""The rules: each kind from its evidence, and nothing where evidence contradicts itself."""

from pathlib import Path

import pytest

from mvsearch.search.versions.relations import Evidence, Verdict, describe_evidence, relate
from mvsearch.store.records import Video

ONE, OTHER = (Video(name * 8, Path(f"/m/{name}.mp4"), name, None, 200.0) for name in "ab")


def agree(
    first: float = 1.0,
    second: float = 1.0,
    verdict: Verdict = "agrees",
    similarity: float = 0.98,
    offset_seconds: float = -5.0,
    speed: float = 1.0,
    seconds: float = 60.0,
) -> Evidence:
    return Evidence(
        verdict, similarity, 0.2, first, second, offset_seconds, speed, seconds, certain=0.8
    )


DIFFERS = Evidence("differs")
NONE = Evidence("missing", first_has=False)


@pytest.mark.parametrize(
    ("frames", "audio", "lyrics", "kind"),
    [
        (agree(), agree(), None, "duplicate"),
        (agree(), agree(), agree(), "duplicate"),
        (agree(), None, None, "duplicate"),
        (None, agree(), None, "duplicate"),
        (agree(verdict="unclear"), agree(), None, "duplicate"),
        (agree(1, 0.3), agree(0.9, 0.3), None, "excerpt"),
        (agree(1, 0.3), None, None, "excerpt"),
        (agree(0.3, 1), agree(0.1, 0.4, verdict="cut"), None, "excerpt"),
        (DIFFERS, agree(), agree(), "same-sound"),
        (NONE, agree(), None, "same-sound"),
        (agree(), DIFFERS, None, "same-picture"),
        (agree(), NONE, None, "same-picture"),
        (agree(0.3, 1), DIFFERS, agree(), "same-picture"),
        (agree(), Evidence("uncalibrated"), None, "same-picture"),
        (Evidence("uncalibrated"), agree(), None, "same-sound"),
        (Evidence("uncalibrated"), Evidence("uncalibrated"), None, None),
        (DIFFERS, DIFFERS, agree(seconds=20.0), "same-lyrics"),
        (None, None, agree(seconds=20.0), "same-lyrics"),
        (DIFFERS, DIFFERS, None, None),
        (NONE, NONE, None, None),
        (agree(verdict="unclear"), agree(verdict="unclear"), None, None),
        (agree(verdict="unclear"), DIFFERS, agree(seconds=20.0), None),
        (agree(0.65, 0.65), agree(0.65, 0.65), None, None),
        (agree(similarity=0.3), None, None, None),
        (agree(seconds=3.0), DIFFERS, None, None),
    ],
)
def test_the_kind_follows_from_the_evidence(
    frames: Evidence | None, audio: Evidence | None, lyrics: Evidence | None, kind: str | None
) -> None:
    given = {"frames": frames, "lyrics": lyrics, "audio": audio}
    found = relate(ONE, OTHER, {m: e for m, e in given.items() if e is not None})  # type: ignore[misc]
    assert (found and found.kind) == kind
    if found is not None:
        assert 0.5 <= found.confidence <= 1


def test_the_whole_comes_first_with_the_place_of_the_part() -> None:
    part_first = {"frames": agree(1, 0.3, offset_seconds=20.0), "audio": agree(1, 0.3)}
    found = relate(ONE, OTHER, part_first)  # type: ignore[arg-type]
    assert found is not None
    assert (found.first, found.second) == (OTHER, ONE)
    assert found.offset_seconds == 20
    assert found.evidence["frames"].first_share == 0.3
    part_second = {"frames": agree(0.3, 1, offset_seconds=-20.0), "audio": agree(0.3, 1)}
    found = relate(ONE, OTHER, part_second)  # type: ignore[arg-type]
    assert found is not None
    assert (found.first, found.offset_seconds) == (ONE, 20)


def test_more_and_longer_evidence_is_surer() -> None:
    def rate(**evidence: Evidence) -> float:
        found = relate(ONE, OTHER, evidence)  # type: ignore[arg-type]
        assert found is not None
        return found.confidence

    both = rate(frames=agree(similarity=0.7), audio=agree(seconds=5.0))
    assert both > rate(frames=agree(similarity=0.7), audio=NONE)
    assert both > rate(frames=DIFFERS, audio=agree(seconds=5.0))
    partly = agree(0.5, 0.5, verdict="partly")
    assert rate(frames=partly, audio=agree()) < rate(frames=DIFFERS, audio=agree())


def test_what_is_missing_is_said() -> None:
    assert describe_evidence("audio", NONE) == "no sound in the first"
    silent = Evidence("missing", second_has=False)
    assert describe_evidence("frames", silent) == "no picture in the second"
    said = describe_evidence("frames", agree(1, 0.25))
    assert said == "picture agrees: 0.98 (otherwise 0.20), 100% / 25% shared"
    assert "0.96 × as long" in describe_evidence("audio", agree(speed=0.96))
