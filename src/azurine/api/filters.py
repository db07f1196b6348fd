"""The filters of a list, as the clients send them, over what a client would see of each resource.

Which ones exist for which kind is not written down: a filter that is given is applied, on the property that it speaks of.
Containers of anonymous assets (what clients make up names for: inline steps, code, environments) are in no list, as in Azure.
Unknown query parameters are ignored, as Azure ignores them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from azurine.model import errors
from azurine.model.kinds import Kind

Shown = Mapping[str, Any]
Test = Callable[[str, Shown], bool]
"""(name, shown body) → belongs in the list."""

VIEWS = {"activeonly": (True, False), "archivedonly": (False, True), "all": (True, True)}
ENABLED = {"enabledonly": True, "disabledonly": False}
PROPERTY_OF = {"jobType": "jobType", "description": "description"}


def tests(kind: Kind, parameters: Sequence[tuple[str, str]]) -> list[Test]:
    """The tests that the query asks for. Raises errors.Invalid for a value that no list could answer."""
    given = {name.lstrip("$").lower(): value for name, value in parameters if value}
    found: list[Test] = []
    if kind.archivable:
        found.append(_view(given.get("listviewtype", "ActiveOnly")))
    elif (word := given.get("listviewtype", "").lower()) in ENABLED:
        found.append(lambda name, shown: (properties_of(shown).get("isEnabled") is not False) is ENABLED[word])
    if kind.container:
        found.append(lambda name, shown: properties_of(shown).get("isAnonymous") is not True)
    for name, property_name in PROPERTY_OF.items():
        if name.lower() in given:
            found.append(_equal(property_name, given[name.lower()]))
    for name in ("tag", "tags"):
        if name in given:
            found.append(_pairs("tags", given[name]))
    if "properties" in given:
        found.append(_pairs("properties", given["properties"]))
    if "isdefault" in given:
        found.append(_flag("isDefault", "isDefault", given["isdefault"]))
    if "kind" in given:
        found.append(_workspace_kind(given["kind"]))
    names = [one for name, value in parameters if name == "names" for one in value.split(",") if one]
    if names:
        found.append(lambda name, shown: name in names)
    if "version" in given:
        version = given["version"]
        found.append(lambda name, shown: name == version)
    if "searchtext" in given:
        text = given["searchtext"].lower()
        found.append(lambda name, shown: text in name.lower())
    if "hash" in given:
        found.append(_pairs("properties", f"hash_sha256={given['hash']}"))
    return found


def newest_first(parameters: Sequence[tuple[str, str]]) -> bool:
    """`$orderBy=createdtime asc`: the only order Azure's own lists and clients use is by creation, newest first unless said."""
    given = {name.lstrip("$").lower(): value.lower() for name, value in parameters}
    order = given.get("orderby", "")
    if order and "orderbyasc" in given:
        return given["orderbyasc"] != "true"
    return not order.strip().endswith(" asc")


def properties_of(shown: Shown) -> Mapping[str, Any]:
    found = shown.get("properties")
    return found if isinstance(found, Mapping) else {}


def _view(wish: str) -> Test:
    # parity: asking a registry, the official client writes its own constant's name, ListViewType.ACTIVE_ONLY.
    word = wish.lower().removeprefix("listviewtype.").replace("_", "")
    if word not in VIEWS:
        message = f"listViewType must be ActiveOnly, ArchivedOnly or All, not {wish[:40]!r}"
        raise errors.Invalid(message, code="InvalidQueryParameterValue", path="listViewType")
    active, archived = VIEWS[word]
    return lambda name, shown: archived if properties_of(shown).get("isArchived") is True else active


def _equal(property_name: str, wish: str) -> Test:
    return lambda name, shown: str(properties_of(shown).get(property_name, "")).lower() == wish.lower()


def _flag(parameter: str, property_name: str, wish: str) -> Test:
    if wish.lower() not in ("true", "false"):
        raise errors.Invalid(f"{parameter} must be true or false, not {wish[:40]!r}", code="InvalidQueryParameterValue", path=parameter)
    return lambda name, shown: bool(properties_of(shown).get(property_name)) is (wish.lower() == "true")


def _pairs(property_name: str, wish: str) -> Test:
    """`tag1,tag2=value2`: each one must be there, with that value where one is given."""
    wanted = [(key.strip(), separator, value.strip()) for key, separator, value in (one.partition("=") for one in wish.split(",") if one.strip())]

    def test(name: str, shown: Shown) -> bool:
        mapping = properties_of(shown).get(property_name)
        if not isinstance(mapping, Mapping):
            return not wanted
        return all(key in mapping and (not separator or str(mapping[key]) == value) for key, separator, value in wanted)

    return test


def _workspace_kind(wish: str) -> Test:
    wanted = {one.strip().lower() for one in wish.split(",")}
    return lambda name, shown: str(shown.get("kind") or "Default").lower() in wanted
