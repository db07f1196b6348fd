"""XML to JSON and back: attributes as "@name", text beside them as "#text", the declaration as "?xml", repeated elements as arrays.

https://www.newtonsoft.com/json/help/html/ConvertingJSONandXML.htm
"""

import re
from typing import Any

from azurine.expressions.markup.nodes import LARGEST_DEPTH, Element, Malformed, Text, escape, quoteattr
from azurine.expressions.values import float_text

_NAME = re.compile(r"[^\W\d][\w.-]*(?::[^\W\d][\w.-]*)?")


def to_json(document: Element) -> dict[str, Any]:
    found: dict[str, Any] = {"?xml": dict(document.declaration)} if document.declaration else {}
    return found | _children(document)


def _children(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {f"@{one.name}": one.value for one in element.attributes}
    texts = [child.value for child in element.children if isinstance(child, Text)]
    if texts:
        found["#text"] = texts if len(texts) > 1 else texts[0]
    same: dict[str, list[Any]] = {}
    for child in element.elements():
        same.setdefault(child.name, []).append(_value(child))
    return found | {name: values if len(values) > 1 else values[0] for name, values in same.items()}


def _value(element: Element) -> Any:
    found = _children(element)
    if not found:
        return None if element.closed else ""
    return found["#text"] if list(found) == ["#text"] else found


def to_xml(value: dict[str, Any]) -> str:
    """Of an object with one root. Raises Malformed."""
    declaration = value.get("?xml")
    roots = [(name, below) for name, below in value.items() if name != "?xml"]
    if len(roots) != 1 or isinstance(roots[0][1], list):
        raise Malformed("an object must have exactly one root property to become XML")
    head = f"<?xml{_attributes(declaration)}?>" if isinstance(declaration, dict) else ""
    return head + _element(*roots[0], depth=1)


def _element(name: str, value: Any, depth: int) -> str:
    if depth > LARGEST_DEPTH:
        raise Malformed(f"it is nested deeper than {LARGEST_DEPTH} levels")
    if not _NAME.fullmatch(name):
        raise Malformed(f"'{name}' is no name of an XML element")
    if isinstance(value, list):
        return "".join(_element(name, one, depth + 1) for one in value)
    if value is None:
        return f"<{name} />"
    if not isinstance(value, dict):
        return f"<{name}>{escape(_scalar(value))}</{name}>"
    inner = "".join(
        escape(_scalar(below)) if key == "#text" else _element(key, below, depth + 1) for key, below in value.items() if not key.startswith("@")
    )
    attributes = _attributes(value)
    return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes} />"


def _attributes(value: dict[str, Any]) -> str:
    found = {key[1:]: below for key, below in value.items() if key.startswith("@")}
    for name in found:
        if not _NAME.fullmatch(name):
            raise Malformed(f"'{name}' is no name of an XML attribute")
    return "".join(f" {name}={quoteattr(_scalar(below))}" for name, below in found.items())


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise Malformed("text and attributes are strings, numbers or booleans")
    return "" if value is None else float_text(value) if isinstance(value, float) else str(value)
