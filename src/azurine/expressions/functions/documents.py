"""XML as content objects, and XPath over it."""

import math
from functools import lru_cache
from typing import Any

from azurine.expressions.formulas.faults import Refused
from azurine.expressions.functions.contents import made
from azurine.expressions.markup import exchange, nodes, paths, walking
from azurine.expressions.signatures import ANY, TEXT, TEXT_OR_OBJECT, Family
from azurine.expressions.values import CONTENT_TYPE, content

FAMILY = Family("Conversion")

TYPE = "application/xml;charset=utf-8"


@FAMILY.plain("xml", TEXT_OR_OBJECT)
def xml(value: Any) -> dict[str, str]:
    held = content(value)
    if held is not None:
        value = held.decode("utf-8", "replace")
    try:
        source = value if isinstance(value, str) else exchange.to_xml(value)
        nodes.read(source)
    except nodes.Malformed as error:
        raise Refused(
            f"The template language function 'xml' parameter is not valid. The provided value cannot be converted to XML: '{error}'.", 0
        ) from None
    return made(TYPE, source.encode("utf-8"))


@FAMILY.plain("xpath", ANY, TEXT)
def xpath(value: Any, path: str) -> Any:
    document = _document(value)
    if document is None:
        raise FAMILY.functions["xpath"].wrong_type(value, "to be of type xml", 0)
    try:
        found = walking.evaluate(paths.parse(path), document)
    except paths.BadPath as error:
        raise Refused(f"The template language function 'xpath' parameters are not valid: the XPath expression '{path[:200]}': {error}.", 1) from None
    if isinstance(found, float) and not math.isfinite(found):
        raise Refused(f"The template language function 'xpath' parameters are not valid: the XPath expression '{path[:200]}' is no number.", 1)
    return [_shown(one) for one in found] if isinstance(found, list) else found


def as_json(value: Any) -> Any:
    """The JSON of an xml() value; None when it is none."""
    document = _document(value)
    return None if document is None else exchange.to_json(document)


def _document(value: Any) -> nodes.Element | None:
    held = content(value)
    if held is None or "xml" not in str(value[CONTENT_TYPE]).lower():
        return None
    try:
        return _read(held)
    except nodes.Malformed:
        return None


@lru_cache(maxsize=8)
def _read(source: bytes) -> nodes.Element:
    return nodes.read(source.decode("utf-8", "replace"))


def _shown(node: nodes.Node) -> Any:
    if isinstance(node, nodes.Element):
        return made(TYPE, nodes.written(node).encode("utf-8", "replace"))
    return node.value if isinstance(node, nodes.Text) else f'{node.name}="{node.value}"'
