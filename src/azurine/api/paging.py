"""Lists in pages. A page is as long as asked for, or a hundred; the next one starts where it ended, whatever was added since.

The token in `nextLink` is opaque to clients: the place (`created` of the last resource seen) and how many the client still wants.
A filter that leaves out much would make one page look at everything, so a page looks at a bounded number and may come back
short, or empty, with a nextLink.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from azurine.model import errors
from azurine.model.resources import Resource

PAGE = 100
LONGEST = 1000
LOOKED_AT = 3000
TOKEN_PARAMETERS = ("$skip", "$skiptoken", "$skipToken")

Fetch = Callable[[int | None, int], Sequence[Resource]]
"""(after, limit) → the next resources in order."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the client asked for: where to start, how many in all (None: all of them)."""

    after: int | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    resources: list[Resource]
    token: str = ""


def wanted(parameters: Sequence[tuple[str, str]]) -> Wanted:
    """Reads `$skip` (our token), `$top`, `count`. Raises errors.Invalid."""
    given = {name.lower(): value for name, value in parameters}
    token = next((given[name.lower()] for name in TOKEN_PARAMETERS if given.get(name.lower())), "")
    if token:
        return _read(token)
    for name in ("$top", "count"):
        if given.get(name):
            return Wanted(left=_positive(name, given[name]))
    return Wanted()


def take(fetch: Fetch, keep: Callable[[Resource], bool], want: Wanted) -> Page:
    """One page of what `keep` keeps."""
    size = PAGE if want.left is None else min(want.left, LONGEST)
    found: list[Resource] = []
    after = want.after
    looked_at = 0
    while looked_at < LOOKED_AT:
        batch = fetch(after, size + 1)
        for resource in batch:
            if len(found) == size:
                return _page(found, after, want)
            looked_at += 1
            after = resource.created
            if keep(resource):
                found.append(resource)
        if len(batch) < size + 1:
            return Page(found)
    return _page(found, after, want)


def next_link(base: str, parameters: Sequence[tuple[str, str]], token: str) -> str:
    """The address of the next page: this one's, with the token in place of what positioned this one."""
    positioned = {name.lower() for name in (*TOKEN_PARAMETERS, "$top", "count")}
    kept = [(name, value) for name, value in parameters if name.lower() not in positioned]
    return f"{base}?{urlencode([*kept, ('$skip', token)])}"


def _page(found: list[Resource], after: int | None, want: Wanted) -> Page:
    left = None if want.left is None else want.left - len(found)
    if left == 0:
        return Page(found)
    return Page(found, base64.urlsafe_b64encode(json.dumps([after, left]).encode()).decode().rstrip("="))


def _read(token: str) -> Wanted:
    try:
        after, left = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError, RecursionError) as problem:
        raise _bad_token(token) from problem
    if type(after) is not int or abs(after) >= 2**62 or not (left is None or (type(left) is int and left > 0)):
        raise _bad_token(token)
    return Wanted(after, left)


def _bad_token(token: str) -> errors.Invalid:
    return errors.Invalid(f"{token[:60]!r} is no continuation token of this server; start the list again", code="InvalidSkipToken", path="$skip")


def _positive(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0 and len(text) < 10):
        raise errors.Invalid(f"{name} must be a whole number above 0, not {text[:40]!r}", code="InvalidQueryParameterValue", path=name)
    return int(text)
