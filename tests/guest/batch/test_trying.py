"""Plays of one mini-batch: tries, deaths, files by themselves."""

from azurine.guest.batch.ledger import Batch
from azurine.guest.batch.trying import DEATHS, Course


def course(*items: str, retries: int = 1) -> Course:
    return Course(Batch(7, {"items": list(items)}), retries)


def test_what_runs_well_is_done_at_once() -> None:
    one = course("a", "b")
    assert one.succeeded(2, 2, [("rows", 0, 10)])
    assert (one.outcome.items, one.outcome.failed, one.outcome.rows, one.outcome.is_bad) == (2, 0, [("rows", 0, 10)], False)


def test_a_poisoned_file_is_found_and_the_others_are_kept() -> None:
    one = course("a", "bad", "c")
    assert not one.failed()
    assert not one.failed(), "retries are used up: now file by file"
    assert one.what() == {"items": ["a"]}
    assert not one.succeeded(1, 1, [("rows", 0, 2)])
    assert not one.failed()
    assert one.succeeded(1, 1, [("rows", 2, 4)])
    assert (one.outcome.items, one.outcome.failed, one.outcome.bad, one.outcome.is_bad) == (3, 1, ["bad"], True)
    assert one.outcome.rows == [("rows", 0, 4)]


def test_deaths_are_not_failures_until_there_are_too_many() -> None:
    one = course("a", retries=0)
    assert not any(one.failed(died=True) for _ in range(DEATHS))
    assert one.failed(died=True)
    assert (one.outcome.failed, one.outcome.bad) == (1, ["a"])


def test_fewer_results_than_items_count_as_failed() -> None:
    one = course("a", "b", "c")
    assert one.succeeded(3, 1, [("rows", 0, 2)])
    assert (one.outcome.items, one.outcome.failed, one.outcome.is_bad) == (3, 2, False)
    assert one.outcome.bad == ["2 of a, b, c"]


def test_rows_of_a_table_are_not_taken_apart() -> None:
    one = Course(Batch(0, {"table": {"file": "t.csv", "begin": 0, "end": 10}}), 0)
    assert one.failed()
    assert (one.outcome.items, one.outcome.failed, one.outcome.bad) == (1, 1, ["t.csv bytes 0 to 10"])
