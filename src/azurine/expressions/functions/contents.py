"""Base64, data URIs and content objects, {"$content-type": …, "$content": base64}: how bytes travel in JSON."""

import re
from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import unquote_to_bytes

from azurine.expressions.formulas.faults import Refused
from azurine.expressions.signatures import ANY, TEXT, Family, Kinds, invalid
from azurine.expressions.values import CONTENT, CONTENT_TYPE, content, json_text, sized, text

FAMILY = Family("Conversion")

OCTETS = "application/octet-stream"
_PLAIN, _JSON = "text/plain;charset=utf-8", "application/json;charset=utf-8"
_ENCODABLE = Kinds(frozenset({str, dict, list}), "to be a string, an object or an array")
_DATA_URI = re.compile(r"data:(?P<type>[^,]*?)(?P<encoded>;base64)?,(?P<data>.*)", re.I | re.S)


def made(content_type: str, octets: bytes) -> dict[str, str]:
    return {CONTENT_TYPE: content_type, CONTENT: sized(b64encode(octets).decode())}


def octets_of(value: Any) -> bytes:
    """The bytes that a value stands for: those of a content object, else its text in UTF-8."""
    held = content(value)
    if held is not None:
        return held
    return (json_text(value) if isinstance(value, dict | list) else text(value)).encode("utf-8", "replace")


@FAMILY.plain("base64", _ENCODABLE)
def base64(value: Any) -> str:
    return sized(b64encode(octets_of(value)).decode())


@FAMILY.plain("base64ToString", TEXT)
def base64_to_string(value: str) -> str:
    return _decoded(value, "base64ToString").decode("utf-8", "replace")


@FAMILY.plain("decodeBase64", TEXT)
def decode_base64(value: str) -> str:
    return _decoded(value, "decodeBase64").decode("utf-8", "replace")


@FAMILY.plain("base64ToBinary", TEXT)
def base64_to_binary(value: str) -> dict[str, str]:
    return made(OCTETS, _decoded(value, "base64ToBinary"))


@FAMILY.plain("binary", ANY)
def binary(value: Any) -> dict[str, str]:
    if value is None:
        raise invalid("binary")
    return made(OCTETS, octets_of(value))


@FAMILY.plain("dataUri", ANY)
def data_uri(value: Any) -> str:
    if value is None:
        raise invalid("dataUri")
    if content(value) is not None:
        return sized(f"data:{value[CONTENT_TYPE]};base64,{value[CONTENT]}")
    octets = text(value).encode("utf-8", "replace")
    return sized(f"data:{_PLAIN if isinstance(value, str) else _JSON};base64,{b64encode(octets).decode()}")


@FAMILY.plain("dataUriToString", TEXT)
def data_uri_to_string(value: str) -> str:
    return _data(value, "dataUriToString")[1].decode("utf-8", "replace")


@FAMILY.plain("decodeDataUri", TEXT)
def decode_data_uri(value: str) -> str:
    return _data(value, "decodeDataUri")[1].decode("utf-8", "replace")


@FAMILY.plain("dataUriToBinary", TEXT)
def data_uri_to_binary(value: str) -> dict[str, str]:
    return made(*_data(value, "dataUriToBinary"))


def _decoded(value: str, name: str) -> bytes:
    try:
        return b64decode("".join(value.split()), validate=True)
    except ValueError:
        why = "The value cannot be decoded from base64 representation."
        raise Refused(f"The template language function '{name}' was invoked with a parameter that is not valid. {why}", 0) from None


def _data(value: str, name: str) -> tuple[str, bytes]:
    """(content type, bytes) of a data URI."""
    found = _DATA_URI.fullmatch(value)
    if not found:
        raise Refused(
            f"The template language function '{name}' expects its parameter to be a valid data URI string. The provided value '{value[:200]}' is not.",
            0,
        )
    octets = _decoded(found["data"], name) if found["encoded"] else unquote_to_bytes(found["data"].encode("utf-8", "replace"))
    return found["type"] or "text/plain", octets
