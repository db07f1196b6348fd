"""Artifacts, through this server: upload, download, list, delete, as MLflow's `mlflow-artifacts` contract says it.

A file goes into the folder of its run in the artifact store, so that it is a blob and a part of the job's downloads as well.
Uploads and downloads are streamed; an upload that breaks off leaves nothing behind. Uploads in several parts are declined in the
words that make clients send the file in one.
"""

from collections.abc import AsyncIterator, Iterator
from functools import partial

import anyio
import anyio.from_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from azurine.api.mlflow import spots
from azurine.api.mlflow.answers import answer
from azurine.api.mlflow.arguments import from_query
from azurine.api.mlflow.house import Artifacts, Call, Opened, Spot
from azurine.api.mlflow.recording import run_id
from azurine.api.mlflow.runs import StoredRuns
from azurine.model import errors
from azurine.model.resources import Json
from azurine.tracking.contract import Tracking

PIECE = 1024 * 1024
NO_PARTS = "Multipart upload is not supported for the current artifact repository"


class Files:
    def __init__(self, artifacts: Artifacts, runs: StoredRuns, tracking: Tracking) -> None:
        self._artifacts = artifacts
        self._runs = runs
        self._tracking = tracking

    # ── the proxied contract: its own bodies, hence requests instead of calls ──

    async def upload(self, request: Request, workspace: str, path: str) -> Response:
        spot = await run_in_threadpool(self._writable, workspace, path)
        if spots.is_root(spot):
            raise errors.Invalid(f"Invalid path: {path[:200]!r} is a folder; a file needs a name.", path="path")
        length = request.headers.get("content-length", "")
        pieces = _large_pieces(request, int(length) if length.isdigit() else None)
        await run_in_threadpool(lambda: self._artifacts.put(spot, _in_thread(pieces)))
        return answer({})

    async def download(self, request: Request, workspace: str, path: str) -> Response:
        opened = await run_in_threadpool(lambda: self._artifacts.open(spots.read(workspace, path)))
        return _Download(opened)

    async def list(self, request: Request, workspace: str) -> Response:
        path = from_query(request.query_params.multi_items()).text("path", "")
        entries = await run_in_threadpool(lambda: self._artifacts.list(spots.read(workspace, path)) if path.strip("/") else [])
        files: list[Json] = [{"path": entry.name, "is_dir": True} if entry.is_folder else _file(entry.name, entry.size) for entry in entries]
        return answer({"files": files})

    async def delete(self, request: Request, workspace: str, path: str) -> Response:
        spot = await run_in_threadpool(self._writable, workspace, path)
        await run_in_threadpool(partial(self._artifacts.delete, spot))
        return answer({})

    def _writable(self, workspace: str, path: str) -> Spot:
        spot = spots.read(workspace, path)
        run, model = spots.run_of(spot), spots.model_of(spot)
        if run:
            self._runs.get(workspace, run)
        elif not model:
            raise errors.Invalid(f"Invalid path: {path[:200]!r} can only be read here.", path="path")
        elif self._tracking.get_model(workspace, model) is None:
            raise errors.Missing(f"Logged model with id={model[:100]} not found")
        return spot

    # ── what runs and models answer about their files ──

    def of_run(self, call: Call) -> Json:
        run = self._runs.get(call.workspace, run_id(call.arguments))
        return self.below(spots.of_run(call.workspace, run.name), call.arguments.text("path", ""))

    def below(self, root: Spot, path: str) -> Json:
        """Files directly in a folder; their paths are told from the root."""
        above = f"{path.strip('/')}/" if path.strip("/") else ""
        entries = self._artifacts.list(spots.below(root, path))
        files = [{"path": above + entry.name, "is_dir": True} if entry.is_folder else _file(above + entry.name, entry.size) for entry in entries]
        return {"root_uri": spots.artifact_uri(root), "files": files}


def _file(path: str, size: int | None) -> Json:
    return {"path": path, "is_dir": False, "file_size": size or 0}


async def _large_pieces(request: Request, announced: int | None) -> AsyncIterator[bytes]:
    """The body in pieces that are worth the way to another thread. Raises when it is shorter than announced."""
    held: list[bytes] = []
    size = total = 0
    try:
        async for piece in request.stream():
            held.append(piece)
            size += len(piece)
            total += len(piece)
            if size >= PIECE:
                yield b"".join(held)
                held, size = [], 0
    except ClientDisconnect as problem:
        raise errors.Invalid("The connection ended before the whole file arrived; nothing was kept.", code="BAD_REQUEST") from problem
    if announced is not None and total != announced:
        raise errors.Invalid(f"{announced} bytes were announced and {total} came; nothing was kept.", code="BAD_REQUEST")
    if held:
        yield b"".join(held)


def _in_thread(pieces: AsyncIterator[bytes]) -> Iterator[bytes]:
    """An asynchronous iterator, walked from a worker thread."""

    async def following() -> bytes | None:
        return await anext(pieces, None)

    while (piece := anyio.from_thread.run(following)) is not None:
        yield piece


class _Download(StreamingResponse):
    """A file, closed whatever becomes of the connection."""

    def __init__(self, opened: Opened) -> None:
        headers = {"Content-Length": str(opened.size), "X-Content-Type-Options": "nosniff", "Content-Disposition": "attachment"}
        super().__init__(opened.pieces(), headers=headers, media_type="application/octet-stream")
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._opened.close()
