"""The expressions of Azure Machine Learning: `${{inputs.data}}`, `${{parent.jobs.prep.outputs.d}}`, `$[[--k ${{inputs.k}}]]`.

In a step's command (and its environment variables) they speak of the step's own inputs and outputs; in the inputs and outputs
of a pipeline's node, of the pipeline and its other nodes; in an output's path, of the job's name and the default datastore.
A string that is one expression keeps the type of what it refers to; otherwise values are written into the text. `$[[ … ]]` is
kept only when every input named inside has a value; one that names none is kept as it stands (parity: such blocks are in use).

https://learn.microsoft.com/azure/machine-learning/reference-yaml-core-syntax#dynamic-expressions-in-the-cli-v2-yaml-schemas
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from azurine.expressions import evaluator, parser
from azurine.expressions.evaluator import Scope, render
from azurine.expressions.tree import Block, Reference, Template, fault
from azurine.model import errors

__all__ = [
    "LOCATION",
    "NODE",
    "STEP",
    "Block",
    "Reference",
    "Scope",
    "check",
    "has_expression",
    "parse",
    "references",
    "references_within",
    "render",
    "resolve",
    "substitute",
    "whole",
]

STEP = frozenset({"inputs", "outputs", "search_space"})
"""What a command may speak of."""
NODE = frozenset({"parent"})
"""What the inputs, outputs, compute and limits of a pipeline's node may speak of."""
LOCATION = frozenset({"name", "default_datastore", "output_name"})
"""What the path of an output may speak of."""

_SHAPES = {
    ("inputs",): "inputs.<name>",
    ("outputs",): "outputs.<name>",
    ("search_space",): "search_space.<name>",
    ("parent", "inputs"): "parent.inputs.<name>",
    ("parent", "outputs"): "parent.outputs.<name>",
}


def has_expression(text: object) -> bool:
    return isinstance(text, str) and ("${{" in text or "$[[" in text)


def parse(text: str, path: str = "") -> Template:
    """Raises errors.Invalid, with the place in the text marked and the path of the text in its body."""
    try:
        return parser.parse(text)
    except errors.Invalid as error:
        raise errors.Invalid(error.message, code=error.code, path=path) from error


def whole(text: object, path: str = "") -> Reference | None:
    """The reference when the full string is one expression (blanks around it do not count), else None. Raises errors.Invalid."""
    return parse(text, path).whole if isinstance(text, str) and "${{" in text else None


def references(text: str, path: str = "") -> tuple[Reference, ...]:
    """All references in a text, those in optional blocks included. Raises errors.Invalid when it is not well formed."""
    return parse(text, path).references if has_expression(text) else ()


def references_within(value: Any, path: str = "") -> Iterator[tuple[str, Reference]]:
    """(path, reference) for every expression anywhere in a JSON value."""
    pending = [(path, value)]
    while pending:
        where, one = pending.pop()
        if isinstance(one, str):
            yield from ((where, reference) for reference in references(one, where))
        elif isinstance(one, dict | Mapping):
            pending.extend((f"{where}.{key}" if where else str(key), below) for key, below in reversed(list(one.items())))
        elif isinstance(one, list | tuple):
            pending.extend((f"{where}[{place}]", below) for place, below in reversed(list(enumerate(one))))


def check(text: str, contexts: Collection[str], path: str = "") -> tuple[Reference, ...]:
    """The references of a text, when all are of these contexts and of a right shape. Raises errors.Invalid at `path`."""
    found = references(text, path)
    for reference in found:
        if reference.names[0] not in contexts:
            raise fault(f"{reference} may not stand here; what may: {', '.join(sorted(contexts))}", text, reference.place, path)
        wanted = _wanted_shape(reference.names)
        if wanted:
            raise fault(f"{reference} should read {wanted}", text, reference.place, path)
    return found


def substitute(text: str, scope: Scope, path: str = "") -> str:
    """The text with values put in and optional blocks kept or dropped. Raises errors.Invalid for an unknown or missing value."""
    return evaluator.text(parse(text, path), scope, path) if has_expression(text) else text


def resolve(value: Any, scope: Scope, path: str = "") -> Any:
    """A JSON value with every string in it resolved: a whole expression keeps its type, an embedded one is written in."""
    if isinstance(value, str):
        reference = whole(value, path)
        return evaluator.value(reference, scope, value, path) if reference else substitute(value, scope, path)
    if isinstance(value, Mapping):
        return {key: resolve(below, scope, f"{path}.{key}" if path else str(key)) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(below, scope, f"{path}[{place}]") for place, below in enumerate(value)]
    return value


def _wanted_shape(names: tuple[str, ...]) -> str:
    """How a misshapen reference should read; "" when it is right. Inputs may be grouped: `inputs.group.name`."""
    if names[0] in LOCATION:
        return "" if len(names) == 1 else names[0]
    if names[:2] == ("parent", "jobs"):
        return "" if len(names) >= 5 and names[3] in ("inputs", "outputs") else "parent.jobs.<job>.outputs.<name>"
    for head, shape in _SHAPES.items():
        if names[: len(head)] == head:
            return "" if len(names) > len(head) else shape
    return "parent.inputs.<name>, parent.outputs.<name> or parent.jobs.<job>.outputs.<name>" if names[0] == "parent" else ""
