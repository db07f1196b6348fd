"""What a REST API answers, page after page: the source of a Copy or a Lookup whose dataset is a RestResource.

    {"AbsoluteUrl": "$.paging.next"}                    the next address stands in the answer; it may be relative
    {"QueryParameters.page": "$.next", "Headers['x']": "Headers.y"}     a parameter, a header of the next request
    {"QueryParameters.{offset}": "RANGE:0:10000:1000"}  {offset} in the address (AbsoluteUrl, QueryParameters) or in a header, from the first request on
    {"EndCondition:$.data": "Empty"}                    or NonExist, Exist, Const:value; of the body ($…) or of a header (Headers.…)
    {"MaxRequestNumber": 10}, {"SupportRFC5988": true}  links in the header `Link`: followed when there is no other rule

It ends with the status 204, when a rule finds nothing, when a range or a condition says so. The same answer to the same request twice is an error.
https://learn.microsoft.com/azure/data-factory/connector-rest#pagination-support
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from azurine.movement import documents, finding, mapping, web
from azurine.movement.failing import failure

FORMAT = "restresource"
_KEY = re.compile(r"(AbsoluteUrl|QueryParameters|Headers)(?:\.(.+)|\['(.+)'\])?")
_RANGE = re.compile(r"RANGE:(-?\d+):(-?\d*):(-?\d+)")
_LINK = re.compile(r"<([^>]*)>([^,<]*)")


@dataclass(frozen=True, slots=True)
class Rule:
    """place: AbsoluteUrl, QueryParameters or Headers. name: of the parameter or header, or {variable}; "" for the whole address."""

    place: str
    name: str
    value: str

    @property
    def is_variable(self) -> bool:
        return self.name.startswith("{")

    @property
    def range(self) -> tuple[int, int | None, int] | None:
        found = _RANGE.fullmatch(self.value)
        return (int(found[1]), int(found[2]) if found[2] else None, int(found[3])) if found else None


@dataclass(frozen=True, slots=True)
class Rules:
    steps: tuple[Rule, ...] = ()
    ends: tuple[tuple[str, str], ...] = ()
    most: int = 0
    links: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    body: Any
    headers: Mapping[str, str]
    size: int


def pages(dataset: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """(the objects of an answer, its bytes), one answer after the other."""
    said = {**(dataset.get("format") or {}), **{key: value for key, value in settings.items() if value is not None}}
    rules = read(said.get("paginationRules") or {})
    pause = _pause(said.get("requestInterval"))
    values = {rule: str(one[0]) for rule in rules.steps if (one := rule.range) is not None}
    url = web.address(dataset)
    last: tuple[Any, ...] = ()
    for number in range(1, 1 << 62):
        request = (_url(url, rules, values), _headers(web.additional(said.get("additionalHeaders")), rules, values))
        page = _asked(dataset, said, *request)
        if page.status == 204:
            return
        if last == (request, page.body):
            raise failure(
                "UserErrorEndlessPagination", f"'{request[0]}' was answered twice in the same way: the pagination rules lead to no other page."
            )
        last = (request, page.body)
        yield [one if isinstance(one, dict) else {"value": one} for one in (page.body if isinstance(page.body, list) else [page.body])], page.size
        if number == rules.most or any(_holds(page, *one) for one in rules.ends):
            return
        following = _next(url, request[0], page, rules, values)
        if following is None:
            return
        url = following
        time.sleep(pause)  # this process reads, and does nothing else; told to end, it wakes up


def read(written: Mapping[str, Any]) -> Rules:
    """Raises UserErrorInvalidPaginationRule for one that is none."""
    if not isinstance(written, Mapping):
        raise _wrong(str(written), "pagination rules are an object")
    steps, ends, most, links = [], [], 0, not written
    for key, value in written.items():
        word = str(key).lower()
        if word == "maxrequestnumber":
            most = _count(value)
        elif word == "supportrfc5988":
            links = finding.truth(value, True)
        elif word.startswith("endcondition:"):
            ends.append((str(key)[13:], _condition(str(key), str(value))))
        else:
            steps.append(_rule(str(key), str(value)))
    return Rules(tuple(steps), tuple(ends), most, links and not steps)


def _rule(key: str, value: str) -> Rule:
    found = _KEY.fullmatch(key)
    if found is None or (found[1] != "AbsoluteUrl" and not (found[2] or found[3])):
        raise _wrong(key, "AbsoluteUrl, QueryParameters.name, Headers.name, EndCondition:path, MaxRequestNumber and SupportRFC5988 are rules")
    rule = Rule(found[1], found[2] or found[3] or "", value)
    if rule.place == "AbsoluteUrl" and rule.name and not rule.is_variable:
        raise _wrong(key, "a variable of the address is written AbsoluteUrl.{name}")
    if rule.range is None and not value.startswith(("$", "Headers", "headers")):
        raise _wrong(key, f"'{value}' is neither a path ($.next), nor a header (Headers.name), nor a range (RANGE:0:100:10)")
    if rule.range is not None and rule.range[2] == 0:
        raise _wrong(key, "the step of a range is not 0")
    return rule


def _condition(key: str, value: str) -> str:
    if value.lower() in ("empty", "exist", "nonexist"):
        return value.lower()
    if not value.startswith("Const:"):
        raise _wrong(key, f"'{value}' is no condition; Empty, Exist, NonExist and Const:value are")
    return value


def _asked(dataset: Mapping[str, Any], said: Mapping[str, Any], url: str, headers: Mapping[str, str]) -> Page:
    with web.asked(dataset["connection"], url, said, {"Accept": "application/json", **headers}) as answer:
        data = bytearray()
        for piece in web.pieces(answer):
            data += piece
            if len(data) > documents.LARGEST:
                raise failure("RestResponseTooLarge", f"The answer of '{url}' is longer than {documents.LARGEST} bytes.")
        told = {name.lower(): value for name, value in answer.headers.items()}
        status = answer.status
    if status == 204 or not data.strip():
        return Page(204, None, told, len(data))
    try:
        return Page(status, json.loads(data), told, len(data))
    except (ValueError, RecursionError) as error:
        raise failure("JsonInvalidDataFormat", f"The answer of '{url}' is no JSON: {error}.") from error


def _next(url: str, asked: str, page: Page, rules: Rules, values: dict[Rule, str]) -> str | None:
    """The address of the next request, its variables still in it, and the values of what else changes; None when there is none.

    asked: the address of this one.
    """
    if rules.links:
        linked = _linked(page)
        return urljoin(asked, linked) if linked else None
    if not rules.steps:
        return None
    for rule in rules.steps:
        found = _following(rule, values) if rule.range else _found(page, rule.value)
        if found in (mapping.MISSING, None, ""):
            return None
        if rule.place == "AbsoluteUrl" and not rule.name:
            url = urljoin(asked, str(found))
        else:
            values[rule] = _text(found)
    return url


def _following(rule: Rule, values: Mapping[Rule, str]) -> Any:
    assert rule.range is not None
    _, end, step = rule.range
    number = int(values[rule]) + step
    is_over = end is not None and (number > end if step > 0 else number < end)
    return None if is_over else number


def _found(page: Page, where: str) -> Any:
    if where.startswith("$"):
        return mapping.walk(page.body, mapping.steps(where))
    steps = mapping.steps(where)
    return page.headers.get(str(steps[1]).lower() if len(steps) > 1 else "", mapping.MISSING)


def _holds(page: Page, where: str, condition: str) -> bool:
    found = _found(page, where)
    match condition:
        case "exist":
            return found is not mapping.MISSING
        case "nonexist":
            return found is mapping.MISSING
        case "empty":
            return found is mapping.MISSING or found is None or found == "" or found == [] or found == {}
    return found is not mapping.MISSING and _text(found).lower() == condition.removeprefix("Const:").lower()


def _url(url: str, rules: Rules, values: Mapping[Rule, str]) -> str:
    for rule in rules.steps:
        value = values.get(rule, "")
        if rule.is_variable and rule.place != "Headers":
            url = url.replace(rule.name, quote(value, safe=""))
        elif rule.place == "QueryParameters" and value:
            parts = urlsplit(url)
            query = [(name, one) for name, one in parse_qsl(parts.query, keep_blank_values=True) if name != rule.name]
            url = urlunsplit(parts._replace(query=urlencode([*query, (rule.name, value)])))
    return url


def _headers(given: dict[str, str], rules: Rules, values: Mapping[Rule, str]) -> dict[str, str]:
    for rule in rules.steps:
        if rule.place != "Headers":
            continue
        value = values.get(rule, "")
        if rule.is_variable:
            given = {name: text.replace(rule.name, value) for name, text in given.items()}
        elif value:
            given = {**given, rule.name: value}
    return given


def _linked(page: Page) -> str:
    """RFC 5988: the address that `Link` calls next."""
    for address, about in _LINK.findall(page.headers.get("link", "")):
        if re.search(r';\s*rel\s*=\s*"?(?:[^"]*\s)?next(?:\s[^"]*)?"?\s*(?:;|$)', about, re.IGNORECASE):
            return str(address)
    return ""


def _pause(said: Any) -> float:
    """requestInterval: milliseconds, or a length of time."""
    if said in (None, ""):
        return 0.0
    return float(said) / 1000 if re.fullmatch(r"\d+(\.\d+)?", str(said).strip()) else finding.seconds(said, 0.0)


def _count(value: Any) -> int:
    if value in (None, ""):
        return 0
    if not re.fullmatch(r"[1-9]\d*", str(value).strip()):
        raise _wrong("MaxRequestNumber", f"'{value}' is no number of requests")
    return int(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else documents.dump(value)


def _wrong(key: str, why: str) -> Exception:
    return failure("UserErrorInvalidPaginationRule", f"The pagination rule '{key}' is not one: {why}.")
