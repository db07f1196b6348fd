"""Environments: which interpreter a step runs with, built when it is not there yet.

No conda file: the server's own interpreter (the host, and the curated names, whose usual packages it has). A conda file, or
a list for pip: a virtual environment under `environments/{hash}`, made with uv, its byte code compiled so that the first
start is as quick as the second. The hash is of what was asked, so the second use is instant, whoever asks.

`ready.json` in the environment's folder is written last. A folder without it is the remains of a build that was cut short, and
is built again. A lock beside the folder lets one build at a time; who waits for it gets what the other built, and its log.

A Dockerfile is not built: there are no containers here. The image of an environment is not used either, and the log says so.
"""

import fcntl
import hashlib
import json
import os
import selectors
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from azurine.compute import conda, indexes
from azurine.model.errors import Invalid, Temporary, Unsupported
from azurine.model.resources import Json

READY = "ready.json"
HOPELESS = ("No solution found", "not found in the package registry", "Couldn't parse", "Failed to parse", "Failed to build")
"""In uv's last words: trying again would end the same way."""
LOOK = 0.2
"""Seconds between looks whether the build is still wanted."""


@dataclass(frozen=True, slots=True)
class Ready:
    """python: the interpreter. key: names the environment; the same key is the same interpreter with the same packages. built: was it now?"""

    python: str
    key: str
    built: bool = False


class Cancelled(Exception):
    """The build is not wanted any more."""


