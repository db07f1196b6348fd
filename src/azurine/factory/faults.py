"""What is wrong with a body: noted at its JSON path while all of it is read, raised at the end as one error.

Data Factory calls nearly everything `BadRequest`; the first finding is the error, all of them are its details.
"""

from collections.abc import Mapping
from typing import Any

from azurine.model import errors

CODE = "BadRequest"
MOST = 100
"""Details of one error."""


class Faults:
    def __init__(self) -> None:
        self._found: list[errors.Detail] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def note(self, path: str, message: str, code: str = CODE) -> None:
        self._found.append(errors.Detail(code, message, path))

    def finish(self) -> None:
        """Raises one errors.Invalid when anything was noted."""
        if not self._found:
            return
        first = self._found[0]
        more = f" (and {len(self._found) - 1} more)" if len(self._found) > 1 else ""
        raise errors.Invalid(first.message + more, code=first.code, path=first.path, details=self._found[:MOST])

    def mapping(self, holder: Mapping[str, Any], key: str, path: str, required: bool = False) -> Mapping[str, Any]:
        """`holder[key]` as an object; {} when it is not there or is something else, which is noted."""
        found = holder.get(key)
        if found is None:
            if required:
                self.note(at(path, key), f"'{key}' is required.")
            return {}
        if not isinstance(found, Mapping):
            self.note(at(path, key), f"'{key}' must be an object, not {called(found)}.")
            return {}
        return found

    def listed(self, holder: Mapping[str, Any], key: str, path: str, required: bool = False) -> list[Any]:
        found = holder.get(key)
        if found is None:
            if required:
                self.note(at(path, key), f"'{key}' is required.")
            return []
        if not isinstance(found, list):
            self.note(at(path, key), f"'{key}' must be an array, not {called(found)}.")
            return []
        return found

    def text(self, holder: Mapping[str, Any], key: str, path: str, required: bool = False) -> str:
        found = holder.get(key)
        if found is None or found == "":
            if required:
                self.note(at(path, key), f"'{key}' is required.")
            return ""
        if not isinstance(found, str):
            self.note(at(path, key), f"'{key}' must be a string, not {called(found)}.")
            return ""
        return found


def at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def called(value: object) -> str:
    """What a JSON value is, in a message."""
    if isinstance(value, bool):
        return "a boolean"
    names = {dict: "an object", list: "an array", str: "a string", type(None): "null"}
    return names.get(type(value), "a number")
