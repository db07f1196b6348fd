"""Plays of instances that share a ledger: who has what, who takes over, what counts."""

from pathlib import Path

from azurine.guest.batch import gathering
from azurine.guest.batch.ledger import LEDGER, LIST, Done, Ledger, Limits, done_lines


def listed(folder: Path, count: int) -> Path:
    (folder / LIST).write_text("".join(f'{{"items":["f{number}.csv"]}}\n' for number in range(count)))
    return folder


def joined(folder: Path, peer: str, *, limits: Limits | None = None, boot: str = "b1") -> Ledger:
    ledger = Ledger(folder, peer, "host", boot, limits or Limits())
    ledger.join()
    return ledger


def numbers(turn: object) -> list[int]:
    return [one.number for one in turn.batches]  # type: ignore[attr-defined]


def test_a_mini_batch_is_with_one_instance_only(tmp_path: Path) -> None:
    first, second = joined(listed(tmp_path, 5), "0.1"), joined(tmp_path, "1.1")
    assert numbers(first.turn(wanted=2)) == [0, 1]
    assert numbers(second.turn(wanted=2)) == [2, 3]
    assert numbers(first.turn([Done(0, items=1)], wanted=2)) == [4]
    assert not first.turn([Done(1, items=1), Done(4, items=1)]).complete
    assert second.turn([Done(2, items=1), Done(3, items=1)]).complete
    assert first.turn().complete
    assert (first.totals.batches, first.totals.items) == (5, 5)


def test_what_a_lost_instance_had_is_taken_over_and_what_it_says_later_does_not_count(tmp_path: Path) -> None:
    lost, other = joined(listed(tmp_path, 3), "0.1"), joined(tmp_path, "1.1")
    assert numbers(lost.turn(wanted=2)) == [0, 1]
    lost.turn([Done(0, [("a", 0, 4)], items=1)])
    assert numbers(other.turn(wanted=5)) == [2]
    next_one = joined(tmp_path, "0.2")
    assert numbers(next_one.turn(wanted=5)) == [1]
    lost.turn([Done(1, [("a", 4, 8)], items=1)])
    next_one.turn([Done(1, [("b", 0, 4)], items=1)])
    assert other.turn([Done(2, [("c", 0, 4)], items=1)]).complete
    assert [line["rows"] for line in done_lines(tmp_path)] == [[["a", 0, 4]], [["b", 0, 4]], [["c", 0, 4]]]


def test_after_the_machine_was_started_again_everything_is_done_again(tmp_path: Path) -> None:
    before = joined(listed(tmp_path, 2), "0.1")
    before.turn(wanted=2)
    before.turn([Done(0, [("a", 0, 4)], items=1)])
    after = joined(tmp_path, "0.2", boot="b2")
    assert numbers(after.turn(wanted=5)) == [0, 1]
    assert after.turn([Done(0, [("b", 0, 4)]), Done(1, [("b", 4, 8)])]).complete
    assert [line["rows"] for line in done_lines(tmp_path)] == [[["b", 0, 4]], [["b", 4, 8]]]


def test_those_on_one_machine_know_of_each_other(tmp_path: Path) -> None:
    first = joined(listed(tmp_path, 2), "0.1")
    assert first.beside() == 1
    away = Ledger(tmp_path, "1.1", "elsewhere", "b9", Limits())
    away.join()
    first.turn()
    assert (first.beside(), away.beside()) == (1, 1)
    joined(tmp_path, "2.1")
    joined(tmp_path, "2.2")
    first.turn()
    assert first.beside() == 2, "the same share begun again is one"


def test_a_line_that_was_cut_short_does_not_count(tmp_path: Path) -> None:
    first = joined(listed(tmp_path, 2), "0.1")
    first.turn(wanted=1)
    with (tmp_path / LEDGER).open("ab") as file:
        file.write(b'{"done": 0, "by": "0.')
    second = joined(tmp_path, "0.2")
    assert numbers(second.turn(wanted=5)) == [0, 1]
    assert second.turn([Done(0), Done(1)]).complete


def test_thresholds(tmp_path: Path) -> None:
    first, second = joined(listed(tmp_path, 9), "0.1", limits=Limits(items=2)), joined(tmp_path, "1.1", limits=Limits(items=2))
    first.turn(wanted=3)
    assert not first.turn([Done(0, items=5, failed=2, bad=["x"], why="ValueError: x")]).stopped
    stopped = first.turn([Done(1, items=5, failed=1, bad=["y"], why="ValueError: y")], wanted=1)
    assert stopped.stopped == "3 items have failed; the error threshold is 2. The last error: ValueError: y"
    assert stopped.batches == ()
    assert second.turn(wanted=1).stopped == stopped.stopped


def test_rows_are_gathered_in_the_order_they_were_done(tmp_path: Path) -> None:
    one = joined(listed(tmp_path, 3), "0.1")
    (tmp_path / gathering.ROWS).mkdir()
    (tmp_path / gathering.ROWS / "a").write_bytes(b"row0\nrow1\nnot said")
    (tmp_path / gathering.ROWS / "b").write_bytes(b"row2\n")
    one.turn(wanted=3)
    one.turn([Done(0, [("a", 0, 5)]), Done(1, [("a", 5, 10)]), Done(2, [("b", 0, 5)])])
    gathering.gather(tmp_path, tmp_path / "out" / "all.csv")
    assert (tmp_path / "out" / "all.csv").read_text() == "row0\nrow1\nrow2\n"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["all.csv"]
