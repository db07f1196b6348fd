"""Who calls, and may they: a bearer token, an account key (SharedKey), or a SAS in the query.

A token is checked by the function that is passed in (the identity room's); keys and SAS by `storage.signatures`. Whoever holds
a key or a valid token may do all; roles will be asked in `_bearer`, where the principal and the operation are both known.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from azurine.api.blobs.calls import Call
from azurine.model import errors
from azurine.storage import signatures
from azurine.storage.accounts import Accounts
from azurine.storage.signatures import Grant
from azurine.storage.urls import Location

Authorize = Callable[[str], Any]
"""token → principal; raises errors.Unauthenticated."""

LATE_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True)
class Need:
    """resource: as in `signatures.Grant`; any of several is enough. letters: SAS permissions, any of which is enough."""

    resource: str
    letters: Sequence[str]


def admitted(call: Call, need: Need, accounts: Accounts, authorize: Authorize) -> Call:
    """The call, with what its signature means for it. Raises Unauthenticated or Denied."""
    scheme, _, value = call.header("authorization").partition(" ")
    if scheme.lower() == "bearer":
        _bearer(value.strip(), authorize)
        return replace(call, trusted=True)
    if scheme.lower() == "sharedkey":
        _shared_key(call, value.strip(), accounts)
        return replace(call, trusted=True)
    if scheme:
        raise errors.Invalid(f"Authorization by {scheme[:30]!r} is not known here; Bearer, SharedKey or a SAS is.", code="InvalidAuthenticationInfo")
    if "sig" in call.query:
        return _by_sas(call, need, accounts)
    raise errors.Unauthenticated(
        "Server failed to authenticate the request: it carries no token, no key's signature and no SAS.", code="NoAuthenticationInformation"
    )


def may_read_source(call: Call, source: Location, url: str, accounts: Accounts) -> None:
    """The source of a copy: the caller's own right, or a SAS in its URL."""
    fields = dict(parse_qsl(urlsplit(url).query.replace("+", "%2B"), keep_blank_values=True))
    if "sig" in fields:
        grant = _checked(call, fields, source, accounts)
        if grant.covers("o", source) and grant.allows("r"):
            return
    elif call.trusted and (call.header("authorization").lower().startswith("bearer") or source.account == call.location.account):
        return
    raise errors.Denied("The source of the copy may not be read: sign its URL with a SAS that allows it (r).", code="CannotVerifyCopySource")


def _checked(call: Call, fields: Mapping[str, str], location: Location, accounts: Accounts) -> Grant:
    secure = call.request.scope["scheme"] == "https"
    caller = call.request.client.host if call.request.client else ""
    return signatures.check_sas(fields, location, accounts.keys(location.account), accounts.now(), secure=secure, caller=caller)


def _bearer(token: str, authorize: Authorize) -> None:
    try:
        authorize(token)
    except errors.Unauthenticated as refused:
        raise errors.Unauthenticated(f"Server failed to authenticate the request. {refused.message}", code="InvalidAuthenticationInfo") from refused


def _shared_key(call: Call, value: str, accounts: Accounts) -> None:
    account, _, signature = value.partition(":")
    texts = signatures.shared_key_texts(call.location.account, call.signed())
    if account != call.location.account or not signatures.matches(signature, accounts.keys(call.location.account), *texts):
        raise errors.Unauthenticated(
            "Server failed to authenticate the request. The signature in the Authorization header is not right: made with another key,"
            " for another account, or for another request.",
            code="AuthenticationFailed",
        )
    _fresh(call.header("x-ms-date") or call.header("date"), accounts.now())


def _fresh(date: str, now: float) -> None:
    """An old request, seen on its way, cannot be sent again."""
    try:
        sent = parsedate_to_datetime(date).timestamp()
    except ValueError:
        sent = None
    if sent is None or abs(now - sent) > LATE_SECONDS:
        raise errors.Unauthenticated(
            f"Server failed to authenticate the request. Its date {date[:60]!r} is more than 15 minutes away from the server's.",
            code="AuthenticationFailed",
        )


def _by_sas(call: Call, need: Need, accounts: Accounts) -> Call:
    grant = _checked(call, call.query, call.location, accounts)
    if not grant.covers(need.resource, call.location):
        raise errors.Denied(
            "This request is not authorized to perform this operation using this resource type.", code="AuthorizationResourceTypeMismatch"
        )
    if not grant.allows(*need.letters):
        raise errors.Denied(
            f"This request is not authorized to perform this operation using this permission: the SAS has {grant.permissions!r},"
            f" and one of {''.join(need.letters)!r} is needed.",
            code="AuthorizationPermissionMismatch",
        )
    return replace(call, only_new="c" in need.letters and "w" in need.letters and not grant.allows("w"))
