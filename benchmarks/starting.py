"""From the start of the server's process to its first answered request, and what an idle server holds in memory.

The beginning is when the process is made; the end, when an HTTPS request for `/healthz` has been answered with 200. The home is there already
(a new one takes a little longer: its certificates are made). `python benchmarks/starting.py` prints the rows.
"""

import http.client
import ssl
import tempfile
import threading
import time
from pathlib import Path

from measuring import Row, table
from serving import RunningServer, cpu_seconds, megabytes

RUNS = 5
IDLE_SECONDS = 5.0
EVERY = 0.005


def measure() -> list[Row]:
    walls, cpus, memory = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        server = RunningServer(Path(folder) / "home")
        with server:
            pass  # the first start makes the home, and the byte code
        for _ in range(RUNS):
            began = time.perf_counter()
            server.launch()
            try:
                _first_answer(server)
                walls.append(time.perf_counter() - began)
                cpus.append(cpu_seconds(server.pid))
                threading.Event().wait(IDLE_SECONDS)
                memory.append(megabytes(server.pid))
            finally:
                server.stop()
    return [
        Row("server start to first answered request", "s", walls, goal=1.5),
        Row("of it: CPU of the server", "s", cpus),
        Row("memory of the idle server (PSS)", "MB", memory, goal=150.0),
    ]


def _first_answer(server: RunningServer) -> None:
    never = threading.Event()
    context = ssl.create_default_context(cafile=str(server.home / "certs" / "ca.pem"))
    for _ in range(int(60 / EVERY)):
        link = http.client.HTTPSConnection("localhost", server.port, context=context, timeout=10)
        try:
            link.request("GET", "/healthz")
            if link.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            link.close()
        never.wait(EVERY)
    raise TimeoutError(server.log())


if __name__ == "__main__":
    print(table(measure()))
