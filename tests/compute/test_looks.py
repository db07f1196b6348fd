"""Looks at tables from the server's side: a process each, ended when it takes too long, and what is told when it dies."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from azurine.compute import zygotes
from azurine.compute.looks import Looks
from azurine.model.errors import Invalid


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text("a,b\n1,x\n2,y\n")
    return tmp_path / "t.csv"


def test_a_look_and_its_refusal(tmp_path: Path, table: Path) -> None:
    looks = Looks(tmp_path, sys.executable)
    try:
        assert looks.look(table, "preview", 1, 2)["rows"] == [[1, "x"]]
        assert looks.look(table, "profile", 1, 2)["rowCount"] == 2
        (tmp_path / "noise").write_bytes(os.urandom(10_000) + b"\0")
        with pytest.raises(Invalid, match="neither text nor Parquet"):
            looks.look(tmp_path / "noise", "preview", 1, 2)
    finally:
        looks.close()
    assert zygotes.report(tmp_path / "warm") == []
    assert [one.name for one in (tmp_path / "warm").iterdir() if one.suffix != ".sock"] == []


def test_one_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    (tmp_path / "large.csv").write_text("a,b\n" + "1,x\n" * 20_000_000)
    looks = Looks(tmp_path, sys.executable)
    try:
        assert looks.look(tmp_path / "large.csv", "preview", 1, 2)["rows"] == [[1, "x"]]
        impatient = Looks(tmp_path, sys.executable, longest=0.2)
        with pytest.raises(Invalid, match=r"it takes longer than 0\.2 s"):
            impatient.look(tmp_path / "large.csv", "profile", 1, 2)
        (status,) = zygotes.report(tmp_path / "warm")
        children = psutil.Process(status["pid"]).children()
        _, left = psutil.wait_procs([one for one in children if one.cpu_times().user > 0.1], timeout=5)
        assert left == []
    finally:
        zygotes.end_all(tmp_path / "warm")
