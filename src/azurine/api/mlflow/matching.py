"""Whether a value stands a comparison of the filter language."""

from azurine.api.mlflow.filters import NULLS, Comparison


def like(text: str, pattern: str) -> bool:
    """SQL's LIKE: % any text, _ any character. In steps that grow with the lengths only, whatever the pattern."""
    place = mark = 0
    star = -1
    while place < len(text):
        if mark < len(pattern) and pattern[mark] == "%":
            star, mark, retry = mark, mark + 1, place
        elif mark < len(pattern) and pattern[mark] in ("_", text[place]):
            place, mark = place + 1, mark + 1
        elif star >= 0:
            retry += 1
            place, mark = retry, star + 1
        else:
            return False
    return pattern[mark:].strip("%") == ""


def holds(comparison: Comparison, value: float | str | None) -> bool:
    """Does it hold for this value? None (there is none) fits nothing but IS NULL; NaN differs from everything."""
    operator, wanted = comparison.operator, comparison.value
    if operator in NULLS:
        return (value is None) == (operator == "IS NULL")
    if value is None:
        return False
    if isinstance(wanted, tuple):
        return (value in wanted) == (operator == "IN")
    if isinstance(value, str):
        return isinstance(wanted, str) and _holds_text(operator, value, wanted)
    return isinstance(wanted, float) and _holds_number(operator, value, wanted)


def _holds_text(operator: str, value: str, wanted: str) -> bool:
    if operator == "LIKE":
        return like(value, wanted)
    if operator == "ILIKE":
        return like(value.lower(), wanted.lower())
    return (value == wanted) == (operator == "=")


def _holds_number(operator: str, value: float, wanted: float) -> bool:
    if operator == "=":
        return value == wanted
    if operator == "!=":
        return value != wanted
    if operator == ">":
        return value > wanted
    if operator == ">=":
        return value >= wanted
    return value < wanted if operator == "<" else value <= wanted
