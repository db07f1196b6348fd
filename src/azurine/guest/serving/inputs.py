"""What a request to an MLflow model holds, and whether it fits the model's signature.

{"input_data": {"columns": […], "index": […], "data": [[…]]}}     rows with names            {"dataframe_split": …}
{"input_data": [[…], …]}                                          rows without               {"instances": …}, {"inputs": …}
{"input_data": [{…}, …]}                                          records                    {"dataframe_records": …}
{"input_data": {"<name>": […], …}}                                columns, or named tensors
"params" beside it                                                 parameters of the prediction
"""

from __future__ import annotations

import importlib
import json
import sys
from contextlib import suppress
from typing import Any

_KEYS = ("input_data", "dataframe_split", "dataframe_records", "instances", "inputs")
_NUMBERS = {"long": "int64", "integer": "int32", "double": "float64", "float": "float32", "boolean": "bool"}
WHOLE = ("long", "integer")

_scanned: Any = json.decoder.scanner.make_scanner(json.JSONDecoder())  # type: ignore[attr-defined]

try:
    _quick: Any = importlib.import_module("orjson").loads
except ImportError:  # it is quicker where it is installed, and nothing else
    _quick = None


class Unfit(Exception):
    """The request does not fit the model; says why, for its sender."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Given:
    """One request's data. columns: names, or None for rows without. rows: lists of values; or `raw`, which is anything else."""

    __slots__ = ("columns", "index", "params", "raw", "rows")

    def __init__(
        self, columns: list[str] | None, rows: list[Any] | None, raw: Any = None, index: list[Any] | None = None, params: Any = None
    ) -> None:
        self.columns = columns
        self.rows = rows
        self.raw = raw
        self.index = index
        self.params = params

    def value(self) -> Any:
        """As MLflow's own server would give it to a model."""
        import numpy

        if self.rows is None:
            return {name: numpy.asarray(one) for name, one in self.raw.items()} if isinstance(self.raw, dict) else numpy.asarray(self.raw)
        if self.columns is None:
            return numpy.asarray(self.rows)
        import pandas

        return pandas.DataFrame(self.rows, columns=self.columns, index=self.index)


