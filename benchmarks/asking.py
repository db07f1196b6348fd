"""Many jobs: pages of ten thousand, and one job asked for again and again.

The jobs are written into the store before the server starts, ten thousand of one shape, all of them over. Then, over HTTPS with a bearer
token: all pages of the list, one after the other (does a page take longer the further it is from the first?), and GETs of one job on a few
connections that are kept (`load.py`, a process of its own, which shares the machine with the server).

`python benchmarks/asking.py` prints the rows.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from measuring import Row, in_turn, table
from serving import API, Rest, RunningServer, cpu_seconds, timed, wait_until

from azurine.model import ids
from azurine.store.log import Create, Report
from azurine.store.sql import open_log

JOBS = 10_000
PASSES = 9
AT_ENDS = 5
"""Pages at the beginning, in the middle and at the end of which the middle value is taken: one page alone says little."""
LOAD_SECONDS = 3.0
LOADS = 5
CONNECTIONS = 4
WORKSPACE = "subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/azurine/workspaces/workshop"


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        server = RunningServer(Path(folder) / "home")
        with server:
            rest = Rest(server.home)
            rest.put("jobs/first", _command())
            wait_until(lambda: rest.status("first") == "Completed", 60, "the job does not complete")
            rest.close()
        _fill(server.home / "azurine.db")
        with server:
            rest = Rest(server.home)
            try:
                return [*_pages(rest), *_gets(server, rest)]
            finally:
                rest.close()


def _command() -> dict[str, object]:
    return {"properties": {"jobType": "Command", "command": "true", "environmentId": "azureml:AzureML-sklearn-1.5@latest", "experimentName": "bench"}}


def _fill(path: Path) -> None:
    """Ten thousand jobs like the one that has run."""
    log = open_log(f"sqlite:///{path}")
    first = log.get(f"{WORKSPACE}/jobs/first")
    assert first is not None
    names = [f"{WORKSPACE}/jobs/many{number}" for number in range(JOBS)]
    for start in range(0, JOBS, 500):
        some = names[start : start + 500]
        log.write([Create(one, first.kind, ids.parent(one), first.spec) for one in some], time.time())
        log.write([Report(one, first.status) for one in some], time.time())
    log.close()


def _pages(rest: Rest) -> list[Row]:
    """The pages of the beginning, the middle and the end take turns, after a pass over all that says where they begin."""
    places = _places(rest)
    half = len(places) // 2
    some = (places[:AT_ENDS], places[half : half + AT_ENDS], places[-AT_ENDS - 1 : -1])
    begin, middle, end = in_turn(PASSES, *(partial(_typical, rest, targets) for targets in some))
    return [
        Row("a page in the middle of 10,000 jobs", "ms", middle, begin, "the first pages", goal=1.5),
        Row("the last pages of 10,000 jobs", "ms", end, begin, "the first pages", goal=1.5),
    ]


def _typical(rest: Rest, targets: Sequence[str]) -> float:
    """Milliseconds of one page: the middle of several."""
    return statistics.median(timed(partial(rest.get, target)) for target in targets)


def _places(rest: Rest) -> list[str]:
    """The addresses of all pages."""
    places, found = [], 0
    target = f"{rest.workspace}/jobs?{API}"
    while target:
        places.append(target)
        page = rest.get(target)
        found += len(page["value"])
        target = (page.get("nextLink") or "").removeprefix(f"https://{rest.host}:{rest.port}")
    assert found == JOBS + 1, found
    return places


def _gets(server: RunningServer, rest: Rest) -> list[Row]:
    rates, cpus, slow = [], [], []
    for _ in range(LOADS):
        before = cpu_seconds(server.pid)
        said = _load(server, rest)
        cpus.append((cpu_seconds(server.pid) - before) * 1e6 / said["count"])
        rates.append(said["count"] / said["seconds"])
        slow.append(said["p99"])
    row = Row(f"GETs of one job on {CONNECTIONS} connections", "/s", rates, goal=1000.0, at_least=True)
    return [row, replace(row, what="of it: CPU of the server", unit="µs each", values=cpus, goal=None), Row("of it: 99 of 100 within", "ms", slow)]


def _load(server: RunningServer, rest: Rest) -> dict[str, float]:
    words = [sys.executable, str(Path(__file__).with_name("load.py")), str(server.port), str(server.home / "certs" / "ca.pem")]
    words += [f"{rest.workspace}/jobs/first?{API}", str(CONNECTIONS), str(LOAD_SECONDS)]
    done = subprocess.run(words, input=rest.token, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    print(table(measure()))
