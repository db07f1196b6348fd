"""One instance's share in processes of its own: small files, scripts that do all sorts of things."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from azurine.compute.contract import Sighting, Task
from azurine.compute.processes import LocalPlace
from azurine.model.states import is_final

SCORE = "import os\ndef run(mini_batch):\n    return [os.path.basename(one) for one in mini_batch]\n"


class Shares:
    """Runs a job of one instance in a folder, and says what came of it."""

    def __init__(self, home: Path) -> None:
        self._home, self._over = home, threading.Event()
        self._place = LocalPlace(home, 2, self._watch)
        self.seen: Sighting | None = None
        self.out = home / "out" / "rows.txt"
        (home / "data").mkdir(parents=True)
        (home / "code").mkdir()

    def run(self, script: str, files: int = 6, **told: Any) -> Sighting:
        for number in range(files):
            (self._home / "data" / f"f{number}").write_text(str(number))
        (self._home / "code" / "score.py").write_text(script)
        usual = {"script": "score.py", "arguments": "", "input": "data", "append_to": "rows", "append_name": "", "batch_size": 2, "keys": []}
        usual |= {"error_threshold": -1, "batch_error_threshold": -1, "concurrency": 2, "retries": 0, "timeout": 30, "level": "INFO"}
        order = {
            "run": "j",
            "code": str(self._home / "code"),
            "command": "",
            "python": sys.executable,
            "compute": "local",
            "artifacts": str(self._home / "artifacts"),
            "inputs": {"data": {"type": "uri_folder", "path": str(self._home / "data"), "uri": "x"}},
            "outputs": {"rows": {"type": "uri_file", "path": str(self.out), "uri": "x"}},
            "parallel": {**usual, **told},
            "model": {},
            "part": {"share": 0, "attempt": 1, "of": "j"},
        }
        self._place.start(Task("j", self._home / "tasks" / "j" / "1", order))
        assert self._over.wait(60), "the share did not end"
        assert self.seen is not None
        return self.seen

    def log(self, path: str) -> str:
        return "".join(one.read_text() for one in sorted((self._home / "artifacts").glob(path)))

    def close(self) -> None:
        self._place.close()

    def _watch(self, _: str, seen: Sighting) -> None:
        if is_final(seen.state):
            self.seen = seen
            self._over.set()


@pytest.fixture
def shares(tmp_path: Path) -> Iterator[Shares]:
    with closing(Shares(tmp_path / "home")) as made:
        yield made


def complete(seen: Sighting) -> bool:
    return seen.state == "succeeded" and bool((seen.output or {}).get("complete"))


def test_all_rows_and_nothing_else(shares: Shares) -> None:
    assert complete(shares.run(SCORE))
    assert sorted(shares.out.read_text().split()) == [f"f{number}" for number in range(6)]
    assert list(shares.out.parent.iterdir()) == [shares.out]


def test_many_processes_and_one_mini_batch(shares: Shares) -> None:
    """Those that are still starting when all is done are not waited for."""
    assert complete(shares.run("import threading\n" + SCORE + "def init():\n    threading.Event().wait(0.3)\n", files=1, concurrency=8))
    assert shares.out.read_text() == "f0\n"


def test_a_frame_with_a_header(shares: Shares) -> None:
    script = "import pandas\ndef run(mini_batch):\n    return pandas.DataFrame({'n': [int(open(one).read()) for one in mini_batch], 't': 'x'})\n"
    assert complete(shares.run(script, arguments="--append_row_dataframe_header True"))
    first, *others = shares.out.read_text().splitlines()
    assert (first, sorted(others)) == ("n t", [f"{number} x" for number in range(6)])


def test_arguments_are_the_scripts_but_for_ours(shares: Shares) -> None:
    script = "import sys\ndef run(mini_batch):\n    return [' '.join(sys.argv[1:])] * len(mini_batch)\n"
    assert complete(shares.run(script, files=1, arguments="--a 'b c' --task_overhead_timeout 5 --error_threshold=7 --flag"))
    assert shares.out.read_text() == "--a b c --flag\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("def run(mini_batch:\n", "SyntaxError"),
        ("x = 1\n", "no function run()"),
        ("def init():\n    raise KeyError('model')\n" + SCORE, "KeyError: 'model'"),
        ("import os\ndef init():\n    os._exit(9)\n" + SCORE, "ended with exit code 9"),
    ],
)
def test_a_script_that_does_not_start(shares: Shares, script: str, words: str) -> None:
    seen = shares.run(script)
    assert (seen.state, words in (seen.error or {})["message"]) == ("failed", True), seen.error


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return None", "run() returned None"),
        ("return 'text'", "an object of type str"),
        ("raise SystemExit(3)", "SystemExit"),
        ("return [1]", "fewer results than items"),
    ],
)
def test_what_run_may_do_wrong_is_told_and_counted(shares: Shares, body: str, words: str) -> None:
    seen = shares.run(f"def run(mini_batch):\n    {body}\n", files=4, batch_size=4)
    assert complete(seen), seen.error
    assert words in shares.log("logs/user/error/*/*") + shares.log("logs/job_error.txt")


def test_a_process_that_dies_again_and_again_takes_only_its_file_along(shares: Shares) -> None:
    script = "import os\n" + SCORE.replace(
        "    return", "    if any(one.endswith('f3') for one in mini_batch):\n        os.kill(os.getpid(), 11)\n    return"
    )
    assert complete(shares.run(script, error_threshold=1))
    assert sorted(shares.out.read_text().split()) == ["f0", "f1", "f2", "f4", "f5"]
    assert "f3: its process was ended by signal 11" in shares.log("logs/job_error.txt")


def test_summary_only_keeps_no_rows(shares: Shares) -> None:
    assert complete(shares.run(SCORE, append_to=""))
    assert not shares.out.exists()
    assert "items: 6, failed: 0" in shares.log("logs/job_result.txt")


def test_too_many_failures_end_it_though_others_are_busy(shares: Shares) -> None:
    script = "import threading\n" + SCORE.replace(
        "    return", "    if mini_batch[0].endswith('f0'):\n        threading.Event().wait()\n    1 / 0\n    return"
    )
    seen = shares.run(script, batch_size=1, error_threshold=1)
    assert (seen.state, "2 items have failed" in (seen.error or {})["message"]) == ("failed", True)


def test_the_folder_of_all_instances_is_found_by_the_jobs_key(shares: Shares, tmp_path: Path) -> None:
    shares.run(SCORE)
    [shared] = (tmp_path / "home" / "tasks" / "j").glob("shared-*")
    assert json.loads((shared / "task.json").read_bytes()) == {"key": "j#shared"}
