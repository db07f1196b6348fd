"""Makes docs/components.md from the components of the library: `python docs/components.py`."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from azurine.designer import components

PAGE = Path(__file__).with_name("components.md")
_BEGIN = """# Components

What pipelines are composed of without writing code, in a registry named `azureml` that every workspace sees: `azureml://registries/azureml/components/<name>/versions/1`
(or `…/labels/latest`) in a YAML file, `house.registry().components.get("<name>", label="latest")` in the Python DSL, `azurine component list --registry-name azureml` on the command
line. Each is a folder in `library/`: an Azure ML v2 `component.yaml`, its code and its test. [Diabetes data prep](../examples/diabetes/README.md) is a pipeline of them.

A port is a folder that other components understand: a table, a learner, a trained model, a transformation. Where a table is wanted, a folder (or file) of CSV, TSV or
Parquet may be given too. Parameters that choose columns take names (`Id,Age`) or a column picker's JSON.

This page is made from the components themselves (`make docs`); do not edit it.
"""
_ORDER = (
    "Data Input and Output",
    "Data Transformation",
    "Feature Selection",
    "Machine Learning Algorithms",
    "Model Training",
    "Model Scoring & Evaluation",
    "Python Language",
    "Web Service",
)

_SORTS = {
    "DataFrameDirectory": "table",
    "TransformationDirectory": "transformation",
    "UntrainedModelDirectory": "learner",
    "ModelDirectory": "trained model",
    "AnyFile": "file",
}


def page() -> str:
    """The whole page."""
    found: dict[str, list[components.Component]] = {}
    for one in components.every():
        found.setdefault(category(one), []).append(one)
    ordered = sorted(found, key=lambda name: (next((place for place, begin in enumerate(_ORDER) if name.startswith(begin)), 99), name))
    parts = [_BEGIN, *contents(ordered, found)]
    for name in ordered:
        parts.append(f"\n## {name}\n")
        parts += ["\n".join(section(one)) for one in sorted(found[name], key=lambda one: one.title)]
    return "\n".join(parts)


def category(component: components.Component) -> str:
    return str((component.definition.get("tags") or {}).get("category") or "Others")


def contents(ordered: list[str], found: Mapping[str, list[components.Component]]) -> Iterator[str]:
    for name in ordered:
        listed = ", ".join(f"[{one.title}](#{anchor(one.title)})" for one in sorted(found[name], key=lambda one: one.title))
        yield f"- {name}: {listed}"


def anchor(title: str) -> str:
    return "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -_").replace(" ", "-")


def section(component: components.Component) -> Iterator[str]:
    definition = component.definition
    yield f"### {component.title}"
    yield ""
    yield f"`{component.name}` version {definition['version']}. {definition['description']}"
    if str(definition.get("is_deterministic", True)).lower() != "true":
        yield "It runs anew each time: its result is never reused."
    yield ""
    yield "| port | | is |"
    yield "|---|---|---|"
    for name, sort in component.inputs.items():
        optional = ", optional" if component.optional(name) else ""
        yield f"| `{name}` | in{optional} | {_SORTS.get(sort, sort)}: {cell(definition['inputs'][name].get('description'))} |"
    for name, sort in component.outputs.items():
        yield f"| `{name}` | out | {_SORTS.get(sort, sort)}: {cell(definition['outputs'][name].get('description'))} |"
    yield ""
    if component.parameters:
        yield "| parameter | type | default | allowed | |"
        yield "|---|---|---|---|---|"
        for name, one in component.parameters.items():
            yield f"| `{name}` | {one['type']} | {default(one)} | {allowed(one)} | {cell(one.get('description'))} |"
        yield ""


def default(one: Mapping[str, Any]) -> str:
    if "default" in one:
        return f"`{cell(one['default'])}`" if str(one["default"]) else "empty"
    return "" if one.get("optional") else "**needed**"


def allowed(one: Mapping[str, Any]) -> str:
    if one.get("enum"):
        return ", ".join(f"`{cell(each)}`" for each in one["enum"])
    low, high = one.get("min"), one.get("max")
    return " … ".join(str(bound) if bound is not None else "" for bound in (low, high)) if (low, high) != (None, None) else ""


def cell(value: object) -> str:
    """As one cell of a table."""
    return " ".join(str(value if value is not None else "").split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: {sum(1 for _ in components.every())} components\n")
