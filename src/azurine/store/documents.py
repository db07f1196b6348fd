"""JSON as text: what the store keeps of spec and status, and the limits of what it takes.

Text is compact and plain ASCII (everything else is escaped), so that any string JSON can hold, lone surrogates and
zero characters included, comes back from any database as it was. The store never looks inside.

`prepare` runs in the caller's thread before anything is queued: what cannot be stored harms nobody else's batch, and
the cost of large documents is not paid while others wait.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from azurine.model import errors
from azurine.model.resources import Json
from azurine.store import log

LONGEST_NAME = 1_000
"""Bytes of an id, parent, owner or principal: any name Azure allows fits, and every database can index two of them."""

LONGEST_KIND = 250


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON: spec and status are objects, lists, text, numbers, true, false and null")


_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=_plain).encode
_decode = json.JSONDecoder().raw_decode


class Document(NamedTuple):
    """A JSON object as text, with its value where that is known already."""

    text: str
    value: Json | None = None

    def read(self) -> Json:
        return self.value if self.value is not None else decode(self.text)


class Prepared(NamedTuple):
    """A write with its documents encoded; `spec` and `status` are empty objects where the write has none."""

    write: log.Write
    spec: Document
    status: Document


EMPTY = Document("{}")


def encode(value: Json) -> str:
    return _encode(value)


def decode(text: str) -> Json:
    # The text is our own: nothing stands before the value, and nothing after it.
    return cast(Json, _decode(text)[0])


def prepare(write: log.Write) -> Prepared:
    """Raises errors.Invalid when the write holds something that no database could keep."""
    spec = status = EMPTY
    _check_name("id", write.id, LONGEST_NAME)
    match write:
        case log.Create():
            _check_name("kind", write.kind, LONGEST_KIND)
            _check_name("parent", write.parent, LONGEST_NAME)
            _check_name("owner", write.owner, LONGEST_NAME)
            _check_name("by", write.by, LONGEST_NAME)
            spec, status = _document("spec", write.spec), _document("status", write.status)
        case log.Update():
            _check_name("by", write.by, LONGEST_NAME)
            spec = _document("spec", write.spec)
        case log.Report():
            status = _document("status", write.status)
        case log.Mark():
            _check_name("by", write.by, LONGEST_NAME)
        case log.Remove():
            pass
    return Prepared(write, spec, status)


def is_name(text: str) -> bool:
    """Could a resource have this id? What could not be written cannot be asked of a database either."""
    return len(text) <= LONGEST_NAME and "\0" not in text and (text.isascii() or _size(text) <= LONGEST_NAME)


def _document(path: str, value: Json) -> Document:
    """The value is decoded from its text, so that nobody's later changes to what they passed in reach the store's answers."""
    if not value:
        return Document("{}", {})
    try:
        text = encode(value)
        return Document(text, decode(text))
    except RecursionError as error:
        raise errors.Invalid(f"The {path} is nested too deeply to be stored; use fewer levels of objects and lists.", path=path) from error


def _check_name(what: str, value: Any, longest: int) -> None:
    if len(value) > longest or "\0" in value or not (value.isascii() or _size(value) <= longest):
        shown = value if len(value) <= 60 else value[:60] + "…"
        raise errors.Invalid(f"The {what} {shown!r} is no name: at most {longest} bytes of text without zero characters.", path=what)


def _size(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:  # half of a surrogate pair is not text
        return LONGEST_NAME + 1
