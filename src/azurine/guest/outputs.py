"""A step's outputs: what the command sees in place of `${{outputs.y}}`, and what becomes of it when the step has ended.

direct                      the URI, exactly as it was resolved; the program writes there itself
rw_mount                    the place itself, when this machine can reach it: what is written is there at once
upload                      a scratch folder of the task's, copied to its place once, when the step has succeeded

An output that is a value (`control`: string, number, integer or boolean) is a file, which is read when the step has succeeded.

A folder exists before the command starts. Of a `uri_file` only the parent exists: the command makes the file itself.
What lies elsewhere (a storage that fsspec knows) is uploaded for either mode.

`./outputs` and `./logs` of the working folder are special: they are links into the run's artifacts, so what is written
shows while the step runs. A step that replaces the link by a folder of its own gets that folder copied at the end.
"""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azurine.model.errors import Invalid, Temporary

SPECIAL = ("outputs", "logs")
LONGEST_VALUE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Delivery:
    """From a scratch place to a local path, or (when `path` is None) to a URI."""

    name: str
    source: Path
    path: Path | None
    uri: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """values: what stands for each output in the command. written: local places it writes to. deliveries: to be done on success."""

    values: dict[str, str] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)


def prepare(outputs: Mapping[str, Mapping[str, Any]], scratch: Path) -> Prepared:
    """scratch: a folder of the task's own for what is uploaded at the end."""
    prepared = Prepared()
    for name, one in outputs.items():
        uri = str(one.get("uri") or "")
        if one.get("mode") == "direct":
            prepared.values[name] = uri or str(one.get("path"))
        elif one.get("path") and one.get("mode") != "upload":
            target = _made(Path(one["path"]), str(one.get("type") or ""))
            prepared.values[name] = str(target)
            prepared.written.append(str(target.parent if one.get("type") == "uri_file" else target))
        else:
            _prepare_delivery(name, one, uri, scratch / name, prepared)
    return prepared


def deliver(deliveries: list[Delivery]) -> None:
    """Copies what an `upload` output wrote to its place: beside it first, then by renaming, file by file."""
    for one in deliveries:
        if not one.source.exists():
            continue  # a file that the command did not make: nothing to upload, as in Azure
        if one.path is not None:
            _put(one.source, one.path)
        else:
            _upload(one)


def said(outputs: Mapping[str, Mapping[str, Any]], prepared: Prepared) -> dict[str, str | None]:
    """What is in the files of those outputs that are values; None where the command made no file."""
    found: dict[str, str | None] = {}
    for name in [name for name, one in outputs.items() if one.get("control")]:
        path = Path(prepared.values[name])
        if path.is_file() and path.stat().st_size > LONGEST_VALUE:
            raise Invalid(f"output {name!r}: a value has at most {LONGEST_VALUE} bytes, its file has {path.stat().st_size}", path=f"outputs.{name}")
        found[name] = path.read_text("utf-8", "replace") if path.is_file() else None
    return found


def link_special(work: Path, artifacts: Path) -> None:
    """Makes `./outputs` and `./logs` links into the artifacts; what the code folder brought under these names moves there."""
    for name in SPECIAL:
        target, link = artifacts / name, work / name
        target.mkdir(parents=True, exist_ok=True)
        if link.is_dir() and not link.is_symlink():
            _put(link, target)
            shutil.rmtree(link)
        if not link.exists():
            link.symlink_to(target, target_is_directory=True)


def collect_special(work: Path, artifacts: Path) -> None:
    """Copies what is not a link any more."""
    for name in SPECIAL:
        target, link = artifacts / name, work / name
        if link.is_dir() and not link.is_symlink():
            _put(link, target)


def tidy(artifacts: Path) -> None:
    """Takes away what stayed empty."""
    for name in SPECIAL:
        with suppress(OSError):
            (artifacts / name).rmdir()  # refuses when there is something inside


def _prepare_delivery(name: str, one: Mapping[str, Any], uri: str, aside: Path, prepared: Prepared) -> None:
    place = Path(one["path"]) if one.get("path") else None
    if place is None and uri.partition(":")[0] in ("", "azureml", "http", "https"):
        raise Invalid(f"output {name!r}: {uri or 'nothing'} is at no place that this step can write to", path=f"outputs.{name}")
    leaf = place.name if place is not None else uri.rstrip("/").rsplit("/", 1)[-1]
    source = _made(aside / (leaf if leaf not in ("", ".", "..") else name), str(one.get("type") or ""))
    prepared.values[name] = str(source)
    prepared.deliveries.append(Delivery(name, source, place, uri))


def _made(target: Path, type_name: str) -> Path:
    (target.parent if type_name == "uri_file" else target).mkdir(parents=True, exist_ok=True)
    return target


def _put(source: Path, target: Path) -> None:
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        for entry in source.iterdir():
            _put(entry, target / entry.name)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    shutil.copyfile(source, aside)
    aside.replace(target)


def _upload(one: Delivery) -> None:
    import fsspec  # only for places in other storages

    try:
        filesystem, path = fsspec.core.url_to_fs(one.uri)
        if one.source.is_dir():
            filesystem.put(f"{one.source}/", path.rstrip("/") + "/", recursive=True)
        else:
            filesystem.put_file(str(one.source), path)
    except (OSError, ValueError, ImportError) as problem:
        raise Temporary(f"output {one.name!r}: {one.uri} cannot be written: {problem}", path=f"outputs.{one.name}") from problem
