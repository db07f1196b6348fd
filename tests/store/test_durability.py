"""An acknowledged write survives the death of the process at any moment, and a batch is there whole or not at all."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Event

from azurine.store.sql import open_log
from azurine.store.sql.log import SqlLog

ROUNDS = 20


def test_every_acknowledged_write_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "azurine.db"
    acknowledged: set[str] = set()
    seen = 0
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("writers.py")), f"sqlite:///{path}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        assert process.stdin and process.stdout
        for number in range(ROUNDS):
            threads = 8 if number % 2 else 1
            process.stdin.write(f"{number} {threads}\n")
            process.stdin.flush()
            pid = int(process.stdout.readline().removeprefix("pid "))
            for _ in range(random.randrange(30)):
                acknowledged.add(process.stdout.readline().strip())
            Event().wait(random.random() / 200)
            os.kill(pid, signal.SIGKILL)
            while (line := process.stdout.readline().strip()) != "dead":
                acknowledged.add(line)

            log = open_log(f"sqlite:///{path}")
            missing = [identifier for identifier in acknowledged if log.get(identifier) is None]
            assert not missing, f"round {number} lost {missing}"
            fresh = log.since(seen, limit=1_000_000)
            assert [one.revision for one in fresh] == list(range(seen + 1, log.revision() + 1))
            assert not [one.id for one in fresh if log.get(one.id).status == {}]  # type: ignore[union-attr]
            seen = log.revision()
            log.close()
        process.stdin.close()
    assert len(acknowledged) > ROUNDS
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    """What `kill -9` cannot show: that the write-ahead log is synced at each commit (2 is FULL)."""
    log = open_log(f"sqlite:///{tmp_path}/azurine.db")
    assert isinstance(log, SqlLog)
    connection = log._database.connect()
    assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
    assert connection.execute("PRAGMA synchronous").fetchall() == [(2,)]
    connection.close()
    log.close()
