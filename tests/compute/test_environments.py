"""Environments: built once, whoever asks; visible while they are built; whole or not there."""

import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from azurine.compute.environments import Cancelled, Environments
from azurine.model.errors import Invalid, Unsupported

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one small package, so that nothing has to be fetched."""
    folder = tmp_path_factory.mktemp("wheels")
    with zipfile.ZipFile(folder / "tinything-1.2.3-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinything.py", "value = 41 + 1\n")
        wheel.writestr("tinything-1.2.3.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinything\nVersion: 1.2.3\n")
        wheel.writestr("tinything-1.2.3.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tinything-1.2.3.dist-info/RECORD", "")
    return folder


def environ(wheels: Path) -> dict[str, str]:
    return dict(os.environ) | {"UV_NO_INDEX": "1", "UV_FIND_LINKS": str(wheels), "UV_OFFLINE": "1"}


def definition(*packages: Any, python: str = HERE) -> dict[str, Any]:
    listed = "".join(f"  - {one}\n" for one in packages)
    return {"image": "mcr.example/base", "condaFile": f"name: x\ndependencies:\n  - python={python}\n{listed}"}


def test_without_a_conda_file_the_servers_python_is_used(tmp_path: Path, wheels: Path) -> None:
    ready = Environments(tmp_path, environ(wheels)).ensure({"image": "x"}, tmp_path / "log")
    assert (ready.python, ready.key, ready.built) == (sys.executable, "host", False)
    assert sys.executable in (tmp_path / "log").read_text()


def test_an_environment_is_built_once_with_byte_code(tmp_path: Path, wheels: Path) -> None:
    environments = Environments(tmp_path, environ(wheels))
    ready = environments.ensure(definition("tinything=1.2"), tmp_path / "first.log")
    told = subprocess.run(
        [ready.python, "-c", "import tinything, sys; print(tinything.value, sys.prefix)"], capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[0] == "42" and str(tmp_path) in told.stdout
    assert list(Path(ready.python).parent.parent.rglob("tinything*.pyc"))
    assert "tinything==1.2.3" in (tmp_path / "first.log").read_text()
    again = environments.ensure(definition("tinything=1.2"), tmp_path / "second.log")
    assert (ready.built, again.built, again.python, again.key) == (True, False, ready.python, ready.key)
    assert environments.ensure(definition(), tmp_path / "third.log").key != ready.key


def test_another_python_is_said(tmp_path: Path, wheels: Path) -> None:
    ready = Environments(tmp_path, environ(wheels)).ensure(definition(python="3.99"), tmp_path / "log")
    assert f"Python 3.99 was asked for and is not on this machine; Python {HERE} is used instead" in (tmp_path / "log").read_text()
    assert os.access(ready.python, os.X_OK)


def test_a_package_that_does_not_exist_is_an_error_that_names_it(tmp_path: Path, wheels: Path) -> None:
    environments = Environments(tmp_path, environ(wheels))
    for _ in range(2):
        with pytest.raises(Invalid, match="nosuchthing"):
            environments.ensure(definition("nosuchthing"), tmp_path / "log")
    assert "nosuchthing" in (tmp_path / "log").read_text()


def test_what_cannot_be_built_is_said_in_the_log_too(tmp_path: Path, wheels: Path) -> None:
    environments = Environments(tmp_path, environ(wheels))
    with pytest.raises(Unsupported, match="cudatoolkit"):
        environments.ensure(definition("cudatoolkit"), tmp_path / "log")
    with pytest.raises(Unsupported, match="Dockerfile"):
        environments.ensure({"build": {"contextUri": "azureml://x", "dockerfilePath": "Dockerfile"}}, tmp_path / "log")
    assert (tmp_path / "log").read_text().count("ERROR:") == 2


def test_a_build_that_was_cut_short_is_built_again(tmp_path: Path, wheels: Path) -> None:
    environments = Environments(tmp_path, environ(wheels))
    ready = environments.ensure(definition("tinything"), tmp_path / "log")
    place = Path(ready.python).parent.parent
    (place / "ready.json").unlink()
    next(place.rglob("tinything.py")).unlink()
    again = environments.ensure(definition("tinything"), tmp_path / "log")
    assert again.built
    assert subprocess.run([again.python, "-c", "import tinything"], check=False).returncode == 0


def test_two_that_ask_at_once_share_one_build(tmp_path: Path, wheels: Path) -> None:
    found: list[Any] = []

    def ask(number: int) -> None:
        found.append(Environments(tmp_path, environ(wheels)).ensure(definition("tinything"), tmp_path / f"log{number}"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.python for one in found}) == 1 and sum(one.built for one in found) == 1
    assert all(
        "tinything" in (tmp_path / f"log{number}").read_text() or "is there already" in (tmp_path / f"log{number}").read_text() for number in range(3)
    )


def test_a_build_that_is_not_wanted_any_more_ends_and_leaves_nothing_that_looks_ready(tmp_path: Path, wheels: Path) -> None:
    environments = Environments(tmp_path, environ(wheels))
    with pytest.raises(Cancelled):
        environments.ensure(definition("tinything"), tmp_path / "log", is_cancelled=lambda: True)
    assert not list(tmp_path.rglob("ready.json"))
    assert environments.ensure(definition("tinything"), tmp_path / "log").built


def test_a_python_that_pyenv_keeps_is_found(tmp_path: Path, wheels: Path) -> None:
    for patch in ("9", "10"):
        place = tmp_path / "pyenv" / "versions" / f"3.99.{patch}" / "bin"
        place.mkdir(parents=True)
        (place / "python").symlink_to(sys.executable)
    told = environ(wheels) | {"PYENV_ROOT": str(tmp_path / "pyenv")}
    Environments(tmp_path, told).ensure(definition(python="3.99"), tmp_path / "log")
    assert "3.99.10/bin/python" in (tmp_path / "log").read_text()
