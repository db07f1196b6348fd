"""Azure's addresses and Azure's envelope, for any kind.

An ARM path such as `/subscriptions/S/resourceGroups/G/providers/Microsoft.MachineLearningServices/workspaces/W/jobs/J` names
one of our ids, `subscriptions/S/resourceGroups/G/workspaces/W/jobs/J`, and the other way round. The segments that name types
are compared without case (clients write `resourcegroups` too) and answered in the kinds' own spelling; names are taken as they
stand, after one percent-decoding. What is shared by all subscriptions has ids without one: `registries/azureml/components/C`, answered as
`azureml://registries/azureml/components/C`, as Azure does. `Addresses` is made once from the table of kinds and knows nothing else about them.

The envelope is what Azure puts around every body: id, name, type, systemData, etag. It does not look inside the body.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from azurine.model import clock, errors, ids
from azurine.model.kinds import Kind
from azurine.model.resources import Resource

LONGEST_NAME = 260
RESOURCES = "Microsoft.Resources"
SCOPES = {"subscriptions": "subscriptions", "resourcegroups": "resourceGroups"}
SHARED = "azureml://"
"""How the ids of what all subscriptions share begin in bodies."""
OUTSIDE_THE_BODY = frozenset({"id", "name", "type", "systemData", "etag"})
"""What the envelope adds, and what is therefore not kept when a client sends it back."""

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f/\\]|\.\.")


@dataclass(frozen=True, slots=True)
class Address:
    """What a path points at. `id`: the resource; of a collection, the parent ("" above subscriptions). `action`: the word after a POST's resource."""

    kind: Kind
    id: str
    collection: bool = False
    action: str = ""


class Addresses:
    """Reads and writes ARM paths for a table of kinds."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = dict(kinds)
        self._spelling: dict[str, str] = dict(SCOPES)
        self._providers: dict[str, str] = {}
        for kind in kinds.values():
            self._providers[kind.provider.lower()] = kind.provider
            for segment in kind.name.split("/"):
                self._spelling[segment.lower()] = segment

    def read(self, raw_path: str, *, action: bool = False) -> Address:
        """The address that a (still percent-encoded) path names; `action`: a last odd segment is a verb, not a collection.

        Raises errors.Invalid for a name that cannot be one, errors.Missing for a type that this server does not have.
        """
        segments = [decoded(one) for one in raw_path.strip("/").split("/")]
        scope, provider, rest = self._split(segments)
        pairs = rest[: len(rest) // 2 * 2]
        last = rest[-1] if len(rest) % 2 else ""
        types = [self._type(one) for one in pairs[0::2]]
        names = pairs[1::2]
        if last and not action:
            types.append(self._type(last))
        # Without a provider the scope itself is the resource: a subscription, a group, or the list of either.
        if not provider:
            kind = self._kind("/".join((types or scope[0::2])[-1:]), RESOURCES, raw_path)
        else:
            kind = self._kind("/".join(types), provider, raw_path)
            scope = [] if kind.shared else scope
            if kind.name.endswith("/versions"):
                # parity: the client's `command(environment="azureml:e@latest")` asks for the versions of `azureml:e`. No asset has a colon in its name.
                names = [*names[:1], names[1].removeprefix("azureml:"), *names[2:]]
        identifier = "/".join([*scope, *(part for pair in zip(types, names, strict=False) for part in pair)])
        return Address(kind, identifier, collection=bool(last) and not action, action=last if action else "")

    def path(self, identifier: str) -> str:
        """The ARM path of an id, percent-encoded, with its leading slash."""
        return quote(self.arm_id(identifier), safe="/@:!$&'()*+,;=~")

    def arm_id(self, identifier: str) -> str:
        """The id as Azure writes it: with the provider, names as they are."""
        parts = identifier.split("/")
        depth = 0
        while depth < len(parts) and parts[depth] in SCOPES.values():
            depth += 2
        if depth >= len(parts):
            return "/" + identifier
        kind = self._kinds.get("/".join(parts[depth::2]))
        if kind is not None and kind.shared:
            return SHARED + identifier
        provider = kind.provider if kind else "Microsoft.MachineLearningServices"
        return "/" + "/".join([*parts[:depth], "providers", provider, *parts[depth:]])

    def inside(self, arm_id: str) -> str:
        """Our id for an ARM id in a body. Raises errors.Invalid when it is not one."""
        address = self.read(quote(arm_id, safe="/%"))
        if address.collection:
            raise errors.Invalid(f"{arm_id!r} names a collection; the id of one resource is needed", code="InvalidResourceId")
        return address.id

    def envelope(self, resource: Resource, body: Mapping[str, Any]) -> dict[str, Any]:
        """The whole answer: the envelope around what the kind shows."""
        kind = self._kinds[resource.kind]
        return {
            "id": self.arm_id(resource.id),
            "name": ids.name(resource.id),
            "type": f"{kind.provider}/{kind.name}",
            **body,
            "systemData": {
                "createdAt": clock.iso(resource.created_at),
                "createdBy": resource.created_by or "azurine",
                "createdByType": "User" if resource.created_by else "Application",
                "lastModifiedAt": clock.iso(resource.updated_at),
                "lastModifiedBy": resource.updated_by or "azurine",
                "lastModifiedByType": "User" if resource.updated_by else "Application",
            },
            "etag": etag(resource),
        }

    def _split(self, segments: list[str]) -> tuple[list[str], str, list[str]]:
        """The scope (subscription, group), the provider ("" when there is none), and the type/name segments that follow."""
        scope: list[str] = []
        place = 0
        while place + 1 < len(segments) and segments[place].lower() in SCOPES:
            scope += [SCOPES[segments[place].lower()], segments[place + 1]]
            place += 2
        if place < len(segments) and segments[place].lower() == "providers":
            if place + 1 >= len(segments):
                raise errors.Invalid("the path ends after 'providers'; the name of a provider must follow", code="InvalidResourceNamespace")
            return scope, segments[place + 1], segments[place + 2 :]
        return scope, "", segments[place:]

    def _type(self, segment: str) -> str:
        return self._spelling.get(segment.lower(), segment)

    def _kind(self, name: str, provider: str, raw_path: str) -> Kind:
        kind = self._kinds.get(name)
        if provider.lower() not in self._providers:
            raise errors.Missing(f"The resource namespace {provider[:100]!r} is unknown here", code="InvalidResourceNamespace", path=raw_path[:300])
        if kind is None or kind.provider.lower() != provider.lower():
            message = f"The resource type {name[:100]!r} could not be found in the namespace {provider!r}"
            raise errors.Missing(message, code="InvalidResourceType", path=raw_path[:300])
        return kind


def decoded(segment: str) -> str:
    """One segment of a raw path (bytes read as Latin-1), percent-decoded and checked. Raises errors.Invalid when it could not be a name."""
    try:
        text = unquote_to_bytes(segment.encode("latin-1")).decode("utf-8")
    except UnicodeError as problem:
        raise errors.Invalid(f"the path segment {segment[:80]!r} is not UTF-8", code="InvalidResourceName") from problem
    if not text.strip() or text in (".", "..") or len(text) > LONGEST_NAME or _FORBIDDEN.search(text):
        message = f"{text[:80]!r} cannot be a name: 1 to {LONGEST_NAME} characters without '/', '\\', '..' or control characters are needed"
        raise errors.Invalid(message, code="InvalidResourceName")
    return text


def without_envelope(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body as it is kept: what the envelope adds is left out."""
    return {key: value for key, value in body.items() if key not in OUTSIDE_THE_BODY}


def etag(resource: Resource) -> str:
    return f'"{resource.revision}"'
