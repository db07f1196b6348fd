"""Real-time scoring, beside its peers: one logistic regression, 1 and 32 rows of JSON, 1, 16 and 64 connections.

Ours is asked as clients ask it: at the `scoringUri`, so with TLS, a key, limits, metrics and a log line for each request. The peers do none of
that but TLS, with the same certificate; two cannot even that, and speak plain HTTP. Also told is our scoring process by itself, over plain HTTP,
beside the best peer and the bare handler over plain HTTP.

    opaque   a script: `init()` and `run(raw_data)`, called once for each request
    owned    an MLflow model without a script: the requests that came together are answered together

Every server has one worker. All run at once, and are pressed in turn. CPU is that of all of a server's processes (for ours: the whole
server and the scoring process), which says more than requests per second where the machine is shared.

`python benchmarks/scoring.py` prints all cells, then the rows.
"""

import contextlib
import json
import os
import pickle
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import scoring_peers as others
import wrk
from measuring import Row, digits, table
from serving import Rest, RunningServer, cpu_seconds, megabytes
from warm_steps import Floor

from azurine.identity import certificates

ROUNDS, MORE = 2, 4
"""MORE: further rounds of the cells that goals are about, among those that they are about."""
SECONDS = 1.0
WEIGHED = ((1, 16), (1, 64))
CELLS = tuple((rows, connections) for rows in (1, 32) for connections in (1, 16, 64))
MOST = 128
"""Requests that one process may have; above the connections, so that none is refused."""
FURTHER = 5
PROGRAM = Path(__file__).resolve().parents[1] / "src" / "azurine" / "guest" / "scoring.py"
HOST = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"
OPAQUE, OWNED = "ours, opaque run()", "ours, owned model"
PROCESS_OPAQUE, PROCESS_OWNED = "our process alone, opaque", "our process alone, owned"


@dataclass(slots=True)
class Server:
    """What is pressed. bodies: rows → body."""

    name: str
    url: str
    bodies: dict[int, bytes]
    processes: Callable[[], list[psutil.Process]]
    key: str = ""
    cold: float = 0.0
    cells: dict[tuple[int, int], list[tuple[wrk.Pressed, float]]] = field(default_factory=dict)

    def press(self, rows: int, connections: int) -> None:
        before = sum(cpu_seconds(one.pid) for one in self.processes())
        pressed = wrk.press(self.url, self.bodies[rows], connections, SECONDS, self.key)
        spent = sum(cpu_seconds(one.pid) for one in self.processes()) - before
        self.cells.setdefault((rows, connections), []).append((pressed, spent / max(1, pressed.count) * 1e6))

    def memory(self) -> float:
        return sum(megabytes(one.pid) for one in self.processes())

    def values(self, cell: tuple[int, int], what: str) -> list[float]:
        return [cpu if what == "cpu" else float(getattr(pressed, what)) for pressed, cpu in self.cells[cell]]


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        place = Path(folder)
        bodies = _made(place)
        like = tuple(f"{name}=={_version(name)}" for name in ("scikit-learn", "numpy", "pandas"))
        servers = [_process(stack, place, name, bodies) for name in (PROCESS_OPAQUE, PROCESS_OWNED)]
        # Made here, so that the peers have it too; our server takes what it finds.
        certificate = certificates.prepare(place / "home" / "certs", time.time()).server
        for peer in (*others.PEERS, *others.PLAIN):
            found = stack.enter_context(others.running(peer, place, like, bodies[peer.kind][1], certificate))
            if found is not None:
                servers.append(Server(peer.name, found.url, bodies[peer.kind], found.processes, cold=found.cold))
        house = stack.enter_context(_House(place))
        servers += [house.server(OPAQUE, "opaque", bodies["data"]), house.server(OWNED, "owned", bodies["azure"])]
        about = (others.BEST, others.CONTRACT, others.FLOOR, others.NEXT)
        weighed = [one for one in servers if one.name.removesuffix(others.PLAINLY) in about or one.name.startswith("our")]
        for number in range(ROUNDS + MORE):
            for cell in CELLS if number < ROUNDS else WEIGHED:
                for server in servers if number < ROUNDS else weighed:
                    if server.key:
                        house.direct(server)
                    server.press(*cell)
        further, memory, forks = house.further()
        wrong = {server.name: sum(pressed.wrong for runs in server.cells.values() for pressed, _ in runs) for server in servers}
        assert not any(wrong.values()), f"answers that were not 200: {wrong}"
        print(_cells(servers))
        return _rows({server.name: server for server in servers}, further, memory, forks)


