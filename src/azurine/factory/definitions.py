"""A pipeline made ready to run: its activities with their expressions compiled, who follows whom, which list lies in which activity.

Made from the JSON of a pipeline once and remembered by its fingerprint, since each of its runs is looked at often. What is wrong
with a pipeline is found when it is published (`factory.pipelines`); here it is taken as it is.
"""

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from azurine.expressions import factory as formulas
from azurine.expressions.factory import ExpressionError, Template
from azurine.model.resources import Json

REMEMBERED = 64
DAY = 86400.0
TIMEOUT = DAY / 2
"""Of an attempt whose policy says nothing."""
RETRY_INTERVAL = 30.0
CONDITIONS = ("Succeeded", "Failed", "Skipped", "Completed")
_TIME = re.compile(r"(?:(\d{1,5})\.)?(\d{1,4}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?")


@dataclass(frozen=True, slots=True)
class Policy:
    timeout: Any = None
    retry: int = 0
    interval: float = RETRY_INTERVAL
    secure_input: bool = False
    secure_output: bool = False


@dataclass(frozen=True, slots=True)
class Activity:
    """type: lower case. templates: each of its properties, compiled. needs: (activity, conditions). mark: how it counts when inactive.

    lists: its inner lists by name. speaks: is its output, error or status spoken of anywhere in the pipeline? chance: does it draw lots
    (guid, rand)? wrong: why its expressions could not be compiled.
    """

    name: str
    type: str
    written: Json
    templates: Mapping[str, Template]
    needs: tuple[tuple[str, frozenset[str]], ...] = ()
    policy: Policy = field(default_factory=Policy)
    mark: str = ""
    lists: Mapping[str, "Line"] = field(default_factory=dict)
    speaks: bool = True
    chance: bool = False
    wrong: str = ""

    @property
    def properties(self) -> Json:
        found: Json = self.written.get("typeProperties") or {}
        return found


@dataclass(frozen=True, slots=True)
class Line:
    """A list of activities. followers: who depends on it, by name. spelled: names by their lower case."""

    activities: Mapping[str, Activity]
    followers: Mapping[str, tuple[str, ...]]
    roots: tuple[str, ...]
    leaves: tuple[str, ...]
    spelled: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Definition:
    name: str
    written: Json
    line: Line
    parameters: Mapping[str, Json]
    variables: Mapping[str, Json]
    concurrency: int
    size: int


Lists = Callable[[str, Json], tuple[Mapping[str, tuple[str, Any]], frozenset[str]]]
"""(type, typeProperties) → (its inner lists with their paths, properties that are not compiled)."""


