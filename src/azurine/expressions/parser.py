"""From tokens to a template: what stands between `${{` and `}}` becomes a reference, a dotted row of names.

Whitespace around names and dots means nothing. Templates of short texts seen lately are kept, as the same command is read at
admission, at wiring and at the start of a step; long ones are not, so that nobody can fill the memory with them.
"""

import re
from functools import lru_cache

from azurine.expressions import scanner
from azurine.expressions.tree import Block, Part, Reference, Template, Text, fault

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


_SHORT = 4096


def parse(source: str) -> Template:
    """Raises errors.Invalid, with the place marked, for what is not well formed."""
    return _remembered(source) if len(source) <= _SHORT else _parse(source)


@lru_cache(maxsize=1024)
def _remembered(source: str) -> Template:
    return _parse(source)


def _parse(source: str) -> Template:
    parts: list[Part] = []
    inside: list[Text | Reference] | None = None
    opened = 0
    for token in scanner.scan(source):
        if token.sort == "open":
            inside, opened = [], token.place
        elif token.sort == "close":
            parts.append(Block(tuple(inside or ()), opened))
            inside = None
        else:
            part = Text(token.text) if token.sort == "text" else _reference(token, source)
            (parts if inside is None else inside).append(part)
    return Template(source, tuple(parts))


def _reference(token: scanner.Token, source: str) -> Reference:
    names = []
    place = token.place + len(scanner.EXPRESSION)
    for written in token.text.split("."):
        name = written.strip()
        if not _NAME.fullmatch(name):
            found = f"{name[:40]!r} is not a name" if name else "a name is missing"
            raise fault(f"{found} in this expression; it should read like ${{{{inputs.data}}}}", source, place + len(written) - len(written.lstrip()))
        names.append(name)
        place += len(written) + 1
    return Reference(tuple(names), token.place)
