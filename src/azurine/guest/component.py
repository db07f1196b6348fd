"""The command of every component of the library: `python -m azurine.guest.component`, in the component's folder.

A component's parameters may be whole scripts or queries, which no command line could quote; so it is told of them, and of its inputs and
outputs, by the variables of its step: AZUREML_PARAMETER_<name>, AZURE_ML_INPUT_<name>, AZURE_ML_OUTPUT_<name>. A parameter that
is an address in a datastore has its path here in AZUREML_DATAREFERENCE_<name>.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from azurine.designer import components, fusing
from azurine.designer.bench import Bench
from azurine.model.errors import Invalid


def main(folder: Path, variables: Mapping[str, str]) -> int:
    """folder: with a component.yaml. Answers the exit code of the step."""
    component = components.load(folder)
    node = fusing.Node(
        component.name,
        str(folder),
        parameters=_named(component.parameters, "AZUREML_PARAMETER_", variables),
        inputs={name: fusing.Source(path=path) for name, path in _named(component.inputs, "AZURE_ML_INPUT_", variables).items()},
        outputs=_named(component.outputs, "AZURE_ML_OUTPUT_", variables),
    )
    with tempfile.TemporaryDirectory(prefix="component-") as scratch:
        bench = Bench(Path(scratch), locate=_locating(component, variables))
        result = fusing.run([node], bench, fusing.Manner(lambda name, line: print(line, flush=True)))[node.name]  # noqa: T201
    if result.state == fusing.SUCCEEDED:
        return 0
    print(result.error, file=sys.stderr)  # noqa: T201
    return 1


def _named(declared: Mapping[str, object], prefix: str, variables: Mapping[str, str]) -> dict[str, str]:
    return {name: variables[prefix + name] for name in declared if prefix + name in variables}


def _locating(component: components.Component, variables: Mapping[str, str]) -> Callable[[str], Path]:
    """From an address that a parameter holds to the path that the step was told for it."""
    paths = _named(component.parameters, "AZUREML_DATAREFERENCE_", variables)
    given = _named(component.parameters, "AZUREML_PARAMETER_", variables)

    def locate(address: str) -> Path:
        for name, path in paths.items():
            if given.get(name) == address:
                return Path(path)
        raise Invalid(f"write azureml://datastores/<name>/paths/<path>, not {address!r}")

    return locate


if __name__ == "__main__":
    sys.exit(main(Path.cwd(), os.environ))
