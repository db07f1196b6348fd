"""A factory as a folder, the way Data Factory's Git integration saves it: a folder for each kind, a file for each document.

    factory/ credential/ integrationRuntime/ managedVirtualNetwork/ linkedService/ dataset/ dataflow/ pipeline/ trigger/ globalParameters/

`read` answers every document with the file that it came from, and what cannot be read beside it: nothing is passed over silently. The folder may
lie deeper than the one that is named (`adf/`, `src/factory/`). Files may have a byte order mark and be UTF-16; a document's name is that of its
body, else that of its file. Nothing is sent or checked here but that it is JSON.
"""

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
FOLDERS: Mapping[str, str] = {
    "globalparameters": "globalParameters",
    "integrationruntime": "integrationRuntimes",
    "credential": "credentials",
    "managedvirtualnetwork": "managedVirtualNetworks",
    "linkedservice": "linkedservices",
    "dataset": "datasets",
    "dataflow": "dataflows",
    "pipeline": "pipelines",
    "trigger": "triggers",
}
"""Folder, in small letters → where its documents go; in an order in which most of them find what they refer to."""
WRITTEN: Mapping[str, str] = {
    "globalParameters": "globalParameters",
    "integrationRuntimes": "integrationRuntime",
    "credentials": "credential",
    "managedVirtualNetworks": "managedVirtualNetwork",
    "linkedservices": "linkedService",
    "datasets": "dataset",
    "dataflows": "dataflow",
    "pipelines": "pipeline",
    "triggers": "trigger",
}
FACTORY = "factory"
DEEPEST, LARGEST = 4, 32 * 1024 * 1024
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LEFT = frozenset({".git", "node_modules", ".venv"})


@dataclass(frozen=True, slots=True)
class Document:
    """collection: where it goes ("pipelines", …; "" for the factory itself). name: may hold a path below ("net/managedPrivateEndpoints/one")."""

    file: Path
    collection: str
    name: str
    body: Json


@dataclass(frozen=True, slots=True)
class Trouble:
    """A file that does not load: where in its JSON, and why."""

    file: Path
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Repository:
    """root: the folder in which the kinds' folders lie."""

    root: Path
    documents: tuple[Document, ...]
    troubles: tuple[Trouble, ...]

    @property
    def name(self) -> str:
        """What the factory is called in it; "" when it does not say."""
        return next((one.name for one in self.documents if not one.collection), "")


def read(folder: Path) -> Repository | None:
    """None when there is no factory in the folder."""
    root = _root(folder)
    if root is None:
        return None
    documents: list[Document] = []
    troubles: list[Trouble] = []
    for collection, path in _files(root):
        found = _document(collection, path)
        if isinstance(found, Document):
            documents.append(found)
        else:
            troubles.append(found)
    return Repository(root, tuple(documents), tuple(troubles))


def write(folder: Path, collection: str, name: str, body: Json) -> Path:
    """Writes one document as Git integration does."""
    target = folder / (WRITTEN.get(collection, collection) if collection else FACTORY) / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.new")
    temporary.write_text(json.dumps(body, indent=4, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(target)
    return target


def parsed(path: Path) -> Any:
    """A JSON file of any of the encodings that are found. Raises ValueError with what is wrong, and OSError."""
    if path.stat().st_size > LARGEST:
        raise ValueError(f"the file is larger than {LARGEST} bytes")
    held = path.read_bytes()
    try:
        return json.loads(held.decode(next((encoding for mark, encoding in _MARKS if held.startswith(mark)), "utf-8")))
    except json.JSONDecodeError as problem:
        raise ValueError(f"no JSON: {problem.msg} (line {problem.lineno}, column {problem.colno})") from problem
    except RecursionError as problem:
        raise ValueError("no JSON: nested too deeply") from problem
    except UnicodeDecodeError as problem:
        raise ValueError(f"neither UTF-8 nor UTF-16: byte {problem.start}") from problem


def _root(folder: Path) -> Path | None:
    """The folder that holds the kinds' folders: itself, or the first one below."""
    waiting = [(folder, 0)]
    while waiting:
        one, depth = waiting.pop(0)
        below = [inner for inner in sorted(one.iterdir()) if inner.is_dir() and inner.name not in _LEFT] if one.is_dir() else []
        if any(inner.name.lower() in (*FOLDERS, FACTORY) and any(inner.glob("*.json")) for inner in below):
            return one
        if depth < DEEPEST:
            waiting.extend((inner, depth + 1) for inner in below)
    return None


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """(collection, file), in the order in which they are best loaded."""
    known = {inner.name.lower(): inner for inner in sorted(root.iterdir()) if inner.is_dir()}
    for word, collection in ((FACTORY, ""), *FOLDERS.items()):
        if word in known:
            yield from ((collection, path) for path in sorted(known[word].glob("*.json")))
            if word == "managedvirtualnetwork":
                yield from ((collection, path) for path in sorted(known[word].glob("*/managedPrivateEndpoint/*.json")))


def _document(collection: str, path: Path) -> Document | Trouble:
    try:
        body = parsed(path)
    except (OSError, ValueError) as problem:
        return Trouble(path, "", str(problem))
    if not isinstance(body, dict):
        return Trouble(path, "", "a JSON object is needed")
    spelled = {str(key).lower(): key for key in body}
    name = body.get(spelled.get("name", "name"), path.stem)
    if not isinstance(name, str) or not name or "/" in name:
        return Trouble(path, "name", "the name must be a text without slashes")
    if collection and "properties" not in spelled:
        return Trouble(path, "properties", "'properties' is required")
    # Files that were written by hand spell these in other letters now and then.
    canonical = {
        key.lower() if key.lower() in ("name", "properties", "type", "location", "identity", "tags") else key: value for key, value in body.items()
    }
    if path.parent.name.lower() == "managedprivateendpoint":
        name = f"{path.parent.parent.name}/managedPrivateEndpoints/{name}"
    return Document(path, collection, name, canonical)
