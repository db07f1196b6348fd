"""The request and the answer as raw scripts know them: `AMLRequest`, `AMLResponse`, and the decorator `rawhttp`.

They have the words that scripts use of Flask's request and response; there is no Flask here.
"""

from __future__ import annotations

import io
import json
from email import message_from_bytes
from email.message import Message
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from . import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RAW = "_azurine_raw"


def rawhttp(function: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a run() that takes the request itself."""
    setattr(function, RAW, True)
    return function


class Headers:
    """Headers by name, in whatever case."""

    def __init__(self, given: Any = ()) -> None:
        pairs = given.items() if hasattr(given, "items") else given
        self._found: dict[str, tuple[str, str]] = {str(name).lower(): (str(name), str(value)) for name, value in pairs}

    def __getitem__(self, name: str) -> str:
        return self._found[name.lower()][1]

    def __setitem__(self, name: str, value: Any) -> None:
        self._found[name.lower()] = (name, str(value))

    def __delitem__(self, name: str) -> None:
        del self._found[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._found

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self._found.values()])

    def __len__(self) -> int:
        return len(self._found)

    def get(self, name: str, default: Any = None) -> Any:
        found = self._found.get(name.lower())
        return default if found is None else found[1]

    def items(self) -> list[tuple[str, str]]:
        return list(self._found.values())

    def keys(self) -> list[str]:
        return list(self)

    def update(self, others: Any) -> None:
        for name, value in others.items():
            self[name] = value

    add = set = __setitem__


class Several(dict):  # type: ignore[type-arg]
    """A form or a query: the first value of each name, and `getlist` for all of them."""

    def __init__(self, values: dict[str, list[Any]]) -> None:
        super().__init__({name: found[0] for name, found in values.items()})
        self._all = values

    def getlist(self, name: str) -> list[Any]:
        return list(self._all.get(name, []))


class Uploaded:
    """A file of a form."""

    def __init__(self, part: Message, content: bytes) -> None:
        self.filename = part.get_filename()
        self.content_type = part.get_content_type()
        self.mimetype = self.content_type
        self.stream = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self.stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.stream.seek(offset, whence)

    def tell(self) -> int:
        return self.stream.tell()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.stream)

    def save(self, target: Any) -> None:
        if hasattr(target, "write"):
            target.write(self.stream.read())
            return
        with open(target, "wb") as file:
            file.write(self.stream.read())


class Request:
    """One request, whole."""

    def __init__(self, head: wire.Head, body: bytes) -> None:
        self._head = head
        self.data = body
        self.method = head.method
        self.path = head.path
        self.query_string = head.query.encode("latin-1")
        self.full_path = head.path + "?" + head.query
        self.headers = Headers(("-".join(part.capitalize() for part in name.split("-")), value) for name, value in head.headers.items())
        self.content_type = head.headers.get("content-type", "")
        self.mimetype = self.content_type.split(";")[0].strip().lower()
        self.content_length = len(body)
        self.host = head.headers.get("host", "localhost")
        self.base_url = f"http://{self.host}{head.path}"
        self.url = self.base_url + ("?" + head.query if head.query else "")
        self._parts: tuple[Several, Several] | None = None

    @property
    def stream(self) -> io.BytesIO:
        return io.BytesIO(self.data)

    @property
    def args(self) -> Several:
        return Several(parse_qs(self._head.query, keep_blank_values=True))

    @property
    def is_json(self) -> bool:
        return self.mimetype == "application/json" or self.mimetype.endswith("+json")

    @property
    def json(self) -> Any:
        return self.get_json()

    @property
    def form(self) -> Several:
        return self._read_parts()[0]

    @property
    def files(self) -> Several:
        return self._read_parts()[1]

    def get_data(self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False) -> Any:
        return self.data.decode("utf-8") if as_text else self.data

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        if not (force or self.is_json):
            return None
        try:
            return json.loads(self.data)
        except ValueError:
            if silent:
                return None
            raise

    def _read_parts(self) -> tuple[Several, Several]:
        if self._parts is None:
            self._parts = self._split()
        return self._parts

    def _split(self) -> tuple[Several, Several]:
        fields: dict[str, list[Any]] = {}
        files: dict[str, list[Any]] = {}
        if self.mimetype == "application/x-www-form-urlencoded":
            fields = parse_qs(self.data.decode("utf-8"), keep_blank_values=True)
        elif self.mimetype == "multipart/form-data":
            whole = message_from_bytes(b"Content-Type: %b\r\n\r\n%b" % (self.content_type.encode("latin-1"), self.data))
            for part in whole.get_payload() if whole.is_multipart() else ():
                assert isinstance(part, Message)
                name = str(part.get_param("name", "", "content-disposition"))
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                if part.get_filename() is None:
                    fields.setdefault(name, []).append(content.decode("utf-8", "replace"))
                else:
                    files.setdefault(name, []).append(Uploaded(part, content))
        return Several(fields), Several(files)


class Response:
    """An answer with a status and headers of its own."""

    def __init__(
        self, message: Any = "", status_code: int = 200, response_headers: Any = None, json_str: bool = False, run_function_failed: bool = False
    ) -> None:
        self.status_code = status_code
        self.headers = Headers(response_headers or {})
        self.run_function_failed = run_function_failed
        text = message if isinstance(message, (str, bytes)) and not json_str else json.dumps(message)
        self.data = text.encode("utf-8") if isinstance(text, str) else text
        if "Content-Type" not in self.headers:
            self.headers["Content-Type"] = "application/json"

    def get_data(self, as_text: bool = False) -> Any:
        return self.data.decode("utf-8") if as_text else self.data

    def set_data(self, data: Any) -> None:
        self.data = data.encode("utf-8") if isinstance(data, str) else data