class Signature:
    """columns: those of the model, in its order; None when it has none, or takes tensors."""

    def __init__(self, columns: list[str] | None, types: list[str], required: list[bool], outputs: Any = None) -> None:
        self.columns = columns
        self.types = types
        self.required = required
        self._outputs = outputs
        self._places: dict[tuple[str, ...], list[int]] = {}

    @classmethod
    def of(cls, about: dict[str, Any]) -> Signature:
        signature = about.get("signature") or {}
        columns = json.loads(signature.get("inputs") or "[]")
        outputs = json.loads(signature.get("outputs") or "[]")
        if not columns or any("name" not in one or one.get("type") == "tensor" for one in columns):
            return cls(None, [], [], outputs)
        types = [str(one["type"]) for one in columns]
        return cls([str(one["name"]) for one in columns], types, [bool(one.get("required", not one.get("optional"))) for one in columns], outputs)

    def read(self, body: bytes) -> Given:
        """Raises Unfit for what is no request, or lacks a column. Rows have the columns of the signature afterwards, in its order."""
        found = _parsed(body)
        data = found.get("input_data") if type(found) is dict else None
        if (
            type(data) is dict
            and data.get("columns") == self.columns
            and self.columns is not None
            and type(rows := data.get("data")) is list
            and rows
        ):
            # The usual request: its columns are the model's. Whether its rows are as wide is seen when they become numbers.
            return Given(self.columns, rows, index=data.get("index"), params=found.get("params"))
        key = next((one for one in _KEYS if isinstance(found, dict) and one in found), "")
        if not key:
            raise Unfit("The body must be a JSON object with one of the keys {}".format(", ".join(_KEYS)))
        given = _given(found[key], found.get("params"))
        if given.rows is not None and not given.rows:
            raise Unfit("There are no rows in the request")
        if self.columns is None or given.rows is None:
            return given
        if given.columns != self.columns:
            self._order(given)
        return given

    def enforced(self, given: Given) -> Any:
        """What scikit-learn is given: a frame with the signature's types; without a signature, what came. Raises Unfit."""
        if self.columns is None or given.rows is None:
            return given.value()
        import pandas

        if any(type(row) is not list or len(row) != len(self.columns) for row in given.rows):
            raise Unfit(f"Every row must have {len(self.columns)} values, as there are columns")
        return self._typed(pandas.DataFrame(given.rows, columns=self.columns))

    def fitted(self, frame: Any) -> Any:
        """A frame from elsewhere as scikit-learn is given it: the signature's columns, in its order, of its types. Raises Unfit."""
        if self.columns is None:
            return frame
        self._found([str(one) for one in frame.columns])
        frame = frame.reindex(columns=self.columns) if any(one not in frame.columns for one in self.columns) else frame[self.columns]
        return self._typed(frame.copy(deep=False))

    def _typed(self, frame: Any) -> Any:
        import pandas

        for name, kind in zip(self.columns or (), self.types):  # noqa: B905 not in Python 3.8
            wanted = _NUMBERS.get(kind)
            if wanted is not None and str(frame[name].dtype) != wanted:
                frame[name] = _converted(frame[name], name, kind, wanted)
            elif kind == "datetime":
                frame[name] = pandas.to_datetime(frame[name])
        return frame

    def schemas(self) -> dict[str, Any]:
        """For the description of the service."""
        if self.columns is None:
            return {}
        kinds = {"long": "integer", "integer": "integer", "double": "number", "float": "number", "boolean": "boolean"}
        example = {"columns": self.columns, "index": [0], "data": [[_example(kind) for kind in self.types]]}
        items = {"type": "array", "items": {"type": "array", "items": {}}}
        frame = {
            "type": "object",
            "properties": {"columns": {"type": "array", "items": {"type": "string"}}, "index": {"type": "array"}, "data": items},
        }
        described = ", ".join("{}: {}".format(name, kinds.get(kind, "string")) for name, kind in zip(self.columns, self.types))  # noqa: B905
        properties = {"input_data": {**frame, "description": described}}
        return {"input": {"type": "object", "properties": properties, "example": {"input_data": example}}, "output": {"type": "array", "items": {}}}

    def _order(self, given: Given) -> None:
        """Puts the columns of a request in the signature's order."""
        assert self.columns is not None and given.rows is not None
        wanted = self.columns
        if given.columns is None:
            if any(not isinstance(row, list) or len(row) != len(wanted) for row in given.rows):
                raise Unfit(f"Rows without column names must have {len(wanted)} values: {', '.join(wanted)}")
            return
        key = tuple(given.columns)
        places = self._places.get(key)
        if places is None:
            places = self._found(given.columns)
            if len(self._places) < 1000:
                self._places[key] = places
        width = len(given.columns)
        if any(not isinstance(row, list) or len(row) != width for row in given.rows):
            raise Unfit(f"Every row must have {width} values, as there are columns")
        given.rows = [[row[place] if place >= 0 else None for place in places] for row in given.rows]
        given.columns = wanted

    def _found(self, columns: list[str]) -> list[int]:
        assert self.columns is not None
        at = {name: place for place, name in enumerate(columns)}
        missing = [name for name, required in zip(self.columns, self.required) if required and name not in at]  # noqa: B905
        if missing:
            extra = [name for name in columns if name not in self.columns]
            also = " Note that there were extra inputs: {}".format(", ".join(extra)) if extra else ""
            raise Unfit("Model is missing inputs: {}.{}".format(", ".join(missing), also))
        return [at.get(name, -1) for name in self.columns]


def _parsed(body: bytes) -> Any:
    if _quick is not None:
        with suppress(ValueError):  # it knows no NaN and Infinity, which others write: then the slower ones read them
            return _quick(body)
    with suppress(ValueError, RecursionError, StopIteration):  # whatever it is, it is told below
        # The usual body: UTF-8, with nothing before and after. `loads` looks for all else first, which takes longer than the reading.
        text = body.decode()
        found, end = _scanned(text, 0)
        if end == len(text):
            return found
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Unfit(f"The body is not valid JSON: {problem}") from None


