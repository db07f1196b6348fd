"""What the library holds, read without any of the code: for whoever only lists it, such as the server at its start.

Nothing is imported here that takes time: no Polars (`components` has that), and YAML only when a component is read.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "component.yaml"
_NOT_CODE = ("__pycache__", "test_component.py")


@dataclass(frozen=True, slots=True)
class Entry:
    """definition: the content of the component.yaml. content: hash of the folder's files, its tests left out."""

    definition: dict[str, Any]
    content: str


def library() -> Path:
    """The folder of the library: beside the package in a wheel, at the top of the repository otherwise."""
    here = Path(__file__).resolve()
    inside = here.parent.parent / "library"
    return inside if inside.is_dir() else here.parents[3] / "library"


def folders(root: Path) -> list[Path]:
    """The folders of the components, by name."""
    return sorted(one.parent for one in root.glob(f"*/{FILE}"))


def entries(root: Path) -> Iterator[Entry]:
    import yaml  # a thirtieth of a second that only a start with a changed library takes

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for folder in folders(root):
        yield Entry(yaml.load((folder / FILE).read_text("utf-8"), Loader=loader), content(folder))


def content(folder: Path) -> str:
    """What the code of a component is known by."""
    counted = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part in _NOT_CODE for part in path.relative_to(folder).parts):
            counted.update(f"{path.relative_to(folder)}\n{path.stat().st_size}\n".encode())
            counted.update(path.read_bytes())
    return counted.hexdigest()


def fingerprint(root: Path) -> str:
    """What the whole library is known by; another one when any file of any component has changed."""
    return hashlib.sha256("".join(f"{one.name} {content(one)}\n" for one in folders(root)).encode()).hexdigest()
