"""An order of a data activity, by its name, and how it went: all that a process that moves data needs to know of this room.

    {"do": "copy", …}  ──▶  {"output": …}  or  {"error": {"code", "message"}}, and "changed" when files were that somebody listens to (`noting`)

The connections in an order are opened: folders of this machine, places for fsspec, URLs of databases, with their secrets.
"""

from collections.abc import Callable, Mapping
from typing import Any

from azurine.model import errors
from azurine.movement import copying, databases, deleting, failing, lookups, metadata, noting, scripts

CARRIED_OUT: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "copy": copying.copy,
    "lookup": lookups.look_up,
    "metadata": metadata.tell,
    "look": metadata.look,
    "delete": deleting.delete,
    "greet": databases.greet,
    "script": scripts.run,
    "procedure": scripts.call,
}


def carry_out(order: Mapping[str, Any]) -> dict[str, Any]:
    with noting.changes() as changed:
        said = _carried_out(order)
    return {**said, "changed": changed} if changed else said


def _carried_out(order: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"output": CARRIED_OUT[str(order["do"])](order)}
    except errors.AzurineError as error:
        return {"error": {"code": error.code, "message": failing.told(error)}}
    except OSError as error:
        told = failing.of_system(error)
        return {"error": {"code": told.code, "message": failing.told(told)}}
    except Exception as error:  # noqa: BLE001 an edge: whoever ordered it hears what was the matter
        return {"error": {"code": "UserErrorUnclassified", "message": f"{type(error).__name__}: {str(error)[:2000]}"}}
