"""The column picker: rules that choose columns of a table, as the designer writes them into a parameter.

    {"isFilter": false, "rules": [{"ruleType": "ColumnNames", "exclude": false, "columns": ["Id", "Age"]}]}

isFilter false: one including rule, and the order in which it lists the columns is kept. isFilter true: rules are applied one after the
other, including or excluding, and the columns come in the table's order. The first rule must include.

    ruleType       ColumnNames (columns) | ColumnIndexes (columns: "1", "3-5", counted from 1) | ColumnTypes (columnTypes, columnKinds) | AllColumns
    columnTypes    String Integer Double Boolean DateTime TimeSpan Categorical Numeric All
    columnKinds    All Feature Label Score

For people who write YAML by hand the value may also be a plain list: `Age, BMI` or `["Age", "BMI"]` means these columns by name, in
this order. A name with a comma in it needs the JSON list.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from azurine.designer.tables import Column, Table, listed
from azurine.model.errors import Invalid

RULES = ("ColumnNames", "ColumnIndexes", "ColumnTypes", "AllColumns")
TYPES = ("String", "Integer", "Double", "Boolean", "DateTime", "TimeSpan", "Categorical", "Numeric", "All")
KINDS = ("All", "Feature", "Label", "Score")


def pick(value: str, table: Table) -> tuple[str, ...]:
    """The columns that the value chooses. Raises Invalid, which says the rule and what would be right."""
    is_filter, rules = read(value)
    if not is_filter:
        found = _matching(rules[0], table)
        return tuple(dict.fromkeys(found))
    chosen: set[str] = set()
    for rule in rules:
        matching = set(_matching(rule, table))
        chosen = chosen - matching if rule.get("exclude") else chosen | matching
    return tuple(name for name in table.names if name in chosen)


def read(value: str) -> tuple[bool, list[Mapping[str, Any]]]:
    """(isFilter, rules) of a written picker value, its shape checked."""
    found = _parsed(value)
    if isinstance(found, list):
        return False, [{"ruleType": "ColumnNames", "exclude": False, "columns": found}]
    rules = found.get("rules")
    if not isinstance(rules, list) or not rules or not all(isinstance(rule, Mapping) for rule in rules):
        raise Invalid("choose at least one column: rules must be a list of rules")
    for rule in rules:
        if rule.get("ruleType") not in RULES:
            raise Invalid(f"a rule has a ruleType of {', '.join(RULES)}, not {rule.get('ruleType')!r}")
    if rules[0].get("exclude"):
        raise Invalid("the first rule must include columns; begin with AllColumns to exclude some of them")
    is_filter = bool(found.get("isFilter"))
    if not is_filter and len(rules) > 1:
        raise Invalid("with isFilter false there is one rule, which lists the columns in order; several rules need isFilter true")
    return is_filter, rules


def named(names: Sequence[str]) -> str:
    """The value that chooses these columns in this order."""
    return json.dumps({"isFilter": False, "rules": [{"ruleType": "ColumnNames", "exclude": False, "columns": list(names)}]})


def every() -> str:
    return json.dumps({"isFilter": True, "rules": [{"ruleType": "AllColumns", "exclude": False}]})


def _parsed(value: str) -> Any:
    text = value.strip()
    if not text:
        raise Invalid("choose at least one column")
    if text[0] not in "[{":
        return [name.strip() for name in text.split(",") if name.strip()]
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Invalid(f"this is not a column choice: {error}") from error
    if isinstance(found, list) and not all(isinstance(name, str) for name in found):
        raise Invalid("a list of columns holds names")
    if not found:
        raise Invalid("choose at least one column")
    return found


def _matching(rule: Mapping[str, Any], table: Table) -> list[str]:
    sort = rule["ruleType"]
    if sort == "AllColumns":
        return list(table.names)
    if sort == "ColumnTypes":
        return _by_type(rule, table)
    wanted = rule.get("columns")
    if not isinstance(wanted, list) or not wanted:
        raise Invalid(f"a rule {sort} lists columns")
    if sort == "ColumnIndexes":
        return [name for one in wanted for name in _by_index(str(one), table)]
    known = set(table.names)
    unknown = [str(one) for one in wanted if one not in known]
    if unknown:
        raise Invalid(f"column not found: {listed(unknown)}; there are {listed(table.names)}", code="ColumnNotFound")
    return [str(one) for one in wanted]


def _by_type(rule: Mapping[str, Any], table: Table) -> list[str]:
    types, kinds = rule.get("columnTypes") or ["All"], rule.get("columnKinds") or ["All"]
    for one, allowed in [*((type_, TYPES) for type_ in types), *((kind, KINDS) for kind in kinds)]:
        if one not in allowed:
            raise Invalid(f"{one!r} is not one of {', '.join(allowed)}")
    return [one.name for one in table.columns if any(_is_type(one, type_) for type_ in types) and any(_is_kind(one, kind) for kind in kinds)]


def _is_type(column: Column, type_: str) -> bool:
    if type_ == "All":
        return True
    if column.categorical:
        return type_ == "Categorical"
    return type_ in (column.kind, column.primitive)


def _is_kind(column: Column, kind: str) -> bool:
    return {"All": True, "Feature": column.feature and not column.label, "Label": column.label, "Score": bool(column.score)}[kind]


def _by_index(text: str, table: Table) -> list[str]:
    low, dash, high = text.partition("-")
    try:
        first, last = int(low), int(high if dash else low)
    except ValueError as error:
        raise Invalid(f"{text!r} is not a column index; indexes are counted from 1, ranges are written 2-4") from error
    if not 1 <= first <= last <= len(table.columns):
        raise Invalid(f"column index {text} is not between 1 and {len(table.columns)}", code="ColumnNotFound")
    return list(table.names[first - 1 : last])
