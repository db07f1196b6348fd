"""Runs a graph of library components as few passes over the data as can be.

Every component that can say its plan says it; what it answers is handed on as a plan. What must be computed is gathered: tables that are
wanted in a folder, questions of components that need numbers first, files that are exported. Then one pass computes all of it, parts
that several plans share once; the answers let further components say their plans, and so on until nothing is left. A table that nobody
wants in a folder is never written.

When a pass fails, its parts are computed one by one to find those that fail, and of each the node where it began: the first one upstream
whose own table cannot be computed. Nodes that need a failed one are skipped; all others go on, or, when the graph is to halt, are skipped
too. When a file's later rows do not have the types of its first ones, what is not done yet runs once more with types inferred from all rows.

A node is done when nobody will ask for it again: it has succeeded, and either all that it hands on is in folders, or all that it was handed on
to is done. That is told as soon as it is so (`tell`), so that whoever begins the graph anew, because its process was killed, leaves out
what is done and finds what it made.
"""

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import polars as pl

from azurine.designer import asking, components, csv_files, ports
from azurine.designer.bench import Bench
from azurine.designer.components import Asking, Component, Outputs
from azurine.designer.ports import Port
from azurine.designer.tables import Table
from azurine.model.errors import AzurineError, Invalid

SUCCEEDED, FAILED, SKIPPED = "succeeded", "failed", "skipped"


@dataclass(frozen=True, slots=True)
class Source:
    """Where an input comes from: a port of another node, or a path when node is ""."""

    node: str = ""
    port: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """component: its name in the library, or a folder. outputs: where ports are wanted; others are handed on only."""

    name: str
    component: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    inputs: Mapping[str, Source] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """rows: of the tables that were written, by port. cause: of a skipped node, the one that failed."""

    state: str
    error: str = ""
    code: str = ""
    cause: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0


Say = Callable[[str, str], None]
"""Takes the name of a node and a line for its log."""
Tell = Callable[[str, Result], None]
"""Takes the name of a node and how it went; once for each node."""


@dataclass(frozen=True, slots=True)
class Manner:
    """benches: of nodes that have other variables than the graph's bench. halt: nothing goes on after a failure."""

    say: Say = lambda node, line: None
    tell: Tell = lambda node, result: None
    benches: Mapping[str, Bench] = field(default_factory=dict)
    halt: bool = False


def run(nodes: Sequence[Node], bench: Bench, manner: Manner = Manner()) -> dict[str, Result]:
    """bench: of the whole graph; each node works in a folder of its own below it."""
    course = Course(nodes, bench, manner)
    try:
        return course.run()
    except Surprise:
        left = [_reading(node, course.told, nodes) for node in nodes if node.name not in course.told]
        again = Course(left, replace(bench, folder=bench.folder / "again", sample=None), manner)
        return {**course.told, **again.run()}


class Surprise(Exception):
    """A row does not have the type that the first rows of its file had."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Plans to compute in a pass for a node, and what happens with what they give."""

    node: str
    plans: Sequence[pl.LazyFrame]
    done: Callable[[Sequence[pl.DataFrame]], None]


