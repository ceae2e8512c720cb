import pytest

from mvsearch.indexer.composing.prompts import describe_mood, give_caption, write_caption
from mvsearch.store.errors import QueryError
from mvsearch.store.records import Mood


@pytest.mark.parametrize(
    ("valence", "arousal", "words"),
    [
        (0.8, 0.2, "calm, slow"),
        (0.8, 0.4, "calm"),
        (0.9, 0.9, "happy and energetic, fast"),
        (0.1, 0.9, "tense and energetic, fast"),
        (0.2, 0.1, "sad, slow"),
        (0.5, 0.5, "happy"),
    ],
)
def test_a_mood_in_words(valence: float, arousal: float, words: str) -> None:
    assert describe_mood(Mood(valence, arousal, 0.5)) == words


def test_a_caption_has_mood_things_and_genres() -> None:
    mood = Mood(0.8, 0.2, 0.5)
    made = write_caption("a lake,\n a \x1b[31mboat", "blip", mood, ("folk", "ambient"))
    assert made.text.startswith("calm, slow music for a picture of a lake, a ")
    assert made.text.endswith("boat, in the manner of folk and ambient")
    assert made.text.isprintable()
    assert made.to_dict()["mood"] == {"valence": 0.8, "arousal": 0.2, "confidence": 0.5}
    assert write_caption("", "tags", None).text == "music"
    assert len(write_caption("x" * 9999, "blip", mood).text) < 1000


def test_a_given_caption_is_taken_as_it_is() -> None:
    assert give_caption("  slow \n guitar ").text == "slow guitar"
    for text in ("", " \n", "x" * 1001):
        with pytest.raises(QueryError, match="1 to 1000 letters"):
            give_caption(text)
