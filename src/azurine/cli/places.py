"""Where in a YAML file a path such as `jobs.train.inputs.data` stands."""

from pathlib import Path
from typing import Any

LARGEST = 1_000_000
"""Files larger than this are not searched: telling the line is a kindness, not a duty."""


def line_of(file: Path, path: str) -> int | None:
    """The line, from 1, of the deepest part of the path that is there; None when the file cannot be read or has none of it."""
    # Here: only wanted when something is wrong.
    import yaml

    try:
        if file.stat().st_size > LARGEST:
            return None
        node: Any = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return None
    line = None
    for part in path.split("."):
        found = _below(node, part)
        if found is None:
            break
        line, node = found
    return line


def _below(node: Any, part: str) -> tuple[int, Any] | None:
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and part.isdecimal() and int(part) < len(node.value):
        value = node.value[int(part)]
        return value.start_mark.line + 1, value
    return None
