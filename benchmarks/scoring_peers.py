"""The servers that scoring is compared with: how each is installed, what it serves, how it is started.

All of them make the same call: the `run(raw_data)` of `SCRIPT`, with the same model, on one worker; MLflow and we (owned) get the model
without a script. Each is set up as its documentation says it is fastest, without a log of each request.

Those that can speak TLS by themselves do so, with our server's own certificate, so that all pay for the same wire. `PLAIN` are over plain
HTTP: what cannot do otherwise, and a second one of those that our process alone, which is plain too, is compared with.
"""

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
from peers import install

SCRIPT = """
import json, os, pickle
import numpy as np

def init():
    global model
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.pkl"), "rb") as file:
        model = pickle.load(file)

def run(raw_data):
    return model.predict(np.array(json.loads(raw_data)["data"])).tolist()
"""
_FASTAPI = """
import score
from fastapi import FastAPI, Request
from fastapi.responses import ORJSONResponse, Response
import json
score.init()
app = FastAPI()
@app.post("/score")
async def scored(request: Request):
    return Response(json.dumps(score.run(await request.body())), media_type="application/json")
"""
_RSGI = """
import json
import score
score.init()
HEADERS = [("content-type", "application/json")]
async def app(scope, protocol):
    protocol.response_str(200, HEADERS, json.dumps(score.run(await protocol())))
"""
_LIT = """
import json, sys
import litserve
class Api(litserve.LitAPI):
    def setup(self, device):
        import score
        score.init()
        self.score = score
    def decode_request(self, request):
        return json.dumps(request)
    def predict(self, text):
        return self.score.run(text)
    def encode_response(self, output):
        return output
if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu", workers_per_device=1)
    server.run(port=int(sys.argv[1]), generate_client_file=False, log_level="error", ssl_certfile=sys.argv[2], ssl_keyfile=sys.argv[2])
"""
_BENTO = """
import json
import bentoml
@bentoml.service
class Scoring:
    def __init__(self):
        import score
        score.init()
        self.run = score.run
    @bentoml.api
    def score(self, data: list) -> list:
        return self.run(json.dumps({"data": data}))
"""
_FLOOR = """
import asyncio, json, ssl, sys
import httptools, uvloop
import score
class Bare(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
        self.parts = []
    def data_received(self, data):
        self.parser.feed_data(data)
    def on_body(self, body):
        self.parts.append(body)
    def on_message_complete(self):
        said = json.dumps(score.run(b"".join(self.parts))).encode()
        self.parts = []
        self.transport.write(b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n%b" % (len(said), said))
async def main():
    score.init()
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2])
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", int(sys.argv[1]), ssl=context)
    await server.serve_forever()
uvloop.install()
asyncio.run(main())
"""
FLOOR = "bare httptools handler"
BEST, NEXT = "granian RSGI", "FastAPI on uvicorn"
PLAINLY = ", plain HTTP"
CONTRACT = "azureml-inference-server-http"
_UVICORN = ("--ssl-certfile", "{certificate}", "--ssl-keyfile", "{certificate}")


@dataclass(frozen=True, slots=True)
class Peer:
    """packages: besides scikit-learn. words: of its command, {port} and {folder} put in; the program lies beside its interpreter.

    secure: further words, with which it speaks TLS, {certificate} put in; none for one that cannot.
    """

    name: str
    packages: tuple[str, ...]
    files: Mapping[str, str]
    words: tuple[str, ...]
    secure: tuple[str, ...] = ()
    path: str = "/score"
    kind: str = "data"


