"""What a command may say: `${{inputs.x}}` and `${{outputs.y}}` of the step itself, and optional inputs only in `$[[ … ]]`."""

from collections.abc import Mapping
from typing import Any

from azurine.expressions import bindings
from azurine.expressions.tree import CODE, excerpt
from azurine.ml.interfaces import may_be_absent
from azurine.ml.reading import Reader
from azurine.model import errors


def check_command(reader: Reader, key: str, text: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
    """Notes every expression of the text at `key` that is malformed, leads nowhere, or may have no value where it stands."""
    try:
        bindings.check(text, bindings.STEP, reader.at(key))
        template = bindings.parse(text)
    except errors.Invalid as error:
        reader.include(error)
        return
    for part in template.parts:
        if isinstance(part, bindings.Reference):
            _check(reader, key, text, part, inputs, outputs, optional=False)
        elif isinstance(part, bindings.Block):
            for one in part.parts:
                if isinstance(one, bindings.Reference):
                    _check(reader, key, text, one, inputs, outputs, optional=True)


def _check(
    reader: Reader, key: str, text: str, reference: bindings.Reference, inputs: Mapping[str, Any], outputs: Mapping[str, Any], optional: bool
) -> None:
    side, name = reference.names[0], ".".join(reference.names[1:])
    declared = {"inputs": inputs, "outputs": outputs}.get(side)
    if declared is None:
        return
    if name not in declared:
        known = ", ".join(declared) or "none"
        reader.fault(key, f"there is no {side[:-1]} {name}; {side} are: {known}\n{excerpt(text, reference.place)}", CODE)
    elif side == "inputs" and not optional and isinstance(declared[name], Mapping) and may_be_absent(declared[name]):
        reader.fault(key, f"{name} is optional, so it may stand only inside $[[ … ]]\n{excerpt(text, reference.place)}", CODE)
