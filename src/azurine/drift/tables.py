"""What is kept of a table, or of a window of one: a sketch of each feature. Tables with the same features are merged feature by feature.

As a plain mapping (`as_dict`) it goes into JSON and back without loss; as rows (`as_rows`: feature, key, count) into a column format, to look at.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from azurine.drift import categories, numbers
from azurine.drift.categories import Categories
from azurine.drift.numbers import Numbers
from azurine.model.errors import Invalid

VERSION = 1

Feature = Numbers | Categories


@dataclass(frozen=True, slots=True)
class Table:
    rows: int
    features: Mapping[str, Feature]

    def types(self) -> dict[str, str]:
        return {name: feature.type for name, feature in self.features.items()}


EMPTY = Table(0, {})


def merged(parts: Iterable[Table]) -> Table:
    return reduce(_pair, parts, EMPTY)


def as_dict(table: Table) -> dict[str, Any]:
    return {"version": VERSION, "rows": table.rows, "features": {name: _feature_as_dict(feature) for name, feature in table.features.items()}}


def from_dict(words: Mapping[str, Any]) -> Table:
    if words.get("version") != VERSION:
        raise Invalid(f"is a sketch of version {words.get('version')!r}; this reads version {VERSION}", path="version")
    return Table(words["rows"], {name: _feature_from_dict(feature) for name, feature in words["features"].items()})


def as_rows(table: Table) -> Iterator[dict[str, Any]]:
    """One for each key of each feature: `from` and `to` for numbers (the same for a single value), `category` for the others."""
    for name, feature in table.features.items():
        if isinstance(feature, Categories):
            for category, count in feature.counts.items():
                yield {"feature": name, "from": None, "to": None, "category": category, "count": count}
            continue
        width = 1 if feature.exponent is not None else 0
        step = feature.step or 1
        for key, count in zip(feature.keys, feature.counts, strict=True):
            yield {"feature": name, "from": key * step, "to": (key + width) * step, "category": None, "count": count}


def _pair(one: Table, other: Table) -> Table:
    features = dict(one.features)
    for name, feature in other.features.items():
        features[name] = _merged_feature(name, features[name], feature) if name in features else feature
    return Table(one.rows + other.rows, features)


def _merged_feature(name: str, one: Feature, other: Feature) -> Feature:
    if isinstance(one, Numbers) and isinstance(other, Numbers):
        return numbers.merged(one, other)
    if isinstance(one, Categories) and isinstance(other, Categories) and one.type == other.type:
        return categories.merged(one, other)
    raise Invalid(f"is {one.type} in one part and {other.type} in another; read both with the same types", path=name)


def _feature_as_dict(feature: Feature) -> dict[str, Any]:
    if isinstance(feature, Numbers):
        return {"sketch": "numbers", **numbers.as_dict(feature)}
    return {"sketch": "categories", **categories.as_dict(feature)}


def _feature_from_dict(words: Mapping[str, Any]) -> Feature:
    kept = {name: value for name, value in words.items() if name != "sketch"}
    return numbers.from_dict(kept) if words["sketch"] == "numbers" else categories.from_dict(kept)