def fingerprint(properties: Json) -> str:
    return hashlib.sha256(json.dumps(properties, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:32]


class Definitions:
    """Definitions by fingerprint, the last few of them. lists: what the table of activities says of a type."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._known: OrderedDict[tuple[str, str], Definition] = OrderedDict()
        self._lock = Lock()

    def of(self, name: str, properties: Json, print_: str) -> Definition:
        with self._lock:
            found = self._known.get((name, print_))
            if found is not None:
                self._known.move_to_end((name, print_))
                return found
        made = self._made(name, properties)
        with self._lock:
            self._known[name, print_] = made
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return made

    def _made(self, name: str, properties: Json) -> Definition:
        maker = _Maker(self._lists)
        line = maker.line(properties.get("activities") or [])
        return Definition(
            name,
            properties,
            maker.spoken(line),
            _declared(properties.get("parameters")),
            _declared(properties.get("variables")),
            int(properties.get("concurrency") or 0),
            maker.count,
        )


class _Maker:
    """Makes lines, noting on the way whose results are spoken of."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._named: set[str] = set()
        self._all = False
        self.count = 0

    def line(self, activities: list[Any]) -> Line:
        made = [self._activity(one) for one in activities]
        self.count += len(made)
        spelled = {one.name.lower(): one.name for one in made}
        made = [replace(one, needs=tuple((spelled.get(needed.lower(), needed), wanted) for needed, wanted in one.needs)) for one in made]
        needs = {one.name: [needed for needed, _ in one.needs] for one in made}
        followers: dict[str, list[str]] = {one.name: [] for one in made}
        for name, needed in needs.items():
            for one in dict.fromkeys(needed):
                followers[one].append(name)
        return Line(
            {one.name: one for one in made},
            {name: tuple(following) for name, following in followers.items()},
            tuple(name for name, needed in needs.items() if not needed),
            tuple(name for name, following in followers.items() if not following),
            spelled,
        )

    def spoken(self, line: Line) -> Line:
        """The same lines, in which only those activities keep their results that somebody asks for."""
        if self._all:
            return line
        return _silenced(line, self._named)

    def _activity(self, written: Json) -> Activity:
        properties = written.get("typeProperties") or {}
        kind = str(written.get("type") or "").lower()
        inner, raw = self._lists(kind, properties)
        hidden = {path.partition(".")[0].partition("[")[0] for path, _ in inner.values()}
        templates, wrong = self._templates({key: value for key, value in properties.items() if key not in hidden and key not in raw})
        for more in (
            written.get("userProperties"),
            written.get("policy"),
            [properties.get(key) for key in raw],
            written.get("inputs"),
            written.get("outputs"),
            written.get("linkedServiceName"),
        ):
            wrong = self._noted(more) or wrong
        policy = written.get("policy") or {}
        functions = {name for template in templates.values() for name in template.names("function")}
        return Activity(
            str(written.get("name")),
            kind,
            written,
            templates,
            tuple(needs_of(written)),
            Policy(
                policy.get("timeout"),
                int(policy.get("retry") or 0),
                float(policy.get("retryIntervalInSeconds") or RETRY_INTERVAL),
                bool(policy.get("secureInput")),
                bool(policy.get("secureOutput")),
            ),
            str(written.get("onInactiveMarkAs") or "Succeeded") if str(written.get("state") or "").lower() == "inactive" else "",
            {name: self.line(listed) for name, (_, listed) in inner.items()},
            chance=bool(functions & {"guid", "rand"}),
            wrong=wrong,
        )

    def _templates(self, properties: Json) -> tuple[dict[str, Template], str]:
        made: dict[str, Template] = {}
        wrong = ""
        for key, value in properties.items():
            try:
                made[key] = formulas.compile(value)
            except ExpressionError as error:
                wrong = error.message
            else:
                self._note(made[key])
        return made, wrong

    def _noted(self, value: Any) -> str:
        try:
            self._note(formulas.compile(value))
        except ExpressionError as error:
            return error.message
        return ""

    def _note(self, template: Template) -> None:
        for one in template.references():
            if one.sort == "activity":
                self._named.add(one.name.lower())
                self._all = self._all or not one.name


def needs_of(written: Json) -> Iterator[tuple[str, frozenset[str]]]:
    """What an activity depends on, each with the conditions that let it run; a condition that is not written is Succeeded."""
    for one in written.get("dependsOn") or ():
        conditions = frozenset(str(condition).capitalize() for condition in one.get("dependencyConditions") or ("Succeeded",))
        yield str(one.get("activity")), conditions


def seconds(text: object) -> float | None:
    """`d.hh:mm:ss`, `hh:mm:ss` or `hh:mm` in seconds; None when it is not one."""
    found = _TIME.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return days * DAY + hours * 3600 + minutes * 60 + rest


def _silenced(line: Line, named: set[str]) -> Line:
    activities = {
        name: replace(one, speaks=name.lower() in named, lists={key: _silenced(inner, named) for key, inner in one.lists.items()})
        for name, one in line.activities.items()
    }
    return replace(line, activities=activities)


def _declared(value: Any) -> dict[str, Json]:
    return {str(name): one if isinstance(one, Mapping) else {} for name, one in value.items()} if isinstance(value, Mapping) else {}
