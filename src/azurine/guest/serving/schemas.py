"""The decorators of `inference_schema`, for environments that do not have the package: a script declares what it takes and gives.

    @input_schema("data", NumpyParameterType(sample))     the key `data` of the body becomes an array, checked against the sample
    @output_schema(StandardPythonParameterType(sample))   what run() gives becomes plain values

Several `input_schema` make several parameters. The sample tells type and shape, and stands in the description of the service.
"""

from __future__ import annotations

import functools
import inspect
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MARK = "_azurine_schema"


class Misfit(ValueError):
    """What came does not fit what the script declares: the sender's to mend, so it is answered with 400."""

    status_code = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ParameterType:
    """sample: an example of the data."""

    def __init__(self, sample_input: Any, enforce_column_type: bool = True, enforce_shape: bool = True, **_: Any) -> None:
        self.sample_input = sample_input
        self.enforce_column_type = enforce_column_type
        self.enforce_shape = enforce_shape

    def deserialize_input(self, given: Any) -> Any:
        return given

    def plain(self, value: Any) -> Any:
        return value.tolist() if hasattr(value, "tolist") else value

    def schema(self) -> dict[str, Any]:
        example = self.plain(self.sample_input)
        return {"type": _json_type(example), "example": example}


class NumpyParameterType(ParameterType):
    def deserialize_input(self, given: Any) -> Any:
        import numpy

        sample = self.sample_input
        if isinstance(given, numpy.ndarray):
            return given
        if not isinstance(given, list):
            raise Misfit(f"Invalid input data type to parse. Expected: list but got {type(given).__name__}")
        found = numpy.array(given, dtype=sample.dtype if self.enforce_column_type else None)
        if self.enforce_shape and (found.ndim != sample.ndim or found.shape[1:] != sample.shape[1:]):
            raise Misfit(
                "Invalid input array: an array of shape (n, {}) is expected, not {}".format(", ".join(map(str, sample.shape[1:])), found.shape)
            )
        return found


class PandasParameterType(ParameterType):
    def __init__(self, sample_input: Any, apply_column_names: bool = False, orient: str = "records", **rest: Any) -> None:
        super().__init__(sample_input, **rest)
        self.apply_column_names = apply_column_names
        self.orient = orient

    def deserialize_input(self, given: Any) -> Any:
        import io

        import pandas

        if isinstance(given, pandas.DataFrame):
            return given
        sample = self.sample_input
        found = pandas.read_json(io.StringIO(json.dumps(given)), orient=self.orient, dtype=False)
        if self.apply_column_names and len(found.columns) == len(sample.columns):
            found.columns = sample.columns
        if self.enforce_shape and len(found.columns) != len(sample.columns):
            raise Misfit(f"Invalid input data frame: {len(sample.columns)} columns are expected, not {len(found.columns)}")
        if self.enforce_column_type:
            types = {name: kind for name, kind in sample.dtypes.items() if name in found.columns}
            found = found.astype(types)
        return found

    def plain(self, value: Any) -> Any:
        return json.loads(value.to_json(orient=self.orient)) if hasattr(value, "to_json") else super().plain(value)


class StandardPythonParameterType(ParameterType):
    def deserialize_input(self, given: Any) -> Any:
        return _standard(self.sample_input, given)

    def plain(self, value: Any) -> Any:
        if isinstance(value, ParameterType):
            return value.plain(value.sample_input)
        if isinstance(value, dict):
            return {name: self.plain(one) for name, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.plain(one) for one in value]
        return super().plain(value)


def input_schema(param_name: str, param_type: ParameterType, convert_to_provided_type: bool = True, optional: bool = False) -> Callable[..., Any]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        inner_signature = inspect.signature(function)
        if param_name not in inner_signature.parameters:
            raise ValueError(f"{param_name!r} is not a parameter of {function.__name__}()")

        @functools.wraps(function)
        def called(*words: Any, **named: Any) -> Any:
            bound = inner_signature.bind(*words, **named)
            if param_name in bound.arguments and convert_to_provided_type and not (optional and bound.arguments[param_name] is None):
                try:
                    bound.arguments[param_name] = param_type.deserialize_input(bound.arguments[param_name])
                except Misfit:
                    raise
                except (ValueError, TypeError) as problem:
                    raise Misfit(f"{param_name} cannot be read as the script declares it: {problem}") from problem
            return function(*bound.args, **bound.kwargs)

        _marked(called, function)["input"][param_name] = param_type
        return called

    return decorate


def output_schema(output_type: ParameterType) -> Callable[..., Any]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def called(*words: Any, **named: Any) -> Any:
            return output_type.plain(function(*words, **named))

        _marked(called, function)["output"] = output_type
        return called

    return decorate


def is_schema_decorated(function: Callable[..., Any]) -> bool:
    return bool(getattr(function, _MARK, {}).get("input"))


def get_input_schema(function: Callable[..., Any]) -> dict[str, Any]:
    given = getattr(function, _MARK, {}).get("input") or {}
    properties = {name: kind.schema() for name, kind in given.items()}
    example = {name: one["example"] for name, one in properties.items()}
    return {"type": "object", "required": list(given), "properties": properties, "example": example}


def get_output_schema(function: Callable[..., Any]) -> dict[str, Any]:
    given = getattr(function, _MARK, {}).get("output")
    return given.schema() if given is not None else {}


def _marked(called: Callable[..., Any], function: Callable[..., Any]) -> dict[str, Any]:
    mark: dict[str, Any] = {"input": {}, "output": None, **getattr(function, _MARK, {})}
    mark["input"] = dict(mark["input"])
    setattr(called, _MARK, mark)
    return mark


def _standard(sample: Any, given: Any) -> Any:
    if isinstance(sample, ParameterType):
        return sample.deserialize_input(given)
    if isinstance(sample, dict) and isinstance(given, dict):
        missing = [name for name in sample if name not in given]
        if missing:
            raise Misfit("Missing keys: {}".format(", ".join(map(str, missing))))
        return {name: _standard(sample[name], value) if name in sample else value for name, value in given.items()}
    if isinstance(sample, float) and isinstance(given, int) and not isinstance(given, bool):
        return given
    if isinstance(sample, (list, tuple)) and isinstance(given, list):
        return given
    if not isinstance(given, type(sample)) or (isinstance(given, bool) and not isinstance(sample, bool)):
        raise Misfit(f"Invalid input data type to parse. Expected: {type(sample).__name__} but got {type(given).__name__}")
    return given


def _json_type(example: Any) -> str:
    kinds = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"))
    return next((name for kind, name in kinds if isinstance(example, kind)), "object")
