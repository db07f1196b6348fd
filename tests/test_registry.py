"""How the registry is filled from a library: once for each state of it, and exactly with what it holds."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from azurine import registry
from azurine.designer import catalog
from azurine.ml import registries, registry_ids
from azurine.store.memory import MemoryLog

SPLIT = "registries/azureml/components/split_data/versions/1"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of two components."""
    for name in ("split_data", "join_data"):
        shutil.copytree(catalog.library() / name, tmp_path / name)
    return tmp_path


def fill(log: MemoryLog, root: Path) -> bool:
    return registry.fill(log, "local", "house", 1.0, root)


def properties(log: MemoryLog, identifier: str) -> Mapping[str, Any]:
    found = log.get(identifier)
    assert found is not None
    answer: Mapping[str, Any] = next(kind for kind in registries.KINDS if kind.name == found.kind).show(found)["properties"]
    return answer


def test_it_is_filled_once(library: Path) -> None:
    log = MemoryLog()
    assert fill(log, library)
    revision = log.revision()
    assert not fill(log, library) and log.revision() == revision
    found = log.get(SPLIT)
    assert found is not None and registry_ids.of_library(found) and registry_ids.library_name(found.id) == "split_data"
    assert [one.name for one in log.page("registries/components", registry_ids.ID)] == ["join_data", "split_data"]


def test_what_changes_in_the_library_changes_in_the_registry_and_nothing_else(library: Path) -> None:
    log = MemoryLog()
    fill(log, library)
    before, other = properties(log, SPLIT)["componentSpec"]["code"], log.get(SPLIT.replace("split", "join"))
    (library / "split_data" / "component.py").write_text("# other code\n")
    assert fill(log, library)
    after = properties(log, SPLIT)["componentSpec"]["code"]
    assert after != before and registry_ids.code_of(after) == "split_data"
    assert log.get(after.removeprefix("azureml://")) is not None and log.get(before.removeprefix("azureml://")) is None
    assert log.get(SPLIT.replace("split", "join")) == other


def test_what_leaves_the_library_leaves_the_registry(library: Path) -> None:
    log = MemoryLog()
    fill(log, library)
    shutil.rmtree(library / "join_data")
    assert fill(log, library)
    assert [one.name for one in log.page("registries/components", registry_ids.ID)] == ["split_data"]
    assert [one.name for one in log.page("registries/codes", registry_ids.ID)] == ["split_data"]


@pytest.mark.parametrize("name", ["__pycache__/x.pyc", "test_component.py"])
def test_tests_and_what_python_keeps_are_no_code(library: Path, name: str) -> None:
    before = catalog.fingerprint(library)
    (library / "split_data" / name).parent.mkdir(exist_ok=True)
    (library / "split_data" / name).write_text("changed")
    assert catalog.fingerprint(library) == before


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("azureml://registries/azureml/codes/split_data/versions/abc", "split_data"),
        ("azureml://registries/azureml/codes/../versions/abc", None),
        ("azureml://registries/azureml/codes/nothing/versions/1", None),
        ("azureml://datastores/workspaceblobstore/paths/split_data", None),
        ("", None),
    ],
)
def test_where_the_code_is(uri: str, folder: str | None) -> None:
    assert registry.code(uri) == (catalog.library() / folder if folder else None)
