"""Modules that scoring scripts import from the server that they were written for, in their own words, standing for ours.

azureml_inference_server_http.api.{aml_request, aml_response}      AMLRequest, rawhttp, AMLResponse
azureml.contrib.services.{aml_request, aml_response}               the same, as older scripts name them
inference_schema…                                                  the decorators, where the package is not installed
azureml.ai.monitoring                                              Collector, where the package is not installed
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any

from . import collecting, requests, schemas

_ROOTS = ("azureml_inference_server_http.api", "azureml.contrib.services")


def install(kept: collecting.Kept | None = None) -> None:
    """Puts the modules where an import finds them. A package that is really there keeps all its other modules."""
    monitoring = {"Collector": collecting.collector(kept)}
    _put("azureml.ai.monitoring", monitoring)
    _put("azureml.ai.monitoring.collector", monitoring)
    _put("azureml.ai.monitoring.context", {"BasicCorrelationContext": collecting.Context, "CorrelationContext": collecting.Context})
    request = {"AMLRequest": requests.Request, "rawhttp": requests.rawhttp}
    answer = {"AMLResponse": requests.Response}
    if not is_there("inference_schema"):
        _put_schemas()
    for root in _ROOTS:
        _put(root, {**request, **answer})
        _put(root + ".aml_request", request)
        _put(root + ".aml_response", answer)


def _put_schemas() -> None:
    root = "inference_schema."
    _put(root + "schema_decorators", {"input_schema": schemas.input_schema, "output_schema": schemas.output_schema})
    _put(root + "schema_util", {name: getattr(schemas, name) for name in ("is_schema_decorated", "get_input_schema", "get_output_schema")})
    for name, kind in (
        ("abstract_parameter_type", "ParameterType"),
        ("numpy_parameter_type", "NumpyParameterType"),
        ("pandas_parameter_type", "PandasParameterType"),
        ("standard_py_parameter_type", "StandardPythonParameterType"),
    ):
        shown = "AbstractParameterType" if kind == "ParameterType" else kind
        _put(root + "parameter_types." + name, {shown: getattr(schemas, kind)})


def is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _put(name: str, content: dict[str, Any]) -> None:
    parts = name.split(".")
    above: ModuleType | None = None
    for end in range(1, len(parts) + 1):
        path = ".".join(parts[:end])
        module = sys.modules.get(path)
        if module is None:
            module = _real(path) if end < len(parts) else None
            module = module or _package(path)
            sys.modules[path] = module
        if above is not None:
            setattr(above, parts[end - 1], module)
        above = module
    assert above is not None
    vars(above).update(content)


def _real(name: str) -> ModuleType | None:
    """The package that is installed under this name, if any."""
    if not is_there(name):
        return None
    try:
        return importlib.import_module(name)
    except Exception:  # noqa: BLE001 a broken installation is as good as none
        return None


def _package(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__path__ = []
    return module
