"""The warm process itself: one per socket, gone when it is not needed, careful with what does not stand a fork."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from azurine.compute import zygotes
from compute.watching import is_gone, until


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "warm"
    zygotes.end_all(tmp_path / "warm")


def start(folder: Path, *imports: str, python: str = sys.executable, owner: int = 0, idle: float = 600.0, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(zygotes, "IDLE", idle)
    path = zygotes.address(folder, "z")
    zygotes.start(folder, "z", python, imports, wait=True, owner=owner)
    return path


def pid_of(path: Path) -> int:
    status = zygotes.status(path)
    assert status is not None
    return int(status["pid"])


def test_it_imports_what_is_installed_and_leaves_out_the_rest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = zygotes.status(start(folder, "json", "nowhere_to_be_found", "email.message", monkeypatch=monkeypatch))
    assert status is not None
    assert status["imported"] == ["json", "email.message"]


def test_there_is_one_per_socket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pid_of(start(folder, monkeypatch=monkeypatch))
    assert pid_of(start(folder, monkeypatch=monkeypatch)) == first


def test_one_that_was_killed_is_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pid_of(start(folder, monkeypatch=monkeypatch))
    os.kill(first, signal.SIGKILL)
    until(lambda: is_gone(first))

    def another() -> bool:  # what the first had made ready still holds its socket for a moment, and answers nobody
        status = zygotes.status(start(folder, monkeypatch=monkeypatch))
        return status is not None and status["pid"] != first

    until(another)


def test_it_ends_when_it_is_asked_to_and_can_be_started_again_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = start(folder, monkeypatch=monkeypatch)
    for _ in range(3):
        before = pid_of(path)
        zygotes.status(path, end=True)
        start(folder, monkeypatch=monkeypatch)
        assert pid_of(path) != before
        until(lambda pid=before: is_gone(pid))


def test_it_ends_when_nobody_asks_for_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = start(folder, idle=0.3, monkeypatch=monkeypatch)
    pid = pid_of(path)
    until(lambda: is_gone(pid))
    assert not path.exists()


def test_an_import_that_leaves_a_thread_is_left_out_the_next_time(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "threaded.py").write_text("import threading, time; threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert not zygotes.connected(start(folder, "json", "threaded", "email", monkeypatch=monkeypatch))
    status = zygotes.status(start(folder, "json", "threaded", "email", monkeypatch=monkeypatch))
    assert status is not None
    assert status["imported"] == ["json", "email"]


def test_a_copy_that_was_made_ahead_and_killed_is_made_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = start(folder, "os.path", monkeypatch=monkeypatch)
    children = Path(f"/proc/{pid_of(path)}/task/{pid_of(path)}/children")
    ahead = int(until(lambda: children.read_text().split())[0])
    os.kill(ahead, signal.SIGKILL)
    until(lambda: is_gone(ahead))
    link = zygotes.connect(path)
    assert link is not None
    with link, link.makefile("rb") as answers:
        zygotes.ask(link, {"call": "os.path:close", "arguments": []})
        assert b"pid" in answers.readline() + answers.readline()


def test_nonsense_does_not_harm_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = start(folder, monkeypatch=monkeypatch)
    for nonsense in (b"", b"\0", b"\0\0\0\5hello", b"\0\0\0\2{}", b"\0\0\0\4null", b'\0\0\0\x0b{"main":{}}', b'\0\0\0\x0a{"call":1}'):
        link = zygotes.connect(path)
        assert link is not None
        with link:
            link.sendall(nonsense)
            link.shutdown(1)
            link.settimeout(20)
            assert isinstance(link.recv(1000), bytes)
    assert zygotes.status(path) is not None


def test_it_runs_where_azurine_is_not_installed(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    path = start(folder, "azurine", "json", python=str(tmp_path / "venv" / "bin" / "python"), monkeypatch=monkeypatch)
    status = zygotes.status(path)
    assert status is not None
    assert status["imported"] == ["json"] and status["python"].startswith(str(tmp_path))


def test_it_is_written_for_older_pythons_too() -> None:
    """Its files run in environments made for users: no syntax that Python 3.8 does not know."""
    import ast

    folder = zygotes.PROGRAM.parent
    for name in ("zygote", "nest", "copies", "footing", "mimicry"):
        source = (folder / f"{name}.py").read_text()
        ast.parse(source, feature_version=(3, 8))
        assert "from __future__ import annotations" in source
        assert "import azurine" not in source and "from azurine" not in source


PROGRAM = """
import atexit, sys, threading, time
atexit.register(print, "at exit")
threading.Thread(target=lambda: (time.sleep(0.01), print("thread"))).start()
print(sys.argv, __file__, __name__, sys.path[0], sorted(globals()))
def fails(): raise ValueError("wrong")
fails()
"""


def interpreters() -> list[str]:
    """This one, and whatever other versions this machine has."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    others = [shutil.which(f"python3.{minor}") for minor in range(8, 15)] + [str(path) for path in pyenv.glob("versions/3.*/bin/python")]
    found = {}
    for python in (one for one in [sys.executable, *others] if one):
        told = subprocess.run([python, "-c", "import sys; print('%d %d' % sys.version_info[:2])"], capture_output=True, text=True, check=False)
        version = tuple(map(int, told.stdout.split())) if told.returncode == 0 else (0, 0)
        if version >= (3, 8):
            found.setdefault(version, python)
    return list(found.values())


def test_it_does_the_same_in_every_version_of_python_that_is_here(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "train.py").write_text(PROGRAM)
    for number, python in enumerate(interpreters()):
        words = [python, "train.py", "a"]
        fresh = subprocess.run(words, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        zygotes.start(folder, f"v{number}", python, ("json",), wait=True)
        link = zygotes.connect(zygotes.address(folder, f"v{number}"))
        assert link is not None, python
        main = {"script": "train.py", "module": "", "arguments": ["a"], "words": words, "unbuffered": False}
        footing = {"cwd": str(tmp_path), "environ": dict(os.environ), "readonly": [], "writable": []}
        with link, (tmp_path / "log").open("wb") as log, open(os.devnull) as nothing, link.makefile("rb") as answers:
            zygotes.ask(link, {"main": main, "footing": footing}, [nothing.fileno(), log.fileno(), log.fileno()])
            said = [json.loads(line) for line in answers]
        assert sorted((tmp_path / "log").read_bytes().splitlines()) == sorted(fresh.stdout.splitlines()), python
        assert {"exit": fresh.returncode, "alone": True} in said, python


def test_a_long_path_for_the_socket_is_shortened(tmp_path: Path) -> None:
    path = zygotes.address(tmp_path / ("long" * 30), "z")
    assert len(os.fsencode(path)) <= 100
    assert zygotes.address(tmp_path / ("long" * 30), "z") == path != zygotes.address(tmp_path / ("long" * 30), "y")


OWNER = """
    import os, sys
    from pathlib import Path
    from azurine.compute import zygotes
    zygotes.IDLE = 1.0
    zygotes.start(Path(sys.argv[1]), "z", sys.executable, (), wait=True, owner=os.getpid())
    print(zygotes.status(zygotes.address(Path(sys.argv[1]), "z"))["pid"])
    """


def test_it_ends_with_the_process_for_which_it_is(folder: Path) -> None:
    told = subprocess.run([sys.executable, "-c", textwrap.dedent(OWNER), str(folder)], capture_output=True, text=True, check=True)
    until(lambda: is_gone(int(told.stdout)))
