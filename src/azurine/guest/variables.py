"""The environment variables of a step: those of the machine, the step's own, and those by which Azure tells it about its data.

    AZURE_ML_INPUT_<name>, AZUREML_DATAREFERENCE_<name>, <name>, <NAME>     path of an input (the last two never replace another)
    AZURE_ML_OUTPUT_<name>                                                  path of an output
    AZUREML_PARAMETER_<name>                                                a plain value; when it is an address in a datastore,
                                                                            AZUREML_DATAREFERENCE_<name> is its path here
    AZUREML_RUN_ID, AZUREML_CR_NODE_RANK, PWD, PATH (the environment's programs first), PYTHONUNBUFFERED (logs appear at once)

What the server keeps to itself (AZURINE_…) does not reach the step. Values may hold expressions, like the command.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azurine.compute.trees import MARK
from azurine.expressions import bindings

OWN = "AZURINE_"


def compose(order: Mapping[str, Any], machine: Mapping[str, str], scope: Mapping[str, Any], folder: Path, work: Path) -> dict[str, str]:
    """machine: the variables of this process. scope: what expressions may speak of. Raises Invalid for a wrong expression."""
    found = {name: value for name, value in machine.items() if not name.startswith(OWN)}
    found |= {"PYTHONUNBUFFERED": "1", "AZUREML_RUN_ID": str(order.get("run") or ""), MARK: str(folder), "PWD": str(work)}
    found |= _programs(str(order["python"]), machine)
    for name, value in (order.get("variables") or {}).items():
        found[str(name)] = bindings.substitute(str(value), scope, f"environment_variables.{name}")
    return _data(order, scope) | found | _named(order, scope)


def _named(order: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name in _data_names(order, "inputs"):
        found[f"AZURE_ML_INPUT_{name}"] = found[f"AZUREML_DATAREFERENCE_{name}"] = str(scope["inputs"][name])
    for name in _data_names(order, "outputs"):
        found[f"AZURE_ML_OUTPUT_{name}"] = str(scope["outputs"][name])
    return found | _parameters(order)


def _parameters(order: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name, one in (order.get("inputs") or {}).items():
        if one.get("value") is not None and "\0" not in str(one["value"]):
            found[f"AZUREML_PARAMETER_{name}"] = str(one["value"])
            if one.get("path"):
                found[f"AZUREML_DATAREFERENCE_{name}"] = str(one["path"])
    return found


def _data(order: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, str]:
    return {spelled: str(scope["inputs"][name]) for name in _data_names(order, "inputs") for spelled in (name, name.upper())}


def _data_names(order: Mapping[str, Any], side: str) -> list[str]:
    return [name for name, one in (order.get(side) or {}).items() if "value" not in one]


def _programs(python: str, machine: Mapping[str, str]) -> dict[str, str]:
    programs = Path(python).parent
    found = {"PATH": f"{programs}:{machine.get('PATH', '/usr/local/bin:/usr/bin:/bin')}"}
    if (programs.parent / "pyvenv.cfg").exists():
        found["VIRTUAL_ENV"] = str(programs.parent)
    return found
