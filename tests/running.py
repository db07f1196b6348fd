"""A real server in a process of its own, for tests: started on a free port with a fresh home, killed, started again."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import azurine


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class RunningServer:
    """home: its folder. variables: of its environment, beside those of the tests. Use as a context manager, or `start` and `stop`; `kill` is kill -9."""

    def __init__(self, home: Path, variables: Mapping[str, str] | None = None, **settings: Any) -> None:
        self.home = home
        self._variables = dict(variables or {})
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self._flags = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "RunningServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, patience: float = 60.0) -> None:
        self.launch()
        wait_until(self._answers, patience, lambda: f"the server did not start:\n{self.log()[-3000:]}")

    def launch(self) -> None:
        """Starts it and does not wait for it to answer."""
        self.home.mkdir(parents=True, exist_ok=True)
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("AZURINE_", "MLFLOW_"))}
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "azurine", "up", "--foreground", "--home", str(self.home), "--port", str(self.port), *self._flags],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=environ | self._variables,
            )

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def connect(self) -> Any:
        return azurine.connect(home=self.home)

    def log(self) -> str:
        return (self.home / "server.log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the server ended with {self._process.returncode}:\n{self.log()[-3000:]}")
        try:
            told = json.loads((self.home / "server.json").read_bytes())
        except (OSError, ValueError):
            return False
        if told.get("pid") != self._process.pid:
            return False
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0


def wait_until(holds: Any, patience: float, message: Any, every: float = 0.05) -> None:
    """Looks until something holds, up to `patience` seconds; the waiting is on an event, so that it can be interrupted."""
    never = threading.Event()
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(message() if callable(message) else message)
        never.wait(every)
