"""An XML document as a tree that knows parents and order, as XPath needs it.

Built straight from expat, without recursion. A document type declaration is refused: with it come entities that grow without end
and files from elsewhere. White space between elements is dropped, comments and processing instructions are too.
"""

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

LARGEST_DEPTH = 100
_XMLNS = "http://www.w3.org/2000/xmlns/"
_XML = "http://www.w3.org/XML/1998/namespace"


class Malformed(Exception):
    """It is no XML (or none that is read here)."""


@dataclass(eq=False, slots=True)
class Text:
    value: str
    parent: "Element"
    order: int = 0


@dataclass(eq=False, slots=True)
class Attribute:
    name: str
    value: str
    parent: "Element"
    order: int = 0


@dataclass(eq=False, slots=True)
class Element:
    """name: as written, "" for the document itself. order: its place in the document. closed: was it written `<a/>`, not `<a></a>`?"""

    name: str
    parent: "Element | None" = None
    attributes: list[Attribute] = field(default_factory=list)
    children: list["Element | Text"] = field(default_factory=list)
    order: int = 0
    declaration: dict[str, str] | None = None
    closed: bool = False

    def elements(self) -> list["Element"]:
        return [child for child in self.children if isinstance(child, Element)]


Node = Element | Text | Attribute


def read(source: str) -> Element:
    """The document. Raises Malformed."""
    builder = _Builder(source.encode("utf-8", "replace"))
    try:
        builder.parser.Parse(builder.source, True)
    except expat.ExpatError as error:
        raise Malformed(str(error)) from None
    return builder.document


class _Builder:
    def __init__(self, source: bytes) -> None:
        self.source = source
        self.document = Element("")
        self.here = self.document
        self.order = 0
        self.depth = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.ordered_attributes = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.XmlDeclHandler = self.declared
        self.parser.StartDoctypeDeclHandler = self.refuse

    def start(self, name: str, attributes: list[str]) -> None:
        self.depth += 1
        if self.depth > LARGEST_DEPTH:
            raise Malformed(f"it is nested deeper than {LARGEST_DEPTH} levels")
        element = Element(name, self.here, order=self.next())
        element.attributes = [Attribute(key, value, element, self.next()) for key, value in zip(attributes[::2], attributes[1::2], strict=True)]
        self.here.children.append(element)
        self.here = element

    def end(self, name: str) -> None:
        self.depth -= 1
        written = self.here
        written.closed = not written.children and self.source.endswith(b"/>", 0, self.parser.CurrentByteIndex)
        if any(isinstance(child, Element) for child in written.children):
            written.children = [child for child in written.children if isinstance(child, Element) or child.value.strip()]
        self.here = written.parent or self.document

    def characters(self, text: str) -> None:
        if self.here.name:
            self.here.children.append(Text(text, self.here, self.next()))

    def declared(self, version: str, encoding: str | None, standalone: int) -> None:
        found = {"@version": version, "@encoding": encoding, "@standalone": {0: "no", 1: "yes"}.get(standalone)}
        self.document.declaration = {key: value for key, value in found.items() if value}

    def refuse(self, *_: Any) -> None:
        raise Malformed("a document type declaration is not read here")

    def next(self) -> int:
        self.order += 1
        return self.order


def text_of(node: Node) -> str:
    """The string value of a node: all text within."""
    if not isinstance(node, Element):
        return node.value
    found: list[str] = []
    pending: list[Element | Text] = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, Text):
            found.append(one.value)
        else:
            pending.extend(reversed(one.children))
    return "".join(found)


def escape(text: str) -> str:
    """Text as it stands in XML. (The standard library's own comes with an HTTP client.)"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoteattr(text: str) -> str:
    """Text as it stands in an attribute, quotes included."""
    shown = escape(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
    return f'"{shown}"'


def written(element: Element) -> str:
    """An element as XML that can stand alone, without white space between elements."""
    if not element.name:
        return "".join(written(child) for child in element.elements())
    return _written(element, "".join(f" {name}={quoteattr(value)}" for name, value in _inherited(element).items()))


def _inherited(element: Element) -> dict[str, str]:
    """The namespaces that elements around it declare, and that it or what is in it uses."""
    used, pending = set(), [element]
    while pending:
        one = pending.pop()
        used |= {name.rpartition(":")[0] for name in (one.name, *(attribute.name for attribute in one.attributes if ":" in attribute.name))}
        pending.extend(one.elements())
    found: dict[str, str] = {}
    own = {one.name for one in element.attributes}
    here = element.parent
    while here is not None:
        for given in here.attributes:
            prefix = given.name.removeprefix("xmlns").removeprefix(":")
            if given.name in ("xmlns", f"xmlns:{prefix}") and prefix in used and given.name not in own:
                found.setdefault(given.name, given.value)
        here = here.parent
    return found


def _written(element: Element, more: str = "") -> str:
    attributes = more + "".join(f" {one.name}={quoteattr(one.value)}" for one in element.attributes)
    if element.closed:
        return f"<{element.name}{attributes} />"
    inner = "".join(_written(child) if isinstance(child, Element) else escape(child.value) for child in element.children)
    return f"<{element.name}{attributes}>{inner}</{element.name}>"


def local_name(name: str) -> str:
    return name.rpartition(":")[2]


def namespace(node: Node) -> str:
    """The namespace of an element or attribute, "" when it has none."""
    if isinstance(node, Text):
        return ""
    prefix = node.name.rpartition(":")[0]
    if prefix in ("xml", "xmlns"):
        return _XML if prefix == "xml" else _XMLNS
    if isinstance(node, Attribute) and not prefix:
        return ""
    wanted = f"xmlns:{prefix}" if prefix else "xmlns"
    here: Element | None = node.parent if isinstance(node, Attribute) else node
    while here is not None:
        for one in here.attributes:
            if one.name == wanted:
                return one.value
        here = here.parent
    return ""
