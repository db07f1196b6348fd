"""Every folder of the library: described fully, and readable by the official client."""

import ast

import pytest
from azure.ai.ml import load_component

from azurine.designer import components, ports

LIBRARY = sorted(folder.parent.name for folder in components.library().glob("*/component.yaml"))
_HEAVY = {"pandas", "sklearn", "scipy", "lightgbm", "duckdb", "sqlglot", "sqlalchemy", "pyarrow", "matplotlib"}


@pytest.mark.parametrize("name", LIBRARY)
def test_a_component_is_whole(name):
    component = components.find(name)
    definition = component.definition
    assert component.name == name
    assert definition["tags"]["category"]
    assert (component.folder / "component.py").is_file()
    assert (component.folder / "test_component.py").is_file()
    assert definition["command"] == "python -m azurine.guest.component"
    for said in [definition, *definition["inputs"].values(), *definition["outputs"].values()]:
        assert said["description"].endswith(".")
        assert "\n" not in said["description"]
    assert set(component.inputs.values()) | set(component.outputs.values()) <= set(ports.SORTS)
    for tag in ("columns", "scripts"):
        for one in filter(None, str(definition["tags"].get(tag) or "").split(",")):
            assert one.split(":")[0].strip() in component.parameters


@pytest.mark.parametrize("name", LIBRARY)
def test_the_official_client_reads_it(name):
    component = components.find(name)
    loaded = load_component(component.folder / "component.yaml")
    assert (loaded.name, set(loaded.outputs)) == (name, set(component.outputs))
    assert set(loaded.inputs) == set(component.inputs) | set(component.parameters)


@pytest.mark.parametrize("name", LIBRARY)
def test_a_component_imports_nothing_heavy_at_its_top(name):
    tree = ast.parse((components.library() / name / "component.py").read_text("utf-8"))
    for node in tree.body:
        found = [one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for module in found:
            assert module.split(".")[0] not in _HEAVY, module
