"""Loading a factory's folder into a server: document by document, until nothing more can be loaded; and the map of its linked services.

What refers to something that is not there yet is tried again once something else was loaded, so no order has to be known. What is left at the
end is reported: each file with the place in its JSON and the reason. A map file says what linked services are here:

    linkedServices:
      Lake: {folder: ./data}          relative to the map file
      Shop: {database: sqlite:///shop.db}
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azurine.cli import asking, faults
from azurine.cli.commands import Here
from azurine.cli.repositories import Document, Repository, Trouble

VERSION = {"api-version": "2018-06-01"}
_LATER = "because of invalid reference"


def address(here: Here, factory: str = "") -> str:
    """Of the factories of the resource group, or of one of them."""
    before = here.connection.workspace_id.partition("/providers/")[0]
    return f"{here.connection.url}{before}/providers/Microsoft.DataFactory/factories" + (f"/{factory}" if factory else "")


def ask(here: Here, method: str, path: str, body: Any = None) -> Any:
    return asking.send(here, method, path, body, VERSION)


def everything(here: Here, path: str) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    page = ask(here, "GET", path)
    while True:
        found.extend(page["value"])
        if not page.get("nextLink"):
            return found
        page = asking.send(here, "GET", page["nextLink"])


def set_globals(repository: Repository, given: list[str]) -> None:
    """given: NAME=VALUE, for global parameters that the folder has; a text for those of type string, else JSON. Raises faults.Failure."""
    holders = [one.body["properties"] for one in repository.documents if not one.collection or one.collection == "globalParameters"]
    declared = {
        name: one for holder in holders for name, one in (holder.get("globalParameters") or holder).items() if isinstance(one, dict) and "type" in one
    }
    for one in given:
        name, mark, text = one.partition("=")
        if not mark or name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            raise faults.Failure(f"{one!r} is not NAME=VALUE with the name of a global parameter.", f"there are: {known}", code=faults.USAGE)
        try:
            declared[name]["value"] = text if str(declared[name]["type"]).lower() == "string" else json.loads(text)
        except ValueError as problem:
            raise faults.Failure(
                f"{name} is of type {declared[name]['type']}, and {text!r} is no JSON.", str(problem), code=faults.USAGE
            ) from problem


def load(here: Here, factory: str, repository: Repository) -> tuple[list[Document], list[Trouble]]:
    """What was loaded, and what was not."""
    troubles: list[Trouble] = list(repository.troubles)
    loaded: list[Document] = []
    waiting = list(repository.documents)
    while waiting:
        left: list[tuple[Document, list[Trouble]]] = []
        for one in waiting:
            found = _put(here, factory, one)
            if found:
                left.append((one, found))
            else:
                loaded.append(one)
        # Only who missed something that may have come meanwhile is worth another try.
        again = [one for one, found in left if any(_LATER in trouble.reason for trouble in found)]
        if len(left) == len(waiting) or not again:
            troubles += [trouble for _, found in left for trouble in found]
            break
        troubles += [trouble for one, found in left if one not in again for trouble in found]
        waiting = again
    return loaded, troubles


def map_(here: Here, factory: str, targets: Mapping[str, Any], file: Path) -> list[Trouble]:
    """Maps linked services; answers what could not be."""
    troubles = []
    for name, target in targets.items():
        body = {"properties": _absolute(target, file.parent)} if isinstance(target, Mapping) else None
        if body is None:
            troubles.append(Trouble(file, f"linkedServices.{name}", "an object such as {folder: ./data} is needed"))
            continue
        where = f"{address(here, factory)}/mappings/{asking_name(name)}"
        troubles += [Trouble(file, path.replace("properties", f"linkedServices.{name}", 1), reason) for path, reason in _sent(here, where, body)]
    return troubles


def targets(file: Path) -> Mapping[str, Any]:
    """What a map file says. Raises faults.Failure."""
    import yaml  # here: only maps are YAML

    if not file.is_file():
        raise faults.Failure(f"There is no file {file}.")
    try:
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (ValueError, yaml.YAMLError) as problem:
        raise faults.Failure(f"{file} is no YAML.", *str(problem).splitlines()) from problem
    found = read.get("linkedServices", read) if isinstance(read, Mapping) else read
    if not isinstance(found, Mapping):
        raise faults.Failure(f"{file} must say what linked services are, such as `linkedServices: {{Lake: {{folder: ./data}}}}`.")
    return {str(name): one for name, one in found.items()}


def asking_name(name: str) -> str:
    from urllib.parse import quote

    return "/".join(quote(part, safe="") for part in name.split("/"))


def _put(here: Here, factory: str, one: Document) -> list[Trouble]:
    where = address(here, factory) + (f"/{one.collection}/{asking_name(one.name)}" if one.collection else "")
    body = one.body if one.collection else {"location": "local", **{key: value for key, value in one.body.items() if key != "name"}}
    return [Trouble(one.file, path, reason) for path, reason in _sent(here, where, body)]


def _sent(here: Here, where: str, body: Any) -> list[tuple[str, str]]:
    """[(JSON path, reason)] of what the server refuses."""
    answer = here.connection.http.request("PUT", where, params=VERSION, json=body)
    if answer.status_code < 400:
        return []
    try:
        error = answer.json()["error"]
        details = error.get("details") or [error]
        return [(str(one.get("target") or ""), str(one.get("message") or "")) for one in details]
    except (ValueError, KeyError, TypeError, AttributeError):
        return [("", f"the server answered {answer.status_code}: {answer.text[:200]}")]


def _absolute(target: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The same with paths from the map file's folder on."""
    found = dict(target)
    place, database = found.get("folder"), found.get("database")
    if isinstance(place, str) and "://" not in place:
        found["folder"] = str((folder / Path(place).expanduser()).resolve())
    if isinstance(database, str) and database.startswith("sqlite:///") and not database.startswith("sqlite:////"):
        found["database"] = f"sqlite:///{(folder / database.removeprefix('sqlite:///')).resolve()}"
    return found
