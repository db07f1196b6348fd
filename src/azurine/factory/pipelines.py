"""Pipelines: activities, what they depend on, parameters, variables. Publishing one checks all of it.

Found here: names that are taken twice, dependencies on what is not there, rings, loops in loops, expressions that cannot be read or that
speak of activities, variables and parameters that are not there, references to documents that do not exist, pipelines that call
themselves. Types of activities that this server does not run are kept as they are; they fail when they are run.
https://learn.microsoft.com/azure/data-factory/concepts-pipelines-activities
"""

from collections.abc import Mapping
from typing import Any

from azurine.expressions import factory as formulas
from azurine.expressions.factory import ExpressionError
from azurine.factory import activities, definitions, kinds, names, references, secrets, variables
from azurine.factory.faults import Faults, called
from azurine.factory.sight import Checking
from azurine.graph import order
from azurine.model import ids
from azurine.model.kinds import Admission, Kind, References
from azurine.model.resources import Json

DEEPEST = 12
"""Lists in lists."""
VARIABLE_TYPES = tuple(variables.EMPTY)
UNEVALUATED = ("name", "type", "description", "dependsOn", "state", "onInactiveMarkAs", "userProperties")


def admit(admission: Admission) -> Json:
    names.check(admission.id, names.PART)
    faults = Faults()
    properties = kinds.properties(admission, faults)
    publish = _Publish(
        faults,
        _declared(properties, "parameters", variables.PARAMETER_TYPES, faults),
        _declared(properties, "variables", VARIABLE_TYPES, faults),
    )
    concurrency = properties.get("concurrency")
    if concurrency is not None and (isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1):
        faults.note("properties.concurrency", "'concurrency' must be a number above 0.")
    publish.line(faults.listed(properties, "activities", "properties"), "properties.activities", {}, ())
    references.check(admission.id, properties, "properties", admission.references, faults)
    _check_circle(admission, properties, faults)
    faults.finish()
    return secrets.kept(secrets.parted(kinds.kept(admission), previous=admission.previous, only_said=True))


class _Publish:
    """What is wrong with the activities of one pipeline. taken: all names so far, since they are unique in the whole pipeline."""

    def __init__(self, faults: Faults, parameters: Mapping[str, Json], declared: Mapping[str, Json]) -> None:
        self._faults = faults
        self._parameters = parameters
        self._variables = declared
        self._taken: dict[str, str] = {}

    def line(self, listed: list[Any], path: str, around: Mapping[str, str], within: tuple[str, ...]) -> None:
        """around: names of the lists that this one lies in, which may be spoken of here. within: types of the activities around it."""
        if len(within) > DEEPEST:
            self._faults.note(path, f"Activities are nested more than {DEEPEST} deep.")
            return
        known: dict[str, str] = {}
        for place, one in enumerate(listed):
            where = f"{path}[{place}]"
            name = self._named(one, where)
            if name:
                known[name.lower()] = where
        edges = self._edges(listed, path, known)
        ring = order.find_cycle(list(known), edges)
        if ring:
            shown = order.ring_as_text([str(listed[_place(known[one])].get("name")) for one in ring])
            self._faults.note(f"{known[ring[0]]}.dependsOn", f"The activities form a cycle: {shown}.")
        visible = {**around, **known}
        for place, one in enumerate(listed):
            if isinstance(one, Mapping) and isinstance(one.get("name"), str):
                self._activity(one, f"{path}[{place}]", visible, within)

    def _named(self, one: Any, where: str) -> str:
        """The name of an activity, checked; "" when it has none that can be used."""
        if not isinstance(one, Mapping):
            self._faults.note(where, f"An activity must be an object, not {called(one)}.")
            return ""
        name = self._faults.text(one, "name", where, required=True)
        self._faults.text(one, "type", where, required=True)
        if name and names.ACTIVITY.pattern.fullmatch(name) is None:
            self._faults.note(f"{where}.name", f"'{name[:80]}' is no name for an activity: {names.ACTIVITY.words}.")
        if name and name.lower() in self._taken:
            self._faults.note(f"{where}.name", f"The activity name '{name}' is there more than once; it is taken by {self._taken[name.lower()]}.")
            return ""
        if name:
            self._taken[name.lower()] = where
        return name

    def _edges(self, listed: list[Any], path: str, known: Mapping[str, str]) -> list[tuple[str, str]]:
        edges = []
        for place, one in enumerate(listed):
            if not isinstance(one, Mapping) or not isinstance(one.get("name"), str):
                continue
            where = f"{path}[{place}].dependsOn"
            for number, needed in enumerate(self._faults.listed(one, "dependsOn", f"{path}[{place}]")):
                edge = self._edge(one, needed, f"{where}[{number}]", known)
                if edge and one["name"].lower() in known:
                    edges.append((edge, one["name"].lower()))
        return edges

    def _edge(self, one: Json, needed: Any, where: str, known: Mapping[str, str]) -> str:
        if not isinstance(needed, Mapping):
            self._faults.note(where, f"A dependency must be an object, not {called(needed)}.")
            return ""
        name = self._faults.text(needed, "activity", where, required=True)
        for condition in self._faults.listed(needed, "dependencyConditions", where):
            if str(condition).capitalize() not in definitions.CONDITIONS:
                message = f"'{condition}' is no dependency condition; {', '.join(definitions.CONDITIONS)} are."
                self._faults.note(f"{where}.dependencyConditions", message)
        if name and name.lower() == str(one["name"]).lower():
            self._faults.note(f"{where}.activity", f"The activity '{name}' depends on itself.")
            return ""
        if name and name.lower() not in known:
            message = f"The activity '{one['name']}' depends on the activity '{name}', which is not in the same list of activities."
            self._faults.note(f"{where}.activity", message)
            return ""
        return name.lower()

    def _activity(self, one: Json, where: str, visible: Mapping[str, str], within: tuple[str, ...]) -> None:
        kind = str(one.get("type")).lower()
        properties = self._faults.mapping(one, "typeProperties", where)
        policy = self._faults.mapping(one, "policy", where)
        self._policy(policy, f"{where}.policy")
        self._rest(one, where)
        sort = activities.TABLE.get(kind)
        inactive = str(one.get("state") or "").lower() == "inactive"
        inner = sort.lists(properties) if sort is not None else {}
        if not inactive:
            if sort is not None:
                sort.check(Checking(one, where, self._faults, self._parameters, self._variables, within))
            hidden = {path.partition(".")[0].partition("[")[0] for path, _ in inner.values()}
            spoken = {key: value for key, value in one.items() if key not in (*UNEVALUATED, "typeProperties")}
            seen = {**visible, **_named(inner)} if sort is not None and sort.inward else visible
            self._expressions({**spoken, "typeProperties": {key: value for key, value in properties.items() if key not in hidden}}, where, seen)
        for path, listed in inner.values():
            at = f"{where}.typeProperties.{path}"
            if not isinstance(listed, list):
                self._faults.note(at, f"A list of activities must be an array, not {called(listed)}.")
                continue
            self.line(listed, at, visible, (*within, kind))

    def _rest(self, one: Json, where: str) -> None:
        """The members that every activity may have, and that are read whatever its type."""
        self._faults.mapping(one, "linkedServiceName", where)
        for key in ("inputs", "outputs", "userProperties"):
            for place, entry in enumerate(self._faults.listed(one, key, where)):
                if not isinstance(entry, Mapping):
                    self._faults.note(f"{where}.{key}[{place}]", f"It must be an object, not {called(entry)}.")

    def _policy(self, policy: Mapping[str, Any], where: str) -> None:
        retry = policy.get("retry")
        if retry is not None and (isinstance(retry, bool) or not isinstance(retry, int) or retry < 0):
            self._faults.note(f"{where}.retry", "'retry' must be a number, 0 or more.")
        interval = policy.get("retryIntervalInSeconds")
        if interval is not None and (isinstance(interval, bool) or not isinstance(interval, int) or not 30 <= interval <= 86400):
            self._faults.note(f"{where}.retryIntervalInSeconds", "'retryIntervalInSeconds' must be a number from 30 to 86400.")
        timeout = policy.get("timeout")
        if isinstance(timeout, str) and not formulas.is_expression(timeout) and definitions.seconds(timeout) is None:
            self._faults.note(f"{where}.timeout", f"'{timeout[:40]}' is no time-out; it is written like 0.12:00:00.")

    def _expressions(self, value: Any, where: str, visible: Mapping[str, str]) -> None:
        try:
            template = formulas.compile(value, where)
        except ExpressionError as error:
            self._faults.note(error.path, error.message, error.code)
            return
        declared = {one.lower() for one in self._variables}
        for one in template.references():
            if one.sort == "activity" and one.name and one.name.lower() not in visible:
                self._faults.note(one.path, f"The expression '{one.source}' speaks of the activity '{one.name}', which is not there.")
            if one.sort == "variable" and one.name and one.name.lower() not in declared:
                self._faults.note(
                    one.path, f"The expression '{one.source}' speaks of the variable '{one.name}', which the pipeline does not declare."
                )


