"""One look at a table, in a process of its own: a fork of a warm one that has imported what it takes (`compute.looks`).

It is asked over its connection with one line of JSON, {"path", "what": "preview" or "profile", "rows", "bins", "seconds"}, and answers with one:
{"found": …} or {"error": {"code", "message"}}. However large or strange the file, it is this process that pays: it may use so many seconds
of processors and no more, and is the first to be ended when the machine has no memory left.
"""

import json
import resource
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from azurine.designer import looking
from azurine.model.errors import AzurineError


def attend(descriptor: int) -> int:
    """Called in the fork, with its connection."""
    with socket.socket(fileno=descriptor) as link, link.makefile("rwb") as stream:
        asked = json.loads(stream.readline())
        _be_modest(int(asked["seconds"]))
        stream.write(json.dumps(answer(asked)).encode() + b"\n")
    return 0


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    path = Path(asked["path"])
    try:
        if asked["what"] == "profile":
            return {"found": looking.profile(path, int(asked["bins"]))}
        return {"found": looking.preview(path, int(asked["rows"]))}
    except AzurineError as error:
        return {"error": {"code": error.code, "message": error.message}}
    except Exception as error:  # noqa: BLE001 an edge: whoever asked hears what was the matter with the file
        return {"error": {"code": "NoTable", "message": f"{path.name!r} cannot be looked at: {type(error).__name__}: {str(error)[:300]}"}}


def _be_modest(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    with suppress(OSError):  # no such thing on other systems than Linux
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")