class Environments:
    """The environments of one server."""

    def __init__(self, home: Path, environ: Mapping[str, str], *, python: str = sys.executable) -> None:
        """environ: the machine's environment variables (where uv and pip find packages). python: the server's interpreter."""
        self._folder = home / "environments"
        self._environ = environ
        self._python = python

    def ensure(self, definition: Json, log: Path, is_cancelled: Callable[[], bool] = lambda: False) -> Ready:
        """The environment of a definition, building it when needed; what happens is told in the log, line by line.

        definition: an environment version's properties: {"image", "condaFile" (text or mapping), "build"}. Raises Invalid or
        Unsupported for what cannot be built, Temporary when building failed, Cancelled when it is not wanted any more.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as out:
            try:
                return self._ensure(definition, out, is_cancelled)
            except (Invalid, Unsupported, Temporary) as problem:
                _tell(out, f"ERROR: {problem.message}")
                raise

    def _ensure(self, definition: Json, out: IO[str], is_cancelled: Callable[[], bool]) -> Ready:
        wanted_file = definition.get("condaFile") or definition.get("conda_file")
        if definition.get("build") and not wanted_file:
            text = "this environment is built from a Dockerfile, and there are no containers here; give an image and a conda file instead"
            raise Unsupported(text, path="build")
        if not wanted_file:
            _tell(out, f"The server's own Python is used: {self._python}")
            return Ready(self._python, "host")
        wanted = conda.read(wanted_file)
        key = _key(wanted)
        place = self._folder / key
        found = _ready(place)
        if found:
            _tell(out, f"The environment {key} is there already: {found}")
            return Ready(found, key)
        return self._build(wanted, key, out, is_cancelled)

    def _build(self, wanted: conda.Wanted, key: str, out: IO[str], is_cancelled: Callable[[], bool]) -> Ready:
        place, record = self._folder / key, self._folder / f"{key}.log"
        self._folder.mkdir(parents=True, exist_ok=True)
        with _alone(self._folder / f"{key}.lock", out, is_cancelled) as lock:
            found = _ready(place)
            if found:
                _tell(out, record.read_text(encoding="utf-8", errors="replace") if record.exists() else "")
                return Ready(found, key)
            began = time.monotonic()
            shutil.rmtree(place, ignore_errors=True)
            with record.open("w", encoding="utf-8") as kept:
                build = _Build(place, wanted, indexes.for_uv(self._environ), (out, kept), is_cancelled, lock)
                build.run(self._python)
                build.tell(f"The environment {key} is ready after {time.monotonic() - began:.1f} s.")
            python = str(place / "bin" / "python")
            _write_durably(place / READY, json.dumps({"python": python}))
            return Ready(python, key, built=True)


@dataclass(frozen=True, slots=True)
class _Build:
    """One build. outs: the logs that hear of it. lock: inherited by uv, so that it is held as long as uv runs, even when the server dies."""

    place: Path
    wanted: conda.Wanted
    environ: Mapping[str, str]
    outs: tuple[IO[str], ...]
    is_cancelled: Callable[[], bool]
    lock: int

    def run(self, fallback: str) -> None:
        for note in self.wanted.notes:
            self.tell(note)
        self._uv("venv", "--no-project", "--python", self._python(fallback), str(self.place))
        if not self.wanted.lines:
            return
        requirements = self.place / "requirements.txt"
        requirements.write_text("".join(f"{line}\n" for line in self.wanted.lines), encoding="utf-8")
        self.tell("".join(f"  {line}\n" for line in self.wanted.lines).rstrip())
        python = str(self.place / "bin" / "python")
        self._uv("pip", "install", "--compile-bytecode", "--python", python, *self.wanted.options, "-r", str(requirements))

    def tell(self, text: str) -> None:
        for out in self.outs:
            _tell(out, text)

    def _python(self, fallback: str) -> str:
        """The interpreter of the wanted version; the server's own where this machine has none, which is said."""
        version = self.wanted.python
        if not version:
            return fallback
        finding = [_uv(), "python", "find", "--no-project", "--no-python-downloads", "--system", version]
        found = subprocess.run(finding, capture_output=True, text=True, env=dict(self.environ), cwd=self.place.parent, check=False)
        if found.returncode == 0:
            return found.stdout.strip()
        if kept := _kept_by_pyenv(version, self.environ):
            return kept
        own = subprocess.run([fallback, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=False)
        if own.stdout.strip() != version:
            self.tell(f"WARNING: Python {version} was asked for and is not on this machine; Python {own.stdout.strip()} is used instead.")
        return fallback

    def _uv(self, *words: str) -> None:
        self.tell(f"$ uv {' '.join(words)}")
        running = subprocess.Popen(
            [_uv(), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(self.environ) | {"NO_COLOR": "1", "UV_NO_PROGRESS": "1"},
            cwd=self.place.parent,
            pass_fds=(self.lock,),
        )
        assert running.stdout is not None
        with running, selectors.DefaultSelector() as selector:
            selector.register(running.stdout, selectors.EVENT_READ)
            last = self._follow(running, selector)
        if running.returncode != 0:
            message = f"the environment could not be built (uv {words[0]} ended with code {running.returncode}): {last}"
            raise Invalid(message, path="condaFile") if any(one in last for one in HOPELESS) else Temporary(message)

    def _follow(self, running: "subprocess.Popen[bytes]", selector: selectors.BaseSelector) -> str:
        """Until uv has ended; its last words."""
        assert running.stdout is not None
        said = b""
        while True:
            if self.is_cancelled():
                running.kill()
                raise Cancelled
            if not selector.select(LOOK):
                continue
            data = os.read(running.stdout.fileno(), 65536)
            if not data:
                return said.decode("utf-8", "replace").strip()
            for out in self.outs:
                out.write(data.decode("utf-8", "replace"))
                out.flush()
            said = (said + data)[-2000:]


@contextmanager
def _alone(lock: Path, out: IO[str], is_cancelled: Callable[[], bool]) -> Iterator[int]:
    """One at a time, over all processes. A build takes seconds to minutes, so whoever waits looks a few times a second."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        told = False
        while not _locked(descriptor):
            if not told:
                _tell(out, "Somebody else is building this environment; waiting for it.")
                told = True
            if is_cancelled():
                raise Cancelled
            time.sleep(LOOK)
        yield descriptor
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _ready(place: Path) -> str:
    """The interpreter of an environment that is built, else ""."""
    try:
        python = str(json.loads((place / READY).read_bytes())["python"])
    except (OSError, ValueError, KeyError):
        return ""
    return python if os.access(python, os.X_OK) else ""


def _key(wanted: conda.Wanted) -> str:
    asked = json.dumps([wanted.python, wanted.lines, wanted.options, f"{sys.version_info.major}.{sys.version_info.minor}"])
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


def _kept_by_pyenv(version: str, environ: Mapping[str, str]) -> str:
    """uv sees only the versions that pyenv has switched on; the others are as good. The newest patch, "" when there is none."""
    root = Path(environ.get("PYENV_ROOT") or Path(environ.get("HOME", "/nonexistent"), ".pyenv"))
    found = [one for one in root.glob(f"versions/{version}.*/bin/python") if one.parents[1].name.removeprefix(f"{version}.").isdigit()]
    return str(max(found, key=lambda one: int(one.parents[1].name.rsplit(".", 1)[1]))) if found else ""


def _uv() -> str:
    import uv  # only where something is built

    return os.fspath(uv.find_uv_bin())


def _tell(out: IO[str], text: str) -> None:
    if text:
        out.write(text + "\n")
        out.flush()


def _write_durably(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
