"""The program that runs a user's Python script for a component: `python -m azurine.designer.script_host FOLDER`, in a process of its own.

FOLDER has python_script.py and request.json; results and answer.json are written into it. `scripting` starts it and says what is in them.
The working folder is `work` inside it; a script bundle is unpacked there, to `Script Bundle`, from where modules can be imported.

    azureml_main   the function of that name is called with as many of the two tables as it takes
    train          an object of the class AzureMLModel is made and trained; kept as model.pkl
    predict        the object is asked for predictions

What the script returns becomes tables: frames, and what can be made one (dict, list, array, series; a single value is one cell). The
index is left out, names of columns are text, a column without a name is column_<i>, a name that occurs twice gets ` (2)`.

Scripts written for the designer import `azureml.core`; where that is not installed they find our few names of it (`v1`).
"""

import ast
import importlib.util
import inspect
import json
import os
import pickle
import sys
import traceback
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

SCRIPT, REQUEST, ANSWER, MODEL, BUNDLE = "python_script.py", "request.json", "answer.json", "model.pkl", "Script Bundle"
MODULE = "azureml_user_script"
V1 = Path(__file__).resolve().parent / "v1"
"""The folder of the package `azureml`: at the end of the path, so that one that is installed comes first."""
MOST_UNPACKED = 4 * 2**30
_KEPT = frozenset(
    {"string", "empty", "boolean", "integer", "floating", "mixed-integer-float", "datetime64", "datetime", "date", "timedelta64", "timedelta"}
)


class Refused(Exception):
    """The script, or what it returned, is not what is wanted. The message is for its author."""


def main(folder: Path) -> None:
    request = json.loads((folder / REQUEST).read_text("utf-8"))
    script = folder / SCRIPT
    try:
        if request.get("bundle"):
            _unpack(Path(request["bundle"]), Path(BUNDLE))
        found = {"azureml_main": _main_function, "train": _train, "predict": _predict}[request["call"]](_loaded(script), request, folder)
        answer: dict[str, Any] = {"outputs": [write(frame, folder / f"result-{place}.parquet") for place, frame in enumerate(found)]}
    except Refused as refusal:
        answer = {"refused": str(refusal)}
    except BaseException as error:  # noqa: BLE001 the user's code fails in any way, sys.exit included
        answer = {"failed": _described(error, script)}
    sys.stdout.flush()
    started = folder / (ANSWER + ".part")
    started.write_text(json.dumps(answer), "utf-8")
    os.replace(started, folder / ANSWER)