class Course:
    """How far a graph is."""

    def __init__(self, nodes: Sequence[Node], bench: Bench, manner: Manner) -> None:
        self.nodes = {node.name: node for node in nodes}
        self.bench = bench
        self.manner = manner
        self.say = manner.say
        self.told: dict[str, Result] = {}
        self.users = _users(self.nodes)
        self.results: dict[str, Result] = {}
        self.found: dict[str, Outputs] = {}
        self.parts: list[_Part] = []
        self.asking: dict[str, Asking] = {}
        self.began: dict[str, float] = {}
        self.rows: dict[str, dict[str, int]] = {}
        self.numbers = count()
        _check(self.nodes)

    def run(self) -> dict[str, Result]:
        while True:
            while not self._is_halted() and any(self._start(node) for node in self.nodes.values()):
                pass
            if self._is_halted():
                self._halt()
            if not self.parts:
                return self._end()
            self._pass()
            self._tell_done()

    def _end(self) -> dict[str, Result]:
        results = {name: self._settled(name) for name in self.nodes}
        for name, result in results.items():
            self._tell(name, result)
        return results

    def _is_halted(self) -> bool:
        return self.manner.halt and any(one.state == FAILED for one in self.results.values())

    def _halt(self) -> None:
        """What has not come to its end never will."""
        failed = next(name for name, one in self.results.items() if one.state == FAILED)
        self.parts.clear()
        for name in self.nodes.keys() - self.results.keys() - self.told.keys():
            self.results[name] = Result(SKIPPED, f"the graph halts because {failed} did not succeed", cause=failed)
        for name in list(self.asking):
            self._let_go(name)

    def _tell_done(self) -> None:
        """Of those that are done. Whoever uses a node comes after it, so users are asked first."""
        if self._is_halted():
            return
        pending = {part.node for part in self.parts} | set(self.asking)
        done = {name for name in self.found if name not in pending and name not in self.results}
        for name in reversed(list(self.found)):
            node = self.nodes[name]
            unmet = {port for user, port in self.users[name] if user not in self.told}
            if name in done and unmet <= set(node.outputs):
                self._tell(name, self._settled(name))

    def _tell(self, name: str, result: Result) -> None:
        if name not in self.told:
            self.told[name] = result
            self.manner.tell(name, result)

    def _start(self, node: Node) -> bool:
        """Starts a node whose inputs are there, or skips it; False when there is nothing to be done yet."""
        if node.name in self.began or node.name in self.results:
            return False
        before = [source.node for source in node.inputs.values() if source.node]
        lost = next((name for name in before if name in self.results and self.results[name].state != SUCCEEDED), None)
        if lost is not None:
            cause = self.results[lost].cause or lost
            self.results[node.name] = Result(SKIPPED, f"it needs {lost}, which did not succeed", cause=cause)
            self.say(node.name, f"skipped: {self.results[node.name].error}")
            return True
        if any(name not in self.found for name in before):
            return False
        self.began[node.name] = time.monotonic()
        with self._watching(node.name):
            self._begin(node)
        return True

    def _begin(self, node: Node) -> None:
        component = _component(node.component)
        given = component.read(node.parameters)
        inputs = {port: self._input(component, port, source) for port, source in node.inputs.items()}
        own = self.manner.benches.get(node.name, self.bench)
        folder = self.bench.folder / f"node-{len(self.began)}"
        folder.mkdir(parents=True)
        said = {port: f"{len(table.columns)} columns" for port, table in inputs.items() if isinstance(table, Table)}
        self.say(node.name, f"{component.title}: {', '.join(f'{port} has {what}' for port, what in said.items()) or 'begins'}")
        bench = replace(
            own,
            folder=folder,
            sample=self.bench.sample,
            say=lambda line: self.say(node.name, line),
            failing=lambda text: Invalid(f"{component.title}: {text}"),
        )
        begun = component.begin(inputs, given, bench)
        if isinstance(begun, Mapping):
            self._take(node, component, begun)
        else:
            self.asking[node.name] = begun
            self._go_on(node, component, lambda: next(begun))

    def _go_on(self, node: Node, component: Component, step: Callable[[], components.Question]) -> None:
        """Lets a component that asks go on to its next question, or to its outputs."""
        try:
            question = step()
        except StopIteration as end:
            del self.asking[node.name]
            self._take(node, component, end.value)
            return
        questions = asking.Questions(question, self.bench.folder, self.numbers)
        begun = self.asking[node.name]

        def done(frames: Sequence[pl.DataFrame]) -> None:
            self._go_on(node, component, lambda: begun.send(questions.answer(frames)))

        self.parts.append(_Part(node.name, questions.plans, done))

    def _take(self, node: Node, component: Component, outputs: Outputs) -> None:
        absent = [port for port in component.outputs if port not in outputs]
        if absent:
            raise Invalid(f"{component.title}: the component gave no output {absent[0]!r}")
        for port, place in node.outputs.items():
            if port not in component.outputs:
                raise Invalid(f"{component.title}: there is no output {port!r}; there are {', '.join(component.outputs) or 'none'}", path=port)
            self._keep(node, port, outputs[port], Path(place))
        self.found[node.name] = outputs

    def _keep(self, node: Node, port: str, value: Port, place: Path) -> None:
        if not isinstance(value, Table):
            ports.write(value, place)
            self.say(node.name, f"{port}: a {ports.sort_of(value)} is written")
            return
        writing = ports.begin(value, place)

        def done(frames: Sequence[pl.DataFrame]) -> None:
            rows = writing.finish()
            if rows is not None:
                self.rows.setdefault(node.name, {})[port] = rows
            self.say(node.name, f"{port}: {'' if rows is None else f'{rows} rows, '}{len(value.columns)} columns are written")

        self.parts.append(_Part(node.name, [writing.sink], done))

    def _input(self, component: Component, port: str, source: Source) -> Port:
        if source.node:
            outputs = self.found[source.node]
            if source.port not in outputs:
                raise Invalid(
                    f"{component.title}: {port}: {source.node} has no output {source.port!r}; it has {', '.join(outputs) or 'none'}", path=port
                )
            return outputs[source.port]
        if port not in component.inputs:
            raise Invalid(f"{component.title}: there is no input {port!r}; there are {', '.join(component.inputs) or 'none'}", path=port)
        return ports.read(Path(source.path), component.inputs[port], self.bench.sample)

    def _pass(self) -> None:
        """Computes all that is gathered, and goes on with what it gave."""
        parts, self.parts = [part for part in self.parts if part.node not in self.results], []
        try:
            frames = iter(asking.compute([plan for part in parts for plan in part.plans]))
        except (pl.exceptions.PolarsError, OSError):
            self._one_by_one(parts)
            return
        for part in parts:
            given = [next(frames) for _ in part.plans]
            with self._watching(part.node):
                part.done(given)

    def _one_by_one(self, parts: Sequence[_Part]) -> None:
        for part in parts:
            try:
                frames = asking.compute(part.plans)
            except (pl.exceptions.PolarsError, OSError) as error:
                if csv_files.is_surprise(error) and self.bench.sample is not None:
                    raise Surprise from error
                origin = self._origin(part.node)
                self._fail(origin, error)
                self.results.setdefault(part.node, Result(SKIPPED, f"it needs {origin}, which did not succeed", cause=origin))
                self._let_go(part.node)
            else:
                if part.node not in self.results:
                    with self._watching(part.node):
                        part.done(frames)

    def _let_go(self, name: str) -> None:
        """A component that waits for an answer that will never come is closed, so that it can tidy up."""
        waiting = self.asking.pop(name, None)
        if waiting is not None:
            waiting.close()

    def _origin(self, name: str) -> str:
        """The first node upstream, the node itself at last, whose tables cannot be computed."""
        for before in self._upstream(name):
            tables = [port.frame for port in self.found.get(before, {}).values() if isinstance(port, Table)]
            try:
                for frame in tables:
                    frame.sink_batches(lambda batch: None, engine="streaming")
            except (pl.exceptions.PolarsError, OSError):
                return before
        return name

    def _upstream(self, name: str) -> list[str]:
        """Nodes that the node needs, those without needs first."""
        found: dict[str, None] = {}
        for source in self.nodes[name].inputs.values():
            if source.node:
                found |= dict.fromkeys([*self._upstream(source.node), source.node])
        return list(found)

    def _fail(self, name: str, error: Exception) -> None:
        if name in self.results:
            return
        message = error.message if isinstance(error, AzurineError) else f"{_component(self.nodes[name].component).title}: {error}"
        self.results[name] = Result(
            FAILED, message, getattr(error, "code", "") or "UserError", seconds=time.monotonic() - self.began.get(name, time.monotonic())
        )
        self.say(name, f"failed: {message}")

    def _watching(self, name: str) -> "_Watching":
        return _Watching(self, name)

    def _settled(self, name: str) -> Result:
        """A node that was not found wanting has succeeded, if what it needs has."""
        if name in self.results:
            return self.results[name]
        lost = next((one for one in self._upstream(name) if one in self.results), None)
        if lost is not None:
            return Result(SKIPPED, f"it needs {lost}, which did not succeed", cause=self.results[lost].cause or lost)
        return Result(SUCCEEDED, rows=self.rows.get(name, {}), seconds=time.monotonic() - self.began[name])


