"""A monitor's run done by several instances finds what one finds, to the last bit, whoever of them is lost and begun again."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars
import pytest

from azurine.guest.batch import ledger
from azurine.guest.drift import monitoring, spreading, together
from azurine.guest.drift.reading import read
from azurine.guest.drift.together import Found, Question
from azurine.guest.drift.windows import Window
from azurine.guest.instances import Instance
from drift_samples import sample

ROWS = 9_000
START = datetime(2026, 3, 1)
WEEKS = [Window(*((START + timedelta(weeks=week + more)).replace(tzinfo=UTC) for more in (0, 1))) for week in range(3)]
ORDER = {
    **{"monitor": "watch", "run": "r1", "frequency": "Week", "threshold": 0.2, "features": None, "timestamp": "when"},
    **{side: {"name": side, "version": "1", "uri": side} for side in ("baseline", "target")},
    "windows": [[one.start.isoformat(), one.end.isoformat()] for one in WEEKS],
}


def table(shift: float) -> polars.DataFrame:
    """Two weeks; of the second there are fewer rows than a model could be shown."""
    return polars.DataFrame(
        {
            "when": [START + timedelta(seconds=70 * place) for place in range(ROWS)],
            "BMI": [value if place % 7 else None for place, value in enumerate(sample({"law": ["normal", 31.5 + shift, 9.7, ROWS]}))],
            "Age": [21 + place * place % 57 for place in range(ROWS)],
            "City": [["Oslo", "Rome", None][place % 3] for place in range(ROWS)],
        }
    )


def stored(folder: Path, suffix: str, shift: float) -> str:
    folder.mkdir()
    frame = table(shift)
    if suffix == "parquet":
        frame.write_parquet(folder / "all.parquet", row_group_size=1_000)
    for place in range(2 if suffix == "csv" else 0):
        frame[place * 5_000 : place * 5_000 + 5_000].write_csv(folder / f"{place}.csv")
    return str(folder)


@pytest.fixture(scope="module", params=["parquet", "csv"])
def asked(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Question:
    folder = tmp_path_factory.mktemp(request.param)
    return Question(stored(folder / "baseline", request.param, 0), stored(folder / "target", request.param, 2), None, "when", WEEKS)


@pytest.fixture(scope="module")
def by_one(asked: Question) -> str:
    return json.dumps(monitoring.run(ORDER, asked.baseline, asked.target))


class Job:
    """What instances of one job share; at most three of them."""

    def __init__(self, folder: Path) -> None:
        self.shared = folder / "shared"
        self.shared.mkdir(parents=True)
        self.said: list[str] = []

    def instance(self, share: int, attempt: int = 1) -> Instance:
        own = self.shared.parent / f"{share}.{attempt}"
        own.mkdir()
        return Instance(share, attempt, 3, str(own), str(self.shared))

    def done(self) -> list[int]:
        return sorted(one["done"] for one in ledger.done_lines(self.shared))


def document(asked: Question, found: Found) -> str:
    return json.dumps(monitoring.written(ORDER, asked, found, lambda text: None))


def test_several_at_once_find_what_one_finds(asked: Question, by_one: str, tmp_path: Path) -> None:
    job = Job(tmp_path / "job")
    answers: list[Found | None] = []

    def work(share: int) -> None:
        answers.append(together.by_many(asked, job.instance(share), job.said.append))

    threads = [threading.Thread(target=work, args=(share,)) for share in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    whole = [one for one in answers if one is not None]
    assert len(answers) == 3
    assert whole
    assert {document(asked, one) for one in whole} == {by_one}
    assert job.done() == list(range(len(job.done())))
    assert sum(": " in one for one in job.said) == len(job.done())
    assert f"in {len(job.done())} pieces on " in whole[0].how


class Lost(Exception):
    """What the play does to a node."""


def lost_after(number: int) -> Callable[[str], None]:
    """Says of so many pieces that they are done; then its node is gone, with another one done that it could not write down."""
    left = [number]

    def say(text: str) -> None:
        left[0] -= ": " in text
        if left[0] < 0:
            raise Lost

    return say


def test_what_a_lost_node_had_taken_is_done_again_and_counts_once(asked: Question, by_one: str, tmp_path: Path) -> None:
    job = Job(tmp_path / "job")
    with pytest.raises(Lost):
        together.by_many(asked, job.instance(0), lost_after(2))
    with pytest.raises(Lost):
        together.by_many(asked, job.instance(1), lost_after(1))
    assert len(job.done()) == 3
    # What the first had in hand is nobody's: the third does all else, and has not the whole.
    assert together.by_many(asked, job.instance(2), job.said.append) is None
    assert together.by_many(asked, job.instance(0, 2), job.said.append) is None
    found = together.by_many(asked, job.instance(1, 2), job.said.append)
    assert found is not None
    assert document(asked, found) == by_one
    assert job.done() == list(range(len(job.done())))
    assert "on 3 nodes" in found.how


def test_one_that_comes_when_all_is_done_has_it_too_and_nothing_is_done_twice(asked: Question, by_one: str, tmp_path: Path) -> None:
    job = Job(tmp_path / "job")
    first, late = job.instance(0), job.instance(1)
    wanted = Path(first.own) / "wanted"
    found = together.by_many(asked, first, job.said.append)
    assert found is not None
    assert "on 1 node (node 0: " in found.how
    assert wanted.read_text() == "3", "as many as there may be"
    assert document(asked, found) == by_one
    before = len(job.said)
    assert together.by_many(asked, late, job.said.append) is not None
    assert job.said[before:] == ["node 1 has come"]
    deeds: list[str] = []
    assert [one.once(lambda: deeds.append("") or "told") for one in (first, late)] == ["told", "told"]
    assert len(deeds) == 1


def test_only_much_is_spread(asked: Question) -> None:
    assert not together.is_worth_it(asked)
    assert together.is_worth_it(asked, least=1)


@pytest.mark.parametrize("large", [1, 1 << 40], ids=["borders", "values"])
def test_settled_is_the_same_whoever_read_it(asked: Question, large: int) -> None:
    """Of large text files, the borders of the bins are known rather than the least and the greatest value."""
    plan = spreading.plan(asked.target, 3)
    parts = spreading.merged([spreading.count(plan, share, threads=1) for share in range(3)])
    whole = read(asked.target)
    assert spreading.settled(parts, asked.target, large).table == spreading.settled(whole, asked.target, large).table
    assert spreading.settled(whole, asked.target, large).table.features["Age"] == whole.table.features["Age"]
