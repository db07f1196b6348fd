"""One HTTP request of an activity, and what becomes of its answer: shared by Web, WebHook and Azure Function activities.

A request is wished for as work of the performer "factory.web":

    {"run", "method", "url", "headers": {…}, "body": text or null, "seconds", "verify", "authentication": {"type", …}, "callback": key or ""}

in which secrets are marks (`secrets`); its outcome is {"status", "reason", "headers", "body": text, "url", "seconds"}, whatever the status. That
nobody answered is a failed outcome with Data Factory's code 2128.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from azurine.factory import definitions, secrets
from azurine.factory.sight import Checking, Progress, Sight, failed
from azurine.factory.variables import text
from azurine.model import errors
from azurine.model.resources import Json

WORK = "factory.web"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
USUAL, SHORTEST, LONGEST = 60.0, 1.0, 600.0
"""Seconds that a request may take."""
MISSING, WRONG, CALL_FAILED, NO_ANSWER, TOO_LARGE = "2103", "2104", "2108", "2128", "2001"
MOST_SAID = 8192
"""Characters of an answer that an error tells."""
RUNTIME = "AutoResolveIntegrationRuntime (local)"
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def check_method(checking: Checking, *allowed: str) -> None:
    """At publish: the method, as far as it is written out."""
    method = checking.properties.get("method")
    if isinstance(method, str) and not method.startswith("@") and method.upper() not in (allowed or METHODS):
        checking.note("method", f"Activity '{checking.activity.get('name')}': the method '{method}' is not one of {', '.join(allowed or METHODS)}.")


def request(sight: Sight, given: Mapping[str, Any], url: Any, *, headers: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The request that an activity's evaluated properties describe. headers: those that are there anyway. Raises errors.Invalid."""
    method = str(given.get("method") or "").upper()
    if method not in METHODS:
        raise errors.Invalid(f"Invalid HttpMethod: '{method}'. One of {', '.join(METHODS)} is needed.", code=WRONG)
    if not isinstance(url, str) or not url.strip():
        raise errors.Invalid("Please provide value for the required property 'url'.", code=MISSING)
    said = _headers(given.get("headers"))
    body = _body(given.get("body"))
    known = {name.lower() for name in said}
    if body is not None and "content-type" not in known:
        said["Content-Type"] = "application/json"
    if "accept" not in known:
        said["Accept"] = "*/*"
    return {
        "run": sight.run.id,
        "method": method,
        "url": url.strip(),
        "headers": {**(headers or {}), **said},
        "body": None if method == "GET" else body,
        "seconds": USUAL,
        "verify": True,
        "authentication": authentication(given.get("authentication")),
        "callback": "",
    }


def authentication(given: Any) -> dict[str, Any]:
    """What `authentication` of an activity asks for; marks where its secrets are."""
    if given is None or given == "":
        return {"type": "Anonymous"}
    if not isinstance(given, Mapping):
        raise errors.Invalid("The type of the property 'authentication' is incorrect: an object is needed.", code=WRONG)
    named = {"userassignedmanagedidentity": "MSI", "msi": "MSI", "basic": "Basic", "clientcertificate": "ClientCertificate"}
    kind = str(given.get("type") or "MSI")
    found = {"type": named.get(kind.lower(), kind)}
    for key in ("username", "password", "pfx", "resource", "userTenant"):
        if given.get(key) is not None:
            found[key] = _secret(given[key])
    return found


def seconds(value: Any, key: str, usual: float, longest: float = LONGEST) -> float:
    """A time such as 00:01:00. Raises errors.Invalid."""
    if value is None or value == "":
        return usual
    found = definitions.seconds(value) if isinstance(value, str) else None
    if found is None or not SHORTEST <= found <= longest:
        message = f"The type of the property '{key}' is incorrect: a time such as 00:01:00, of {_time(longest)} at most, is needed, not '{value}'."
        raise errors.Invalid(message, code=WRONG)
    return found


def is_good(answer: Json) -> bool:
    return 200 <= int(answer["status"]) < 300


def header(answer: Json, name: str) -> str:
    return next((str(value) for key, value in answer["headers"].items() if key.lower() == name.lower()), "")


def refused(answer: Json, **more: Any) -> Progress:
    """The answer says no."""
    url, word = secrets.shown_text(str(answer["url"])), status_word(int(answer["status"]))
    message = f"Error calling the endpoint '{url}'. Response status code: '{word}'."
    details = str(answer["body"])[:MOST_SAID]
    return failed(CALL_FAILED, f"{message} More details: {details}" if details else message, **more)


def envelope(answer: Json) -> dict[str, Any]:
    """What the output of any such activity has beside the answer."""
    taken = float(answer.get("seconds") or 0)
    return {
        "effectiveIntegrationRuntime": RUNTIME,
        "executionDuration": int(taken),
        "durationInQueue": {"integrationRuntimeQueue": 0},
        "billingReference": {
            "activityType": "ExternalActivity",
            "billableDuration": [{"meterType": "AzureIR", "duration": max(1, -(-int(taken) // 60)) / 60, "unit": "Hours"}],
        },
    }


def content(answer: Json) -> Any:
    """The body as JSON, or as the text that it is."""
    said = str(answer["body"])
    try:
        return json.loads(said) if said.strip() else ""
    except (ValueError, RecursionError):
        return said


def status_word(status: int) -> str:
    """404 → NotFound."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        return str(status)
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z]+", phrase))


def _headers(given: Any) -> dict[str, Any]:
    if given is None or given == "":
        return {}
    if not isinstance(given, Mapping):
        raise errors.Invalid("The type of the property 'headers' is incorrect: an object of names and texts is needed.", code=WRONG)
    found: dict[str, Any] = {}
    for name, value in given.items():
        made = _secret(value)
        shown = made if secrets.is_mark(made) else text(made)
        if not _HEADER.fullmatch(name) or (isinstance(shown, str) and ("\n" in shown or "\r" in shown)):
            raise errors.Invalid(f"The header '{name[:100]}' cannot be sent: it has characters that no header may have.", code=WRONG)
        if shown is not None:
            found[name] = shown
    return found


def _body(given: Any) -> str | None:
    return None if given is None else text(given)


def _secret(value: Any) -> Any:
    """A secret of an activity: its text, or the mark of one in a Key Vault."""
    if isinstance(value, Mapping):
        kind = str(value.get("type")).lower()
        if kind == secrets.SECURE:
            return value.get("value")
        if kind == secrets.VAULT:
            return secrets.of_vault(value)
    return value


def _time(length: float) -> str:
    minutes, rest = divmod(int(length), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"
