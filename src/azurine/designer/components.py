"""The component library: a folder per component, found, described and run.

How a component is written. A folder `library/<name>/` with three files:

`component.yaml`: an Azure ML v2 command component, as `load_component` reads it:

    $schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
    type: command
    name: normalize_data                 # the folder's name
    version: "1"
    display_name: Normalize Data         # as the studio shows it
    description: Rescales numeric columns.
    tags:
      category: Data Transformation
      ports: "transformation_function: TransformationDirectory"   # only what the type below does not tell, see `SORT_OF_TYPE`
      columns: "columns_to_transform"    # parameters that are column choices (designer/columns.py); several: "left_keys, right_keys"
      scripts: "python_script: python"   # parameters that are texts of a language: python, sql, csv
    is_deterministic: true
    inputs:                              # ports first: uri_folder, uri_file, custom_model; parameters: string, number, integer, boolean
      dataset: {type: uri_folder, description: Table to rescale.}
      columns_to_transform: {type: string, description: Numeric columns to rescale.}
      transformation_method: {type: string, enum: [ZScore, MinMax], default: ZScore, description: How values are rescaled.}
    outputs:
      transformed_dataset: {type: uri_folder, description: The table, rescaled.}
      transformation_function: {type: uri_folder, description: What was learned.}
    code: .
    environment: azureml://registries/azureml/environments/azurine-host/labels/latest
    command: python -m azurine.guest.component

  Names are the studio's, in lower case with underscores ("Columns to bin" → columns_to_bin). Every port and parameter has one line of help.

`component.py` with one function:

    def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs: ...

  inputs has a `Table`, `Learner`, `Model`, `Transformation` or `File` for each connected port (an optional port that is not connected is
  absent); the answer has one for each output. It is a Polars lazy plan on `table.frame`: nothing is collected. When numbers are
  needed before the plan can be said (a mean, the number of classes, the rows to train on), run is a generator and asks:

    def run(inputs, parameters, bench) -> Asking:
        means = yield table.frame.select(pl.col(names).mean())     # a LazyFrame is answered with a DataFrame
        path = yield Spool(table.frame)                            # …or, when it may not fit into memory, with a Parquet file
        a, b = yield (first_frame, second_frame)                   # several at once: one pass over the data
        return {"transformed_dataset": …}

  Questions of several components of a graph are answered in one pass together, so ask once and ask for little.
  `table.on(frame, changed=[…])` makes a new table which keeps what is known about columns; `tables.of(frame)` begins anew.
  What the user did wrong: `raise parameters.wrong("name", "what would be right")`; a wrong input: `raise bench.failing("…")`.
  A component whose transformation can be applied also has `apply(settings, table, bench) -> Table`.
  It imports only polars, the standard library, azurine.designer and azurine.model.errors at the top; anything heavy where it is needed.

`test_component.py`: `trying.table({"a": [1, 2]})` and `trying.outputs("normalize_data", {"dataset": …}, {"columns_to_transform": "a"})`
  from azurine.designer run it as a pipeline would; `trying.rows(table)` gives plain values to compare. What every learner is asked stands in
  `tests/learner_suite.py`: a learner's own test only says what is its own.
"""

import importlib.util
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import yaml

from azurine.designer import catalog, parameters, ports
from azurine.designer.bench import Bench
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port
from azurine.designer.tables import Table
from azurine.model.errors import Invalid, Missing

PLAIN = ("string", "number", "integer", "boolean")
SORT_OF_TYPE = {"uri_folder": ports.TABLE, "mltable": ports.TABLE, "custom_model": ports.MODEL, "uri_file": ports.FILE}
FILE = catalog.FILE
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


@dataclass(frozen=True, slots=True)
class Spool:
    """Asks for a table as a Parquet file, which need not fit into memory."""

    frame: pl.LazyFrame


Question = pl.LazyFrame | Spool | tuple[pl.LazyFrame | Spool, ...]
Outputs = Mapping[str, Port]
Asking = Generator[Question, Any, Outputs]


@dataclass(frozen=True, slots=True)
class Component:
    """definition: the content of its component.yaml. inputs and outputs: the sort of each port, in order (`ports.SORTS`)."""

    folder: Path
    definition: Mapping[str, Any]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    parameters: Mapping[str, Mapping[str, Any]]

    @property
    def name(self) -> str:
        return str(self.definition["name"])

    @property
    def title(self) -> str:
        return str(self.definition.get("display_name") or self.name)

    def optional(self, port: str) -> bool:
        return bool(self.definition["inputs"][port].get("optional"))

    def read(self, given: Mapping[str, object]) -> Parameters:
        return parameters.read(self.title, self.parameters, given)

    def check(self, connected: Mapping[str, object]) -> None:
        """Every port that is needed is connected, and none that does not exist."""
        for name in connected:
            if name not in self.inputs:
                raise Invalid(f"{self.title}: there is no input {name!r}; there are {', '.join(self.inputs) or 'none'}", path=name)
        for name in self.inputs:
            if name not in connected and not self.optional(name):
                raise Invalid(f"{self.title}: {name}: this input must be connected", path=name)

    def begin(self, inputs: Mapping[str, Port], given: Parameters, bench: Bench) -> Outputs | Asking:
        """Starts the component's own code: its outputs, or a generator that asks first."""
        self.check(inputs)
        code = module(self.folder)
        found: Outputs | Asking = code.run(inputs, given, bench)
        return found

    def applying(self) -> Callable[[Mapping[str, Any], Table, Bench], Table]:
        found: Callable[[Mapping[str, Any], Table, Bench], Table] | None = getattr(module(self.folder), "apply", None)
        if found is None:
            raise Invalid(f"{self.title} makes no transformation that can be applied")
        return found


def library() -> Path:
    return catalog.library()


def find(name: str) -> Component:
    folder = library() / name
    if not _NAME.fullmatch(name) or not (folder / FILE).is_file():
        raise Missing(f"there is no component {name!r} in the library", path=name)
    return load(folder)


def every() -> Iterator[Component]:
    for folder in sorted(library().iterdir()):
        if (folder / FILE).is_file():
            yield load(folder)


@cache
def load(folder: Path) -> Component:
    """The component of a folder. Its code is not looked at."""
    definition = yaml.safe_load((folder / FILE).read_text("utf-8"))
    said = _pairs(str((definition.get("tags") or {}).get("ports") or ""))
    inputs, outputs = definition.get("inputs") or {}, definition.get("outputs") or {}
    return Component(
        folder=folder,
        definition=definition,
        inputs={name: said.get(name) or SORT_OF_TYPE[one["type"]] for name, one in inputs.items() if one["type"] not in PLAIN},
        outputs={name: said.get(name) or SORT_OF_TYPE[one["type"]] for name, one in outputs.items()},
        parameters={name: one for name, one in inputs.items() if one["type"] in PLAIN},
    )


@cache
def module(folder: Path) -> ModuleType:
    """The code of a component, imported from its folder."""
    path = folder / "component.py"
    spec = importlib.util.spec_from_file_location(f"azurine_library_{folder.name}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise Missing(f"the component folder {folder.name!r} has no component.py", path=str(path))
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def _pairs(text: str) -> dict[str, str]:
    """`a: X, b: Y` as a mapping."""
    return {name.strip(): value.strip() for one in text.split(",") if ":" in one for name, value in [one.split(":", 1)]}
