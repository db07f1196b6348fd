"""Scripts that declare what they take and give, with the decorators of `inference_schema`.

The decorators themselves convert what comes and goes; here it is only asked which parameters there are.
"""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Declared:
    def __init__(self, run: Callable[..., Any], schemas: Callable[[], dict[str, Any]]) -> None:
        self._parameters = inspect.signature(run).parameters
        self.schemas = schemas

    def names(self) -> list[str]:
        return [name for name in self._parameters if name != "request_headers"]

    def missing(self, given: dict[str, Any]) -> list[str]:
        return [name for name in self.names() if name not in given and self._parameters[name].default is inspect.Parameter.empty]


def is_declared(run: Callable[..., Any]) -> bool:
    tools = _tools()
    return bool(tools is not None and tools.is_schema_decorated(run))


def of(run: Callable[..., Any]) -> Declared:
    tools = _tools()

    def schemas() -> dict[str, Any]:
        return {"input": tools.get_input_schema(run), "output": tools.get_output_schema(run)} if tools is not None else {}

    return Declared(run, schemas)


def _tools() -> Any:
    """The package's own words about a function; None when the script did not import it."""
    return sys.modules.get("inference_schema.schema_util")