def _rows(servers: dict[str, Server], further: Sequence[float], memory: float, forks: Sequence[float]) -> list[Row]:
    peers = [servers[peer.name] for peer in others.PEERS if peer.name in servers and peer.name != others.FLOOR]
    rows: list[Row] = []

    def beside(what: str, unit: str, ours: str, other: str, cell: tuple[int, int], measured: str, goal: float, at_least: bool = False) -> None:
        if other in servers:
            values, against = servers[ours].values(cell, measured), servers[other].values(cell, measured)
            rounds = min(len(values), len(against))  # those that both were in
            values, against = values[:rounds], against[:rounds]
            rows.append(Row(f"{what}, {cell[0]} row, {cell[1]} connections", unit, values, against, other, goal=goal, at_least=at_least))

    beside("opaque run()", "/s", OPAQUE, others.BEST, (1, 16), "rate", 1.2, True)
    beside("opaque run()", "/s", OPAQUE, others.CONTRACT, (1, 16), "rate", 4.0, True)
    beside("opaque run(), CPU of server and process", "µs", OPAQUE, others.FLOOR, (1, 16), "cpu", 1.15)
    beside("opaque run(), the process alone", "/s", PROCESS_OPAQUE, others.BEST + others.PLAINLY, (1, 16), "rate", 1.2, True)
    beside("opaque run(), CPU of the process alone", "µs", PROCESS_OPAQUE, others.FLOOR + others.PLAINLY, (1, 16), "cpu", 1.15)
    if peers:
        best = {cell: max(peers, key=lambda one: statistics.median(one.values(cell, "rate"))).name for cell in CELLS}
        soonest = min(peers, key=lambda one: statistics.median(one.values((1, 64), "p99"))).name
        beside("owned model", "/s", OWNED, best[1, 16], (1, 16), "rate", 5.0, True)
        beside("owned model, the process alone", "/s", PROCESS_OWNED, others.BEST + others.PLAINLY, (1, 16), "rate", 5.0, True)
        beside("owned model", "/s", OWNED, best[1, 64], (1, 64), "rate", 7.0, True)
        beside("opaque run(), 99 of 100 within", "ms", OPAQUE, soonest, (1, 64), "p99", 1.0)
        beside("owned model, 99 of 100 within", "ms", OWNED, soonest, (1, 64), "p99", 1.0)
    rows.append(Row("a further deployment, from the PUT to the first answer", "ms", further, forks, "a fork with scikit-learn imported", goal=3.0))
    if others.CONTRACT in servers:
        whole = servers[others.CONTRACT].memory()
        rows.append(Row("its private memory", "MB", [memory], [whole], f"{others.CONTRACT} (PSS)", goal=0.1))
    return rows


def _cells(servers: Sequence[Server]) -> str:
    """Every cell: requests a second; 50 and 99 of 100 within so many ms; µs of CPU each."""
    heads = [f"{rows} row{'s' if rows > 1 else ''}, {connections} conn." for rows, connections in CELLS]
    lines = [f"Load: {wrk.name()}, {SECONDS:g} s a cell, {ROUNDS} rounds ({ROUNDS + MORE} where a goal is); requests/s · p50 / p99 ms · CPU µs", ""]
    lines += ["| server | " + " | ".join(heads) + " | PSS MB | cold start s |", "|" + "---|" * (len(heads) + 3)]
    for server in servers:
        cells = []
        for cell in CELLS:
            rate, p50, p99, cpu = (digits(statistics.median(server.values(cell, what))) for what in ("rate", "p50", "p99", "cpu"))
            cells.append(f"{rate} · {p50} / {p99} · {cpu}")
        lines.append(f"| {server.name} | {' | '.join(cells)} | {digits(server.memory())} | {digits(server.cold) if server.cold else ''} |")
    return "\n".join(lines) + "\n"


