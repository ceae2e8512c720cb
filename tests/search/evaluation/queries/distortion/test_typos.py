import random

from mvsearch.search.evaluation.queries.distortion.typos import LETTERS, drop_words, misspell

LINE = "it doesn't matter how the engine weaves"
KEYBOARD = ["qwertyuiop", "asdfghjkl", "zxcvbnm"]


def damerau(one, other):
    """Restricted edit distance with transpositions, after the textbook."""
    table = [
        [max(i, j) if 0 in (i, j) else 0 for j in range(len(other) + 1)]
        for i in range(len(one) + 1)
    ]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            cost = one[i - 1] != other[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + cost)
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def test_two_words_have_one_error_each():
    for seed in range(200):
        typed = misspell(LINE, random.Random(seed)).split()
        distances = [damerau(one, other) for one, other in zip(LINE.split(), typed, strict=True)]
        assert sorted(distances) == [0] * (len(distances) - 2) + [1, 1], seed
        assert distances[0] == 0, "a word of two letters is spared where others can be misspelt"


def test_all_four_errors_happen_and_substitutes_lie_beside_the_key():
    lengths, changes = set(), set()
    for seed in range(400):
        typed = misspell("engine", random.Random(seed))
        lengths.add(len(typed))
        changed = [(a, b) for a, b in zip("engine", typed, strict=False) if a != b]
        if len(typed) == 6:
            changes.add(len(changed))
            if len(changed) == 1:
                a, b = changed[0]
                row = next(row for row in KEYBOARD if a in row)
                assert abs(row.index(a) - row.index(b)) == 1
    assert lengths == {5, 6, 7}
    assert changes == {1, 2}


def test_letters_of_no_keyboard_are_misspelt_too():
    for seed in range(50):
        typed = misspell("луна над рекой светит", random.Random(seed))
        assert damerau("луна над рекой светит", typed) == 2


def test_three_words_in_ten_are_dropped_and_the_rest_keep_their_order():
    words = [f"w{number}" for number in range(10)]
    for seed in range(50):
        left = drop_words(" ".join(words), random.Random(seed)).split()
        assert len(left) == 7
        assert left == [word for word in words if word in left]
    assert len({drop_words(" ".join(words), random.Random(seed)) for seed in range(20)}) > 10
    assert drop_words("one two", random.Random(1)) in ("one", "two")
    assert len(LETTERS) == 26


def test_the_same_seed_makes_the_same_slips():
    assert misspell(LINE, random.Random(4)) == misspell(LINE, random.Random(4))
