"""One bad batch in a shared commit: the others pass."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from azurine.model import errors
from azurine.model.resources import Resource
from azurine.store.commits import Batch
from azurine.store.documents import Document, Prepared, prepare
from azurine.store.log import Create, Write
from azurine.store.sql import SqlLog
from azurine.store.sql.sqlite import Sqlite


def batch(*writes: Write) -> Batch:
    return Batch([prepare(write) for write in writes], 1.0)


def job(name: str) -> Create:
    return Create(f"w/w/jobs/{name}", "workspaces/jobs", "w/w", {})


def unstorable(name: str) -> Batch:
    made = batch()
    made.writes = [Prepared(job(name), Document("{}"), Document(b"no text"))]  # type: ignore[arg-type]
    return made


def commit(log: SqlLog, group: Sequence[Batch]) -> None:
    log._commit(group)


def test_a_batch_that_breaks_does_not_take_the_others_along(tmp_path: Path) -> None:
    log = SqlLog(Sqlite(str(tmp_path / "a.db")))
    heard: list[Resource] = []
    log.listen(heard.extend)
    group = [batch(job("a")), unstorable("b"), batch(job("c"), job("d"))]
    commit(log, group)
    assert [one.error is None for one in group] == [True, False, True]
    assert [one.name for one in heard] == ["a", "c", "d"]
    assert [one.revision for one in log.since(0)] == [1, 2, 3]
    log.close()


def test_a_cause_that_all_share_is_told_to_all_and_tried_once(tmp_path: Path) -> None:
    log = SqlLog(Sqlite(str(tmp_path / "a.db")))
    log.close()
    group = [batch(job("a")), batch(job("b"))]
    commit(log, group)
    assert [type(one.error) for one in group] == [errors.Temporary] * 2
    assert group[0].error is not group[1].error


def test_many_threads_share_few_commits(tmp_path: Path) -> None:
    database = Sqlite(str(tmp_path / "a.db"))
    log = SqlLog(database)
    groups: list[int] = []
    log.listen(lambda versions: groups.append(len(versions)))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: log.write([job(str(number))], 1.0), range(400)))
    assert sum(groups) == 400
    assert len(groups) < 300
    log.close()


def test_nothing_is_committed_where_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    log = SqlLog(Sqlite(str(path)))
    log.write([job("a")], 1.0)
    before = (tmp_path / "a.db-wal").stat().st_size
    log.write([job("a")] * 5, 1.0)
    assert (tmp_path / "a.db-wal").stat().st_size == before
    log.close()


def test_a_closed_log_leaves_one_file(tmp_path: Path) -> None:
    log = SqlLog(Sqlite(str(tmp_path / "a.db")))
    log.write([job("a")], 1.0)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(log.get, ["w/w/jobs/a"] * 20))
    log.close()
    assert [file.name for file in tmp_path.iterdir()] == ["a.db"]
    with pytest.raises(errors.Temporary, match="closed"):
        log.get("w/w/jobs/a")
