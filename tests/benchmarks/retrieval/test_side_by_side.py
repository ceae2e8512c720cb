"""Answers of two checkouts are judged and set side by side, compared with figures by hand."""

from benchmarks.retrieval.side_by_side import Answer, Asked, find_area, format_tables, read_answer


def found(video_id, start, *, is_weak=False, calibrated=2.0):
    moment = {"start_seconds": start, "end_seconds": None if start is None else start + 5}
    contributions = {"frames": {"calibrated": calibrated}, "audio": {"calibrated": None}}
    return {
        "video": {"id": video_id},
        "is_weak": is_weak,
        "contributions": contributions,
        "moments": [moment],
    }


def test_an_answer_has_the_rank_among_what_is_not_hidden_and_the_error_of_its_moment():
    results = [found("backdrop", 0.0), found("other", None, is_weak=True), found("source", 7.0)]
    answer = read_answer(results, {"source"}, {"backdrop"}, [(10.0, 15.0), (7.5, 12.5)], "source")
    assert answer == Answer(2, 0.5, 2.0, is_weak=True, cpu_seconds=0.0)


def test_no_result_is_a_miss_that_is_marked():
    assert read_answer([], {"source"}, set(), [], "source") == Answer(None, None, 0.0, True, 0.0)


def test_tables_show_old_and_new():
    wrong, right = Answer(None, None, 1.0, True, 0.0), Answer(1, 0.2, 3.0, False, 0.0)
    weak = Answer(1, 2.0, 2.0, True, 0.0)
    asked = [make_asked((wrong, right)), make_asked((weak, right))]
    asked += [make_asked((right, wrong), is_absent=True)]
    assert find_area(asked[:2], asked[2:], 0) == 0.0
    assert find_area(asked[:2], asked[2:], 1) == 1.0
    table = format_tables(asked)
    assert "| image, none | 2 | 0.50 → 1.00 | 0.00 → 1.00 | 1.00 → 0.00 |" in table
    assert "| image, none | 1 | 1.00 → 0.00 | 0.00 → 1.00 |" in table


def make_asked(answers, *, is_absent=False):
    return Asked("image", "a@1", "none", "", is_absent, answers, ("", ""), "a")
