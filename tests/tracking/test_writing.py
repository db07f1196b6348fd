"""Group commit: what is shared, what is not, and what a dead process leaves."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from azurine.model import errors
from azurine.tracking import tables
from azurine.tracking.contract import Metric
from azurine.tracking.sql import Sql
from azurine.tracking.writing import Writer
from running import wait_until


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return tables.connect(f"sqlite:///{tmp_path}/t.db")


def insert(name: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(text("INSERT INTO tracking_runs (name) VALUES (:name)"), {"name": name})
        return name

    return work


def names(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT name FROM tracking_runs ORDER BY name")).scalars())


def test_work_that_waits_is_committed_together(engine: Engine) -> None:
    undone: list[int] = []
    writer = Writer(engine, lambda: undone.append(1))
    first, go = threading.Event(), threading.Event()
    commits: list[int] = []

    def blocking(connection: Connection) -> None:
        first.set()
        assert go.wait(10)

    def counting(connection: Connection) -> None:
        commits.append(id(connection.get_transaction()))

    threads = [threading.Thread(target=writer.do, args=(blocking,))]
    threads[0].start()
    assert first.wait(10)
    threads += [threading.Thread(target=writer.do, args=(counting,)) for _ in range(10)]
    for thread in threads[1:]:
        thread.start()
    wait_until(lambda: writer._waiting.qsize() == 10, 10, "not everybody came to wait", every=0.001)
    go.set()
    for thread in threads:
        thread.join(10)
    assert len(commits) == 10
    assert len(set(commits)) == 1
    assert undone == []
    writer.close()


def test_one_that_the_database_refuses_takes_nobody_down(engine: Engine) -> None:
    writer = Writer(engine, lambda: None)
    first, go = threading.Event(), threading.Event()

    def blocking(connection: Connection) -> None:
        first.set()
        assert go.wait(10)

    results: dict[str, object] = {}

    def do(name: str, key: str) -> None:
        try:
            results[key] = writer.do(insert(name))
        except errors.Temporary as refusal:
            results[key] = refusal

    threads = [threading.Thread(target=writer.do, args=(blocking,))]
    threads[0].start()
    assert first.wait(10)
    for key, name in (("1", "a"), ("2", "same"), ("3", "same"), ("4", "b")):
        threads.append(threading.Thread(target=do, args=(name, key)))
        threads[-1].start()
    wait_until(lambda: writer._waiting.qsize() == 4, 10, "not everybody came to wait", every=0.001)
    go.set()
    for thread in threads:
        thread.join(10)
    assert names(engine) == ["a", "b", "same"]
    assert sorted(isinstance(one, errors.Temporary) for one in results.values()) == [False, False, False, True]
    writer.close()


def test_what_work_raises_goes_to_who_asked(engine: Engine) -> None:
    writer = Writer(engine, lambda: None)

    def failing(connection: Connection) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        writer.do(failing)
    assert writer.do(insert("after")) == "after"
    writer.close()
    writer.close()
    with pytest.raises(errors.Temporary):
        writer.do(failing)


def test_a_value_that_the_database_cannot_hold_leaves_nothing(tmp_path: Path) -> None:
    tracking = Sql(f"sqlite:///{tmp_path}/t.db")
    with pytest.raises(OverflowError):
        tracking.record("run", [Metric("fine", 1.0, 1), Metric("m", 1.0, 2**63)], tags={"t": "x"})
    assert tracking.latest(["run"])["run"].metrics == {}
    tracking.record("run", [Metric("fine", 1.0, 1)])
    assert list(tracking.latest(["run"])["run"].metrics) == ["fine"]
    tracking.close()


def test_a_database_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "t.db").write_bytes(b"this is no database, but a text that somebody put here" * 100)
    with pytest.raises(errors.Temporary, match=r"t\.db cannot be opened"):
        Sql(f"sqlite:///{tmp_path}/t.db")
    with pytest.raises(errors.Temporary):
        Sql(f"sqlite:///{tmp_path}/none/t.db")


_WRITES = """
import sys
from azurine.tracking.contract import Metric
from azurine.tracking.sql import Sql
tracking = Sql(sys.argv[1])
number = 0
while True:
    tracking.record("run", [Metric("m", float(number), number)], {f"p{number}": "x"})
    print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("acknowledged", [1, 40])
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, acknowledged: int) -> None:
    url = f"sqlite:///{tmp_path}/t.db"
    process = subprocess.Popen([sys.executable, "-c", _WRITES, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(acknowledged):
        last = int(process.stdout.readline())
    process.kill()
    process.wait(10)
    for line in process.stdout:
        last = int(line)
    process.stdout.close()
    tracking = Sql(url)
    points = tracking.history("run", "m")
    assert [point.timestamp for point in points[: last + 1]] == list(range(last + 1))
    assert len(tracking.latest(["run"])["run"].params) == len(points), "a batch is kept whole"
    tracking.record("run", [Metric("m", 1.0, 10**6)])
    tracking.close()
