"""What `azurine data preview` and `profile` look at: a table of the server's, or a file of this machine, which this process reads itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from azurine.cli import asking, faults
from azurine.cli.commands import Here

_DATASTORE = re.compile(r"azureml://datastores/([^/]+)/paths/(.+)", re.S)
_OUTPUT = re.compile(r"azureml://jobs/([^/]+)/outputs/([^/]+)(?:/paths)?(?:/(.*))?", re.S)
_ASSET = re.compile(r"(?:azureml:)([^/:@]+)(?::([^/:@]+)|@([^/:@]+))?")
_BARS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Port:
    """what: as the user wrote it. The rest: a port of a job."""

    what: str | None
    job: str | None = None
    node: str | None = None
    output: str | None = None
    input: str | None = None


def look(here: Here, action: str, port: Port, **how: int) -> dict[str, Any]:
    """action: "preview" or "profile". how: rows or bins. Raises faults.Failure."""
    if (port.what is None) == (port.job is None):
        raise faults.Failure("What is to be looked at?", advice=f"azurine data {action} PATH (or --job NAME --output-name NAME)", code=faults.USAGE)
    if port.job is not None:
        named = {"node": port.node, "output": port.output, "input": port.input}
        return _ask(here, f"jobs/{quote(port.job, safe='')}", action, {**{key: one for key, one in named.items() if one}, **how})
    what = str(port.what)
    if found := _DATASTORE.fullmatch(what):
        return _ask(here, f"datastores/{quote(found[1], safe='')}", action, {"path": found[2], **how})
    if found := _OUTPUT.fullmatch(what):
        node = {"node": port.node} if port.node else {}
        path = {"path": found[3]} if found[3] else {}
        return _ask(here, f"jobs/{quote(found[1], safe='')}", action, {"output": found[2], **path, **node, **how})
    if found := _ASSET.fullmatch(what):
        version = found[2] or here.ml.data.get(found[1], label=found[3] or "latest").version
        return _ask(here, f"data/{quote(found[1], safe='')}/versions/{quote(str(version), safe='')}", action, dict(how))
    if "://" in what:
        raise faults.Failure(f"{what} is not an address that can be looked at.", advice=f"azurine data {action} --help", code=faults.USAGE)
    return _local(Path(what).expanduser(), action, **how)


def shape(column: Mapping[str, Any]) -> str:
    """A histogram in one line; for text, its most frequent values."""
    if column.get("histogram"):
        counts = column["histogram"]["counts"]
        most = max(counts) or 1
        return "".join(_BARS[-(-count * 8 // most)] for count in counts)
    return ", ".join(f"{one['value']} ({one['count']})" for one in (column.get("top") or [])[:3])


def _ask(here: Here, place: str, action: str, body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = asking.arm(here, "POST", f"{place}/{action}", body)
    return found


def _local(path: Path, action: str, **how: int) -> dict[str, Any]:
    # Here: with it comes Polars.
    from azurine.designer import looking

    if not path.exists():
        raise faults.Failure(f"There is no file or folder {path}.", code=faults.MISSING)
    return looking.profile(path, **how) if action == "profile" else looking.preview(path, **how)
