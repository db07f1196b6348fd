"""Many at once: thirty jobs from many threads, and lists that are read while others write."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import rest
from running import RunningServer, wait_until

JOBS = 30
WRITERS = 4
PAGED = 230
"""Two pages and some."""
PATIENCE = 120.0


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[rest.Rest]:
    made = rest.Rest(server.home)
    yield made
    made.close()


def test_thirty_jobs_submitted_at_once_all_complete_and_nothing_happens_twice(client: rest.Rest, tmp_path: Path) -> None:
    done = tmp_path / "done"
    start = threading.Barrier(JOBS)

    def submit(number: int) -> None:
        start.wait()
        client.put(f"jobs/crowd-{number}", rest.command(f"echo {number} >> {done}"))

    with ThreadPoolExecutor(JOBS) as threads:
        list(threads.map(submit, range(JOBS)))
    names = [f"crowd-{number}" for number in range(JOBS)]
    wait_until(
        lambda: all(client.status(name) in rest.FINAL for name in names),
        PATIENCE,
        lambda: f"{Counter(client.status(name) for name in names)}",
        every=0.2,
    )
    assert {client.status(name) for name in names} == {"Completed"}
    assert sorted(int(line) for line in done.read_text().split()) == list(range(JOBS))
    listed = [one["name"] for one in client.listed("jobs") if one["name"].startswith("crowd-")]
    assert sorted(listed) == sorted(names)


def test_the_same_job_submitted_by_many_at_once_runs_once(client: rest.Rest, tmp_path: Path) -> None:
    done = tmp_path / "done"
    start = threading.Barrier(8)

    def submit(_: int) -> str:
        start.wait()
        return str(client.put("jobs/one-of-many", rest.command(f"echo x >> {done}"))["name"])

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(submit, range(8))) == {"one-of-many"}
    wait_until(lambda: client.status("one-of-many") in rest.FINAL, PATIENCE, "it does not end")
    assert done.read_text().split() == ["x"]


def test_pages_read_while_others_write_tell_each_once_and_miss_none_that_was_there(client: rest.Rest) -> None:
    before = [f"page-{number:03}" for number in range(PAGED)]
    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(lambda name: client.put(f"environments/{name}/versions/1", environment()), before))
    over = threading.Event()

    def write(writer: int) -> int:
        count = 0
        while not over.is_set():
            client.put(f"environments/new-{writer}-{count}/versions/1", environment())
            client.put(f"environments/{before[count % len(before)]}/versions/{count + 2 + writer * 1000}", environment())
            count += 1
        return count

    with ThreadPoolExecutor(WRITERS) as threads:
        writing = [threads.submit(write, writer) for writer in range(WRITERS)]
        try:
            passes = [[one["name"] for one in client.listed("environments")] for _ in range(5)]
        finally:
            over.set()
        counts = [one.result() for one in writing]
    assert min(counts) > 0, "nobody wrote meanwhile, so nothing was proved"
    for names in passes:
        assert max(Counter(names).values()) == 1, "a resource stood in two pages"
        assert set(before) <= set(names), "a resource that was there all the time was missed"


def environment() -> dict[str, Any]:
    return {"properties": {"image": "any", "osType": "Linux"}}
