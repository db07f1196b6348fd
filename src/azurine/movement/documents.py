"""JSON, read and written object by object: one object, lines of objects, objects one after the other, or an array of them.

https://learn.microsoft.com/azure/data-factory/format-json
"""

import codecs
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from azurine.movement.failing import failure

LARGEST = 256 << 20
"""Characters of one object, at most."""
_PIECE = 1 << 18
_SPACE = " \t\r\n\ufeff"
_DECODER = json.JSONDecoder()


def read(stream: BinaryIO, name: str, encoding: str = "utf-8") -> Iterator[dict[str, Any]]:
    """Raises JsonInvalidDataFormat. What is no object comes as {"value": …}."""
    text = _Text(stream, name, encoding)
    opening = text.next_mark()
    if opening == "[":
        text.take(1)
        while (mark := text.next_mark()) != "]":
            if mark == "":
                raise _wrong(name, "the array does not end")
            yield _object(text.value())
            if text.next_mark() == ",":
                text.take(1)
            elif text.next_mark() != "]":
                raise _wrong(name, "a comma or the end of the array is missing")
        text.take(1)
        if text.next_mark():
            raise _wrong(name, "something follows the array")
        return
    while opening:
        yield _object(text.value())
        if text.next_mark() == ",":
            text.take(1)
        opening = text.next_mark()


class Writer:
    """pattern: setOfObjects (a line each) or arrayOfObjects."""

    def __init__(self, stream: BinaryIO, pattern: str = "setOfObjects", encoding: str = "utf-8") -> None:
        self._stream = stream
        self._is_array = pattern.lower() == "arrayofobjects"
        self._encoding = "utf-8" if encoding.lower().startswith("utf-8") else encoding
        self._count = 0
        self._write("[" if self._is_array else "")

    def write(self, documents: Iterable[Mapping[str, Any]]) -> None:
        lines = []
        for one in documents:
            lines.append((",\n" if self._count else "") + dump(one) if self._is_array else dump(one) + "\n")
            self._count += 1
        self._write("".join(lines))

    @property
    def is_plain(self) -> bool:
        """Is it a line for each, in UTF-8? Then others may write lines of their own."""
        return not self._is_array and self._encoding == "utf-8"

    def finish(self) -> None:
        self._write("]" if self._is_array else "")

    def _write(self, text: str) -> None:
        if text:
            self._stream.write(text.encode(self._encoding))


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=plain)


def span(value: timedelta) -> str:
    """As .NET writes it: [-][d.]hh:mm:ss[.fffffff]."""
    whole, parts = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
    days, hours, minutes, seconds = whole // 86400, whole // 3600 % 24, whole // 60 % 60, whole % 60
    text = f"{hours:02}:{minutes:02}:{seconds:02}" + (f".{parts:06}0" if parts else "")
    return ("-" if value < timedelta() else "") + (f"{days}." if days else "") + text


def plain(value: Any) -> Any:
    """What JSON has no word for."""
    match value:
        case datetime():
            return value.isoformat() + ("" if value.tzinfo else "Z")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return span(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes() | bytearray() | memoryview():
            return codecs.encode(bytes(value), "base64").decode().replace("\n", "")
    return str(value)


class _Text:
    """The text of a stream, as much of it as is needed at a time."""

    def __init__(self, stream: BinaryIO, name: str, encoding: str) -> None:
        self._stream = stream
        self._name = name
        try:
            self._decoder = codecs.getincrementaldecoder("utf-8" if encoding.lower().startswith("utf-8") else encoding)()
        except LookupError as error:
            raise failure("UserErrorInvalidEncodingName", f"The encoding '{encoding}' of '{name}' is not known.") from error
        self._text = ""
        self._at = 0
        self._ended = False

    def next_mark(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, count: int) -> None:
        self._at += count

    def value(self) -> Any:
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise _wrong(self._name, "it is nested too deeply") from error
            except ValueError as error:
                # A value may go on in the next piece; the last piece tells.
                if not self._more():
                    raise _wrong(self._name, str(error)) from error
                continue
            if end == len(self._text) and not isinstance(found, dict | list) and self._more():
                continue  # a number, or a word, may go on
            self._at = end
            return found

    def _more(self) -> bool:
        if self._ended:
            return False
        # Twice as much each time, so that a large object is not looked at over and over.
        data = self._stream.read(max(_PIECE, len(self._text) - self._at))
        self._ended = not data
        try:
            piece = self._decoder.decode(data, final=self._ended)
        except UnicodeDecodeError as error:
            raise _wrong(self._name, str(error)) from error
        self._text, self._at = self._text[self._at :] + piece, 0
        if len(self._text) > LARGEST:
            raise _wrong(self._name, f"one object is longer than {LARGEST} characters")
        return bool(piece) or not self._ended


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"value": value}


def _wrong(name: str, why: str) -> Exception:
    return failure(
        "JsonInvalidDataFormat",
        f"Error occurred when deserializing source JSON file '{name}'. Check if the data is in valid JSON object format: {why}.",
    )
