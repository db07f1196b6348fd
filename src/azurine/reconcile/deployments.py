"""The performer of `deployment`: a wish for a model to be served becomes a service of processes, and what becomes of it is filed.

    wish ── lay out (environment, model, code, variables) ──▶ order.json in the service's folder ──▶ services.start ──▶ ready | failed

The service is named by the key without its edition, so a wish for more processes meets the service that is there. The outcome of
a deployment that serves is `running`, with {"ready": true}; it is final only when it failed or was no longer wished.

The folder of a service holds order.json, a copy of the code, and the model under `azureml-models/<name>/<version>`.
"""

import hashlib
import json
import logging
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azurine.compute import sufficing
from azurine.compute.services import Service, Services
from azurine.model.decisions import Outcome
from azurine.model.errors import AzurineError, Invalid, Missing, Unsupported
from azurine.model.resources import Json
from azurine.model.states import State
from azurine.reconcile.performers import File, Request

_logger = logging.getLogger(__name__)
ORDER = "order.json"
CODE, MODELS = "code", "azureml-models"
MOST_WORKERS = 64
LARGE = 32 * 1024 * 1024
SERVER_LOG, STORAGE_LOG = "inference-server.log", "storage-initializer.log"
Drain = Callable[[str, Callable[[], None]], None]
"""(service, and then): sends it no more requests; calls the second when those it has are answered."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What laying out a deployment needs from other rooms.

    python: (definition, log) → interpreter of an environment. locate: (workspace, address) → path here. logs: (workspace, endpoint,
    deployment) → folder of its logs. variables: of the machine, as far as user code may see them. program: the scoring program.
    """

    python: Callable[[Json, Path], str]
    locate: Callable[[str, str], Path | None]
    logs: Callable[[str, str, str], Path]
    variables: Mapping[str, str]
    program: Path