PEERS = (
    Peer(
        CONTRACT,
        ("azureml-inference-server-http==1.5.1",),
        {},
        ("azmlinfsrv", "--entry_script", "{folder}/score.py", "--port", "{port}", "--worker_count", "1"),
    ),
    Peer(
        "mlflow models serve",
        ("mlflow",),
        {},
        ("mlflow", "models", "serve", "-m", "{folder}/mlflow", "-p", "{port}", "--env-manager", "local", "--workers", "1"),
        path="/invocations",
        kind="split",
    ),
    Peer("BentoML", ("bentoml",), {"service.py": _BENTO}, ("bentoml", "serve", "service:Scoring", "--port", "{port}"), _UVICORN),
    Peer("LitServe", ("litserve",), {"lit.py": _LIT}, ("python", "lit.py", "{port}"), ("{certificate}",), "/predict"),
    Peer(
        NEXT,
        ("fastapi", "uvicorn", "httptools", "uvloop"),
        {"fast.py": _FASTAPI.replace("ORJSONResponse, ", "")},
        ("uvicorn", "fast:app", "--port", "{port}", "--no-access-log", "--log-level", "error"),
        _UVICORN,
    ),
    Peer(
        BEST,
        ("granian[uvloop]",),
        {"rsgi.py": _RSGI},
        ("granian", "--interface", "rsgi", "--port", "{port}", "--workers", "1", "--no-access-log", "--log-level", "error", "rsgi:app"),
        ("--ssl-certificate", "{certificate}", "--ssl-keyfile", "{certificate}"),
    ),
    Peer(FLOOR, ("httptools", "uvloop"), {"floor.py": _FLOOR}, ("python", "floor.py", "{port}"), ("{certificate}",)),
)
PLAIN = tuple(replace(one, name=one.name + PLAINLY, secure=()) for one in PEERS if one.name in (BEST, FLOOR))


class Running:
    """A peer that answers. cold: seconds from its start to the first answer."""

    def __init__(self, peer: Peer, url: str, process: psutil.Process, cold: float) -> None:
        self.peer = peer
        self.url = url
        self.cold = cold
        self._process = process

    def processes(self) -> list[psutil.Process]:
        return [self._process, *self._process.children(recursive=True)]


@contextlib.contextmanager
def running(peer: Peer, folder: Path, like: tuple[str, ...], body: bytes, certificate: Path) -> Iterator[Running | None]:
    """folder: holds the script and the models. like: packages in the versions that we have ourselves. None when it cannot be had."""
    python = install(peer.name.removesuffix(PLAINLY).replace(" ", "-").lower(), *peer.packages, *like)
    if python is None:
        yield None
        return
    for name, text in peer.files.items():
        (folder / name).write_text(text)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [word.format(port=port, folder=folder, certificate=certificate) for word in (*peer.words, *peer.secure)]
    environ = {**os.environ, "AZUREML_MODEL_DIR": str(folder), "BENTOML_DO_NOT_TRACK": "True", "OMP_NUM_THREADS": "1"}
    environ["PATH"] = f"{python.parent}:{environ['PATH']}"
    with (folder / "peer.log").open("ab") as log:
        began = time.perf_counter()
        own = subprocess.Popen(
            [str(python.parent / words[0]), *words[1:]],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        url = f"{'https' if peer.secure else 'http'}://127.0.0.1:{port}{peer.path}"
        cold = _until_answered(port, peer, body, own, began, folder)
        yield Running(peer, url, psutil.Process(own.pid), cold) if cold else None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(own.pid, signal.SIGTERM)
        try:
            own.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(own.pid, signal.SIGKILL)
            own.wait(10)


def _until_answered(port: int, peer: Peer, body: bytes, own: "subprocess.Popen[bytes]", began: float, folder: Path) -> float:
    """Seconds until it first answered 200; 0 when it does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is asked whether it is there, nothing else
    request = f"POST {peer.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    said = b""
    while own.poll() is None and time.perf_counter() - began < 60:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as bare:
            link = context.wrap_socket(bare) if peer.secure else bare
            link.sendall(request.encode() + body)
            said = link.recv(4096)
            if said.startswith(b"HTTP/1.1 200"):
                return time.perf_counter() - began
        time.sleep(0.005)
    print(f"\n!!! it does not answer and was NOT MEASURED: {said[:300]!r}\n{(folder / 'peer.log').read_text(errors='replace')[-1500:]}\n")
    return 0.0
