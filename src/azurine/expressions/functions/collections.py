"""Arrays, objects, and text as a row of characters."""

from typing import Any

from azurine.expressions.formulas.faults import Refused
from azurine.expressions.signatures import ANY, ARRAY, ARRAY_OR_OBJECT, ARRAY_OR_TEXT, COLLECTION, COLLECTION_OR_NULL, INTEGER, TEXT, Family
from azurine.expressions.values import LARGEST_TEXT, equal, key, text, too_long, type_name

FAMILY = Family("Collection")


@FAMILY.plain("contains", COLLECTION, ANY)
def contains(collection: Any, value: Any) -> bool:
    if isinstance(collection, list):
        return any(equal(one, value) for one in collection)
    if not isinstance(value, str):
        raise Refused(
            "The template language function 'contains' expects parameters of matching types: an object and a key, an array and a value, or a string "
            f"and a substring. The provided types '{type_name(collection)}' and '{type_name(value)}' are incompatible. {FAMILY.functions['contains'].usage()}",
            1,
        )
    if isinstance(collection, str):
        return value in collection
    return value in collection or any(str(name).casefold() == value.casefold() for name in collection)


@FAMILY.plain("empty", COLLECTION_OR_NULL)
def empty(collection: Any) -> bool:
    return not collection


@FAMILY.plain("first", ARRAY_OR_TEXT)
def first(collection: Any) -> Any:
    return collection[0] if collection else _nothing(collection)


@FAMILY.plain("last", ARRAY_OR_TEXT)
def last(collection: Any) -> Any:
    return collection[-1] if collection else _nothing(collection)


@FAMILY.plain("length", ARRAY_OR_TEXT)
def length(collection: Any) -> int:
    return len(collection)


@FAMILY.plain("skip", ARRAY_OR_TEXT, INTEGER)
def skip(collection: Any, count: int) -> Any:
    return collection[_count("skip", count) :]


@FAMILY.plain("take", ARRAY_OR_TEXT, INTEGER)
def take(collection: Any, count: int) -> Any:
    return collection[: _count("take", count)]


@FAMILY.plain("join", ARRAY, TEXT)
def join(collection: list[Any], delimiter: str) -> str:
    parts = [text(one) for one in collection]
    if sum(map(len, parts)) + len(delimiter) * len(parts) > LARGEST_TEXT:
        raise too_long()
    return delimiter.join(parts)


@FAMILY.plain("union", ARRAY_OR_OBJECT, ARRAY_OR_OBJECT, most=None)
def union(*collections: Any) -> Any:
    _alike("union", collections)
    if isinstance(collections[0], dict):
        return {name: value for one in collections for name, value in one.items()}
    return _distinct(collections)


@FAMILY.plain("intersection", ARRAY_OR_OBJECT, ARRAY_OR_OBJECT, most=None)
def intersection(*collections: Any) -> Any:
    _alike("intersection", collections)
    one, *others = collections
    if isinstance(one, dict):
        return {name: value for name, value in one.items() if all(name in other and equal(value, other[name]) for other in others)}
    common = set.intersection(*({key(value) for value in other} for other in others))
    return _distinct(([value for value in one if key(value) in common],))


def _distinct(collections: Any) -> list[Any]:
    found: dict[Any, Any] = {}
    for one in collections:
        for value in one:
            found.setdefault(key(value), value)
    return list(found.values())


def _alike(name: str, collections: tuple[Any, ...]) -> None:
    """All arrays, or all objects."""
    wanted = type(collections[0])
    for place, one in enumerate(collections):
        if type(one) is not wanted:
            words = "to be an object, as the first one is" if wanted is dict else "to be an array, as the first one is"
            raise FAMILY.functions[name].wrong_type(one, words, place)


def _nothing(collection: Any) -> Any:
    return "" if isinstance(collection, str) else None


def _count(name: str, count: int) -> int:
    if count < 0:
        raise Refused(
            f"The template language function '{name}' parameters are out of range: 'count' must be a positive integer. The provided value is '{count}'.",
            1,
        )
    return count
