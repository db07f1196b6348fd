"""GET, PUT, PATCH, DELETE, HEAD of one resource, of any kind.

PUT and PATCH go through the kind's `admit`, as one durable batch (`store.admission`). PATCH merges as ARM does: the members of
`properties` and `tags` one by one (null removes), everything else whole. DELETE removes at once what nothing has to be done for;
for anything else it marks, and the loop takes it away.

If-Match names the version that must stand, If-None-Match: * says that there must be none; a GET with the known ETag in
If-None-Match is answered 304.
"""

from collections.abc import Callable, Mapping
from typing import Any

from azurine.api import envelope
from azurine.api.envelope import Address
from azurine.api.errors import NOT_MODIFIED
from azurine.api.house import House
from azurine.model import errors, ids
from azurine.model.kinds import Kind
from azurine.model.resources import Json, Resource
from azurine.store import admission
from azurine.store.log import Mark, Refusal, Remove, Update
from azurine.store.references import LogReferences

PRIVATE = "plan"
"""What a kind adds to a spec for itself: no part of the body."""
SHALLOW = ("properties", "tags")
Merge = Callable[[Json, Json], Json]


def get(house: House, identifier: str) -> Resource:
    found = house.log.get(identifier)
    if found is None:
        raise missing(house, identifier)
    return found


def missing(house: House, identifier: str) -> errors.Missing:
    """Names the first thing on the way that does not exist, since that is what the user has to mend."""
    above = ids.parent(identifier)
    kind = house.kinds.get(ids.kind_of(above)) if above else None
    if kind is not None and house.log.get(above) is None:
        return missing(house, above)
    where = house.addresses.arm_id(identifier)
    code = {"resourceGroups": "ResourceGroupNotFound", "subscriptions": "SubscriptionNotFound"}.get(ids.kind_of(identifier), "ResourceNotFound")
    return errors.Missing(f"The resource {where!r} was not found", code=code, path=where)


def fresh(resource: Resource, known: str) -> None:
    """Raises the 304 when the client's copy is the current one."""
    if known and _matches(known, resource):
        raise errors.Stale("not modified", code=NOT_MODIFIED)


def put(house: House, address: Address, body: Mapping[str, Any], headers: Mapping[str, str], by: str) -> admission.Admitted:
    content = envelope.without_envelope(body)
    if headers.get("if-match", "").strip() == "*" and house.log.get(address.id) is None:
        raise errors.Stale(f"{ids.name(address.id)} does not exist, and If-Match said that it must")
    return admission.admit(house.log, house.kinds, _request(address.id, lambda previous: content, headers, by), house.clock())


def patch(
    house: House, identifier: str, changes: Mapping[str, Any], headers: Mapping[str, str], by: str, merge: Merge | None = None
) -> admission.Admitted:
    """merge: (what stands, changes) → the body to admit; as ARM does unless given."""
    content = envelope.without_envelope(changes)
    merging = merge or merged

    def revised(previous: Resource | None) -> Json:
        return merging(_put_body(previous.spec), content) if previous else content

    return admission.admit(house.log, house.kinds, _request(identifier, revised, headers, by, only_existing=True), house.clock())


def change(house: House, identifier: str, revise: Callable[[Resource], Json], by: str) -> Resource:
    """Writes a new spec made from the current one, without `admit`: how a wish (cancel, start) is recorded."""
    for _ in range(admission.ATTEMPTS):
        current = get(house, identifier)
        spec = revise(current)
        if spec == current.spec:
            return current
        settled = house.kinds[current.kind].decide is None
        done = house.log.write([Update(identifier, spec, by=by, if_revision=current.revision, settled=settled)], house.clock())[0]
        if isinstance(done, Resource):
            return done
    raise errors.Temporary(f"{ids.name(identifier)} is being changed by others all the time; try again")


def delete(house: House, address: Address, headers: Mapping[str, str], by: str) -> Resource | None:
    """None: there is nothing (left). A resource: it is marked, and will go when all that depends on it has ended."""
    current = house.log.get(address.id)
    expected = if_match(headers)
    if current is None:
        if expected is not None:
            raise errors.Stale(f"{ids.name(address.id)} does not exist, and If-Match named a version of it")
        return None
    if expected is not None and current.revision != expected:
        raise errors.Stale(f"{ids.name(address.id)} has changed: it is at version {current.revision}, not {expected}; read it again")
    if address.kind.release is not None:
        address.kind.release(current, LogReferences(house.log))
    below = house.log.under(address.id)
    if any(_has_work(house.kinds.get(one.kind)) for one in (current, *below)):
        done = house.log.write([Mark(address.id, by=by, if_revision=expected)], house.clock())[0]
        return done if isinstance(done, Resource) else None
    gone = [Remove(one.id) for one in reversed(below)]
    done = house.log.write([*gone, Remove(address.id, if_revision=expected)], house.clock())[-1]
    if isinstance(done, Refusal) and done.reason == "stale":
        raise errors.Stale(f"{ids.name(address.id)} was changed by somebody else at the same moment; read it again")
    return None


def if_match(headers: Mapping[str, str]) -> int | None:
    """The revision If-Match names; None when it names none. `*` matches whatever there is."""
    given = headers.get("if-match", "").strip()
    if not given or given == "*":
        return None
    text = given.removeprefix("W/").strip('"')
    # A tag that is not one of ours matches no version: -1 is a revision that never stands.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def merged(standing: Json, changes: Json) -> dict[str, Any]:
    result = dict(standing)
    for key, value in changes.items():
        if key in SHALLOW and isinstance(value, dict) and isinstance(result.get(key), dict):
            combined = {**result[key], **value}
            result[key] = {inner: one for inner, one in combined.items() if not (one is None and inner in value)}
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result


def _put_body(spec: Json) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key != PRIVATE}


def _request(identifier: str, body: admission.Revise, headers: Mapping[str, str], by: str, only_existing: bool = False) -> admission.Request:
    only_new = headers.get("if-none-match", "").strip() == "*"
    return admission.Request(identifier, body, by=by, if_revision=if_match(headers), only_new=only_new, only_existing=only_existing)


def _matches(known: str, resource: Resource) -> bool:
    return known.strip() != "*" and envelope.etag(resource) in [one.strip().removeprefix("W/") for one in known.split(",")]


def _has_work(kind: Kind | None) -> bool:
    return kind is not None and kind.decide is not None and not kind.leaves_at_once
