"""Bringing a step's inputs: what the command sees in place of `${{inputs.x}}`.

direct                      the URI, exactly as it was resolved
ro_mount (and eval_mount)   the file or folder where it lies, when this machine can reach it; the step cannot write there (below)
download                    a private copy in the task's folder, under the original name
a literal                   its text; nothing for an optional input that was left out

What lies elsewhere (https, or a storage that fsspec knows) is downloaded for either mode.

The source of an input must not be altered by a step. Where the kernel allows it the paths are bound read-only for the step's
processes (`guest.footing`). Where it does not, what lies there is looked over before and after (names, sizes, times, at most
`LOOKED_OVER` files), and a step that altered its input fails, saying which file: detected, not prevented.

https://learn.microsoft.com/azure/machine-learning/how-to-read-write-data-v2#modes
"""

import os
import shutil
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azurine.model.errors import Invalid, Missing, Temporary

LOOKED_OVER = 5_000
ADVICE = "write the data there first, or name a place or an asset that has data"
_IN_PLACE = ("ro_mount", "rw_mount", "mount", "eval_mount", "")


@dataclass(frozen=True, slots=True)
class Brought:
    """values: what stands for each input in the command, None for an optional one that was left out. readonly: paths that the step must not alter."""

    values: dict[str, str | None] = field(default_factory=dict)
    readonly: list[str] = field(default_factory=list)


def bring(inputs: Mapping[str, Mapping[str, Any]], scratch: Path) -> Brought:
    """scratch: a folder of the task's own, for copies. Raises Missing for data that is not there."""
    brought = Brought()
    for name, one in inputs.items():
        if "value" in one:
            brought.values[name] = None if one["value"] is None else str(one["value"])
        elif one.get("mode") == "direct":
            brought.values[name] = str(one.get("uri") or one.get("path"))
        else:
            _bring_data(name, one, scratch / name, brought)
    return brought


def look_over(paths: list[str]) -> dict[str, tuple[int, int]]:
    """Size and time of what lies at these paths; of the first `LOOKED_OVER` files where there are more."""
    seen: dict[str, tuple[int, int]] = {}
    pending = list(paths)
    while pending and len(seen) < LOOKED_OVER:
        path = pending.pop()
        try:
            about = os.stat(path)
            seen[path] = (about.st_size, about.st_mtime_ns)
            if os.path.isdir(path):
                pending.extend(entry.path for entry in os.scandir(path))
        except OSError:
            continue
    return seen


def altered(before: dict[str, tuple[int, int]]) -> str:
    """The first path that is not as it was; "" when all are."""
    for path, was in before.items():
        try:
            about = os.stat(path)
        except OSError:
            return path
        if (about.st_size, about.st_mtime_ns) != was:
            return path
    return ""


def _bring_data(name: str, one: Mapping[str, Any], aside: Path, brought: Brought) -> None:
    path, uri = one.get("path"), str(one.get("uri") or "")
    if path and not os.path.exists(path):
        raise Missing(f"input {name!r}: there is nothing at {uri or path}{_asset(one)}; {ADVICE}", path=f"inputs.{name}")
    if path and one.get("mode", "") in _IN_PLACE:
        brought.values[name] = str(path)
        brought.readonly.append(str(path))
    elif path:
        brought.values[name] = str(_copied(Path(path), aside))
    else:
        brought.values[name] = str(_fetched(name, uri, aside, is_file=one.get("type") == "uri_file"))


def _asset(one: Mapping[str, Any]) -> str:
    """By the end of its id, `…/data/<name>/versions/<version>`."""
    *_, kind, name, _, version = ["", "", "", "", *str(one.get("asset") or "").split("/")]
    return f", the place of version {version} of the asset {name!r} ({kind})" if kind else ""


def _copied(source: Path, aside: Path) -> Path:
    target = aside / source.name
    aside.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)
    return target


def _fetched(name: str, uri: str, aside: Path, *, is_file: bool) -> Path:
    scheme = urllib.parse.urlsplit(uri).scheme
    leaf = urllib.parse.unquote(urllib.parse.urlsplit(uri).path.rstrip("/").rsplit("/", 1)[-1]) or name
    if leaf in (".", ".."):
        leaf = name
    aside.mkdir(parents=True, exist_ok=True)
    target = aside / leaf
    if scheme in ("http", "https"):
        _download(name, uri, target)
    elif scheme in ("", "azureml"):
        raise Invalid(f"input {name!r}: {uri or 'nothing'} is at no place that this step can reach", path=f"inputs.{name}")
    else:
        _get(name, uri, target, is_file=is_file)
    return target


def _download(name: str, uri: str, target: Path) -> None:
    try:
        with urllib.request.urlopen(uri, timeout=60) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
    except OSError as problem:
        raise Temporary(f"input {name!r}: {uri} cannot be downloaded: {problem}", path=f"inputs.{name}") from problem


def _get(name: str, uri: str, target: Path, *, is_file: bool) -> None:
    import fsspec  # only for data that lies in other storages

    try:
        filesystem, path = fsspec.core.url_to_fs(uri)
        filesystem.get(path, str(target), recursive=not is_file)
    except (OSError, ValueError, ImportError) as problem:
        raise Temporary(f"input {name!r}: {uri} cannot be read: {problem}", path=f"inputs.{name}") from problem