class Deployments:
    """folder: where services are kept. make: makes the services, given whom to tell. drain: see `Drain`."""

    def __init__(
        self, folder: Path, make: Callable[[Callable[[str, str, str], None]], Services], surroundings: Surroundings, drain: Drain | None = None
    ) -> None:
        self._folder = folder
        self._surroundings = surroundings
        self._lock = threading.Lock()
        self._current: dict[str, tuple[str, File]] = {}
        self._ending: dict[str, File] = {}
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="deployments")
        self.drain: Drain = drain or (lambda name, then: then())
        self.changed: Callable[[str], None] = lambda name: None
        self.services = make(self._seen)

    def perform(self, request: Request, file: File) -> None:
        with self._lock:
            self._current[service_of(request.key)] = (request.key, file)
        self._pool.submit(self._begin, request, file)

    def cease(self, key: str, file: File) -> None:
        name = service_of(key)
        with self._lock:
            standing = self._current.get(name)
            # Another edition of the same service may be wished: then the processes stay.
            is_wished = standing is not None and standing[0] != key
            is_ending = name in self._ending
            if not is_wished:
                self._current.pop(name, None)
                self._ending[name] = file
        if is_wished:
            file(Outcome(State.CANCELLED))
        elif not is_ending:
            self.drain(name, lambda: self.services.stop(name, self.folder(name)))

    def folder(self, name: str) -> Path:
        return self._folder / hashlib.sha256(name.encode()).hexdigest()[:16]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self.services.close()

    def _begin(self, request: Request, file: File) -> None:
        name = service_of(request.key)
        try:
            service = self._lay_out(name, request.arguments)
        except AzurineError as error:
            self._not_begun(name, request.key, file, {"code": error.code, "message": error.message})
        except Exception as error:
            # The edge of the performer: whatever it is, the deployment must hear of it rather than wait for ever.
            _logger.exception("the deployment %s could not be begun", request.resource)
            self._not_begun(name, request.key, file, {"code": "InternalError", "message": f"the deployment could not be begun: {error}"})
        else:
            with self._lock:
                is_wished = self._current.get(name, ("",))[0] == request.key
            if is_wished:
                self.services.start(service)
                if self.services.sockets(name):
                    file(Outcome(State.RUNNING, {"ready": True}, prompt=True))

    def _not_begun(self, name: str, key: str, file: File, error: Json) -> None:
        with self._lock:
            if self._current.get(name, ("",))[0] == key:
                del self._current[name]
        file(Outcome(State.FAILED, {}, error))

    def _seen(self, name: str, word: str, message: str) -> None:
        """What the services tell; the watcher of all of them."""
        self.changed(name)
        if word == "changed":
            return
        with self._lock:
            current = self._current.get(name)
            ending = self._ending.pop(name, None) if word in ("failed", "ended") else None
            if word == "failed":
                self._current.pop(name, None)
        if ending is not None:
            shutil.rmtree(self.folder(name), ignore_errors=True)
            ending(Outcome(State.CANCELLED))
        elif current is not None and word == "ready":
            current[1](Outcome(State.RUNNING, {"ready": True}, prompt=True))
        elif current is not None and word == "failed":
            text = f"The model could not be loaded. {message}"
            current[1](Outcome(State.FAILED, {}, {"code": "ResourceNotReady", "message": text}))

    # ── Laying out ───────────────────────────────────────────────────────────────────────────────────────────────

    def _lay_out(self, name: str, wish: Json) -> Service:
        folder = self.folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        log = self._surroundings.logs(str(wish["workspace"]), str(wish["endpoint"]), str(wish["deployment"]))
        log.mkdir(parents=True, exist_ok=True)
        model = self._model(wish, folder)
        order = {**self._code(wish, folder), "model_dir": str(model.parent) if model else "", "mlflow": str(model) if model else ""}
        order |= {"collector": self._collector(wish), "endpoint": wish["endpoint"], "deployment": wish["deployment"]}
        python = self._surroundings.python(self._definition(wish, model), log / STORAGE_LOG)
        environ = self._environ(wish, order, python, folder)
        _place(folder / ORDER, order)
        per_instance = environ.get("WORKER_COUNT", "1")
        workers = int(wish["instances"]) * (int(per_instance) if per_instance.isdigit() and int(per_instance) else 1)
        return Service(
            name=name,
            folder=folder,
            program=self._surroundings.program,
            python=python,
            environ=environ,
            log=log / SERVER_LOG,
            workers=min(workers, MOST_WORKERS),
            liveness=wish["liveness"],
            readiness=wish["readiness"],
            grace=float(wish["limits"]["timeout"]) + 1.0,
        )

    def _model(self, wish: Json, folder: Path) -> Path | None:
        """The model as the script finds it: under its own name, in a folder that holds nothing else."""
        model = wish.get("model")
        if not model:
            return None
        path = self._surroundings.locate(str(wish["workspace"]), str(model["uri"]))
        if path is None:
            raise Unsupported(f"the model {model['name']}:{model['version']} is not on this server: {model['uri']}")
        if not path.exists():
            raise Missing(f"the files of the model {model['name']}:{model['version']} are not there any more: {model['uri']}", code="ModelNotFound")
        own = folder / MODELS / str(model["name"]) / str(model["version"]) / path.name
        if not own.exists():
            aside = folder / f".{MODELS}"
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir()
            made = aside / path.name
            shutil.copytree(path, made, copy_function=_copy) if path.is_dir() else _copy(path, made)
            own.parent.mkdir(parents=True, exist_ok=True)
            made.rename(own)
        return own

    def _code(self, wish: Json, folder: Path) -> Json:
        """A copy of the code, so that what is done to it or to the uploaded one does not matter to the other."""
        code = wish.get("code")
        if not code:
            return {"script": "", "source": ""}
        path = self._surroundings.locate(str(wish["workspace"]), str(code["uri"]))
        if path is None or not path.exists():
            raise Missing(f"the code of the deployment is not there any more: {code['uri']}", code="CodeNotFound")
        own = folder / CODE
        if not own.exists():
            aside = folder / f".{CODE}"
            shutil.rmtree(aside, ignore_errors=True)
            shutil.copytree(path, aside) if path.is_dir() else _copy_file(path, aside)
            aside.rename(own)
        script = own / str(code["script"])
        if not script.is_file():
            there = ", ".join(sorted(one.name for one in own.iterdir())[:20])
            raise Invalid(
                f"there is no scoring script {code['script']} in the code folder; it holds: {there}", path="codeConfiguration.scoringScript"
            )
        return {"script": str(script), "source": str(own)}

    def _definition(self, wish: Json, model: Path | None) -> Json:
        """The environment: the one that was named, else the one that the model brings."""
        if wish.get("environment"):
            return dict(wish["environment"])
        return sufficing.definition(model) if model is not None else {"host": True}

    def _collector(self, wish: Json) -> Json:
        given = wish.get("collector") or {}
        found = {}
        for name, one in (given.get("collections") or {}).items():
            path = self._surroundings.locate(str(wish["workspace"]), str(one["uri"]))
            if path is not None:
                path.mkdir(parents=True, exist_ok=True)
                found[name] = {"rate": one["rate"], "path": str(path)}
        return {**given, "collections": found} if found else {}

    def _environ(self, wish: Json, order: Json, python: str, folder: Path) -> dict[str, str]:
        machine = self._surroundings.variables
        programs = Path(python).parent
        found = {**machine, "PATH": f"{programs}:{machine.get('PATH', '/usr/local/bin:/usr/bin:/bin')}"}
        if (programs.parent / "pyvenv.cfg").exists():
            found["VIRTUAL_ENV"] = str(programs.parent)
        script = str(order["script"])
        found |= {
            "PYTHONUNBUFFERED": "1",
            "AZUREML_MODEL_DIR": str(order["model_dir"]) or str(folder / MODELS),
            "AZUREML_ENTRY_SCRIPT": os.path.basename(script),
            "AML_APP_ROOT": os.path.dirname(script) or str(folder),
            "AZUREML_SOURCE_DIRECTORY": str(order["source"]),
            "SERVICE_NAME": str(wish["deployment"]),
            "WORKSPACE_NAME": str(wish["workspace"]).rsplit("/", 1)[-1],
            "PWD": str(folder),
        }
        return {**found, **{str(name): str(value) for name, value in (wish.get("variables") or {}).items()}}


def service_of(key: str) -> str:
    """The service that a key stands for: of all editions of one generation the same."""
    return key.rpartition(".")[0]


def _copy(path: str | Path, target: str | Path) -> None:
    """Large files are the same on the disk (they are read, hardly ever written), others are copies."""
    if os.path.getsize(path) > LARGE:
        try:
            os.link(path, target)
            return
        except OSError:  # another disk
            pass
    shutil.copy2(path, target)


def _copy_file(path: Path, folder: Path) -> None:
    folder.mkdir()
    shutil.copy2(path, folder)


def _place(path: Path, content: Mapping[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(content), encoding="utf-8")
    temporary.replace(path)