class _Watching:
    """What goes wrong inside is the node's failure."""

    def __init__(self, course: Course, name: str) -> None:
        self.course, self.name = course, name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is None:
            return False
        if csv_files.is_surprise(error) and self.course.bench.sample is not None:
            raise Surprise from error
        if not isinstance(error, Exception):
            return False
        if not isinstance(error, AzurineError | pl.exceptions.PolarsError):
            # Whatever a component raises is the failure of its node; where it was raised helps whoever wrote the component.
            self.course.say(self.name, "".join(traceback.format_exception(error)).rstrip())
        self.course.asking.pop(self.name, None)
        self.course._fail(self.name, error)
        return True


def _users(nodes: Mapping[str, Node]) -> dict[str, list[tuple[str, str]]]:
    """Who is handed something by each node, and from which port."""
    users: dict[str, list[tuple[str, str]]] = {name: [] for name in nodes}
    for node in nodes.values():
        for source in node.inputs.values():
            if source.node in users:
                users[source.node].append((node.name, source.port))
    return users


def _reading(node: Node, done: Mapping[str, Result], nodes: Sequence[Node]) -> Node:
    """The node with what nodes that are done made for it read from where it was put."""
    places = {one.name: one.outputs for one in nodes if one.name in done}
    inputs = {port: Source(path=places[source.node][source.port]) if source.node in places else source for port, source in node.inputs.items()}
    return replace(node, inputs=inputs)


def _component(name: str) -> Component:
    return components.load(Path(name)) if "/" in name else components.find(name)


def _check(nodes: Mapping[str, Node]) -> None:
    """Every node that is named is there, and none waits for itself."""
    for node in nodes.values():
        for port, source in node.inputs.items():
            if source.node and source.node not in nodes:
                raise Invalid(f"{node.name}: {port}: there is no node {source.node!r}", path=f"{node.name}.inputs.{port}")
    settled: set[str] = set()
    while left := [node for node in nodes.values() if node.name not in settled]:
        ready = [node.name for node in left if all(not source.node or source.node in settled for source in node.inputs.values())]
        if not ready:
            raise Invalid(f"these nodes wait for each other: {', '.join(node.name for node in left)}")
        settled |= set(ready)
