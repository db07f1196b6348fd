"""What becomes of a scoring process whose server is gone: it ends after a while, whatever its model is doing."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[3] / "src" / "azurine" / "guest" / "scoring.py"
SCRIPT = """
import time
def init(): pass
def run(raw):
    while raw == "for ever":
        time.sleep(0.01)
    return raw
"""
ASK = b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b"


class Alone:
    def __init__(self, folder: Path, seconds: float) -> None:
        (folder / "score.py").write_text(SCRIPT)
        order = {"script": str(folder / "score.py"), "source": str(folder), "model_dir": "", "mlflow": "", "alone": seconds}
        (folder / "order.json").write_text(json.dumps(order))
        self.address = folder / "socket"
        self.server, far = socket.socketpair()
        with far, (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(PROGRAM), str(folder), "0", str(self.address)], stdin=far, stdout=log, stderr=log, start_new_session=True
            )
        assert self.server.recv(100) == b"ready\n"

    def ask(self, body: bytes) -> socket.socket:
        link = socket.socket(socket.AF_UNIX)
        link.connect(str(self.address))
        link.settimeout(10)
        link.sendall(ASK % (len(body), body))
        return link


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Alone]:
    made = Alone(tmp_path, 0.5)
    yield made
    made.server.close()
    made.process.kill()
    made.process.wait(10)


def test_it_stays_while_its_server_is_there(alone: Alone) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        alone.process.wait(1.5)
    with alone.ask(b"hello") as link:
        assert link.recv(4096).endswith(b'"hello"')


def test_it_ends_when_its_server_is_gone_and_nobody_asks(alone: Alone) -> None:
    alone.server.close()
    assert alone.process.wait(10) in (0, -signal.SIGKILL)


def test_it_goes_on_for_whoever_asks(alone: Alone) -> None:
    alone.server.close()
    with alone.ask(b"hello") as link:
        assert link.recv(4096).endswith(b'"hello"')
        with pytest.raises(subprocess.TimeoutExpired):
            alone.process.wait(1.5)
    assert alone.process.wait(10) in (0, -signal.SIGKILL)


def test_a_model_that_never_ends_does_not_keep_it(alone: Alone) -> None:
    with alone.ask(b"for ever"):
        alone.server.close()
        assert alone.process.wait(10) == -signal.SIGKILL
