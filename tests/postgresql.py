"""A private PostgreSQL server for tests: found, made, started and stopped here; reached by a socket in its own folder only.

`programs()` is None where PostgreSQL is not installed: then say so with `warn_untested`, loudly, instead of skipping in silence.
"""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import warnings
from functools import cache
from pathlib import Path
from threading import Event
from urllib.parse import quote

import psycopg

DEADLINE = 60.0
UNTESTED = (
    "PostgreSQL was NOT TESTED: initdb was found neither on the PATH nor in /usr/lib/postgresql/*/bin. Install PostgreSQL to test the store on it."
)


@cache
def programs() -> Path | None:
    """The folder that holds initdb and postgres."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: float(path.split("/")[4]), reverse=True)
    initdb = found[0] if found else shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


class PostgresqlWasNotTested(UserWarning):
    """A warning of its own, shown in the summary of every run that lacks PostgreSQL."""


def warn_untested() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")  # elsewhere warnings fail; this one is for people
        warnings.warn(UNTESTED, PostgresqlWasNotTested, stacklevel=2)


class Server:
    """fsync is off: what these tests ask is not whether PostgreSQL keeps its word."""

    def __init__(self) -> None:
        found = programs()
        assert found is not None
        self._programs = found
        self.folder = Path(tempfile.mkdtemp(prefix="azurine-pg-"))
        self._user = _user()
        if self._user:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "-D", str(self._data), "-U", "azurine", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        settings = ["listen_addresses=", f"unix_socket_directories={self.folder}", "fsync=off", "max_connections=60", "shared_buffers=16MB"]
        with (self.folder / "log").open("ab") as out:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self._data), *(part for one in settings for part in ("-c", one))],
                stdout=out,
                stderr=out,
                cwd="/",
                user=self._user,
            )
        self._await_answer()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: its fast shutdown, connections are cut. SIGQUIT: as if it had crashed."""
        self._process.send_signal(how)
        self._process.wait(DEADLINE)

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def url(self, schema: str, folder: Path | None = None) -> str:
        return f"postgresql://azurine@/postgres?host={quote(str(folder or self.folder), safe='')}&options={quote(f'-csearch_path={schema}', safe='')}"

    def ask(self, text: str, schema: str = "public") -> list[tuple[object, ...]]:
        options = f"-csearch_path={schema}"
        with psycopg.connect(host=str(self.folder), user="azurine", dbname="postgres", options=options, autocommit=True) as connection:
            cursor = connection.execute(text)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([str(self._programs / program), *arguments], check=True, capture_output=True, cwd="/", user=self._user, timeout=DEADLINE)

    def _await_answer(self) -> None:
        for _ in range(int(DEADLINE / 0.05)):
            try:
                self.ask("SELECT 1")
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                Event().wait(0.05)
        raise TimeoutError("PostgreSQL did not start")


def _user() -> str | None:
    """initdb and postgres refuse to be run by root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