class _House:
    """A server of ours with one endpoint and both deployments."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._server = RunningServer(place / "home")
        self._count = 0

    def __enter__(self) -> "_House":
        self._server.__enter__()
        with _quiet():
            from azure.ai.ml.entities import ManagedOnlineEndpoint, Model

            self._connection = self._server.connect()
            self._ml = self._connection.ml
            self._endpoint = self._ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="bench")).result()
            self._model = self._ml.models.create_or_update(Model(path=str(self._place / "model.pkl"), name="bench"))
            owned = self._ml.models.create_or_update(Model(path=str(self._place / "mlflow"), name="bench-mlflow", type="mlflow_model"))
            self._deploy("opaque", self._model, script=True)
            self._deploy("owned", owned, script=False)
            self._key = self._ml.online_endpoints.get_keys("bench").primary_key
        return self

    def __exit__(self, *error: Any) -> None:
        self._server.__exit__(*error)

    def server(self, name: str, deployment: str, bodies: dict[int, bytes]) -> Server:
        return Server(name, self._endpoint.scoring_uri, bodies, lambda: self._processes(deployment), key=self._key)

    def direct(self, server: Server) -> None:
        """All traffic to the deployment of this server."""
        wanted = {"opaque" if server.name == OPAQUE else "owned": 100}
        if self._endpoint.traffic != wanted:
            self._endpoint.traffic = wanted
            with _quiet():
                self._endpoint = self._ml.online_endpoints.begin_create_or_update(self._endpoint).result()

    def further(self) -> tuple[list[float], float, list[float]]:
        """Milliseconds that further deployments take to answer; the private memory of one in MB; milliseconds of bare forks, in turn."""
        import requests

        taken, forks, memory = [], [], 0.0
        with Floor() as floor, requests.Session() as session, _quiet():
            session.verify = self._connection.http.verify
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            body = (self._place / "data1.json").read_bytes()
            session.post(self._endpoint.scoring_uri, data=body, headers=headers, timeout=30)
            rest = Rest(self._server.home)
            standing = rest.get("onlineEndpoints/bench/deployments/opaque")
            wanted = {"location": "local", "sku": standing["sku"], "properties": standing["properties"]}
            for number in range(FURTHER + 1):
                forks.append(floor.fork() * 1000)
                name = f"further{number}"
                began = time.perf_counter()
                rest.put(f"onlineEndpoints/bench/deployments/{name}", wanted)
                pinned = {**headers, "azureml-model-deployment": name}
                while session.post(self._endpoint.scoring_uri, data=body, headers=pinned, timeout=30).status_code != 200:
                    time.sleep(0.003)  # answering takes from the machine what the deployment could use
                taken.append((time.perf_counter() - began) * 1000)
                memory = sum(_private(one.pid) for one in self._processes(name)[1:])
        del taken[0], forks[0]  # the first one warmed the rest up
        return taken, memory, forks

    def _deploy(self, name: str, model: Any, script: bool) -> None:
        self._ml.online_deployments.begin_create_or_update(self._wanted(name, model, script)).result()

    def _wanted(self, name: str, model: Any, script: bool) -> Any:
        from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment, OnlineRequestSettings

        code = (
            {"code_configuration": CodeConfiguration(code=str(self._place / "src"), scoring_script="score.py"), "environment": HOST} if script else {}
        )
        limits = OnlineRequestSettings(max_concurrent_requests_per_instance=MOST)
        return ManagedOnlineDeployment(
            name=name, endpoint_name="bench", model=model, instance_type="local", instance_count=1, request_settings=limits, **code
        )

    def _processes(self, deployment: str) -> list[psutil.Process]:
        found = [psutil.Process(self._server.pid)]
        for order in (self._place / "home" / "services").glob("*/order.json"):
            if json.loads(order.read_bytes())["deployment"] == deployment:
                found += [psutil.Process(int(lock.read_text())) for lock in order.parent.glob("worker-*.lock")]
        return found


def _process(stack: contextlib.ExitStack, place: Path, name: str, bodies: dict[str, dict[int, bytes]]) -> Server:
    """A scoring process of ours by itself, on a port."""
    is_owned = name == PROCESS_OWNED
    folder = place / name.replace(" ", "-")
    folder.mkdir()
    script = str(place / "src" / "score.py")
    own = (
        {"script": "", "source": "", "mlflow": str(place / "mlflow")} if is_owned else {"script": script, "source": str(place / "src"), "mlflow": ""}
    )
    (folder / "order.json").write_text(json.dumps({**own, "model_dir": str(place)}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    near, far = socket.socketpair()
    with (folder / "log").open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(folder), "0", f"tcp:{port}"],
            stdin=far,
            stdout=log,
            stderr=log,
            env={**os.environ, "AZUREML_MODEL_DIR": str(place)},
        )
    said = near.recv(100)
    cold = time.perf_counter() - began
    assert said == b"ready\n", said
    stack.callback(lambda: (process.kill(), process.wait()))
    own_process = psutil.Process(process.pid)
    return Server(name, f"http://127.0.0.1:{port}/score", bodies["azure" if is_owned else "data"], lambda: [own_process], cold=cold)


def _made(place: Path) -> dict[str, dict[int, bytes]]:
    """The models and the script, in the folder; the bodies of requests, by their kind and the number of rows."""
    import mlflow
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    columns = ["Pregnancies", "PlasmaGlucose", "DiastolicBloodPressure", "TricepsThickness", "SerumInsulin", "BMI", "DiabetesPedigree", "Age"]
    table = pd.DataFrame(np.random.default_rng(0).uniform(0, 200, (2000, 8)).round(2), columns=columns)
    classes = (table["PlasmaGlucose"] + table["BMI"] > 200).astype(int)
    (place / "model.pkl").write_bytes(pickle.dumps(LogisticRegression(max_iter=1000).fit(table.to_numpy(), classes)))
    with _quiet():
        model = LogisticRegression(max_iter=1000).fit(table, classes)
        signature = mlflow.models.infer_signature(table, model.predict(table))
        mlflow.sklearn.save_model(model, place / "mlflow", signature=signature, pip_requirements=["scikit-learn"])
    (place / "src").mkdir()
    for folder in (place, place / "src"):
        (folder / "score.py").write_text(others.SCRIPT)
    bodies: dict[str, dict[int, bytes]] = {"data": {}, "azure": {}, "split": {}}
    for rows in (1, 32):
        values = table.to_numpy()[:rows].tolist()
        frame = {"columns": columns, "index": list(range(rows)), "data": values}
        for kind, content in (("data", {"data": values}), ("azure", {"input_data": frame}), ("split", {"dataframe_split": frame})):
            bodies[kind][rows] = json.dumps(content).encode()
    (place / "data1.json").write_bytes(bodies["data"][1])
    return bodies


@contextlib.contextmanager
def _quiet() -> Any:
    """Without what the clients show of their progress."""
    with warnings.catch_warnings(), open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        warnings.simplefilter("ignore")
        yield


def _private(pid: int) -> float:
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return sum(int(line.split()[1]) / 1024 for line in file if line.startswith("Private"))


def _version(name: str) -> str:
    from importlib import metadata

    return metadata.version(name)


if __name__ == "__main__":
    print(table(measure()))
