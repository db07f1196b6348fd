"""Reads JSON as forgivingly as Data Factory does: single quotes, trailing commas, bare names as keys, comments.

What is proper JSON is read by the standard library; only what it refuses is read here. Depth is bounded.
"""

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, NoReturn

DEEPEST = 128
_SPACE = re.compile(r"(?:\s++|//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/)*+")
_NUMBER = re.compile(
    r"[+-]?(?:(?P<hex>0[xX][0-9a-fA-F]{1,16})|(?P<octal>0[0-7]{1,21})(?![0-9.eE])|(?P<whole>[0-9]*+)(?P<rest>\.[0-9]*+)?(?P<power>[eE][+-]?[0-9]++)?)"
)
_NAME = re.compile(r"[^\W\d][\w$]*+")
_AFTER = ("", ",", "]", "}", "/")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_SINGLE = re.compile(r"'((?:[^'\\]++|\\.)*+)'", re.S)


def loads(text: str) -> Any:
    """Raises json.JSONDecodeError."""
    try:
        found = json.loads(text, strict=False, parse_constant=_no_constant, parse_float=_float)
    except (ValueError, RecursionError):
        # parity: what follows the first value is not looked at.
        return _Reader(text).value(1)
    if text.count("[") + text.count("{") > DEEPEST:
        _check_depth(found, text)
    return found


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)


def _float(digits: str) -> float:
    found = float(digits)
    if found in (float("inf"), float("-inf")):
        raise ValueError(digits)
    return found


def _check_depth(value: Any, text: str) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise json.JSONDecodeError(f"It is nested deeper than {DEEPEST} levels", text, 0)
        below = [one for one in level if isinstance(one, dict | list)]
        level = [inner for one in below for inner in (one.values() if isinstance(one, dict) else one)]


def _number(match: re.Match[str]) -> int | float:
    """parity: 0x10 is 16, 010 is 8, .5 and 1. are read. Raises ValueError."""
    if match["hex"] or match["octal"]:
        found = int(match["hex"] or match["octal"], 16 if match["hex"] else 8)
        return -found if match[0].startswith("-") else found
    if len(match["whole"]) > 1 and match["whole"].startswith("0"):
        raise ValueError(match[0])
    return _float(match[0]) if match["rest"] is not None or match["power"] else int(match[0])


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def value(self, depth: int) -> Any:
        if depth > DEEPEST:
            self.fail(f"It is nested deeper than {DEEPEST} levels")
        self.space()
        sign = self.text[self.at : self.at + 1]
        if sign == "{":
            return self.object(depth)
        if sign == "[":
            return self.array(depth)
        if sign in ('"', "'") and sign:
            return self.string(sign)
        word = _NAME.match(self.text, self.at)
        if word and word[0] in _WORDS:
            self.at = word.end()
            return _WORDS[word[0]]
        return self.number()

    def object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.at += 1
        while not self.closes("}"):
            name = self.key()
            self.expect(":")
            found[name] = self.value(depth + 1)
            if not self.closes("}", peek=True):
                self.expect(",")
        return found

    def array(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self.at += 1
        while not self.closes("]"):
            found.append(self.value(depth + 1))
            if not self.closes("]", peek=True):
                self.expect(",")
        return found

    def key(self) -> str:
        self.space()
        sign = self.text[self.at : self.at + 1]
        if sign in ('"', "'") and sign:
            return self.string(sign)
        bare = _NAME.match(self.text, self.at)
        if not bare:
            self.fail("Invalid property identifier character")
        self.at = bare.end()
        return bare[0]

    def string(self, quote: str) -> str:
        if quote == '"':
            found, self.at = scanstring(self.text, self.at + 1, False)
            return str(found)
        match = _SINGLE.match(self.text, self.at)
        if not match:
            self.fail("Unterminated string")
        inner = re.sub(r"\\.|\"", lambda one: "'" if one[0] == "\\'" else '\\"' if one[0] == '"' else one[0], match[1], flags=re.S)
        read, _ = scanstring(f'"{inner}"', 1, False)
        self.at = match.end()
        return str(read)

    def number(self) -> int | float:
        match = _NUMBER.match(self.text, self.at)
        if not match or not any(one.isalnum() for one in match[0]):
            self.fail("Unexpected character encountered while parsing value" if self.at < len(self.text) else "Unexpected end when reading token")
        try:
            found = _number(match)
        except ValueError:
            self.fail("The number is not valid, or too large")
        self.at = match.end()
        if self.text[self.at : self.at + 1] not in _AFTER and not self.text[self.at].isspace():
            self.fail("Unexpected character encountered while parsing number")
        return found

    def space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def closes(self, sign: str, peek: bool = False) -> bool:
        self.space()
        there = self.text.startswith(sign, self.at)
        if there and not peek:
            self.at += 1
        return there

    def expect(self, sign: str) -> None:
        self.space()
        if not self.text.startswith(sign, self.at):
            self.fail(f"After parsing a value an unexpected character was encountered, '{sign}' was expected")
        self.at += 1

    def fail(self, why: str) -> NoReturn:
        raise json.JSONDecodeError(why, self.text, self.at)
