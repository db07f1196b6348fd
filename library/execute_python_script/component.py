"""Execute Python Script: the function azureml_main of a script, called with up to two tables, in a process of its own.

azureml_main takes no, one or two tables (pandas; None where nothing is connected) and returns a table, or up to two of them as a tuple, or
None, which is an empty table; a function without any return statement is an error. See azurine.designer.script_host for what else becomes a table. What is known of columns besides their
type (label, features, scores) does not pass through a script; mark it anew with Edit Metadata.
"""

from collections.abc import Mapping
from pathlib import Path

from azurine.designer import scripting
from azurine.designer.bench import Bench
from azurine.designer.components import Asking, Spool
from azurine.designer.parameters import Parameters
from azurine.designer.ports import File, Port
from azurine.designer.scripting import Given
from azurine.designer.tables import Table

TABLES = ("dataset1", "dataset2")


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    found = {name: port for name, port in inputs.items() if name in TABLES and isinstance(port, Table)}
    answers = (yield tuple(Spool(table.visible()) for table in found.values())) if found else ()
    given = {name: Given(path, table.columns) for (name, table), path in zip(found.items(), answers, strict=True)}
    bundle = inputs.get("script_bundle")
    done = scripting.call("azureml_main", parameters.text("python_script"), [given.get(name) for name in TABLES], bench, bundle=_path(bundle))
    first, second = done.outputs
    if not first.columns:
        bench.say("azureml_main returned nothing: the result is a table without columns")
    return {"result_dataset": first, "result_dataset2": second}


def _path(bundle: Port | None) -> Path | None:
    return bundle.path if isinstance(bundle, File) else None