def joined(given: list[Given]) -> Given | None:
    """The rows of several requests as those of one; None when they do not go together."""
    first = given[0]
    if any(one.rows is None or one.columns != first.columns or one.params for one in given):
        return None
    return Given(first.columns, [row for one in given for row in one.rows or ()])


def parted(result: Any, given: list[Given]) -> list[Any]:
    """The opposite: the part of the result for each request."""
    parts, start = [], 0
    for one in given:
        end = start + len(one.rows or ())
        parts.append(result[start:end])
        start = end
    return parts


def plain(result: Any) -> Any:
    """A prediction as plain JSON values: a list, or a list of records for a table."""
    if hasattr(result, "to_dict") and hasattr(result, "columns"):
        return [{name: _scalar(value) for name, value in row.items()} for row in result.to_dict(orient="records")]
    if hasattr(result, "tolist"):
        found = result.tolist()
        return found if _is_plain(found) else json.loads(json.dumps(found, default=str))
    if isinstance(result, dict):
        return {str(name): plain(value) for name, value in result.items()}
    if isinstance(result, (list, tuple)):
        return [plain(one) for one in result]
    return _scalar(result)


def _given(data: Any, params: Any) -> Given:
    if isinstance(data, dict) and "data" in data and set(data) <= {"columns", "index", "data"}:
        columns, rows = data.get("columns"), data["data"]
        if not isinstance(rows, list) or (columns is not None and not isinstance(columns, list)):
            raise Unfit("columns and data must be lists")
        if columns is not None and len(set(map(str, columns))) != len(columns):
            raise Unfit("a column comes twice")
        index = data.get("index")
        if index is not None and (not isinstance(index, list) or len(index) != len(rows)):
            raise Unfit("index must be a list as long as data")
        if columns is not None and rows and not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
            raise Unfit(f"Every row must have {len(columns)} values, as there are columns")
        return Given([str(one) for one in columns] if columns is not None else None, rows, index=index, params=params)
    if isinstance(data, list) and data and all(isinstance(one, dict) for one in data):
        columns = list(dict.fromkeys(str(name) for one in data for name in one))
        return Given(columns, [[one.get(name) for name in columns] for one in data], params=params)
    if isinstance(data, dict) and data and all(isinstance(one, list) for one in data.values()):
        values = list(data.values())
        if all(len(one) == len(values[0]) and not any(isinstance(cell, (list, dict)) for cell in one) for one in values):
            return Given([str(name) for name in data], [list(row) for row in zip(*values)], params=params)  # noqa: B905
        return Given(None, None, data, params=params)
    if isinstance(data, list) and all(isinstance(one, list) and not any(isinstance(cell, (list, dict)) for cell in one) for one in data):
        return Given(None, data, params=params)
    if isinstance(data, (list, dict)) and data:
        return Given(None, None, data, params=params)
    raise Unfit("There are no rows in the request")


def _converted(values: Any, name: str, kind: str, wanted: str) -> Any:
    import pandas

    try:
        numbers = pandas.to_numeric(values) if wanted != "bool" else values
        if kind in WHOLE and not (numbers == numbers.astype(wanted)).all():
            raise ValueError("it holds numbers that are not whole")
        return numbers.astype(wanted)
    except (ValueError, TypeError) as problem:
        raise Unfit(f"Incompatible input types for column {name}: {kind} was expected; {problem}") from None


def _is_plain(found: Any) -> bool:
    while isinstance(found, list) and found:
        found = found[0]
    return found is None or isinstance(found, (str, int, float, bool, list, dict))


def _scalar(value: Any) -> Any:
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return value.item()
    return value if value is None or isinstance(value, (str, int, float, bool, list, dict)) else str(value)


def _example(kind: str) -> Any:
    return {"long": 0, "integer": 0, "double": 0.0, "float": 0.0, "boolean": False}.get(kind, "")
