"""Text in URIs: everything but letters, digits and - _ . ~ is written with per cent signs."""

from typing import Any
from urllib.parse import quote, unquote_plus, unquote_to_bytes

from azurine.expressions.functions.contents import OCTETS, made
from azurine.expressions.signatures import ANY, TEXT, Family
from azurine.expressions.values import sized, text

FAMILY = Family("Conversion")


@FAMILY.plain("uriComponent", ANY)
def uri_component(value: Any) -> str:
    return sized(quote(text(value), safe="", errors="replace"))


@FAMILY.plain("uriComponentToString", TEXT)
def uri_component_to_string(value: str) -> str:
    return unquote_plus(value)


@FAMILY.plain("uriComponentToBinary", TEXT)
def uri_component_to_binary(value: str) -> dict[str, str]:
    return made(OCTETS, unquote_to_bytes(value.replace("+", " ").encode("utf-8", "replace")))


FAMILY.also("encodeUriComponent", "uriComponent")
FAMILY.also("decodeUriComponent", "uriComponentToString")
