"""Logs: their ends, and their limit."""

import os
from pathlib import Path

from azurine.compute import logs


def test_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert logs.tail(log) == ""
    log.write_text("".join(f"line {number}\n" for number in range(1000)))
    assert logs.tail(log, lines=2) == "line 998\nline 999"
    log.write_bytes(b"x" * 100_000 + b"\xff\xfe end")
    assert len(logs.tail(log)) <= 4096 and logs.tail(log).endswith("end")


def test_a_log_over_its_limit_is_cut_and_says_so(tmp_path: Path) -> None:
    log = tmp_path / "log"
    writer = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(writer, b"a" * 5000)
    assert not logs.trim(log, limit=5000)
    os.write(writer, b"b" * 5000)
    assert logs.trim(log, limit=5000)
    os.write(writer, b"after")
    assert not logs.trim(log, limit=5010), "a little over is not worth it"
    os.write(writer, b"c" * 5000)
    assert logs.trim(log, limit=5000)
    os.close(writer)
    kept = log.read_bytes()
    assert kept[:5000] == b"a" * 5000
    assert kept[5000:].decode().strip() == "[azurine] The log has reached 5,000 bytes; what the step writes from here on is not kept."
