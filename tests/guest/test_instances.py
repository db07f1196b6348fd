"""Instances of a command: what a program is told, what it asks for, and what becomes of what it says."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from azurine.compute import tasks
from azurine.compute.processes import LocalPlace
from azurine.guest import instances
from compute.watching import Watch, gate, log_of, task

PART = {"share": 0, "attempt": 2, "of": "jobs/j#1.000000"}
OUTPUT = {"told": {"type": "uri_file", "mode": "rw_mount", "control": True}}
PROGRAM = """
import os, sys
from azurine.guest import instances

one = instances.told(os.environ)
print(one.peer, one.most)
{}
"""


class House:
    def __init__(self, home: Path) -> None:
        self.home, self.watch = home, Watch()
        self.place = LocalPlace(home, 2, self.watch)

    def run(self, key: str, program: str, part: object = PART) -> dict[str, object]:
        """The outcome of a program that is an instance."""
        file = self.home / f"{key}.py"
        file.write_text(PROGRAM.format(program))
        output = {name: {**one, "path": str(self.home / f"{key}.{name}")} for name, one in OUTPUT.items()}
        self.place.start(task(self.home, key, f"python {file}", instances=3, part=part, outputs=output))
        assert self.watch.end(key).state == "succeeded", log_of(self.home, key).read_text()
        return tasks.outcome(self.home / "tasks" / key) or {}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    yield house
    house.place.close()


def test_one_that_sees_all_done_says_so_and_its_outputs_count(house: House) -> None:
    found = house.run("whole", "open(os.environ['AZURE_ML_OUTPUT_told'], 'w').write('42'); one.complete()")
    assert (found["complete"], found["values"]) == (True, {"told": "42"})
    assert log_of(house.home, "whole").read_text() == "0.2 3\n"


def test_what_another_one_leaves_does_not_count(house: House) -> None:
    found = house.run("part", "open(os.environ['AZURE_ML_OUTPUT_told'], 'w').write('half')")
    assert found["complete"] is False
    assert "values" not in found


def test_one_asks_for_others_and_whoever_follows_hears_it_once(house: House) -> None:
    path, opened = gate(house.home, "gate")
    file = house.home / "asks.py"
    file.write_text(PROGRAM.format(f"one.ask(3); open({str(path)!r}).read()"))
    house.place.start(task(house.home, "asks", f"python {file}", instances=3, part=PART))
    house.watch.wait("asks", lambda seen: seen.phase == "wanted-3")
    opened()
    house.watch.end("asks")
    assert [seen.phase for seen in house.watch.of("asks")].count("wanted-3") == 1


def test_the_folder_of_all_is_found_by_the_job(tmp_path: Path) -> None:
    first, second = (instances.shared(tmp_path / one, "jobs/j#1.0") for one in ("a", "b"))
    assert first == second
    assert json.loads((first / tasks.ORDER).read_text()) == {"key": "jobs/j#1.0#shared"}
    assert instances.shared(tmp_path / "a", "jobs/j#2.0") != first


def test_what_only_one_may_do_is_done_once_and_again_when_it_failed(tmp_path: Path) -> None:
    one = instances.Instance(0, 1, 2, str(tmp_path), str(tmp_path))

    def fails() -> str:
        raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="disk"):
        one.once(fails)
    assert [one.once(lambda: "first"), one.once(fails)] == ["first", "first"]


def test_no_instance_is_told_of(tmp_path: Path) -> None:
    assert instances.variables({}, tmp_path) == {}
    assert instances.told({}) is None
