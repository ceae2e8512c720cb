"""Lines are misheard in words of the dictionary that sound nearly like them, the same each time."""

import random

import pytest

from mvsearch.indexer.pronunciation import write_sounds
from mvsearch.search.evaluation.queries.distortion.mishearing import mishear
from mvsearch.search.query.words.sound_alignment import align_sounds, score_itself

LINE = "excuse me while I kiss the sky"


def test_a_misheard_line_sounds_nearly_like_the_line() -> None:
    sounds = write_sounds(LINE, "en")
    made = {mishear(LINE, random.Random(seed)) for seed in range(20)}
    assert len(made) == 20
    assert LINE not in made
    shares = [align_sounds(sounds, [write_sounds(one, "en")])[0].nats for one in made]
    assert min(shares) > score_itself(sounds) / 2
    assert mishear(LINE, random.Random(7)) == mishear(LINE, random.Random(7))


@pytest.mark.parametrize("line", ["", "🎸", "桜が咲いた", "a", "Выхожу один я на дорогу"])
def test_any_line_can_be_misheard(line: str) -> None:
    heard = mishear(line, random.Random(1))
    assert (heard == line) == (not write_sounds(line, "*") or "桜" in line)
