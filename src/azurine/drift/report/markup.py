"""Tags. A child or an attribute that is not a tag already is text, and is escaped: what comes from the data can never become markup."""

import html
import re

_VOID = ("br", "meta")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
"""Characters that no page may have."""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


Child = object
"""Html as it is, None for nothing, anything else as text."""


def text(value: Child) -> Html:
    if isinstance(value, Html):
        return value
    if value is None:
        return Html("")
    # A lone surrogate, as a damaged file may have it, cannot be written.
    plain = str(value).encode("utf-8", "replace").decode("utf-8")
    return Html(html.escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", plain), quote=True))


def tag(name: str, /, *children: Child, **attributes: Child) -> Html:
    """`tag("p", "a < b", class_="note")`. In names of attributes `_` stands for `-`; one that is None is left out, one that is True has no value."""
    said = "".join(
        f" {_attribute(key)}" if value is True else f' {_attribute(key)}="{text(value)}"' for key, value in attributes.items() if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{said}>")
    return Html(f"<{name}{said}>{''.join(map(text, children))}</{name}>")


def joined(*children: Child) -> Html:
    return Html("".join(map(text, children)))


def named(value: str) -> Html:
    """A name from the data, kept from turning the direction of what stands around it."""
    return tag("bdi", value)


def _attribute(key: str) -> str:
    return {"class_": "class", "for_": "for", "viewBox": "viewBox"}.get(key) or key.replace("_", "-")