def _named(inner: Mapping[str, tuple[str, Any]]) -> dict[str, str]:
    """The names of the activities that stand in inner lists."""
    listed = (one for path, found in inner.values() if isinstance(found, list) for one in found if isinstance(one, Mapping))
    return {str(one.get("name")).lower(): "" for one in listed}


def _declared(properties: Mapping[str, Any], key: str, types: tuple[str, ...], faults: Faults) -> Mapping[str, Json]:
    found = faults.mapping(properties, key, "properties")
    for name, one in found.items():
        if not isinstance(one, Mapping) or str(one.get("type", "")).lower() not in types:
            faults.note(f"properties.{key}.{name}.type", f"'{name}' must have a 'type', which is one of {', '.join(types)}.")
            continue
        try:
            variables.read(str(one["type"]).lower(), one.get("defaultValue"))
        except ValueError as problem:
            faults.note(f"properties.{key}.{name}.defaultValue", f"The default of '{name}' is not of type '{one['type']}': {problem}")
    return {name: one for name, one in found.items() if isinstance(one, Mapping)}


def _check_circle(admission: Admission, properties: Mapping[str, Any], faults: Faults) -> None:
    """Notes when running this pipeline would run it again."""
    own = ids.name(admission.id)
    pending = [[own, name] for _, kind, name in references.found(properties, "") if kind == kinds.PIPELINES]
    seen: set[str] = set()
    while pending:
        way = pending.pop()
        if way[-1] == own:
            faults.note("properties.activities", f"The pipelines call each other in a circle: {' → '.join(way)}.")
            return
        if way[-1] not in seen:
            seen.add(way[-1])
            pending.extend([*way, name] for name in _calls(kinds.of(admission.id, kinds.PIPELINES, way[-1]), admission.references))


def _calls(pipeline: str, known: References) -> list[str]:
    found = known.get(pipeline)
    return [name for _, kind, name in references.found(found.spec, "") if kind == kinds.PIPELINES] if found is not None else []


def _place(path: str) -> int:
    return int(path.rsplit("[", 1)[1].rstrip("]"))


KIND = Kind(kinds.PIPELINES, admit, secrets.show, provider=kinds.PROVIDER, without_operations=True, release=references.release)
