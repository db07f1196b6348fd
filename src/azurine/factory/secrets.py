"""Secrets in documents: taken out when they are admitted, marked where they are needed, opened only by whoever does the work.

    {"password": {"type": "SecureString", "value": "s3cret"}}      as it is PUT
    {"password": {"type": "SecureString", "value": "**********"}}  as it is kept and shown; the secret lies apart, in the spec's `plan`
    {"password": {"$secret": {"of": "…/linkedservices/db", "at": "typeProperties.password"}}}      in the arguments of a piece of work
    {"password": "s3cret"}                                          for the length of that work

So no answer, no record of a run and no log holds a secret: what is stored with a run are marks. A mark may also name a secret of a Key
Vault ({"vault", "name", "version"}), or be a text with `${NAME}` in it. A body that repeats what was shown leaves the secret as it is.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from azurine.expressions import factory as formulas
from azurine.model.resources import Json, Resource

PRIVATE = "plan"
MASK = "**********"
MARK = "$secret"
SECURE, VAULT = "securestring", "azurekeyvaultsecret"
SHORTEST = 4
"""Secrets of fewer characters are not looked for in messages: they would be found in any word."""
_KEYS = {
    *("password", "pwd", "accountkey", "functionkey", "apikey", "accesstoken", "serviceprincipalkey", "secretaccesskey", "sastoken", "clientsecret"),
    *("pfx", "key", "authorization", "x-functions-key", "x-api-key", "api-key", "ocp-apim-subscription-key", "cookie"),
}
"""Members whose text is a secret even when nobody says so."""
_PAIRS = re.compile(r"((?:^|;)\s*(?:AccountKey|Password|Pwd|SharedAccessSignature|SharedAccessKey)\s*=\s*)([^;]*)", re.IGNORECASE)
_USER = re.compile(r"(?<=://)([^/@:\s]*):(?!\$\{[^}@]*\}@)([^/@\s]*)@")
_SIGNED = re.compile(r"([?&](?:sig|code|key|token)=)[^&]*", re.IGNORECASE)
NAMED = re.compile(r"\$\{([A-Za-z0-9_.-]{1,127})\}")
"""`${NAME}`: a secret by its name, in the texts of a mapping."""

Open = Callable[[Json], str]
"""A mark's content → the secret. Raises errors.Missing when there is none."""


@dataclass(frozen=True, slots=True)
class Parted:
    """A body without its secrets, and those by path."""

    body: Any
    secrets: Mapping[str, str]


def parted(body: Any, path: str = "", previous: Resource | None = None, *, only_said: bool = False) -> Parted:
    """Takes the secrets out of a body. previous: where those are that the body only repeats as they were shown. only_said: those that are
    called SecureString, not those that look like secrets."""
    before: Mapping[str, str] = of(previous) if previous is not None else {}
    found: dict[str, str] = {}

    def put(where: str, given: str) -> str:
        known = before.get(where)
        found[where] = known if known is not None and given in ("", MASK, shown_text(known)) else given
        return found[where]

    def text(value: str, where: str, key: str) -> str:
        if only_said or not value or _is_formula(value) or NAMED.fullmatch(value):
            return value
        if key.lower() in _KEYS:
            put(where, value)
            return MASK
        repeated = where in before and value == shown_text(before[where])
        return shown_text(put(where, value)) if repeated or shown_text(value) != value else value

    def walk(value: Any, where: str, key: str) -> Any:
        if isinstance(value, Mapping):
            if _type(value) == SECURE and not _is_formula(value.get("value"), anywhere=only_said):
                put(where, _text(value.get("value")))
                return {**value, "value": MASK}
            return {name: walk(one, f"{where}.{name}" if where else str(name), str(name)) for name, one in value.items()}
        if isinstance(value, list):
            return [walk(one, f"{where}[{place}]", key) for place, one in enumerate(value)]
        return text(value, where, key) if isinstance(value, str) else value

    return Parted(walk(body, path, ""), found)


def kept(found: Parted) -> dict[str, Any]:
    """The spec that a resource has of it."""
    return {**found.body, PRIVATE: {"secrets": found.secrets}} if found.secrets else dict(found.body)


def show(resource: Resource) -> Json:
    """What is shown of a resource that may have secrets."""
    return {key: value for key, value in resource.spec.items() if key != PRIVATE}