def _unpack(bundle: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(bundle) as opened:
            if sum(one.file_size for one in opened.infolist()) > MOST_UNPACKED:
                raise Refused("script_bundle: the zip holds more than 4 GB")
            opened.extractall(folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Refused(f"script_bundle: this is not a zip that can be read: {error}") from error
    sys.path.insert(1, str(folder.resolve()))


def _loaded(script: Path) -> ModuleType:
    sys.path.append(str(V1))
    _restore_names()
    spec = importlib.util.spec_from_file_location(MODULE, script)
    assert spec is not None and spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = found
    spec.loader.exec_module(found)
    return found


def _restore_names() -> None:
    """parity: the scripts were written for a NumPy that had `numpy.float` and `numpy.int` for Python's own types."""
    import numpy

    for name, kind in {"float": float, "int": int, "bool": bool, "object": object, "str": str, "complex": complex}.items():
        if name not in vars(numpy):
            setattr(numpy, name, kind)


def _main_function(script: ModuleType, request: dict[str, Any], folder: Path) -> list[Any]:
    function = getattr(script, "azureml_main", None)
    if not callable(function):
        raise Refused("python_script: there is no function azureml_main; write def azureml_main(dataframe1=None, dataframe2=None)")
    frames = [_read(one) for one in request["inputs"]]
    returned = function(*frames[: arity(function)])
    line = _without_return(folder / SCRIPT) if returned is None else None
    if line is not None:
        raise Refused(
            f"python_script: line {line}: azureml_main has no return statement, so there is no table; end it with return dataframe1, "
            "or with return None where none is meant"
        )
    return tables(returned)


def _without_return(script: Path) -> int | None:
    """The line where azureml_main begins, if no statement of it returns anything; None where it does, or is defined elsewhere."""
    found = [one for one in ast.parse(script.read_bytes()).body if isinstance(one, ast.FunctionDef) and one.name == "azureml_main"]
    return found[-1].lineno if found and not _returns(found[-1].body) else None


def _returns(body: Iterable[ast.AST]) -> bool:
    """Is there a return among the statements? Those of functions and classes within are not its own."""
    within = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    return any(isinstance(one, ast.Return) or (not isinstance(one, within) and _returns(ast.iter_child_nodes(one))) for one in body)


def arity(function: Any) -> int:
    """How many tables the function takes."""
    found = list(inspect.signature(function).parameters.values())
    if any(one.kind == one.VAR_POSITIONAL for one in found):
        return 2
    positional = [one for one in found if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    needed = [one for one in positional if one.default is one.empty]
    if len(needed) > 2:
        raise Refused(f"python_script: azureml_main takes {len(needed)} tables; it is given two at most")
    return min(len(positional), 2)


def _train(script: ModuleType, request: dict[str, Any], folder: Path) -> list[Any]:
    rows, label = (_read(one) for one in request["inputs"])
    model = _made(script)
    model.train(rows, label.iloc[:, 0])
    try:
        (folder / MODEL).write_bytes(pickle.dumps(model))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise Refused(f"python_script: the trained object of AzureMLModel cannot be kept: {error}") from error
    return []


def _predict(script: ModuleType, request: dict[str, Any], folder: Path) -> list[Any]:
    model = pickle.loads((folder / MODEL).read_bytes())
    return [_frame(model.predict(_read(request["inputs"][0])))]


def _made(script: ModuleType) -> Any:
    found = getattr(script, "AzureMLModel", None)
    absent = [name for name in ("train", "predict") if not callable(getattr(found, name, None))]
    if not isinstance(found, type) or absent:
        raise Refused("python_script: there is no class AzureMLModel with __init__(self), train(self, df_train, df_label) and predict(self, df)")
    return found()


def _read(said: dict[str, Any] | None) -> Any:
    import pandas

    if said is None:
        return None
    frame = pandas.read_parquet(said["path"], engine="pyarrow") if said["path"] else pandas.DataFrame(index=range(said["rows"]))
    for name in said["categorical"]:
        frame[name] = frame[name].astype("category")
    return frame


def tables(returned: Any) -> list[Any]:
    """The two tables of what azureml_main returned."""
    import pandas

    several = isinstance(returned, tuple) or (isinstance(returned, list) and returned and all(isinstance(one, pandas.DataFrame) for one in returned))
    found = list(returned) if several else [returned]
    if len(found) > 2:
        raise Refused(f"python_script: azureml_main returned {len(found)} tables; there are two outputs")
    return [_frame(one) for one in found] + [_frame(None)] * (2 - len(found))


def _frame(value: Any) -> Any:
    import numpy
    import pandas

    if value is None:
        return pandas.DataFrame()
    if isinstance(value, pandas.DataFrame):
        found = value.copy(deep=False)
        found.columns = pandas.Index(_names(value.columns), dtype=object)
        return found
    if isinstance(value, pandas.Series):
        return _frame(value.to_frame(value.name if value.name is not None else ""))
    if isinstance(value, dict):
        listed = all(isinstance(one, (list, tuple, pandas.Series, numpy.ndarray)) for one in value.values())
        return _frame(pandas.DataFrame(value) if listed else pandas.DataFrame([value]))
    if isinstance(value, (str, bytes, bool, int, float, complex, numpy.generic)) or (isinstance(value, numpy.ndarray) and value.ndim == 0):
        return _unnamed(pandas.DataFrame([[value]]))
    if isinstance(value, (list, tuple, numpy.ndarray)):
        if isinstance(value, numpy.ndarray) and value.ndim > 2:
            raise Refused(f"python_script: azureml_main returned an array of {value.ndim} dimensions; a table has two")
        found = pandas.DataFrame(value)
        return _unnamed(found) if isinstance(found.columns, pandas.RangeIndex) else _frame(found)
    if hasattr(value, "to_pandas"):
        return _frame(value.to_pandas())
    raise Refused(f"python_script: it returned {type(value).__name__}; a pandas DataFrame is wanted")


def _unnamed(frame: Any) -> Any:
    frame.columns = [f"column_{place}" for place in range(frame.shape[1])]
    return frame


def _names(columns: Iterable[Any]) -> list[str]:
    """As text, distinct: the second `a` becomes `a (2)`."""
    found: list[str] = []
    taken: set[str] = set()
    for place, name in enumerate(columns):
        wanted = f"column_{place}" if name is None or name == "" or name != name else str(name)
        made, number = wanted, 1
        while made in taken:
            number += 1
            made = f"{wanted} ({number})"
        taken.add(made)
        found.append(made)
    return found


def write(frame: Any, path: Path) -> dict[str, Any]:
    import pandas

    categorical = [name for name in frame.columns if isinstance(frame[name].dtype, pandas.CategoricalDtype)]
    plain = {name: _storable(frame[name]) for name in frame.columns}
    if plain:
        pandas.DataFrame(plain).to_parquet(path, engine="pyarrow", index=False)
    return {"columns": len(plain), "categorical": categorical}


def _storable(column: Any) -> Any:
    """A column as a table can hold it: values of several sorts, and objects, become text."""
    import pandas

    column = column.reset_index(drop=True)
    kept = column.dtype
    if isinstance(kept, pandas.CategoricalDtype):
        column = column.astype(object)
    elif getattr(kept, "kind", "O") in "biufmM":
        return column.astype("float32") if str(kept) == "float16" else column
    if pandas.api.types.infer_dtype(column, skipna=True) in _KEPT:
        return column.infer_objects() if column.dtype == object else column
    return column.map(lambda value: str(value), na_action="ignore")


def _described(error: BaseException, script: Path) -> dict[str, Any]:
    """The error, and the last line of the script that it passed through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(script)]
    if isinstance(error, SyntaxError) and error.filename == str(script):
        lines.append(error.lineno)
    shown = [one for one in traceback.format_exception(error) if __file__ not in one and "importlib" not in one]
    sys.stderr.write("".join(shown))
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return {"line": lines[-1] if lines else None, "error": type(error).__name__, "message": text}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
