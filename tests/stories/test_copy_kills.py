"""kill -9 in the middle of a Copy, of the server and of the process that copies: nothing half-written is seen, and the copy is made once, whole.

The source is a pipe that the test writes to, so that the copy is where the test wants it: it has read half of the rows, and waits for more.
"""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from factory_plays import activity
from killing import PATIENCE, Factory
from running import RunningServer, wait_until

HALF = "".join(f"{number},row {number}\n" for number in range(60_000))
WHOLE = "id,name\n" + HALF + "60000,last\n"
ROWS = 60_001


def has_ended(process: int) -> bool:
    """One that nobody has waited for yet has no open files either."""
    try:
        return not list(Path(f"/proc/{process}/fd").iterdir())
    except OSError:
        return True


def reference(name: str) -> Any:
    return {"referenceName": name, "type": "DatasetReference"}


class Story(Factory):
    """A factory with a folder, a lake and a database; `source.csv` in the folder is the pipe."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        super().__init__(server, "copies")
        self.pipe, self.database = folder / "source.csv", folder / "shop.db"
        self.lake = server.home / "storage" / "azurine"
        for name, kind, target in (
            ("folder", "FileServer", {"folder": str(folder)}),
            ("lake", "AzureBlobStorage", {"lake": "azurine"}),
            ("db", "AzureSqlDatabase", {"database": f"sqlite:///{self.database}"}),
        ):
            self.call("PUT", f"/linkedservices/{name}", {"properties": {"type": kind, "typeProperties": {}}})
            self.call("PUT", f"/mappings/{name}", {"properties": target})
        self.dataset("source", "DelimitedText", "folder", firstRowAsHeader=True, location={"type": "FileServerLocation", "fileName": self.pipe.name})
        where = {"type": "AzureBlobStorageLocation", "container": "copied", "fileName": "a.csv"}
        self.dataset("file", "DelimitedText", "lake", firstRowAsHeader=True, location=where)
        self.dataset("table", "AzureSqlTable", "db", schema="dbo", table="rows")
        with closing(sqlite3.connect(self.database)) as link:
            link.execute("PRAGMA journal_mode=WAL")  # what is there can be counted while somebody writes
            link.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT)")
            link.execute("CREATE TABLE begun (run TEXT)")
            link.commit()

    def dataset(self, name: str, kind: str, service: str, **properties: Any) -> None:
        linked = {"referenceName": service, "type": "LinkedServiceReference"}
        self.call("PUT", f"/datasets/{name}", {"properties": {"type": kind, "linkedServiceName": linked, "typeProperties": properties}})

    def publish(self, sink: str) -> None:
        into = {"type": "DelimitedTextSink"} if sink == "file" else {"type": "AzureSqlSink", "preCopyScript": "DELETE FROM rows"}
        before = activity("before", "Script", scripts=[{"type": "NonQuery", "text": "INSERT INTO begun VALUES ('@{pipeline().RunId}')"}])
        before["linkedServiceName"] = {"referenceName": "db", "type": "LinkedServiceReference"}
        copy = activity("copy", "Copy", "before", source={"type": "DelimitedTextSource"}, sink=into)
        steps = [before, {**copy, "inputs": [reference("source")], "outputs": [reference(sink)]}]
        self.call("PUT", f"/pipelines/{sink}", {"properties": {"activities": steps}})

    def half_way(self) -> tuple[int, int]:
        """(the open pipe, the process that copies) when half of the rows are written."""
        opened: list[int] = []
        wait_until(lambda: self._opens(opened), PATIENCE, "nobody reads the source")
        os.set_blocking(opened[0], True)
        written = ("id,name\n" + HALF).encode()
        while written:
            written = written[os.write(opened[0], written) :]
        return opened[0], self.readers()[0]

    def _opens(self, opened: list[int]) -> bool:
        with suppress(OSError):  # nobody has opened it for reading yet
            opened.append(os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK))
        return bool(opened)

    def readers(self) -> list[int]:
        """The processes that have the pipe open, but this one."""
        found = []
        for one in Path("/proc").iterdir():
            if one.name.isdigit() and int(one.name) != os.getpid():
                with suppress(OSError):  # it has ended meanwhile, or is somebody else's
                    if any(os.readlink(handle) == str(self.pipe) for handle in (one / "fd").iterdir()):
                        found.append(int(one.name))
        return found

    def new_pipe(self) -> None:
        """Whoever reads the old one goes on with it."""
        self.pipe.unlink(missing_ok=True)
        os.mkfifo(self.pipe)

    def seen(self, sink: str) -> int:
        """How many rows are at the sink."""
        if sink == "file":
            path = self.lake / "copied" / "a.csv"
            return len(path.read_text().splitlines()) - 1 if path.exists() else 0
        return int(self.ask("SELECT count(*) FROM rows"))

    def ask(self, text: str) -> Any:
        with closing(sqlite3.connect(self.database)) as link:
            return link.execute(text).fetchone()[0]

    def left_behind(self) -> list[Path]:
        return [one for one in self.server.home.rglob("*") if one.name.startswith(".azurine-")]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("copies")
    with RunningServer(folder / "home") as server:
        told = Story(server, folder)
        yield told
        told.close()


@pytest.mark.parametrize("victim", ["server", "copying process"])
@pytest.mark.parametrize("sink", ["file", "table"])
def test_a_copy_that_is_killed_is_made_once_and_whole(story: Story, sink: str, victim: str) -> None:
    story.new_pipe()
    story.publish(sink)
    already = story.seen(sink)
    run = story.begin(sink)
    pipe, process = story.half_way()
    assert story.seen(sink) == already
    story.new_pipe()
    if victim == "server":
        story.server.kill()
    else:
        os.kill(process, signal.SIGKILL)
    wait_until(lambda: has_ended(process), PATIENCE, "the process that copied goes on")
    os.close(pipe)
    assert story.seen(sink) == already
    if victim == "server":
        story.again()
    pipe, _ = story.half_way()
    os.write(pipe, b"60000,last\n")
    os.close(pipe)
    wait_until(lambda: story.is_over(run), PATIENCE, lambda: f"{story.status(run)}\n{story.server.log()[-3000:]}")
    assert story.status(run)["status"] == "Succeeded", story.status(run)
    assert [(one["activityName"], one["status"]) for one in story.activities(run)] == [("before", "Succeeded"), ("copy", "Succeeded")]
    assert story.activities(run)[1]["output"]["rowsCopied"] == story.seen(sink) == ROWS
    assert story.ask(f"SELECT count(*) FROM begun WHERE run = '{run}'") == 1
    assert story.left_behind() == []