def whole(resource: Resource) -> Any:
    """The properties of a resource with the secrets in their places again: for what is kept where nobody is shown it."""
    known = of(resource)

    def walk(value: Any, where: str) -> Any:
        if isinstance(value, Mapping):
            if where in known and _type(value) == SECURE:
                return {**value, "value": known[where]}
            return {name: walk(one, f"{where}.{name}") for name, one in value.items()}
        if isinstance(value, list):
            return [walk(one, f"{where}[{place}]") for place, one in enumerate(value)]
        return known.get(where, value)

    return walk(resource.spec["properties"], "properties") if known else resource.spec["properties"]


def of(resource: Resource) -> Mapping[str, str]:
    """The secrets of a resource, by path."""
    found: Mapping[str, str] = (resource.spec.get(PRIVATE) or {}).get("secrets") or {}
    return found


def shown_text(text: str) -> str:
    """A connection string or an address without the passwords, keys and signatures in it."""
    hidden = _PAIRS.sub(lambda found: f"{found[1]}{MASK}", text)
    hidden = _USER.sub(lambda found: f"{found[1]}:{MASK}@", hidden)
    return _SIGNED.sub(lambda found: f"{found[1]}{MASK}", hidden) if "://" in hidden else hidden


def marked(value: Any, resource: Resource, path: str) -> Any:
    """An evaluated part of a body (what stands at `path`), with marks where its secrets belong."""
    known = of(resource)
    if isinstance(value, Mapping):
        kind = _type(value)
        if kind == SECURE:
            return mark({"of": resource.id, "at": path}) if path in known else value.get("value")
        if kind == VAULT:
            return of_vault(value)
        return {name: marked(one, resource, f"{path}.{name}" if path else str(name)) for name, one in value.items()}
    if isinstance(value, list):
        return [marked(one, resource, f"{path}[{place}]") for place, one in enumerate(value)]
    if path in known:
        return mark({"of": resource.id, "at": path})
    return value


def masked(value: Any) -> Any:
    """What monitoring shows of an input: without the secrets that stand in it."""
    if isinstance(value, Mapping):
        if _type(value) == SECURE:
            return {**value, "value": MASK}
        return {key: masked(one) for key, one in value.items()}
    return [masked(one) for one in value] if isinstance(value, list) else value


def marked_names(value: Any) -> Any:
    """What a mapping says, with marks for the texts that name secrets (`${NAME}`)."""
    if isinstance(value, str):
        return mark({"text": value}) if NAMED.search(value) else value
    if isinstance(value, Mapping):
        return value if is_mark(value) else {key: marked_names(one) for key, one in value.items()}
    return [marked_names(one) for one in value] if isinstance(value, list) else value


def mark(content: Json) -> Json:
    return {MARK: content}


def is_mark(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and isinstance(value.get(MARK), Mapping)


def opened(value: Any, read: Open) -> tuple[Any, tuple[str, ...]]:
    """The value with its marks opened, and the secrets that were, for `scrubbed`."""
    seen: list[str] = []

    def walk(one: Any) -> Any:
        if is_mark(one):
            seen.append(read(one[MARK]))
            return seen[-1]
        if isinstance(one, Mapping):
            return {key: walk(below) for key, below in one.items()}
        return [walk(below) for below in one] if isinstance(one, list) else one

    return walk(value), tuple(seen)


def scrubbed(text: str, secrets: tuple[str, ...]) -> str:
    """A message that may have been made with secrets at hand, without them."""
    for secret in sorted(secrets, key=len, reverse=True):
        for part in (secret, *_inner(secret)):
            if len(part) >= SHORTEST:
                text = text.replace(part, "***")
    return text


def of_vault(value: Mapping[str, Any]) -> Json:
    """The mark of an AzureKeyVaultSecret."""
    store = value.get("store")
    vault = store.get("referenceName") if isinstance(store, Mapping) else None
    return mark({"vault": str(vault or ""), "name": str(value.get("secretName") or ""), "version": str(value.get("secretVersion") or "")})


def _inner(secret: str) -> list[str]:
    """The secrets within a connection string or an address."""
    return [found[2] for pattern in (_PAIRS, _USER) for found in pattern.finditer(secret)]


def _type(value: Mapping[str, Any]) -> str:
    found = value.get("type")
    return found.lower() if isinstance(found, str) else ""


def _is_formula(value: Any, anywhere: bool = False) -> bool:
    """A password may begin with @: outside of activities only what speaks of parameters is computed."""
    if not isinstance(value, str):
        return isinstance(value, Mapping)
    spoken = anywhere or "linkedservice()" in value.lower() or "globalparameters" in value.lower()
    return spoken and formulas.is_expression(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
