"""Gives a reference its value in a scope, and writes values into text.

A scope is nested mappings: {"inputs": {"rate": 0.1}, "parent": {"jobs": …}, "name": "j1"}. A name that is there with the
value None has *no value* (an optional input that was left out); a name that is not there is a mistake. Names below an input may
be dotted (grouped inputs such as `inputs.net.rate`): the scope may hold them nested or under the joined name.
"""

import json
from collections.abc import Mapping
from typing import Any

from azurine.expressions.tree import Block, Reference, Template, Text, fault

Scope = Mapping[str, Any]


def value(reference: Reference, scope: Scope, source: str, path: str = "") -> Any:
    """What the reference stands for. Raises errors.Invalid when the scope has no such name; says which names it has."""
    here: Any = scope
    names = reference.names
    for place, name in enumerate(names):
        if not isinstance(here, Mapping):
            raise fault(f"{'.'.join(names[:place])} has nothing below it, so {reference} means nothing", source, reference.place, path)
        joined = ".".join(names[place:])
        if name not in here and joined in here:
            return here[joined]
        if name not in here:
            within = f"{'.'.join(names[:place])} has" if place else "there are"
            raise fault(f"{reference} is not known here: {within} {_known(here)}", source, reference.place, path)
        here = here[name]
    return here


def text(template: Template, scope: Scope, path: str = "") -> str:
    """The source with values put in. Raises errors.Invalid for an unknown name, or one without value outside an optional block."""
    written = []
    for part in template.parts:
        if not isinstance(part, Block):
            written.append(_part(part, template, scope, path))
        elif _kept(part, template, scope, path):
            written.extend(_part(one, template, scope, path) for one in part.parts)
    return "".join(written)


def render(found: Any) -> str:
    """How a value reads inside text: numbers as written, booleans as Python writes them (parity), the rest as JSON."""
    if isinstance(found, str):
        return found
    if isinstance(found, bool | int | float):
        return str(found)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _part(part: Text | Reference, template: Template, scope: Scope, path: str) -> str:
    if isinstance(part, Text):
        return part.text
    found = value(part, scope, template.source, path)
    if found is None:
        hint = f"${{{{{part}}}}} has no value; an optional one may stand only inside $[[ … ]]"
        raise fault(hint, template.source, part.place, path)
    return render(found)


def _kept(block: Block, template: Template, scope: Scope, path: str) -> bool:
    asked = [part for part in block.parts if isinstance(part, Reference) and part.names[0] == "inputs"]
    return all(value(one, scope, template.source, path) is not None for one in asked)


def _known(here: Mapping[str, Any]) -> str:
    names = sorted(str(name) for name in here)
    return (", ".join(names[:12]) + (", …" if len(names) > 12 else "")) or "no names"
