"""The description of a scoring service at `/swagger.json`: the user's own file, or one made from what the script declares.

A file `swagger.json` (or swagger2.json, swagger3.json, swagger3.1.json) beside the script wins. Without declarations the input is
any JSON object.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_FILES = {
    "2": ("swagger2.json", "swagger.json"),
    "3": ("swagger3.json", "swagger.json"),
    "3.1": ("swagger3.1.json", "swagger.json"),
}
_VERSIONS = {"2": "2", "2.0": "2", "3": "3", "3.0": "3", "3.1": "3.1"}
_ERROR = {"type": "object", "properties": {"message": {"type": "string"}}}


class Documents:
    def __init__(self, environ: dict[str, str], described: Callable[[], dict[str, Any]]) -> None:
        self._root = environ.get("AML_APP_ROOT", ".")
        self._title = environ.get("SERVICE_NAME", "ML service")
        self._version = environ.get("SERVICE_VERSION", "1.0")
        self._prefix = environ.get("SERVICE_PATH_PREFIX", "").strip("/")
        self._described = described
        self._found: dict[str, bytes] = {}

    def find(self, wanted: object) -> bytes | None:
        """The description in a version of the format; None for a version that is not known."""
        version = _VERSIONS.get(wanted) if isinstance(wanted, str) else None
        if version is None:
            return None
        if version not in self._found:
            self._found[version] = self._own(version) or self._made(version)
        return self._found[version]

    def _own(self, version: str) -> bytes:
        for name in _FILES[version]:
            path = os.path.join(self._root, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    return file.read()
        return b""

    def _made(self, version: str) -> bytes:
        schemas = self._described()
        given = schemas.get("input") or {"type": "object", "example": {}}
        answered = schemas.get("output") or {"type": "object", "example": {}}
        types = {"ServiceInput": given, "ServiceOutput": answered, "ErrorResponse": _ERROR}
        lead = f"/{self._prefix}" if self._prefix else ""
        info = {"title": self._title, "description": f"API specification for {self._title}", "version": self._version}
        make = _two if version == "2" else _three
        return json.dumps(make(info, lead, types, "3.1.0" if version == "3.1" else "3.0.3")).encode()


def _two(info: Any, lead: str, types: Any, _: str) -> Any:
    def reference(name: str) -> Any:
        return {"$ref": "#/definitions/" + name}

    security: list[dict[str, list[str]]] = [{"Bearer": []}]
    ok = {"description": "The service processed the input correctly and provided a result prediction", "schema": reference("ServiceOutput")}
    wrong = {"description": "The service failed to process the input due to an error", "schema": reference("ErrorResponse")}
    health = {"description": "Healthy", "schema": {"type": "string"}, "examples": {"application/json": "Healthy"}}
    body = {"name": "serviceInputPayload", "in": "body", "required": True, "schema": reference("ServiceInput")}
    score = {"operationId": "RunMLService", "security": security, "parameters": [body], "responses": {"200": ok, "default": wrong}}
    return {
        "swagger": "2.0",
        "info": info,
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": {"type": "apiKey", "name": "Authorization", "in": "header"}},
        "paths": {
            lead + "/": {"get": {"operationId": "ServiceHealthCheck", "responses": {"200": health}}},
            lead + "/score": {"post": {**score, "summary": "Runs the model"}},
        },
        "definitions": types,
    }


def _three(info: Any, lead: str, types: Any, version: str) -> Any:
    def content(name: str) -> Any:
        return {"application/json": {"schema": {"$ref": "#/components/schemas/" + name}}}

    ok = {"description": "The service processed the input correctly and provided a result prediction", "content": content("ServiceOutput")}
    wrong = {"description": "The service failed to process the input due to an error", "content": content("ErrorResponse")}
    health = {"description": "Healthy", "content": {"text/plain": {"schema": {"type": "string", "example": "Healthy"}}}}
    body = {"required": True, "content": content("ServiceInput")}
    score = {"operationId": "RunMLService", "summary": "Runs the model", "security": [{"Bearer": []}], "requestBody": body}
    return {
        "openapi": version,
        "info": info,
        "paths": {
            lead + "/": {"get": {"operationId": "ServiceHealthCheck", "responses": {"200": health}}},
            lead + "/score": {"post": {**score, "responses": {"200": ok, "default": wrong}}},
        },
        "components": {"securitySchemes": {"Bearer": {"type": "http", "scheme": "bearer"}}, "schemas": types},
    }
