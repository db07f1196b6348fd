"""A stand-in for the official clients: remembers what was asked, answers what it was given. And a way to run a noun against it."""

import contextlib
import io
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import typer

from azurine.cli import commands


class Entity(dict[str, Any]):
    """What the client's entities are to the commands: fields, and `_to_dict`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def _to_dict(self) -> dict[str, Any]:
        return dict(self)


class Poller:
    def __init__(self, value: Any) -> None:
        self.value, self.waited = value, False

    def result(self) -> Any:
        self.waited = True
        return self.value


@dataclass
class Operations:
    """One of the client's operation groups. answers: by method; an exception is raised. asked: (method, arguments, keywords)."""

    answers: dict[str, Any]
    asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.asked.append((name, args, kwargs))
            answer = self.answers.get(name)
            if isinstance(answer, BaseException):
                raise answer
            return answer(*args, **kwargs) if callable(answer) else answer

        return call


class Client:
    """An MLClient: `Client(jobs={"get": …})`."""

    def __init__(self, **groups: Mapping[str, Any]) -> None:
        self.workspace_name = "workshop"
        self.groups = {name: Operations(dict(answers)) for name, answers in groups.items()}

    def __getattr__(self, name: str) -> Operations:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.groups.setdefault(name, Operations({}))


@dataclass
class Connection:
    ml: Any
    http: Any = None
    url: str = "https://localhost:1"
    workspace_id: str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
    registries: Mapping[str, Any] = field(default_factory=dict)

    def registry(self, name: str) -> Any:
        return self.registries[name]


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass
class House:
    """Runs verbs of nouns against one connection."""

    connection: Any
    addresses: list[commands.Address] = field(default_factory=list)

    def run(self, app: typer.Typer, *args: str) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = 0
            try:
                typer.main.get_command(app)(list(args), prog_name="azurine noun", obj=commands.Door(self._open))
            except SystemExit as end:
                code = int(end.code or 0)
        return Ran(code, out.getvalue(), err.getvalue())

    def _open(self, address: commands.Address) -> Any:
        self.addresses.append(address)
        if isinstance(self.connection, BaseException):
            raise self.connection
        return self.connection


def house(**groups: Mapping[str, Any]) -> House:
    return House(Connection(Client(**groups)))


@contextlib.contextmanager
def terminal() -> Iterator[io.StringIO]:
    """stdout is a terminal."""

    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    before, sys.stdout = sys.stdout, screen
    try:
        yield screen
    finally:
        sys.stdout = before
