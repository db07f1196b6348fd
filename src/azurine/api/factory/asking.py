"""The body of a query for runs (RunFilterParameters): a window of time, filters, an order, and where to go on.

    {"lastUpdatedAfter", "lastUpdatedBefore", "filters": [{"operand", "operator", "values"}], "orderBy": [{"orderBy", "order"}], "continuationToken"}

Operands are names of columns; which column is which member of an answer is said by whoever asks. Text is compared as it stands, names
and times without regard to case or form. The token is opaque to clients: how many answers of the same query they have seen.

https://learn.microsoft.com/rest/api/datafactory/pipeline-runs/query-by-factory
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from azurine.model import errors

Shown = Mapping[str, Any]
Column = Callable[[Shown], Any]

PAGE = 1000
OPERATORS = ("Equals", "NotEquals", "In", "NotIn")


@dataclass(frozen=True, slots=True)
class Columns:
    """by_name: columns by operand, in lower case. updated: when the answer was last changed. usual: how answers are ordered unless said."""

    by_name: Mapping[str, Column]
    updated: Column


@dataclass(frozen=True, slots=True)
class Query:
    after: float
    before: float
    filters: tuple[tuple[Column, bool, frozenset[str]], ...]
    order: tuple[tuple[Column, bool], ...]
    skip: int

    def keeps(self, shown: Shown, columns: Columns) -> bool:
        updated = moment(columns.updated(shown))
        if updated is not None and not self.after <= updated <= self.before:
            return False
        return all((_text(column(shown)) in values) is wanted for column, wanted, values in self.filters)


def read(body: Mapping[str, Any], columns: Columns, bounded: bool = True) -> Query:
    """bounded: both ends of the window must be given, as Azure wants it. Raises errors.Invalid."""
    window = [_time(body, name, bounded) for name in ("lastUpdatedAfter", "lastUpdatedBefore")]
    filters = tuple(_filter(one, f"filters[{place}]", columns) for place, one in enumerate(_listed(body, "filters")))
    order = tuple(_order(one, f"orderBy[{place}]", columns) for place, one in enumerate(_listed(body, "orderBy")))
    after, before = window[0], window[1]
    return Query(-1e18 if after is None else after, 1e18 if before is None else before, filters, order, _skip(body.get("continuationToken")))


def answer(found: Sequence[Shown], query: Query) -> dict[str, Any]:
    """One page of what was found, in the order that was asked for."""
    ordered = list(found)
    for column, descending in reversed(query.order):
        ordered.sort(key=lambda shown, column=column: _key(column(shown)), reverse=descending)  # type: ignore[misc]
    page = ordered[query.skip : query.skip + PAGE]
    body: dict[str, Any] = {"value": page}
    if query.skip + PAGE < len(ordered):
        body["continuationToken"] = _token(query.skip + PAGE)
    return body


def moment(value: Any) -> float | None:
    """A time as seconds since 1970; one without a zone is UTC."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    text = value.strip().replace("Z", "+00:00").replace("z", "+00:00")
    head, dot, rest = text.partition(".")
    if dot:
        digits = rest[: next((place for place, one in enumerate(rest) if not one.isdigit()), len(rest))]
        # .NET writes seven digits of a second, Python reads six.
        text = f"{head}.{digits[:6]}{rest[len(digits) :]}" if digits else head + rest
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _time(body: Mapping[str, Any], name: str, required: bool) -> float | None:
    value = body.get(name)
    if value is None and not required:
        return None
    found = moment(value)
    if found is None:
        said = "is required" if value is None else f"must be a time such as 2026-01-31T08:00:00Z, not {str(value)[:40]!r}"
        raise errors.Invalid(f"'{name}' {said}.", code="BadRequest", path=name)
    return found


def _filter(one: Any, path: str, columns: Columns) -> tuple[Column, bool, frozenset[str]]:
    if not isinstance(one, Mapping):
        raise errors.Invalid("A filter must be an object.", code="BadRequest", path=path)
    column = _column(one.get("operand"), f"{path}.operand", columns)
    operator = {name.lower(): name for name in OPERATORS}.get(str(one.get("operator")).lower())
    if operator is None:
        raise errors.Invalid(f"'{one.get('operator')}' is no operator; {', '.join(OPERATORS)} are.", code="BadRequest", path=f"{path}.operator")
    values = one.get("values")
    if not isinstance(values, list) or not values:
        raise errors.Invalid("A filter needs a list of 'values'.", code="BadRequest", path=f"{path}.values")
    return column, operator in ("Equals", "In"), frozenset(_text(value) for value in values)


def _order(one: Any, path: str, columns: Columns) -> tuple[Column, bool]:
    if not isinstance(one, Mapping):
        raise errors.Invalid("An order must be an object.", code="BadRequest", path=path)
    return _column(one.get("orderBy"), f"{path}.orderBy", columns), str(one.get("order")).upper() == "DESC"


def _column(name: Any, path: str, columns: Columns) -> Column:
    found = columns.by_name.get(str(name).lower())
    if found is None:
        raise errors.Invalid(f"'{str(name)[:60]}' cannot be asked for here; {', '.join(columns.by_name)} can.", code="BadRequest", path=path)
    return found


def _listed(body: Mapping[str, Any], name: str) -> list[Any]:
    found = body.get(name)
    if found is not None and not isinstance(found, list):
        raise errors.Invalid(f"'{name}' must be an array.", code="BadRequest", path=name)
    return found or []


def _text(value: Any) -> str:
    """What two values have in common when they are the same: times by the moment, all else by its letters."""
    found = moment(value)
    return f"@{found}" if found is not None else str(value).lower()


def _key(value: Any) -> tuple[int, float, str]:
    """Nothing comes first, as something that has not happened yet."""
    if value is None:
        return (0, 0.0, "")
    found = moment(value)
    return (1, found, "") if found is not None else (1, 0.0, str(value).lower())


def _token(skip: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"skip": skip}).encode()).decode()


def _skip(token: Any) -> int:
    if token in (None, ""):
        return 0
    try:
        skip = json.loads(base64.urlsafe_b64decode(str(token)))["skip"]
    except (binascii.Error, ValueError, TypeError, KeyError, RecursionError) as problem:
        raise _unknown(token) from problem
    if isinstance(skip, bool) or not isinstance(skip, int) or not 0 <= skip < 2**40:
        raise _unknown(token)
    return skip


def _unknown(token: Any) -> errors.Invalid:
    return errors.Invalid(f"{str(token)[:60]!r} is no continuation token of this server.", code="BadRequest", path="continuationToken")
